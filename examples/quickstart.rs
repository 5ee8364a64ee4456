//! A small synthetic SNDS, two projects, and what each of them sees.
//!
//! `cargo run --release --example quickstart`

use std::error::Error;
use std::fs;
use std::path::Path;

use arrow::util::pretty::pretty_format_batches_with_schema;
use sceau::{Permit, Platform, Releaser, Session};
use sceau_synth::{GenerateOptions, generate};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    println!("# A synthetic SNDS of 2,000 people, as Parquet");
    let options = GenerateOptions {
        patients: 2_000,
        seed: 1,
        ..GenerateOptions::default()
    };
    let made = generate(&options, folder.path())?;
    for table in ["IR_BEN_R", "ER_PRS_F", "ER_PHA_F", "T_MCO19C"] {
        println!("  {table:<9} {:>7} rows", made.rows(table));
    }

    write_files(folder.path())?;
    let platform = Platform::from_file(folder.path().join("platform.toml")).await?;
    let paris = session(&platform, folder.path(), "paris", "ana")?;
    let elderly = session(&platform, folder.path(), "elderly", "luc")?;

    let sql = "SELECT BEN_SEX_COD, count(*) AS cares, min(BEN_RES_DPT) AS first_dpt, max(BEN_RES_DPT) AS last_dpt \
               FROM er_prs_f GROUP BY BEN_SEX_COD ORDER BY BEN_SEX_COD";
    show(
        "The same question under two permits: ana sees the care of Paris …",
        &paris,
        sql,
    )
    .await?;
    show(
        "… and luc that of people over 65, everywhere",
        &elderly,
        sql,
    )
    .await?;

    println!(
        "\n# A column that the permit does not grant, and one that never existed, are the same to ana"
    );
    for sql in [
        "SELECT BEN_NAI_ANN FROM er_prs_f",
        "SELECT BEN_NAI_ANNEE FROM er_prs_f",
    ] {
        match paris.sql(sql).await {
            Ok(_) => return Err("it should have been refused".into()),
            Err(refused) => println!("{sql}\n  {}: {refused}", refused.code()),
        }
    }

    let sql = "SELECT p.BEN_NIR_PSA, c.EXE_SOI_DTD AS admitted, count(*) AS cares \
               FROM er_prs_f p JOIN t_mco19c c ON c.NIR_ANO_17 = p.BEN_NIR_PSA \
               GROUP BY 1, 2 HAVING count(*) < 200 ORDER BY cares DESC, 1, 2 LIMIT 3";
    show(
        "City and hospital join on pseudonyms, which are ana's own; dates are cut to the month",
        &paris,
        sql,
    )
    .await?;
    show(
        "luc has other pseudonyms: nobody can tell which of his people are ana's",
        &elderly,
        sql,
    )
    .await?;

    println!(
        "\n# What leaves describes at least 11 people: a release, its withheld cells and its report"
    );
    let sql = "SELECT r.PHA_ATC_CLA, count(*) AS boxes FROM er_prs_f p \
               JOIN er_pha_f d USING (DCT_ORD_NUM, FLX_DIS_DTD, FLX_EMT_NUM, FLX_EMT_ORD, FLX_EMT_TYP, FLX_TRT_DTD, \
               ORG_CLE_NUM, PRS_ORD_NUM, REM_TYP_AFF) JOIN ir_pha_r r ON r.PHA_CIP_C13 = d.PHA_PRS_C13 \
               WHERE r.PHA_ATC_CLA LIKE 'A10%' GROUP BY 1 ORDER BY boxes DESC";
    println!("{sql}");
    let release = Releaser::new(&elderly).sql(sql).await?;
    println!(
        "{}",
        pretty_format_batches_with_schema(release.schema().clone(), release.batches())?
    );
    println!("{}", release.report());
    Ok(())
}

fn session(
    platform: &Platform,
    folder: &Path,
    project: &str,
    principal: &str,
) -> Result<Session, Box<dyn Error>> {
    let permit = Permit::from_file(folder.join(format!("{project}.toml")))?;
    Ok(platform.session(&permit, principal)?)
}

async fn show(title: &str, session: &Session, sql: &str) -> Result<(), Box<dyn Error>> {
    println!("\n# {title}\n{sql}");
    let answer = session.sql(sql).await?;
    let schema = answer.schema();
    println!(
        "{}",
        pretty_format_batches_with_schema(schema, &answer.collect().await?)?
    );
    Ok(())
}

fn write_files(folder: &Path) -> Result<(), Box<dyn Error>> {
    let url = url_of(folder);
    let mut platform =
        format!("[store.snds]\nurl = \"{url}\"\n\n[keys]\nprovider = \"file\"\npath = \"keys/\"\n");
    for table in ["IR_BEN_R", "ER_PRS_F", "ER_PHA_F", "IR_PHA_R", "T_MCO19C"] {
        platform.push_str(&format!(
            "\n[table.{}]\nstore = \"snds\"\npath = \"{table}/\"\n",
            table.to_lowercase()
        ));
    }
    fs::write(folder.join("platform.toml"), platform)?;
    fs::create_dir(folder.join("keys"))?;
    for (project, principal, rows) in [
        ("paris", "ana", "BEN_RES_DPT = '075'"),
        ("elderly", "luc", "BEN_AMA_COD BETWEEN 65 AND 130"),
    ] {
        let key = format!("the key of {project}, which a real platform keeps in its KMS\n");
        fs::write(folder.join("keys").join(format!("{project}.key")), key)?;
        fs::write(
            folder.join(format!("{project}.toml")),
            permit(project, principal, rows),
        )?;
    }
    Ok(())
}

fn permit(project: &str, principal: &str, rows: &str) -> String {
    let nine = r#""DCT_ORD_NUM", "FLX_DIS_DTD", "FLX_EMT_NUM", "FLX_EMT_ORD", "FLX_EMT_TYP", "FLX_TRT_DTD", "ORG_CLE_NUM", "PRS_ORD_NUM", "REM_TYP_AFF""#;
    format!(
        r#"project    = "{project}"
principals = ["{principal}"]
valid      = {{ from = 2020-01-01, until = 2099-12-31 }}

[table.er_prs_f]
columns = ["BEN_NIR_PSA", "BEN_SEX_COD", "BEN_RES_DPT", "EXE_SOI_DTD", {nine}]
where   = "{rows}"
[table.er_prs_f.mask]
EXE_SOI_DTD = "month"

[table.er_pha_f]
columns = ["PHA_PRS_C13", "PHA_ACT_QSN", {nine}]

[table.ir_pha_r]
columns = "*"

[table.t_mco19c]
columns = ["NIR_ANO_17", "EXE_SOI_DTD"]
[table.t_mco19c.mask]
EXE_SOI_DTD = "month"

[release]
k = 11
"#
    )
}

/// A `file://` URL of a folder, on every system.
fn url_of(folder: &Path) -> String {
    let path = folder.display().to_string().replace('\\', "/");
    format!("file:///{}/", path.trim_matches('/'))
}
