//! The ledger as a whole: the worked cases, attacks in several releases, and releases at the same time.

mod attacks;
mod cases;
mod figures;
mod whole;

use std::sync::Arc;

use sceau_core::pseudonym::ProjectKey;

use super::{Cell, Ledger, LedgerConfig, LedgerError, Sketch};

const K: u32 = 11;
const SPACE: &str = "domain patient";

/// As keyed hashes are: spread over all 64 bits.
fn id(person: u64) -> u64 {
    let mut id = person.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    id = (id ^ id >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    id = (id ^ id >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    id ^ id >> 31
}

fn key() -> ProjectKey {
    ProjectKey::new(vec![7; 32], 1).unwrap()
}

struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn config(&self) -> LedgerConfig {
        LedgerConfig::new(self.0.path())
    }

    fn open(&self) -> Result<Arc<Ledger>, LedgerError> {
        Ledger::open(&self.config(), "p", &key())
    }
}

fn sketch(people: impl IntoIterator<Item = u64>) -> Sketch {
    Sketch::of(K, people.into_iter().map(id))
}

fn cell(people: impl IntoIterator<Item = u64>) -> Cell {
    Cell::at(vec![]).with(SPACE.into(), sketch(people))
}

fn cell_at(keys: &[u64], people: impl IntoIterator<Item = u64>) -> Cell {
    Cell::at(keys.to_vec()).with(SPACE.into(), sketch(people))
}

/// Makes a release: true for each cell that left.
fn leave(ledger: &Arc<Ledger>, cells: &[Cell]) -> Vec<bool> {
    leave_from(ledger, cells, "data 1")
}

fn leave_from(ledger: &Arc<Ledger>, cells: &[Cell], data: &str) -> Vec<bool> {
    let weighed = ledger.weigh(cells).unwrap();
    let left = weighed
        .withheld()
        .iter()
        .map(|withheld| !withheld)
        .collect();
    weighed.commit("permit 1", data).unwrap();
    left
}
