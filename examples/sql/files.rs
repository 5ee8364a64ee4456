use std::fs::{self, File};
use std::io::{BufWriter, Write as _};
use std::path::Path;

use sceau::{Dossier, Release};

use crate::{Format, ReportForm};

/// Writes a release into a folder as `NAME.csv`, `.json` or `.parquet`; and if a report for who signs is asked for, that
/// beside it as `NAME-report.html`, `.json` or `.txt`. Only the first is for who asked.
pub fn write(
    folder: &Path,
    name: &str,
    (release, dossier): &(Release, Dossier),
    format: Format,
    report: Option<ReportForm>,
) -> Result<(), Box<dyn std::error::Error>> {
    let create = |file: String| {
        let file = folder.join(file);
        File::create(&file)
            .map(BufWriter::new)
            .map_err(|error| format!("{}: {error}", file.display()))
    };
    fs::create_dir_all(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    match format {
        Format::Csv | Format::Table => {
            let mut out = create(format!("{name}.csv"))?;
            release.write_csv(&mut out)?;
            out.flush()?;
        }
        Format::Json => {
            let mut out = create(format!("{name}.json"))?;
            release.write_json(&mut out)?;
            out.flush()?;
        }
        Format::Parquet => {
            let mut out = create(format!("{name}.parquet"))?;
            release.write_parquet(&mut out)?;
            out.flush()?;
        }
    }
    let (ending, text) = match report {
        None => return Ok(()),
        Some(ReportForm::Text) => ("txt", dossier.to_text()),
        Some(ReportForm::Json) => ("json", dossier.to_json()),
        Some(ReportForm::Html) => ("html", dossier.to_html()),
    };
    let mut out = create(format!("{name}-report.{ending}"))?;
    out.write_all(text.as_bytes())?;
    out.flush()?;
    Ok(())
}
