//! What lines show, kept up while cells are hidden and shown again.

use std::collections::{BTreeSet, HashMap};

use super::lines::Lines;
use super::table::{People, State};

/// How much of every line is hidden.
///
/// To hide or show a cell, or to ask what would follow, costs no more than the lines that it is in, however long they are: of
/// a line of all communes every one is asked.
pub(super) struct Watch<'a> {
    lines: &'a Lines<'a>,
    hidden: Vec<bool>,
    of_line: Vec<Tally>,
}

/// What is hidden of a line.
#[derive(Debug, Default)]
struct Tally {
    /// How many cells, the total among them.
    count: usize,
    /// The sum of their numbers: of one cell, which it is.
    sum: usize,
    total: bool,
    /// How many of the parts rest on enough people.
    many: usize,
    /// Those in the other parts, and in how many of these.
    people: HashMap<u64, u32>,
}

impl<'a> Watch<'a> {
    pub(super) fn of(lines: &'a Lines<'a>, hidden: &[bool]) -> Self {
        let mut of_line = Vec::new();
        of_line.resize_with(lines.of.len(), Tally::default);
        let mut watch = Self {
            lines,
            hidden: hidden.to_vec(),
            of_line,
        };
        for (cell, &hidden) in hidden.iter().enumerate() {
            if hidden || lines.table.cells[cell].state == State::Unlisted {
                watch.change(cell, Tally::add);
            }
        }
        watch
    }

    /// Which cells are hidden; those that no row shows are not among them.
    pub(super) fn hidden(&self) -> &[bool] {
        &self.hidden
    }

    pub(super) fn hide(&mut self, cell: usize) {
        if !std::mem::replace(&mut self.hidden[cell], true) {
            self.change(cell, Tally::add);
        }
    }

    pub(super) fn show(&mut self, cell: usize) {
        if std::mem::replace(&mut self.hidden[cell], false) {
            self.change(cell, Tally::remove);
        }
    }

    fn change(&mut self, cell: usize, change: impl Fn(&mut Tally, usize, bool, &People)) {
        for &line in &self.lines.through[cell] {
            let is_total = self.lines.of[line].0 == cell;
            let people = &self.lines.table.cells[cell].people;
            change(&mut self.of_line[line], cell, is_total, people);
        }
    }

    /// Whether a line shows what it hides.
    fn shows(&self, line: usize) -> bool {
        let of_line = &self.of_line[line];
        match of_line.count {
            0 => false,
            1 => !self.lines.loose[of_line.sum],
            _ => !of_line.total && of_line.many == 0 && self.is_few(of_line.people.len()),
        }
    }

    /// Whether a line would show what it hides, if this cell of it, which is not hidden, were hidden too.
    fn would_show(&self, line: usize, cell: usize) -> bool {
        let of_line = &self.of_line[line];
        if of_line.count == 0 {
            return !self.lines.loose[cell];
        }
        if of_line.total || of_line.many > 0 || self.lines.of[line].0 == cell {
            return false;
        }
        match &self.lines.table.cells[cell].people {
            People::Many => false,
            People::Few(ids) => {
                let more = ids.iter().filter(|id| !of_line.people.contains_key(id));
                self.is_few(of_line.people.len() + more.count())
            }
        }
    }

    fn is_few(&self, people: usize) -> bool {
        (1..self.lines.k).contains(&people)
    }

    /// The open cells of a line that could be hidden.
    pub(super) fn open(&self, line: usize) -> impl Iterator<Item = usize> {
        let (total, parts) = self.lines.of[line];
        let cells = &self.lines.table.cells;
        (parts.iter().copied().chain([total]))
            .filter(|&cell| cells[cell].state == State::Open && !self.hidden[cell])
    }

    /// The lines that show what they hide.
    pub(super) fn showing(&self) -> BTreeSet<usize> {
        (0..self.of_line.len())
            .filter(|&line| self.shows(line))
            .collect()
    }

    /// How many more lines would show something if an open cell were hidden (fewer: negative), and what is lost by hiding it.
    pub(super) fn price(&self, cell: usize) -> (i64, u64) {
        let more = self.lines.through[cell]
            .iter()
            .map(|&line| i64::from(self.would_show(line, cell)) - i64::from(self.shows(line)))
            .sum();
        (more, self.lines.table.cells[cell].cost)
    }

    /// Hides further cells until no line shows what it hides, or could be kept from it.
    pub(super) fn complete(&mut self) {
        let mut showing = self.showing();
        while let Some(line) = showing.pop_first() {
            let best = self.open(line).min_by_key(|&cell| (self.price(cell), cell));
            // What a line shows whatever is done is found by the audit.
            let Some(best) = best else { continue };
            self.hide(best);
            for &line in &self.lines.through[best] {
                if self.shows(line) {
                    showing.insert(line);
                } else {
                    showing.remove(&line);
                }
            }
            if self.shows(line) {
                showing.insert(line);
            }
        }
    }

    /// Shows again, the dearest first, what no line needs hidden.
    pub(super) fn thin(&mut self) {
        let cells = &self.lines.table.cells;
        let mut secondary: Vec<usize> = (0..self.hidden.len())
            .filter(|&cell| {
                self.hidden[cell] && cells[cell].state == State::Open && !self.lines.loose[cell]
            })
            .collect();
        secondary.sort_by_key(|&cell| (std::cmp::Reverse(cells[cell].cost), cell));
        for cell in secondary {
            self.show(cell);
            if self.lines.through[cell]
                .iter()
                .any(|&line| self.shows(line))
            {
                self.hide(cell);
            }
        }
    }
}

impl Tally {
    fn add(&mut self, cell: usize, is_total: bool, people: &People) {
        self.count += 1;
        self.sum = self.sum.wrapping_add(cell);
        match people {
            _ if is_total => self.total = true,
            People::Many => self.many += 1,
            People::Few(ids) => {
                for id in ids {
                    *self.people.entry(*id).or_default() += 1;
                }
            }
        }
    }

    fn remove(&mut self, cell: usize, is_total: bool, people: &People) {
        self.count -= 1;
        self.sum = self.sum.wrapping_sub(cell);
        match people {
            _ if is_total => self.total = false,
            People::Many => self.many -= 1,
            People::Few(ids) => {
                for id in ids {
                    if let Some(times) = self.people.get_mut(id) {
                        *times -= 1;
                        if *times == 0 {
                            self.people.remove(id);
                        }
                    }
                }
            }
        }
    }
}
