//! Three small tables, designed to tell: what the permit shows is the same in every world, everything else is not.
//!
//! Each column says what is shown in visible row `i`, what is stored under a mask or in a denied column of that row, and
//! what a hidden row holds. Hidden rows stand between visible ones.

use arrow::datatypes::{DataType, TimeUnit};

use crate::ast::Type;

/// What is stored where the permit does not show it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum World {
    /// Ordinary values everywhere.
    Benign,
    /// Extremes, NULLs and texts that nothing can be read from, in files laid out like the benign ones.
    Poison,
    /// The same, with other hidden rows at other places, in other files with other row groups.
    Moved,
}

pub const WORLDS: [World; 3] = [World::Benign, World::Poison, World::Moved];

#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
    Null,
    Text(String),
    Int(i64),
    Float(f64),
    /// In units of the last decimal.
    Decimal(i128),
    /// Days since 1970.
    Date(i32),
    /// Microseconds since 1970.
    Moment(i64),
    Bool(bool),
}

pub struct Column {
    pub name: &'static str,
    pub stored: DataType,
    pub shown: Shown,
    /// What visible row `i` shows; of an identifier, what is stored.
    pub visible: fn(usize) -> Cell,
    /// What is stored in visible row `i` of a column that is not shown as stored.
    pub under: fn(World, usize) -> Cell,
    /// What hidden row `j` holds in the benign world.
    pub ordinary: fn(usize) -> Cell,
}

#[derive(Debug, Clone)]
pub enum Shown {
    Clear,
    /// Shown as a pseudonym of the patient's domain.
    Identifier,
    Denied,
    Masked {
        /// The mask as a permit writes it.
        permit: &'static str,
        /// The mask as someone who writes a view by hand would.
        view: &'static str,
        /// The type of what is shown.
        as_type: DataType,
    },
}

/// Sets cells of a hidden row by column.
pub type Hide = fn(World, usize, &mut dyn FnMut(&str, Cell));

pub struct Table {
    pub name: &'static str,
    pub columns: Vec<Column>,
    pub visible_rows: usize,
    /// The policy without casts, and the one with.
    pub policies: [Option<&'static str>; 2],
    /// Makes hidden row `j` one that both policies hide, for a reason that changes from row to row.
    pub hide: Option<Hide>,
    /// The column that is a folder instead of being stored.
    pub partition: Option<&'static str>,
}

impl Column {
    pub fn is_shown(&self) -> bool {
        !matches!(self.shown, Shown::Denied)
    }

    pub fn shown_type(&self) -> &DataType {
        match &self.shown {
            Shown::Masked { as_type, .. } => as_type,
            Shown::Identifier => &DataType::Utf8,
            Shown::Clear | Shown::Denied => &self.stored,
        }
    }

    pub fn class(&self) -> Type {
        match self.shown_type() {
            DataType::Utf8 | DataType::Utf8View | DataType::Dictionary(..) => Type::Text,
            DataType::Float64 => Type::Float,
            DataType::Decimal128(..) => Type::Decimal,
            DataType::Date32 => Type::Date,
            DataType::Timestamp(..) => Type::Moment,
            DataType::Boolean => Type::Bool,
            _ => Type::Int,
        }
    }
}

impl Table {
    pub fn shown(&self) -> impl Iterator<Item = &Column> {
        self.columns.iter().filter(|column| column.is_shown())
    }

    /// What is stored of visible row `i`.
    pub fn stored_visible(&self, world: World, i: usize) -> Vec<Cell> {
        self.columns
            .iter()
            .map(|column| match column.shown {
                Shown::Clear | Shown::Identifier => (column.visible)(i),
                Shown::Denied | Shown::Masked { .. } => (column.under)(world, i),
            })
            .collect()
    }

    /// Hidden row `j`.
    pub fn stored_hidden(&self, world: World, j: usize) -> Vec<Cell> {
        let mut row: Vec<Cell> = self
            .columns
            .iter()
            .enumerate()
            .map(|(at, column)| match world {
                World::Benign => (column.ordinary)(j),
                World::Poison => extreme(&column.stored, j * 3 + at),
                World::Moved => extreme(&column.stored, j * 5 + at + 1),
            })
            .collect();
        if let Some(hide) = self.hide {
            hide(world, j, &mut |name, cell| {
                let at = self.columns.iter().position(|column| column.name == name);
                row[at.expect("a column")] = cell;
            });
        }
        row
    }

