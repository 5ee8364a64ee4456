use std::io::Write;

use sceau::journal::{Head, StoredJournal};

/// Verifies a journal and says what it is; what is wrong with it is the error.
pub fn verify(
    out: &mut impl Write,
    journal: &StoredJournal,
    anchor: Option<Head>,
) -> Result<(), Box<dyn std::error::Error>> {
    let folder = journal.folder().display();
    let verified = journal
        .verify(anchor.as_ref())
        .map_err(|error| format!("{folder}: this journal is not what was written\n{error}"))?;
    writeln!(
        out,
        "{folder}: {} entries in {} files, from {} to {}: every record is as it was written, and none is missing",
        verified.entries, verified.files, verified.first, verified.last
    )?;
    for torn in &verified.set_aside {
        writeln!(out, "after a crash: {torn}, set aside")?;
    }
    for torn in &verified.torn {
        writeln!(out, "at the end: {torn}, being written or left by a crash")?;
    }
    match anchor {
        Some(anchor) => writeln!(
            out,
            "it goes on from the anchor, record {}",
            anchor.sequence
        )?,
        None => writeln!(
            out,
            "without --anchor nobody can tell whether records were cut from the end"
        )?,
    }
    writeln!(out, "head {}", verified.head)?;
    Ok(())
}
