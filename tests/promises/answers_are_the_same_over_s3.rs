//! The same files over `s3://`, from a real S3 server, and over `file://`: the same answers.

use std::fs;
use std::path::Path;

use sceau::{Permit, Platform, Releaser, Session};
use sceau_synth::{GenerateOptions, generate};

use crate::fixture::{answer, permit_text};
use crate::support::s3::{CREDENTIALS_FILE, S3Server};

const TABLES: &str = r#"
[table.er_prs_f]
columns = "*"
where   = "BEN_SEX_COD = 1"
[table.er_prs_f.mask]
EXE_SOI_DTD = "month"
[table.er_pha_f]
columns = "*"
[table.t_mco19c]
columns = ["NIR_ANO_17", "EXE_SOI_DTD"]
"#;

async fn session(folder: &Path, store: &str) -> Session {
    let mut text =
        format!("[store.snds]\n{store}\n[keys]\nprovider = \"file\"\npath = \"keys/\"\n");
    for table in ["er_prs_f", "er_pha_f", "t_mco19c"] {
        text.push_str(&format!(
            "[table.{table}]\nstore = \"snds\"\npath = \"{}/\"\n",
            table.to_uppercase()
        ));
    }
    fs::create_dir_all(folder.join("keys")).expect("keys");
    fs::write(
        folder.join("keys/p.key"),
        "a key of nothing but tests, long enough\n",
    )
    .expect("key");
    let file = folder.join("platform.toml");
    fs::write(&file, text).expect("platform");
    let platform = Platform::from_file(&file).await.expect("platform");
    let permit = Permit::parse("permit.toml", &permit_text("p", TABLES)).expect("permit");
    platform.session(&permit, "ana").expect("session")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_question_and_a_release_are_answered_alike_over_s3_and_file() {
    let server = S3Server::start();
    let bucket = server.bucket("snds-prod");
    let options = GenerateOptions {
        patients: 200,
        seed: 3,
        ..GenerateOptions::default()
    };
    generate(&options, &bucket.join("depot")).expect("data");
    let over_s3 = session(
        server.folder(),
        &format!(
            "url = \"s3://snds-prod/depot/\"\nendpoint = \"{}\"\ncredentials_file = \"{CREDENTIALS_FILE}\"",
            server.endpoint()
        ),
    )
    .await;
    let local = tempfile::tempdir().expect("folder");
    let over_file = session(
        local.path(),
        &format!("url = \"file://{}/\"", bucket.join("depot").display()),
    )
    .await;

    for sql in [
        "SELECT count(*), sum(PRS_PAI_MNT), min(EXE_SOI_DTD), count(DISTINCT BEN_NIR_PSA) FROM er_prs_f",
        "SELECT EXE_SOI_DTD, BEN_RES_DPT, count(*) FROM er_prs_f WHERE PRS_NAT_REF > 0 GROUP BY 1, 2 ORDER BY 1, 2",
        "SELECT d.PHA_PRS_C13, count(*) FROM er_prs_f p JOIN er_pha_f d USING (DCT_ORD_NUM, FLX_DIS_DTD, FLX_EMT_NUM, \
         FLX_EMT_ORD, FLX_EMT_TYP, FLX_TRT_DTD, ORG_CLE_NUM, PRS_ORD_NUM, REM_TYP_AFF) GROUP BY 1 ORDER BY 1",
        "SELECT p.BEN_NIR_PSA, c.EXE_SOI_DTD FROM er_prs_f p JOIN t_mco19c c ON c.NIR_ANO_17 = p.BEN_NIR_PSA ORDER BY 1, 2 LIMIT 20",
    ] {
        let expected = answer(&over_file, sql).await;
        assert!(expected.lines().count() > 4, "{sql}\n{expected}");
        assert_eq!(answer(&over_s3, sql).await, expected, "{sql}");
    }

    let sql = "SELECT EXE_SOI_DTD, count(*) AS n FROM er_prs_f GROUP BY 1 ORDER BY 1";
    let one = Releaser::new(&over_s3).sql(sql).await.expect("release");
    let other = Releaser::new(&over_file).sql(sql).await.expect("release");
    assert_eq!(one.batches(), other.batches());
    assert_eq!(one.report().withheld, other.report().withheld);
}
