use std::collections::{BTreeSet, HashSet};
use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use sceau_core::pseudonym::ProjectKey;
use sha2::{Digest as _, Sha256};

use super::contributions::{FigurePlace, KnownFigure, KnownFigures};
use super::file::LedgerFile;
use super::known::{Budget, Depth, Isolated, Known, Place};
use super::record::{KnownSet, Record};
use super::sums::{Summed, sums};
use super::{Cell, Head, LedgerError};

/// Where ledgers are, and how far they look.
///
/// ```
/// use sceau_kanon::ledger::{LedgerConfig, Threes};
///
/// let mut config = LedgerConfig::new("ledgers/");
/// config.threes = Threes::WithinBound;
/// config.anchor = Some("3:00112233445566778899aabbccddeeff".parse()?);   // a head that was kept elsewhere
/// # Ok::<(), sceau_kanon::ledger::HeadError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LedgerConfig {
    /// The folder, made if it is not there.
    pub folder: PathBuf,
    /// The most comparisons that weighing one release may take; and again as many for pairs, where those are enough.
    pub comparisons: u64,
    /// What happens when looking for threes would take more.
    pub threes: Threes,
    /// An end that the ledger had once, from a place that whoever writes to the folder cannot reach.
    pub anchor: Option<Head>,
}

/// What happens when looking for differences of three sets would take more comparisons than are allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Threes {
    /// The release does not leave.
    #[default]
    Always,
    /// The cells that are left are looked at in pairs only.
    WithinBound,
}

impl LedgerConfig {
    /// Ledgers in this folder; a thousand million comparisons, which take some seconds; and threes always.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self {
            folder: folder.into(),
            comparisons: 1_000_000_000,
            threes: Threes::Always,
            anchor: None,
        }
    }
}

/// The ledger of one project: see the [module](super) for what it proves and what it does not.
///
/// It can be used from many threads. What was weighed and is not settled yet counts as known to every other release, so
/// that two that are made at the same time are held against each other.
pub struct Ledger {
    config: LedgerConfig,
    state: Mutex<State>,
}

struct State {
    file: LedgerFile,
    known: Known,
    figures: KnownFigures,
    received: Vec<Received>,
}

/// One release that a project received.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Received {
    /// Seconds since 1970, by the writer's clock.
    pub time: u64,
    /// The hash of the permit that it was made under.
    pub permit: String,
    /// Which state of the data it was made from.
    pub data: String,
    /// How many sets of people became known by it.
    pub sets: usize,
}

impl Ledger {
    /// Opens a project's ledger, or begins one.
    ///
    /// # Errors
    /// When it has a writer, is not what its writers left, or cannot be read; [`LedgerError`] says which.
    pub fn open(
        config: &LedgerConfig,
        project: &str,
        key: &ProjectKey,
    ) -> Result<Arc<Self>, LedgerError> {
        let secret = key.derived("ledger of a project", project.as_bytes());
        let mut known = Known::default();
        let mut figures = KnownFigures::default();
        let mut received = Vec::new();
        let file = LedgerFile::open(
            &config.folder,
            &file_name(project),
            project,
            &secret,
            config.anchor,
            |_, text| {
                let record = Record::read(text)?;
                for set in &record.sets {
                    let place = known.add(set);
                    known.keep(place);
                }
                for figure in &record.figures {
                    let place = figures.add(figure);
                    figures.keep(place);
                }
                received.push(Received::of(&record));
                Some(())
            },
        )?;
        Ok(Arc::new(Self {
            config: config.clone(),
            state: Mutex::new(State {
                file,
                known,
                figures,
                received,
            }),
        }))
    }

    /// Which of a release's cells may leave, beside all that the project received and beside each other.
    ///
    /// Where two cells of the release are too near, the later one is withheld; where a total of it is, its smallest cell.
    ///
    /// # Errors
    /// [`LedgerError::SearchBound`] if that takes too many comparisons. [`LedgerError::Stopped`] if the ledger must be opened
    /// again.
    pub fn weigh(self: &Arc<Self>, cells: &[Cell]) -> Result<Weighed, LedgerError> {
        let state = &mut *self.state();
        if state.file.is_stopped() {
            return Err(LedgerError::Stopped {
                file: state.file.path().to_owned(),
            });
        }
        let budget = Budget::new(self.config.comparisons);
        let mut weighing = Weighing {
            known: &mut state.known,
            pairs: budget.afresh(),
            budget,
            figures: &mut state.figures,
            figure_threes: Budget::new(self.config.comparisons / THREES),
            figure_pairs: budget,
            threes: self.config.threes,
            places: vec![vec![]; cells.len()],
            figure_places: vec![vec![]; cells.len()],
            figure_sums: vec![],
            sums: vec![],
            withheld: vec![false; cells.len()],
        };
        if let Err(error) = weighing.all(cells) {
            weighing.undo();
            return Err(error);
        }
        let Weighing {
            places,
            figure_places,
            figure_sums,
            sums,
            withheld,
            ..
        } = weighing;
        let places = places.into_iter().flatten().chain(sums).collect();
        Ok(Weighed {
            ledger: Arc::clone(self),
            withheld,
            sets: places,
            figures: (figure_places.into_iter().flatten())
                .chain(figure_sums)
                .collect(),
        })
    }

