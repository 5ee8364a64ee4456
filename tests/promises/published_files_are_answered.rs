//! The Health Data Hub's published files, all of them: imported, registered under their SNDS names, and asked.
//!
//! They are looked for in `SCEAU_DATA`/synthetic-snds; where it is not set there is nothing to try, and that is said.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use datafusion::common::TableReference;
use datafusion::prelude::{ParquetReadOptions, SessionConfig, SessionContext};
use sceau::{Permit, Platform, Session};
use sceau_synth::{ImportOptions, OnMismatch, import};

use crate::fixture::{permit_text, rows};

fn published() -> Option<PathBuf> {
    let Some(data) = std::env::var_os("SCEAU_DATA") else {
        println!("SCEAU_DATA is not set: the published files are not tried");
        return None;
    };
    Some(PathBuf::from(data).join("synthetic-snds"))
}

async fn registered(source: &Path, folder: &Path) -> (Vec<(String, u64)>, Platform) {
    let options = ImportOptions {
        on_mismatch: OnMismatch::Text,
    };
    let report = import(&options, source, folder).expect("import");
    let tables: Vec<(String, u64)> = report
        .tables
        .iter()
        .map(|table| (table.name.clone(), table.rows))
        .collect();
    let mut text = format!(
        "[store.snds]\nurl = \"file://{}/\"\n[keys]\nprovider = \"file\"\npath = \"keys/\"\n",
        folder.display()
    );
    for (name, _) in &tables {
        let _ = writeln!(
            text,
            "[table.{}]\nstore = \"snds\"\npath = \"{name}/\"",
            name.to_lowercase()
        );
    }
    fs::create_dir(folder.join("keys")).expect("keys");
    fs::write(
        folder.join("keys").join("p.key"),
        "a key of nothing but tests, long enough\n",
    )
    .expect("key");
    let file = folder.join("platform.toml");
    fs::write(&file, text).expect("platform");
    (tables, Platform::from_file(&file).await.expect("platform"))
}

fn session(platform: &Platform, tables: &str) -> Session {
    let permit = Permit::parse("permit.toml", &permit_text("p", tables)).expect("permit");
    platform.session(&permit, "ana").expect("session")
}

#[tokio::test]
async fn every_published_table_is_registered_and_no_row_is_lost() {
    let Some(source) = published() else { return };
    let folder = tempfile::tempdir().expect("folder");
    let (tables, platform) = registered(&source, folder.path()).await;
    assert!(tables.len() > 200, "{} tables", tables.len());
    let mut grants = String::new();
    for (name, _) in &tables {
        let column = &platform.table_model(name).expect("registered").columns[0].name;
        let _ = writeln!(
            grants,
            "[table.{}]\ncolumns = [{column:?}]",
            name.to_lowercase()
        );
    }
    let session = session(&platform, &grants);
    for (name, count) in &tables {
        let answer = rows(&session, &format!("SELECT count(*) FROM {name}")).await;
        assert_eq!(answer, [count.to_string()], "{name}");
    }
}

#[tokio::test]
async fn the_joins_of_dcir_and_pmsi_are_answered_under_a_permit() {
    let Some(source) = published() else { return };
    let folder = tempfile::tempdir().expect("folder");
    let (_, platform) = registered(&source, folder.path()).await;
    let session = session(
        &platform,
        "[table.er_prs_f]\ncolumns = \"*\"\n[table.er_pha_f]\ncolumns = \"*\"\n[table.t_mcoaab]\ncolumns = \"*\"\n[table.t_mcoaac]\ncolumns = \"*\"\n",
    );
    let nine = "DCT_ORD_NUM, FLX_DIS_DTD, FLX_EMT_NUM, FLX_EMT_ORD, FLX_EMT_TYP, FLX_TRT_DTD, ORG_CLE_NUM, PRS_ORD_NUM, REM_TYP_AFF";
    // What plain DataFusion says of the same files, without any permit.
    let plain = SessionContext::new_with_config(
        SessionConfig::new().set_bool("datafusion.sql_parser.enable_ident_normalization", false),
    );
    for name in ["ER_PRS_F", "ER_PHA_F", "T_MCOaaB", "T_MCOaaC"] {
        let path = folder.path().join(name).display().to_string();
        plain
            .register_parquet(
                TableReference::bare(name),
                &path,
                ParquetReadOptions::default(),
            )
            .await
            .expect("raw");
    }
    for (left, right, key) in [
        ("ER_PRS_F", "ER_PHA_F", nine),
        ("T_MCOaaB", "T_MCOaaC", "ETA_NUM, RSA_NUM"),
    ] {
        let sql = format!("SELECT count(*) AS n FROM {left} JOIN {right} USING ({key})");
        let batches = plain
            .sql(&sql)
            .await
            .expect("plan")
            .collect()
            .await
            .expect("rows");
        let expected =
            arrow::util::display::array_value_to_string(batches[0].column(0), 0).expect("a number");
        assert_ne!(expected, "0", "{sql}");
        assert_eq!(rows(&session, &sql).await, [expected], "{sql}");
    }
    let shown = rows(&session, "SELECT BEN_NIR_PSA FROM er_prs_f").await;
    assert!(shown.iter().all(|id| id.len() == 32), "{shown:?}");
}
