use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::config::ConfigError;
use crate::enforce::{ListRole, PeopleList, Referential, Space};
use crate::permit::Permit;
use crate::platform::Platform;

/// The referential from which a person's other identifiers are found.
const REFERENTIAL: &str = "IR_BEN_R";

/// The lists of people that a permit names, able to hold every table against them that it grants or reaches.
pub(super) fn lists(
    platform: &Platform,
    permit: &Permit,
) -> Result<Vec<Arc<PeopleList>>, ConfigError> {
    let population = permit.population();
    let referential = platform
        .table(REFERENTIAL)
        .map(|table| Referential(Arc::clone(&table.provider)));
    let mut lists = Vec::new();
    for (key, role, list) in [
        ("cohort", ListRole::Cohort, &population.cohort),
        ("opposition", ListRole::Opposition, &population.opposition),
    ] {
        let Some(list) = list else { continue };
        let file = find(list, permit, platform);
        let list = PeopleList::open(role, &file, spaces(platform, permit), referential.clone())
            .map_err(|(expected, found)| {
                permit
                    .document()
                    .invalid(&["population", key], expected, found)
            })?;
        lists.push(Arc::new(list));
    }
    Ok(lists)
}

/// How the granted tables, and the parents of those without a person, name people.
fn spaces(platform: &Platform, permit: &Permit) -> BTreeSet<Space> {
    permit
        .tables()
        .keys()
        .filter_map(|name| platform.table(name))
        .filter_map(
            |table| match (&table.model.contributor, &table.model.parent) {
                (contributor, _) if !contributor.is_empty() => Some(Space::of(contributor)),
                (_, Some(parent)) => {
                    let parent = platform.table(&parent.table)?;
                    (!parent.model.contributor.is_empty())
                        .then(|| Space::of(&parent.model.contributor))
                }
                _ => None,
            },
        )
        .collect()
}

/// A list's path is relative to the permit's folder or, if nothing is there, to the platform's.
fn find(list: &str, permit: &Permit, platform: &Platform) -> PathBuf {
    let path = Path::new(list);
    let beside_permit = permit.folder().join(path);
    if path.is_absolute() || beside_permit.exists() {
        return beside_permit;
    }
    platform.folder().join(path)
}