    /// The ledger's end as it is now, to be kept elsewhere as an anchor.
    pub fn head(&self) -> Head {
        self.state().file.head()
    }

    /// What the project received, in order: for who audits it, when no platform has the ledger open.
    pub fn received(&self) -> Vec<Received> {
        self.state().received.clone()
    }

    /// How many different sets of people are known, those of releases that are being made included.
    #[cfg(test)]
    pub(super) fn sets(&self) -> usize {
        self.state().known.len()
    }

    /// Whether a record could not be written, so that the ledger must be opened again.
    pub fn is_stopped(&self) -> bool {
        self.state().file.is_stopped()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // What a thread that panicked half way added stays known: more is withheld, nothing less.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Ledger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ledger").finish_non_exhaustive()
    }
}

impl Received {
    fn of(record: &Record) -> Self {
        Self {
            time: record.time,
            permit: record.permit.clone(),
            data: record.data.clone(),
            sets: record.sets.len(),
        }
    }
}

/// A release that was weighed. Until it is committed or dropped, other releases are held against it.
#[must_use = "a release that is not committed must not leave"]
pub struct Weighed {
    ledger: Arc<Ledger>,
    withheld: Vec<bool>,
    sets: Vec<(Place, KnownSet)>,
    figures: Vec<(FigurePlace, KnownFigure)>,
}

impl Weighed {
    /// For each cell, in order, whether it must stay.
    pub fn withheld(&self) -> &[bool] {
        &self.withheld
    }

    /// Records that the cells that may leave have left. They are on the disk when this returns, and must not leave before.
    ///
    /// # Errors
    /// Whatever the error, the release is not recorded and must not leave, and the ledger is to be opened again.
    pub fn commit(mut self, permit: &str, data: &str) -> Result<Head, LedgerError> {
        let sets = std::mem::take(&mut self.sets);
        let figures = std::mem::take(&mut self.figures);
        let ledger = Arc::clone(&self.ledger);
        let state = &mut *ledger.state();
        let kept = write(state, permit, data, &sets, &figures);
        for (place, _) in &sets {
            match &kept {
                Ok(_) => state.known.keep(*place),
                Err(_) => state.known.remove(*place),
            }
        }
        for (place, _) in &figures {
            match &kept {
                Ok(_) => state.figures.keep(*place),
                Err(_) => state.figures.remove(*place),
            }
        }
        kept
    }
}

impl fmt::Debug for Weighed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Weighed")
            .field("withheld", &self.withheld)
            .finish_non_exhaustive()
    }
}

impl Drop for Weighed {
    fn drop(&mut self) {
        if !self.sets.is_empty() || !self.figures.is_empty() {
            let state = &mut *self.ledger.state();
            for (place, _) in &self.sets {
                state.known.remove(*place);
            }
            for (place, _) in &self.figures {
                state.figures.remove(*place);
            }
        }
    }
}

fn write(
    state: &mut State,
    permit: &str,
    data: &str,
    sets: &[(Place, KnownSet)],
    figures: &[(FigurePlace, KnownFigure)],
) -> Result<Head, LedgerError> {
    let time = SystemTime::now().duration_since(UNIX_EPOCH);
    // What a release says twice is kept once, and what is kept already not again.
    let (mut places, mut figure_places) = (HashSet::new(), HashSet::new());
    let record = Record {
        time: time.map_or(0, |time| time.as_secs()),
        permit: permit.to_owned(),
        data: data.to_owned(),
        sets: sets
            .iter()
            .filter(|(place, _)| !state.known.is_kept(*place) && places.insert(*place))
            .map(|(_, set)| set.clone())
            .collect(),
        figures: figures
            .iter()
            .filter(|(place, _)| !state.figures.is_kept(*place) && figure_places.insert(*place))
            .map(|(_, figure)| figure.clone())
            .collect(),
    };
    let head = state.file.append(&record.write()?)?;
    state.received.push(Received::of(&record));
    Ok(head)
}

/// Threes of figures may take this part of the comparisons.
const THREES: u64 = 10;

/// One release being weighed.
struct Weighing<'a> {
    known: &'a mut Known,
    figures: &'a mut KnownFigures,
    budget: Budget,
    /// For looking at pairs when the other is spent.
    pairs: Budget,
    /// For looking at threes of figures, and when that is spent, at pairs.
    figure_threes: Budget,
    figure_pairs: Budget,
    threes: Threes,
    /// For each cell, what was added for it.
    places: Vec<Vec<(Place, KnownSet)>>,
    figure_places: Vec<Vec<(FigurePlace, KnownFigure)>>,
    figure_sums: Vec<(FigurePlace, KnownFigure)>,
    sums: Vec<(Place, KnownSet)>,
    withheld: Vec<bool>,
}

