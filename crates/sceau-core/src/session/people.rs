use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::datatypes::DataType;

use crate::config::ConfigError;
use crate::enforce::{ListRole, PeopleList, Referential, Space};
use crate::permit::Permit;
use crate::platform::Platform;
use crate::snds::REFERENTIAL;

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

/// How the granted tables, and the parents of those without a person, name people, and in values of which types.
fn spaces(platform: &Platform, permit: &Permit) -> BTreeMap<Space, Vec<Vec<DataType>>> {
    let mut spaces: BTreeMap<Space, Vec<Vec<DataType>>> = BTreeMap::new();
    for table in permit
        .tables()
        .keys()
        .filter_map(|name| platform.table(name))
    {
        let holder = match &table.model.parent {
            Some(parent) if table.model.contributor.is_empty() => platform.table(&parent.table),
            _ => Some(table),
        };
        let Some(holder) = holder.filter(|holder| !holder.model.contributor.is_empty()) else {
            continue;
        };
        let types = holder
            .model
            .contributor
            .iter()
            .filter_map(|name| holder.model.column(name)?.data_type.clone())
            .collect();
        let space = Space::of(&holder.model.contributor);
        spaces.entry(space).or_default().push(types);
    }
    spaces
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
