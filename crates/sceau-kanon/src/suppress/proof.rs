use serde::Serialize;

/// What is hidden and why that is enough.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Protection {
    /// For each cell of the table whether it is hidden. Primary and secondary cells look the same.
    pub hidden: Vec<bool>,
    /// The margins that are left out as a whole, in the order in which they were given up. All their cells are hidden.
    pub dropped: Vec<u32>,
    /// How the hidden cells were found.
    pub method: Method,
    /// What an attacker can compute of them.
    pub proof: Proof,
}

/// How the hidden cells of a [`Protection`] were found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// No cell is primary.
    Nothing,
    /// No pattern hides fewer cells, and none with as few costs less.
    Minimum,
    /// A pattern that an audit found good; there may be smaller ones.
    Heuristic,
    /// Margins were dropped, since no pattern within them could be proved good.
    Margins,
}

/// What an attacker can compute of every hidden cell.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct Proof {
    /// For each hidden cell and column, what it can be. Cells of dropped margins are left out.
    pub intervals: Vec<Interval>,
    /// How many linear programmes were solved for the intervals. The others are known from tables that reach a bound.
    pub programmes: u64,
    /// How many ends of intervals no linear programme was solved for: the solver gave up, or those of the table take too long. These ends are
    /// what single relations leave, and may be too far out; that the cells cannot be computed does not hang on them.
    pub unsolved: u64,
    /// Hidden cells that can be computed whatever else is hidden, or that no table of integers was found to clear. There are none, unless
    /// a primary cell is part of a total that is said to be known as empty, or margins were dropped and what is left of the table
    /// moves by fractions only.
    pub computed: Vec<usize>,
    /// How many other tables of integers, consistent with all that is released, were written down: they show that no hidden
    /// cell and no sum of hidden cells that rests on too few people is the same in all of them.
    pub tables: u64,
}

/// The values that a hidden figure can take, as far as an attacker can tell.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Interval {
    /// The cell.
    pub cell: usize,
    /// The column, by its place among the table's figures.
    pub figure: usize,
    /// The least value; `None` if there is no bound.
    pub low: Option<i64>,
    /// The largest value; `None` if there is no bound.
    pub high: Option<i64>,
}