impl Weighing<'_> {
    fn all(&mut self, cells: &[Cell]) -> Result<(), LedgerError> {
        for (at, cell) in cells.iter().enumerate() {
            if self.isolates(at, cell)? {
                self.withhold(at);
            }
        }
        // The rows of a table's cells are not each other's: they are nothing to be subtracted.
        for (at, cell) in cells.iter().enumerate() {
            if !self.withheld[at] {
                for figure in &cell.figures {
                    let place = self.figures.add(figure);
                    self.figure_places[at].push((place, figure.clone()));
                }
            }
        }
        self.totals(cells)
    }

    /// Whether a cell isolates somebody; it is known from here on.
    fn isolates(&mut self, at: usize, cell: &Cell) -> Result<bool, LedgerError> {
        for figure in &cell.figures {
            if self.figure_isolates(figure, Depth::Two)? {
                return Ok(true);
            }
        }
        for set in cell.derived.iter().filter(|set| set.sketch.people() > 0) {
            if self.isolated(set, Depth::Two)?.is_some() {
                return Ok(true);
            }
        }
        for set in cell.sets.iter().filter(|set| set.sketch.people() > 0) {
            if self.isolated(set, Depth::Two)?.is_some() {
                return Ok(true);
            }
            self.add(at, set);
        }
        for set in cell.derived.iter().filter(|set| set.sketch.people() > 0) {
            self.add(at, set);
        }
        Ok(false)
    }

    fn add(&mut self, at: usize, set: &KnownSet) {
        let place = self.known.add(set);
        self.places[at].push((place, set.clone()));
    }

    /// Withholds cells until no total of the rest isolates anybody; the totals are known from here on.
    fn totals(&mut self, cells: &[Cell]) -> Result<(), LedgerError> {
        let kept: Vec<bool> = self.withheld.iter().map(|withheld| !withheld).collect();
        let mut sums = sums(cells, &kept);
        let mut sums_of: Vec<Vec<usize>> = vec![vec![]; cells.len()];
        for (sum, of) in sums.iter().enumerate() {
            of.cells.iter().for_each(|&at| sums_of[at].push(sum));
        }
        // A cell that is withheld changes the totals that it was in, and no others are looked at again.
        let mut changed: BTreeSet<usize> = (0..sums.len()).collect();
        while let Some(next) = changed.pop_first() {
            let isolates = match &sums[next].of {
                _ if sums[next].cells.len() < 2 => false,
                Summed::Set(set) => self.isolated(set, Depth::One)?.is_some(),
                Summed::Figure(figure) => self.figure_isolates(figure, Depth::One)?,
            };
            if !isolates {
                continue;
            }
            let smallest = sums[next].cells.iter().copied();
            let Some(at) = smallest.min_by_key(|&at| (cells[at].people(), at)) else {
                continue;
            };
            self.withhold(at);
            for &sum in &sums_of[at] {
                sums[sum].remove(cells, at);
                changed.insert(sum);
            }
        }
        for sum in sums.into_iter().filter(|sum| sum.cells.len() > 1) {
            match sum.of {
                Summed::Set(set) => self.sums.push((self.known.add(&set), set)),
                Summed::Figure(figure) => {
                    let place = self.figures.add(&figure);
                    self.figure_sums.push((place, figure));
                }
            }
        }
        Ok(())
    }

    fn isolated(&mut self, set: &KnownSet, depth: Depth) -> Result<Option<Isolated>, LedgerError> {
        match self.known.isolated(set, depth, &mut self.budget) {
            // What looking for threes has used up is not taken from looking for pairs.
            Err(LedgerError::SearchBound { .. }) if self.threes == Threes::WithinBound => {
                self.known.isolated(set, Depth::One, &mut self.pairs)
            }
            found => found,
        }
    }

    fn figure_isolates(&mut self, figure: &KnownFigure, depth: Depth) -> Result<bool, LedgerError> {
        let (figures, threes) = (&self.figures, &mut self.figure_threes);
        let pairs = &mut self.figure_pairs;
        match depth {
            Depth::One => figures.isolates(figure, depth, pairs),
            Depth::Two => match figures.isolates(figure, depth, threes) {
                Err(LedgerError::SearchBound { .. }) => figures.isolates(figure, Depth::One, pairs),
                found => found,
            },
        }
    }

    fn withhold(&mut self, at: usize) {
        self.withheld[at] = true;
        for (place, _) in self.places[at].drain(..) {
            self.known.remove(place);
        }
        for (place, _) in self.figure_places[at].drain(..) {
            self.figures.remove(place);
        }
    }

    fn undo(&mut self) {
        for at in 0..self.places.len() {
            self.withhold(at);
        }
    }
}

/// A file's name that an operator knows the project by, and that no other project's ledger has. It is the same under every key:
/// under a wrong one a ledger must be found and not open, in place of another that begins anew.
pub(super) fn file_name(project: &str) -> String {
    let plain: String = project
        .chars()
        .filter(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'))
        .take(60)
        .collect();
    let digits: String = Sha256::digest(project)
        .iter()
        .take(8)
        .map(|byte| format!("{byte:02x}"))
        .collect();
    format!("{plain}-{digits}")
}
