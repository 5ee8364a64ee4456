//! Other ways of handing a plan to the engine: encoded, over a wire, to a scheduler. They are not built in.

/// The packages that the workspace is built from.
fn packages() -> Vec<String> {
    let lock = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.lock"))
        .expect("the lock file");
    let packages: Vec<String> = lock
        .lines()
        .filter_map(|line| line.strip_prefix("name = \"")?.strip_suffix('"'))
        .map(str::to_owned)
        .collect();
    assert!(packages.iter().any(|name| name == "datafusion"));
    packages
}

/// Doors 38, 39, 40 and 41: plans of Substrait, which find tables by name or by file; encoded logical and physical plans, which
/// hold paths; tickets that hold plans; a scheduler that decodes what a client sends. Who adds one of these packages has
/// to shut its doors first.
#[test]
fn no_package_that_decodes_plans_is_built_in() {
    let packages = packages();
    for name in [
        "substrait",
        "datafusion-substrait",
        "datafusion-proto",
        "datafusion-proto-common",
        "datafusion-proto-models",
        "arrow-flight",
        "datafusion-flight-sql-server",
        "datafusion-distributed",
        "datafusion-ffi",
        "ballista",
        "ballista-core",
        "ballista-scheduler",
        "ballista-executor",
        "tonic",
        "adbc_core",
    ] {
        assert!(!packages.iter().any(|known| known == name), "{name}");
    }
}

/// Doors 29, 30 and 40: readers of other formats, and what opens files by their address.
#[test]
fn no_reader_of_other_files_is_asked_for() {
    let manifest: toml::Table =
        std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml"))
            .expect("the manifest")
            .parse()
            .expect("toml");
    let datafusion = &manifest["workspace"]["dependencies"]["datafusion"];
    assert_eq!(datafusion["default-features"].as_bool(), Some(false));
    let features: Vec<&str> = datafusion["features"]
        .as_array()
        .expect("features")
        .iter()
        .filter_map(|feature| feature.as_str())
        .collect();
    for left_out in [
        "avro",
        "crypto_expressions",
        "encoding_expressions",
        "compression",
        "serde",
    ] {
        assert!(!features.contains(&left_out), "{left_out}");
    }
}
