use std::collections::BTreeSet;

/// By which columns a table names people, and so which part of a list it is held against.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Space {
    /// `BEN_NIR_PSA` and `BEN_RNG_GEM`: DCIR and the referentials.
    Pair,
    /// `NIR_ANO_17`, which is `BEN_NIR_PSA`: the PMSI. Twins share one.
    Nir,
    /// `BEN_IDT_ANO`: the person. The CépiDc, DCIRS.
    Person,
    /// Columns of another table, found in the list under the same names.
    Own(Vec<String>),
}

impl Space {
    /// The space of a table's contributor.
    pub(crate) fn of(contributor: &[String]) -> Self {
        let upper: Vec<String> = contributor.iter().map(|name| name.to_uppercase()).collect();
        let upper: Vec<&str> = upper.iter().map(String::as_str).collect();
        match upper.as_slice() {
            ["BEN_NIR_PSA", "BEN_RNG_GEM"] => Self::Pair,
            ["NIR_ANO_17"] | ["BEN_NIR_PSA"] => Self::Nir,
            ["BEN_IDT_ANO"] => Self::Person,
            _ => Self::Own(contributor.to_vec()),
        }
    }

    /// The names under which a list may hold the columns of this space.
    pub(crate) fn columns(&self) -> Vec<Vec<&str>> {
        match self {
            Self::Pair => vec![vec!["BEN_NIR_PSA", "BEN_RNG_GEM"]],
            Self::Nir => vec![vec!["BEN_NIR_PSA"], vec!["NIR_ANO_17"]],
            Self::Person => vec![vec!["BEN_IDT_ANO"]],
            Self::Own(columns) => vec![columns.iter().map(String::as_str).collect()],
        }
    }

    /// The columns of a list that hold this space, as the list spells them: as often as it holds it.
    pub(crate) fn found_in<'a>(&self, list: &'a BTreeSet<String>) -> Vec<Vec<&'a str>> {
        let columns = self.columns().into_iter();
        let found = columns.filter_map(|names| {
            names
                .into_iter()
                .map(|name| {
                    list.iter()
                        .find(|known| known.eq_ignore_ascii_case(name))
                        .map(String::as_str)
                })
                .collect()
        });
        found.collect()
    }

    /// Whether the referential IR_BEN_R knows people by this space.
    pub(crate) fn is_in_referential(&self) -> bool {
        !matches!(self, Self::Own(_))
    }
}