    /// The rows in the order of the files; `true` for visible ones.
    pub fn placement(&self, world: World) -> Vec<(bool, usize)> {
        // How many hidden rows stand before each visible one.
        let gaps: &[usize] = match (self.hide.is_some(), world) {
            (false, _) => &[0],
            (true, World::Benign | World::Poison) => &[1, 0, 2, 1, 0, 0, 3, 1],
            (true, World::Moved) => &[0, 4, 0, 0, 2, 1],
        };
        let (mut rows, mut hidden) = (Vec::new(), 0);
        for i in 0..self.visible_rows {
            for _ in 0..gaps[i % gaps.len()] {
                rows.push((false, hidden));
                hidden += 1;
            }
            rows.push((true, i));
        }
        rows
    }
}

/// Values on which engines fail, in turn.
fn extreme(data_type: &DataType, at: usize) -> Cell {
    match data_type {
        DataType::Int16 => whole(&[i16::MIN.into(), i16::MAX.into(), 0, -1], at),
        DataType::Int32 => whole(&[i32::MIN.into(), i32::MAX.into(), 0, -1], at),
        DataType::Int64 => whole(&[i64::MIN, i64::MAX, 0, -1, 31], at),
        DataType::Float64 => match at % 8 {
            0 => Cell::Float(f64::NAN),
            1 => Cell::Float(f64::INFINITY),
            2 => Cell::Float(f64::NEG_INFINITY),
            3 => Cell::Float(-0.0),
            4 => Cell::Float(0.0),
            5 => Cell::Float(f64::MAX),
            6 => Cell::Float(f64::MIN_POSITIVE / 2.0),
            _ => Cell::Null,
        },
        DataType::Decimal128(precision, _) => {
            let most = 10_i128.pow(u32::from(*precision)) - 1;
            [
                Cell::Decimal(most),
                Cell::Decimal(-most),
                Cell::Decimal(0),
                Cell::Null,
            ][at % 4]
                .clone()
        }
        DataType::Date32 => {
            let days = [i32::MAX, i32::MIN, 0, -135_140, 2_932_897];
            days.get(at % 6)
                .map_or(Cell::Null, |days| Cell::Date(*days))
        }
        DataType::Timestamp(..) => {
            let ticks = [i64::MAX, i64::MIN, -1, 0];
            ticks
                .get(at % 5)
                .map_or(Cell::Null, |ticks| Cell::Moment(*ticks))
        }
        DataType::Boolean => [Cell::Bool(true), Cell::Null, Cell::Bool(false)][at % 3].clone(),
        _ => match at % 9 {
            0 => text("HIDDEN"),
            1 => text(""),
            2 => text("99999999999999999999999999"),
            3 => text("é\u{1F600}\u{301}"),
            4 => Cell::Text("z".repeat(300)),
            5 => text("NaN"),
            6 => text("2020-02-30"),
            7 => text("-"),
            _ => Cell::Null,
        },
    }
}

fn whole(among: &[i64], at: usize) -> Cell {
    among
        .get(at % (among.len() + 1))
        .map_or(Cell::Null, |value| Cell::Int(*value))
}

fn text(value: &str) -> Cell {
    Cell::Text(value.to_owned())
}

/// One of several values, in turn.
fn turn<T: Clone>(among: &[T], at: usize) -> T {
    among[at % among.len()].clone()
}

fn nowhere(_: World, _: usize) -> Cell {
    unreachable!("a clear column has nothing under it")
}

fn clear(
    name: &'static str,
    stored: DataType,
    visible: fn(usize) -> Cell,
    ordinary: fn(usize) -> Cell,
) -> Column {
    Column {
        name,
        stored,
        shown: Shown::Clear,
        visible,
        under: nowhere,
        ordinary,
    }
}

fn denied(
    name: &'static str,
    stored: DataType,
    under: fn(World, usize) -> Cell,
    ordinary: fn(usize) -> Cell,
) -> Column {
    Column {
        name,
        stored,
        shown: Shown::Denied,
        visible: |_| Cell::Null,
        under,
        ordinary,
    }
}

fn masked(
    name: &'static str,
    stored: DataType,
    (permit, view, as_type): (&'static str, &'static str, DataType),
    visible: fn(usize) -> Cell,
    under: fn(World, usize) -> Cell,
    ordinary: fn(usize) -> Cell,
) -> Column {
    Column {
        name,
        stored,
        shown: Shown::Masked {
            permit,
            view,
            as_type,
        },
        visible,
        under,
        ordinary,
    }
}

fn identifier(visible: fn(usize) -> Cell) -> Column {
    Column {
        name: "patient",
        stored: DataType::Utf8,
        shown: Shown::Identifier,
        visible,
        under: nowhere,
        ordinary: |j| Cell::Text(format!("p{}", j % 4)),
    }
}

fn moments() -> DataType {
    DataType::Timestamp(TimeUnit::Microsecond, None)
}

/// 2020-01-01.
const YEAR_2020: i32 = 18_262;
const DAY: i64 = 86_400_000_000;

/// The stays in hospital.
pub fn sejour() -> Table {
    use DataType::{Boolean, Date32, Decimal128, Float64, Int16, Int32, Int64, Utf8};
    let columns = vec![
        clear(
            "id",
            Int64,
            |i| Cell::Int(10 * i as i64 + 1),
            |j| Cell::Int(10 * j as i64 + 6),
        ),
        identifier(|i| match i % 7 {
            6 => Cell::Null,
            _ => Cell::Text(format!("p{}", i % 5)),
        }),
        clear(
            "region",
            Utf8,
            |i| text(turn(&["A", "B", "C"], i)),
            |j| text(turn(&["A", "C"], j)),
        ),
        clear(
            "entree",
            Date32,
            |i| match i {
                17 => Cell::Date(-135_140),
                _ => Cell::Date(YEAR_2020 + 23 * i as i32),
            },
            |j| Cell::Date(YEAR_2020 + 11 * j as i32),
        ),
        clear(
            "sortie",
            moments(),
            |i| match i % 5 {
                4 => Cell::Null,
                _ => Cell::Moment(
                    (i64::from(YEAR_2020) + 25 * i as i64) * DAY + 3_600_000_000 * i as i64,
                ),
            },
            |j| Cell::Moment((i64::from(YEAR_2020) + 9 * j as i64) * DAY),
        ),
        masked(
            "age",
            Int16,
            (
                "\"band(5)\"",
                "CAST(floor(age / 5.0) * 5 AS SMALLINT)",
                Int16,
            ),
            |i| match i % 8 {
                3 => Cell::Null,
                _ => Cell::Int(5 * (i as i64 % 9) - 5),
            },
            |world, i| match (i % 8, world) {
                (3, _) => Cell::Null,
                (_, World::Benign) => Cell::Int(5 * (i as i64 % 9) - 5),
                _ => Cell::Int(5 * (i as i64 % 9) - 5 + 1 + i as i64 % 4),
            },
            |j| Cell::Int(30 + j as i64 % 40),
        ),
        clear(
            "duree",
            Int32,
            |i| Cell::Int(1 + i as i64 % 9),
            |j| Cell::Int(2 + j as i64 % 5),
        ),
        clear(
            "cout",
            Int64,
            |i| match i {
                10 | 21 => Cell::Null,
                20 => Cell::Int(3_000_000_000),
                _ => Cell::Int(turn(&[120, 0, -35, 7, 1_000_000, 42, 5, 99], i) + i as i64),
            },
            |j| Cell::Int(100 + j as i64),
        ),
        clear(
            "note",
            Utf8,
            |i| match i {
                5 => Cell::Null,
                9 => text("n/a"),
                16 => text(""),
                _ => text(turn(&["20", "7", "-3", "15"], i)),
            },
            |j| text(turn(&["20", "8", "4"], j)),
        ),
        clear(
            "code",
            Utf8,
            |i| Cell::Text(format!("{:02}", (i * 7) % 24)),
            |j| Cell::Text(format!("{j:02}")),
        ),
        clear(
            "poids",
            Float64,
            |i| match i {
                3 => Cell::Float(-0.0),
                6 => Cell::Float(f64::NAN),
                8 | 17 => Cell::Null,
                11 => Cell::Float(0.0),
                _ => Cell::Float(turn(&[60.5, 72.25, 55.0, 81.75, -4.5], i)),
            },
            |j| Cell::Float(50.0 + j as f64),
        ),
        clear(
            "montant",
            Decimal128(9, 2),
            |i| match i % 10 {
                7 => Cell::Null,
                _ => Cell::Decimal(12_345 - 1_000 * i as i128),
            },
            |j| Cell::Decimal(500 + j as i128),
        ),
        clear(
            "urgent",
            Boolean,
            |i| match i % 7 {
                2 => Cell::Null,
                _ => Cell::Bool(i % 3 == 0),
            },
            |j| Cell::Bool(j % 2 == 0),
        ),
        masked(
            "commune",
            Utf8,
            ("\"prefix(2)\"", "left(commune, 2)", Utf8),
            |i| text(turn(&["75", "13", "é2", "2", "69"], i)),
            |world, i| {
                let shown = turn(&["75", "13", "é2", "2", "69"], i);
                Cell::Text(match world {
                    // One character is all there is.
                    _ if shown == "2" => shown.to_owned(),
                    World::Benign => format!("{shown}113"),
                    World::Poison => format!("{shown}HIDDEN"),
                    World::Moved => format!("{shown}{}", "é".repeat(i)),
                })
            },
            |_| text("92000"),
        ),
        masked(
            "naissance",
            Date32,
            (
                "\"year\"",
                "CAST(date_trunc('year', naissance) AS DATE)",
                Date32,
            ),
            // 1970, 1971, 1973 (1972 is a leap year, which this arithmetic need not know)
            |i| Cell::Date(turn(&[0, 365, 1096], i)),
            |world, i| match world {
                World::Benign => Cell::Date(turn(&[0, 365, 1096], i)),
                World::Poison => Cell::Date(turn(&[0, 365, 1096], i) + 364),
                World::Moved => Cell::Date(turn(&[0, 365, 1096], i) + i as i32),
            },
            |j| Cell::Date(4_000 + j as i32),
        ),
        clear(
            "etab",
            Int32,
            |i| match i {
                13 => Cell::Int(99),
                _ => Cell::Int(i as i64 % 6 + 1),
            },
            |j| Cell::Int(j as i64 % 6 + 1),
        ),
        // A dictionary, and a view, may hold the texts of rows that are not there any more.
        clear(
            "service",
            DataType::Dictionary(Box::new(Int32), Box::new(Utf8)),
            |i| match i % 9 {
                7 => Cell::Null,
                _ => text(turn(&["1", "20", "3"], i)),
            },
            |j| text(turn(&["1", "2"], j)),
        ),
        clear(
            "motif",
            DataType::Utf8View,
            |i| Cell::Text(format!("{}{i:013}", i % 4)),
            |j| Cell::Text(format!("4{j:013}")),
        ),
        denied(
            "secret",
            Int64,
            |world, i| other(world, i, &Int64),
            |j| Cell::Int(j as i64),
        ),
        denied(
            "commentaire",
            Utf8,
            |world, i| other(world, i, &Utf8),
            |_| text("rien"),
        ),
        denied("site", Utf8, |_, _| text("in"), |_| text("out")),
        denied(
            "droit",
            Utf8,
            |world, i| match world {
                World::Benign => text("1"),
                _ => Cell::Text(format!("{}", 1 + i % 9)),
            },
            |_| text("0"),
        ),
    ];
    Table {
        name: "sejour",
        columns,
        visible_rows: 24,
        policies: [
            Some("site = 'in' AND region <> 'Z' AND duree > 0"),
            Some("CAST(droit AS INT) >= 1 AND region <> 'Z' AND 100 / duree > 0"),
        ],
        hide: Some(|world, j, set| {
            if world != World::Benign {
                set(
                    "droit",
                    turn(
                        &[
                            text("x"),
                            text(""),
                            Cell::Null,
                            text("0"),
                            text("99999999999"),
                        ],
                        j,
                    ),
                );
                // Hidden rows that join and group with visible ones.
                set("id", Cell::Int(10 * (j as i64 % 24) + 1));
            }
            match j % 5 {
                0 => set("site", text("out")),
                1 => set("site", Cell::Null),
                2 => {
                    set("site", text("in"));
                    set("region", text("Z"));
                }
                3 => {
                    set("site", text("in"));
                    set("region", Cell::Null);
                }
                _ => {
                    set("site", text("in"));
                    set("region", text("A"));
                    set("duree", Cell::Int(0));
                }
            }
        }),
        partition: None,
    }
}

/// The procedures of a stay, in a folder a year.
pub fn acte() -> Table {
    use DataType::{Boolean, Date32, Decimal128, Float64, Int16, Int64, Utf8};
    let columns = vec![
        clear(
            "id",
            Int64,
            |i| Cell::Int(3 * i as i64 + 2),
            |j| Cell::Int(1_000 + j as i64),
        ),
        clear(
            "sejour",
            Int64,
            |i| match i {
                5 => Cell::Int(9_999),
                12 | 25 => Cell::Null,
                _ => Cell::Int(10 * (i as i64 % 20) + 1),
            },
            |j| Cell::Int(10 * (j as i64 % 20) + 1),
        ),
        identifier(|i| Cell::Text(format!("p{}", i % 6))),
        masked(
            "jour",
            Date32,
            (
                "\"month\"",
                "CAST(date_trunc('month', jour) AS DATE)",
                Date32,
            ),
            // 2020-01-01, 2020-02-01, 2020-03-01
            |i| Cell::Date(YEAR_2020 + turn(&[0, 31, 60], i)),
            |world, i| {
                let day = match world {
                    World::Benign => 0,
                    World::Poison => 28,
                    World::Moved => i as i32 % 29,
                };
                Cell::Date(YEAR_2020 + turn(&[0, 31, 60], i) + day)
            },
            |j| Cell::Date(YEAR_2020 + j as i32),
        ),
        masked(
            "heure",
            moments(),
            ("\"quarter\"", "date_trunc('quarter', heure)", moments()),
            |i| match i % 6 {
                1 => Cell::Null,
                _ => Cell::Moment((i64::from(YEAR_2020) + turn(&[0, 91], i)) * DAY),
            },
            |world, i| match (i % 6, world) {
                (1, _) => Cell::Null,
                (_, World::Benign) => {
                    Cell::Moment((i64::from(YEAR_2020) + turn(&[0, 91], i)) * DAY)
                }
                _ => Cell::Moment(
                    (i64::from(YEAR_2020) + turn(&[0, 91], i) + 89) * DAY + 86_399_999_999,
                ),
            },
            |j| Cell::Moment(i64::from(YEAR_2020) * DAY + j as i64),
        ),
        masked(
            "libelle",
            Utf8,
            ("\"redact\"", "'***'", Utf8),
            |_| text("***"),
            |world, i| other(world, i, &Utf8),
            |_| text("acte"),
        ),
        clear(
            "quantite",
            Int16,
            |i| Cell::Int(turn(&[1, 2, 3, 0, -1, 5], i)),
            |j| Cell::Int(1 + j as i64 % 3),
        ),
        masked(
            "prix",
            Decimal128(7, 2),
            (
                "{ sql = \"round(prix, 0)\" }",
                "round(prix, 0)",
                Decimal128(7, 0),
            ),
            |i| Cell::Decimal(i as i128 % 5 * 7 - 3),
            |world, i| {
                let whole = (i as i128 % 5 * 7 - 3) * 100;
                Cell::Decimal(match world {
                    World::Benign => whole,
                    World::Poison => whole + 49,
                    World::Moved => whole - 49,
                })
            },
            |j| Cell::Decimal(1_000 + j as i128),
        ),
        masked(
            "taux",
            Float64,
            ("\"band(10)\"", "floor(taux / 10.0) * 10.0", Float64),
            |i| match i {
                4 => Cell::Float(f64::NAN),
                9 => Cell::Null,
                _ => Cell::Float(10.0 * (i % 7) as f64 - 20.0),
            },
            |world, i| match (i, world) {
                (4, _) => Cell::Float(f64::NAN),
                (9, _) => Cell::Null,
                (_, World::Benign) => Cell::Float(10.0 * (i % 7) as f64 - 20.0),
                _ => Cell::Float(10.0 * (i % 7) as f64 - 20.0 + 9.5),
            },
            |j| Cell::Float(j as f64),
        ),
        clear(
            "code",
            Utf8,
            |i| match i {
                21 => text("AB12"),
                _ => Cell::Text(format!("{}", 5 + i % 11)),
            },
            |_| text("12"),
        ),
        masked(
            "fait",
            Boolean,
            ("\"const(true)\"", "true", Boolean),
            |_| Cell::Bool(true),
            |world, i| other(world, i, &Boolean),
            |_| Cell::Bool(false),
        ),
        denied(
            "statut",
            Utf8,
            |world, i| match (world, i % 2) {
                (World::Poison, _) | (World::Moved, 0) => Cell::Null,
                _ => text("V"),
            },
            |_| text("X"),
        ),
        denied(
            "jeton",
            Utf8,
            |world, i| match world {
                World::Benign => text("1"),
                _ => Cell::Text(format!("{}.75", i)),
            },
            |_| text("0"),
        ),
        clear(
            "annee",
            Int64,
            |i| Cell::Int(2_019 + (i / 15) as i64),
            |j| Cell::Int(2_019 + j as i64 % 2),
        ),
    ];
    Table {
        name: "acte",
        columns,
        visible_rows: 30,
        policies: [
            Some(
                "(statut = 'V' OR statut IS NULL) AND quantite BETWEEN -5 AND 1000 AND annee < 2050",
            ),
            Some("CAST(jeton AS DOUBLE) > 0.5 AND quantite BETWEEN -5 AND 1000"),
        ],
        hide: Some(|world, j, set| {
            // The year is a folder; whose, is for the layout to say.
            let poisoned = world != World::Benign;
            set(
                "jeton",
                if poisoned {
                    turn(&[text("x"), text(""), Cell::Null, text("-inf")], j)
                } else {
                    text("0")
                },
            );
            set("sejour", Cell::Int(10 * (j as i64 % 24) + 1));
            match j % 3 {
                0 => set("statut", text("X")),
                1 if poisoned => {
                    set("statut", text("V"));
                    set(
                        "quantite",
                        Cell::Int(turn(&[i16::MIN.into(), i16::MAX.into()], j)),
                    );
                }
                _ => set("statut", text("")),
            }
        }),
        partition: Some("annee"),
    }
}

/// The establishments, of which every row is visible.
pub fn etab() -> Table {
    use DataType::{Boolean, Date32, Int32, Int64, Utf8};
    let columns = vec![
        clear("id", Int32, |i| Cell::Int(i as i64 + 1), |_| Cell::Null),
        clear(
            "nom",
            Utf8,
            |i| {
                text(turn(
                    &["Hôpital A", "Clinique", "HAD", "Hospices", "Centre", "100"],
                    i,
                ))
            },
            |_| Cell::Null,
        ),
        clear(
            "ouvert",
            Boolean,
            |i| Cell::Bool(i % 2 == 0),
            |_| Cell::Null,
        ),
        clear(
            "ouverture",
            Date32,
            |i| match i {
                2 => Cell::Date(2_932_896),
                4 => Cell::Null,
                _ => Cell::Date(3_650 * i as i32),
            },
            |_| Cell::Null,
        ),
        masked(
            "categorie",
            Utf8,
            ("\"const('x')\"", "'x'", Utf8),
            |_| text("x"),
            |world, i| other(world, i, &Utf8),
            |_| Cell::Null,
        ),
        masked(
            "capacite",
            Int32,
            ("\"null\"", "CAST(NULL AS INT)", Int32),
            |_| Cell::Null,
            |world, i| other(world, i, &Int32),
            |_| Cell::Null,
        ),
        masked(
            "lits",
            Int64,
            (
                "{ sql = \"CASE WHEN nom LIKE 'H%' THEN CAST(interne AS BIGINT) ELSE 0 END\" }",
                "CASE WHEN nom LIKE 'H%' THEN CAST(interne AS BIGINT) ELSE 0 END",
                Int64,
            ),
            |i| match i {
                0 => Cell::Int(12),
                2 | 3 => Cell::Null,
                _ => Cell::Int(0),
            },
            |world, i| other(world, i, &Int64),
            |_| Cell::Null,
        ),
        denied(
            "interne",
            Utf8,
            |world, i| match (i, world) {
                (0, _) => text("12"),
                (_, World::Benign) => Cell::Null,
                // On these the mask fails, so that it shows nothing.
                _ => text(turn(&["garbage", "9999999999999999999999", ""], i)),
            },
            |_| Cell::Null,
        ),
    ];
    Table {
        name: "etab",
        columns,
        visible_rows: 6,
        policies: [
            None,
            Some("TRY_CAST(interne AS INT) IS NULL OR TRY_CAST(interne AS INT) > -1"),
        ],
        hide: None,
        partition: None,
    }
}

/// A value that the permit shows nowhere: anything will do.
fn other(world: World, i: usize, data_type: &DataType) -> Cell {
    match (world, data_type) {
        (World::Benign, DataType::Utf8) => text("rien"),
        (World::Benign, DataType::Boolean) => Cell::Bool(false),
        (World::Benign, _) => Cell::Int(1),
        (World::Poison, _) => extreme(data_type, i),
        (World::Moved, _) => extreme(data_type, i + 3),
    }
}
