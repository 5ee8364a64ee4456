use std::hash::{Hash, Hasher};

/// A column of one reading of a table.
#[derive(Debug, Clone)]
pub(super) struct Origin {
    pub(super) instance: usize,
    /// In lower case.
    pub(super) column: String,
    /// Whether it identifies the person behind the row.
    pub(super) person: bool,
    /// Whether it names people, those behind the row or others.
    pub(super) identifier: bool,
}

impl Origin {
    pub(super) fn new(instance: usize, column: &str) -> Self {
        Self {
            instance,
            column: column.to_ascii_lowercase(),
            person: false,
            identifier: false,
        }
    }
}

impl PartialEq for Origin {
    fn eq(&self, other: &Self) -> bool {
        self.instance == other.instance && self.column == other.column
    }
}

impl Eq for Origin {}

impl Hash for Origin {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.instance.hash(state);
        self.column.hash(state);
    }
}

/// Classes of columns that are equal to each other.
pub(super) struct Equalities {
    classes: Vec<Vec<Origin>>,
}

impl Equalities {
    pub(super) fn new(pairs: &[(Origin, Origin)]) -> Self {
        let mut classes: Vec<Vec<Origin>> = Vec::new();
        for (left, right) in pairs {
            let mut class = vec![left.clone(), right.clone()];
            classes.retain_mut(|known| {
                let joined = known.contains(left) || known.contains(right);
                if joined {
                    class.append(known);
                }
                !joined
            });
            classes.push(class);
        }
        Self { classes }
    }

    /// A column and all that are equal to it.
    pub(super) fn of<'a>(&'a self, column: &'a Origin) -> impl Iterator<Item = &'a Origin> {
        self.classes
            .iter()
            .filter(|class| class.contains(column))
            .flatten()
            .chain([column])
    }

    pub(super) fn holds(&self, left: &Origin, right: &Origin) -> bool {
        self.of(left).any(|equal| equal == right)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equality_goes_through_a_third_column() {
        let column = |name| Origin::new(1, name);
        let equal = Equalities::new(&[
            (column("a"), column("b")),
            (column("c"), column("d")),
            (column("d"), column("B")),
        ]);
        assert!(equal.holds(&column("a"), &column("c")));
        assert!(!equal.holds(&column("a"), &column("e")));
        assert!(equal.holds(&column("e"), &column("e")));
    }
}
