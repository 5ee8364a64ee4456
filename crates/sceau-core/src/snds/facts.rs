//! The facts of the data model and how a table is found by its name.
//!
//! Three text files hold them, each explained at its head: `columns.txt` (what exists), `roles.txt` (what a column may
//! tell) and `links.txt` (who a row is about). They are the source of truth: to correct the model, edit them.

mod columns;
mod links;
mod pattern;
mod roles;
mod year;

pub(crate) use year::of_two_digits;

use super::{TableModel, YEAR};
use std::collections::HashMap;
use std::sync::{Arc, LazyLock};
use year::Year;

/// The model of a table, by its name in any case; `None` if there is no such table.
///
/// A yearly family answers to its own name (`T_MCOaaB`), to each year's (`T_MCO19B`, `CT_IDE_2019_GN`), and then the model
/// bears the year's name, its parent's too, and to the name over all years (`T_MCO_B`, `CT_IDE_GN`), and then [`YEAR`] is
/// a column. A table that is archived by years answers to `ER_PRS_F_2019` as well.
///
/// ```
/// use sceau_core::snds;
///
/// let stays = snds::table("t_mco19b").expect("a table of the PMSI");
/// assert_eq!((stays.name.as_str(), stays.year), ("T_MCO19B", Some(2019)));
/// assert_eq!(stays.parent.as_ref().map(|parent| parent.table.as_str()), Some("T_MCO19C"));
///
/// let all = snds::table("t_mco_b").expect("a family of the PMSI");
/// let key = &all.parent.as_ref().expect("its chaining table").on;
/// assert_eq!(key.last(), Some(&(snds::YEAR.to_owned(), snds::YEAR.to_owned())));
/// ```
pub fn table(name: &str) -> Option<Arc<TableModel>> {
    if let Some(index) = MODEL.by_name.get(&name.to_ascii_uppercase()) {
        return Some(Arc::clone(&MODEL.tables[*index]));
    }
    let of_one_year = || {
        MODEL.tables.iter().find_map(|family| {
            let year = year::read(&family.name, name)?;
            Some(of_year(family, &year))
        })
    };
    let of_all_years = || {
        let (family, version) = family(name)?;
        Some(all_years(family, version.as_ref()))
    };
    let archived = || {
        let (name, year) = year::archive(name)?;
        in_year(name, year)
    };
    of_one_year()
        .or_else(of_all_years)
        .or_else(archived)
        .map(Arc::new)
}

/// The model of a table over several years: of a family of yearly tables, or of a table that is archived by years. `None`
/// if there is no such table, or its name says already of which year it is.
pub(crate) fn over_years(name: &str) -> Option<TableModel> {
    let known = table(name)?;
    match family(name) {
        Some(_) if known.year_column.is_some() => Some(known.as_ref().clone()),
        // Under the name that stands for any year.
        Some((family, _)) => Some(keyed_by_year(family.as_ref().clone())),
        None => (known.year.is_none()).then(|| known.as_ref().clone().over_years()),
    }
}

/// The model of one year's table of what [`over_years`] gives, under the name that it has among the SNDS's.
pub(crate) fn in_year(name: &str, year: u16) -> Option<TableModel> {
    if let Some((family, version)) = family(name) {
        return Some(of_year(family, &Year::of(year, version.as_ref())));
    }
    let known = table(name)?;
    if known.year.is_some() || known.product == "NOMENCLATURE" {
        return None;
    }
    let mut archive = known.as_ref().clone();
    archive.name = format!("{}_{year}", archive.name);
    archive.year = Some(year);
    if let Some(parent) = &mut archive.parent {
        parent.table = format!("{}_{year}", parent.table);
    }
    Some(archive)
}

/// The family of yearly tables that a name is of, `T_MCOaaB` or `T_MCO_B`, and the version in it.
fn family(name: &str) -> Option<(&'static Arc<TableModel>, Option<Year>)> {
    MODEL.tables.iter().find_map(|family| {
        let all = year::over_years(&family.name)?;
        if [&all, &family.name].map(|known| known.eq_ignore_ascii_case(name)) != [false, false] {
            return Some((family, None));
        }
        Some((family, Some(year::read(&all, name)?)))
    })
}

fn of_year(family: &TableModel, year: &Year) -> TableModel {
    let mut table = family.clone();
    table.name = year.write(&table.name);
    table.year = year.number();
    if let Some(parent) = &mut table.parent {
        parent.table = year.write(&parent.table);
    }
    table
}

fn all_years(family: &TableModel, version: Option<&Year>) -> TableModel {
    let rename = |name: &str| {
        let all = year::over_years(name).unwrap_or_else(|| name.to_owned());
        version.map_or(all.clone(), |version| version.write(&all))
    };
    let mut table = family.clone();
    table.name = rename(&table.name);
    if let Some(parent) = &mut table.parent {
        parent.table = rename(&parent.table);
    }
    keyed_by_year(table)
}

/// The numbers of stays begin anew each year: over several, the year is part of the key to the parent.
fn keyed_by_year(table: TableModel) -> TableModel {
    let mut table = table.over_years();
    if let Some(parent) = &mut table.parent {
        parent.on.push((YEAR.to_owned(), YEAR.to_owned()));
    }
    table
}

/// Every table of the model, yearly families once, under the name that stands for all years.
pub fn tables() -> impl Iterator<Item = &'static TableModel> {
    MODEL.tables.iter().map(Arc::as_ref)
}

/// The pseudonym domain of the columns of a name, in any case, that are identifiers in the tables of the model: whoever
/// puts such a column into another table means the same.
pub(crate) fn identifier_domain(column: &str) -> Option<&'static str> {
    let domain = MODEL.identifiers.get(&column.to_ascii_uppercase())?;
    Some(domain.as_str())
}

static MODEL: LazyLock<Model> = LazyLock::new(Model::read);

struct Model {
    tables: Vec<Arc<TableModel>>,
    /// Upper-case name to place in `tables`.
    by_name: HashMap<String, usize>,
    /// Upper-case name of an identifier to its domain.
    identifiers: HashMap<String, String>,
}

impl Model {
    fn read() -> Self {
        let mut tables = columns::read(include_str!("facts/columns.txt"));
        let roles = roles::Roles::read(include_str!("facts/roles.txt"));
        for table in &mut tables {
            roles.classify(table);
        }
        links::Links::read(include_str!("facts/links.txt")).apply(&mut tables);
        let by_name = tables
            .iter()
            .enumerate()
            .map(|(index, table)| (table.name.to_ascii_uppercase(), index))
            .collect();
        let columns = tables.iter().flat_map(|table| &table.columns);
        let identifiers = columns
            .filter_map(|column| {
                let domain = column.domain.clone()?;
                Some((column.name.to_ascii_uppercase(), domain))
            })
            .collect();
        let tables = tables.into_iter().map(Arc::new).collect();
        Self {
            tables,
            by_name,
            identifiers,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::snds::{ColumnModel, Role};

    fn column<'t>(table: &'t TableModel, name: &str) -> &'t ColumnModel {
        table
            .column(name)
            .unwrap_or_else(|| panic!("{} has no {name}", table.name))
    }

    #[test]
    fn every_table_is_found_by_its_name_in_any_case() {
        assert_eq!(tables().count(), 366);
        for model in tables() {
            for name in [model.name.to_lowercase(), model.name.to_uppercase()] {
                assert_eq!(table(&name).as_deref(), Some(model));
            }
        }
        assert_eq!(table("ER_PRS"), None);
        assert_eq!(table(""), None);
    }

    #[test]
    fn a_year_in_a_name_carries_over_to_the_parent() {
        let stays = table("t_mco19b").unwrap();
        assert_eq!(stays.name, "T_MCO19B");
        assert_eq!(stays.parent.as_ref().unwrap().table, "T_MCO19C");
        let family = table("t_mcoAAb").unwrap();
        assert_eq!(family.name, "T_MCOaaB");
        assert_eq!(family.parent.as_ref().unwrap().table, "T_MCOaaC");
        assert_eq!(table("CT_IDE_2019_GN").unwrap().name, "CT_IDE_2019_GN");
        let spending = table("ct_dep_2019_gn").unwrap();
        assert_eq!(spending.parent.as_ref().unwrap().table, "CT_IDE_2019_GN");
        assert_eq!(table("T_MCO12GV11").unwrap().name, "T_MCO12GV11");
        for absent in [
            "T_MCO2019B",
            "T_MCO1B",
            "T_MCOB",
            "CT_IDE_19_GN",
            "T_MCO19BX",
        ] {
            assert_eq!(table(absent), None, "{absent}");
        }
    }

    #[test]
    fn a_family_answers_to_the_name_over_all_years_and_has_the_year_as_a_column_and_in_its_key() {
        for (name, spelt, parent) in [
            ("t_mco_b", "T_MCO_B", Some("T_MCO_C")),
            ("T_MCO_FASTC", "T_MCO_FASTC", Some("T_MCO_CSTC")),
            ("t_mco_gv11", "T_MCO_GV11", Some("T_MCO_C")),
            ("t_mco_c", "T_MCO_C", None),
            ("ct_dep_gn", "CT_DEP_GN", Some("CT_IDE_GN")),
        ] {
            let all = table(name).unwrap_or_else(|| panic!("no {name}"));
            assert_eq!((all.name.as_str(), all.year), (spelt, None));
            assert_eq!(all.year_column.as_deref(), Some(YEAR));
            assert_eq!(column(&all, "annee").role, Some(Role::Plain));
            let link = all.parent.as_ref();
            assert_eq!(link.map(|link| link.table.as_str()), parent);
            let year = (YEAR.to_owned(), YEAR.to_owned());
            assert!(link.is_none_or(|link| link.on.last() == Some(&year)));
        }
        assert_eq!(
            in_year("t_mco_b", 2019),
            table("T_MCO19B").map(|t| (*t).clone())
        );
        assert_eq!(in_year("t_mcoaab", 2007).unwrap().name, "T_MCO07B");
        assert_eq!(in_year("T_MCO_GV11", 2019).unwrap().name, "T_MCO19GV11");
        assert_eq!(in_year("ct_ide_gn", 2019).unwrap().name, "CT_IDE_2019_GN");
        assert_eq!(table("T_MCO19B").unwrap().year, Some(2019));
        assert_eq!(table("T_MCO98B").unwrap().year, Some(1998));
        let any = over_years("t_mcoaab").unwrap();
        assert_eq!(
            (any.name.as_str(), any.parent.unwrap().on.len()),
            ("T_MCOaaB", 3)
        );
        assert_eq!(over_years("T_MCO19B"), None);
    }

    #[test]
    fn an_archive_of_one_year_is_known_by_its_name() {
        let archive = table("er_pha_f_2019").unwrap();
        assert_eq!(
            (archive.name.as_str(), archive.year),
            ("ER_PHA_F_2019", Some(2019))
        );
        let parent = archive.parent.as_ref().unwrap();
        assert_eq!(
            (parent.table.as_str(), parent.on.len()),
            ("ER_PRS_F_2019", 9)
        );
        // The flux is part of the nine columns: the year adds nothing.
        let all = over_years("er_pha_f").unwrap();
        assert_eq!(
            (all.name.as_str(), all.year_column.as_deref()),
            ("ER_PHA_F", Some(YEAR))
        );
        assert_eq!(all.parent.unwrap().on.len(), 9);
        for absent in [
            "ER_PHA_F_19",
            "ER_PHA_F_0019",
            "ER_PHA_F_2019_2020",
            "ER_XXX_F_2019",
        ] {
            assert_eq!(table(absent), None, "{absent}");
        }
    }

    #[test]
    fn no_name_means_two_tables() {
        for model in tables() {
            let name = model.name.replace("aa", "19").replace("AAAA", "2019");
            let name = name.replace("xx", "11");
            let bearers: Vec<_> = tables()
                .filter(|other| {
                    other.name.eq_ignore_ascii_case(&name)
                        || year::read(&other.name, &name).is_some()
                })
                .collect();
            assert_eq!(bearers, [model], "{name}");
        }
    }

    #[test]
    fn a_name_over_all_years_means_one_family() {
        let all: Vec<_> = tables()
            .filter_map(|model| year::over_years(&model.name))
            .collect();
        for name in &all {
            assert_eq!(
                all.iter().filter(|other| *other == name).count(),
                1,
                "{name}"
            );
            assert!(
                tables().all(|model| !model.name.eq_ignore_ascii_case(name)),
                "{name}"
            );
        }
    }

    #[test]
    fn no_table_has_two_columns_that_differ_by_case_only() {
        for model in tables() {
            let mut names: Vec<_> = model
                .columns
                .iter()
                .map(|c| c.name.to_uppercase())
                .collect();
            names.sort();
            names.dedup();
            assert_eq!(names.len(), model.columns.len(), "{}", model.name);
        }
    }

    #[test]
    fn an_identifier_and_nothing_else_has_a_pseudonym_domain() {
        for model in tables() {
            for column in &model.columns {
                let identifier = column.role == Some(Role::Identifier);
                assert_eq!(
                    column.domain.is_some(),
                    identifier,
                    "{}.{}",
                    model.name,
                    column.name
                );
            }
        }
    }

    #[test]
    fn an_identifier_has_one_domain_in_all_tables() {
        for model in tables() {
            for column in &model.columns {
                let Some(domain) = column.domain.as_deref() else {
                    continue;
                };
                assert_eq!(identifier_domain(&column.name), Some(domain));
            }
        }
        assert_eq!(identifier_domain("ben_nir_psa"), Some("patient"));
        assert_eq!(identifier_domain("BEN_RNG_GEM"), None);
    }

    #[test]
    fn every_column_that_holds_a_person_shares_the_patient_domain() {
        for (name, column) in [
            ("ER_PRS_F", "BEN_NIR_PSA"),
            ("IR_BEN_R", "BEN_IDT_ANO"),
            ("IR_BEN_R", "BEN_NIR_ANO"),
            ("IR_BEN_R", "ASS_NIR_ANO"),
            ("KI_CCI_R", "BEN_IDT_ANO"),
            ("T_MCOaaC", "NIR_ANO_17"),
            ("T_MCOaaC", "NIR_ANO_MAM"),
            ("EB_PRS_F", "BEN_NIR_IDT"),
            ("CT_IDE_AAAA_GN", "ben_nir_psa"),
            ("ER_PHA_F", "NUM_ENQ"),
        ] {
            let table = table(name).unwrap();
            assert_eq!(
                super::tests::column(&table, column).domain.as_deref(),
                Some("patient")
            );
        }
        // Nothing else is named like one.
        for model in tables().filter(|model| model.product != "NOMENCLATURE") {
            for column in &model.columns {
                let name = column.name.to_uppercase();
                let person = (name.contains("_NIR_") || name.starts_with("NIR_ANO"))
                    && name != "BEN_CDI_NIR";
                if person {
                    let domain = column.domain.as_deref();
                    assert_eq!(domain, Some("patient"), "{}.{name}", model.name);
                }
            }
        }
    }

    #[test]
    fn every_contributor_and_care_date_is_a_column_of_its_table() {
        for model in tables() {
            for name in model.contributor.iter().chain(&model.care_date) {
                column(model, name);
            }
        }
    }

    #[test]
    fn every_parent_exists_holds_the_person_and_has_the_key_on_both_sides() {
        for model in tables() {
            let Some(link) = &model.parent else { continue };
            assert!(
                model.contributor.is_empty(),
                "{} has a person itself",
                model.name
            );
            let parent = table(&link.table).unwrap_or_else(|| panic!("no {}", link.table));
            assert!(!parent.contributor.is_empty(), "{}", parent.name);
            for (here, there) in &link.on {
                let (here, there) = (column(model, here), column(&parent, there));
                let text = |column: &ColumnModel| {
                    column.data_type == Some(arrow::datatypes::DataType::Utf8)
                };
                assert_eq!(text(here), text(there), "{}.{}", model.name, here.name);
            }
        }
    }

    #[test]
    fn persons_dates_and_parents_are_the_documented_ones() {
        let contributor = |name: &str| table(name).unwrap().contributor.clone();
        for name in ["IR_BEN_R", "ER_PRS_F", "IR_IMB_R"] {
            assert_eq!(contributor(name), ["BEN_NIR_PSA", "BEN_RNG_GEM"]);
        }
        for name in ["KI_CCI_R", "KI_ECD_R", "IR_IBA_R", "NS_PRS_F"] {
            assert_eq!(contributor(name), ["BEN_IDT_ANO"]);
        }
        for name in [
            "T_MCO19C",
            "T_SSR19C",
            "T_HAD19C",
            "T_RIP19C",
            "T_MCO19CSTC",
        ] {
            let chaining = table(name).unwrap();
            assert_eq!(chaining.contributor, ["NIR_ANO_17"]);
            assert_eq!(chaining.care_date.as_deref(), Some("EXE_SOI_DTD"));
        }
        assert_eq!(contributor("EB_PRS_F"), ["BEN_NIR_IDT"]);

        let parent = |name: &str| table(name).unwrap().parent.clone();
        let drugs = parent("ER_PHA_F").unwrap();
        assert_eq!((drugs.table.as_str(), drugs.on.len()), ("ER_PRS_F", 9));
        let key = |name: &str| {
            let parent = parent(name).unwrap();
            let on: Vec<_> = parent.on.into_iter().map(|(here, _)| here).collect();
            (parent.table, on.join("+"))
        };
        for (name, table, on) in [
            ("T_MCO19D", "T_MCO19C", "ETA_NUM+RSA_NUM"),
            ("T_MCO19STC", "T_MCO19C", "ETA_NUM+RSA_NUM"),
            ("T_MCO19FASTC", "T_MCO19CSTC", "ETA_NUM+SEQ_NUM"),
            ("T_MCO19VALOACE", "T_MCO19CSTC", "ETA_NUM+SEQ_NUM"),
            ("T_SSR19B", "T_SSR19C", "ETA_NUM+RHA_NUM"),
            ("T_SSR19FMSTC", "T_SSR19CSTC", "ETA_NUM+SEQ_NUM"),
            ("T_HAD19B", "T_HAD19C", "ETA_NUM_EPMSI+RHAD_NUM"),
            ("T_RIP19RSA", "T_RIP19C", "ETA_NUM_EPMSI+RIP_NUM"),
        ] {
            assert_eq!(key(name), (table.to_owned(), on.to_owned()), "{name}");
        }
        for name in ["T_MCOaaE", "IR_PHA_R", "OPEN_MEDIC", "BE_IDE_R", "DA_PRA_R"] {
            let nobody = table(name).unwrap();
            assert_eq!((nobody.contributor.len(), &nobody.parent), (0, &None));
        }
    }

    #[test]
    fn the_tables_in_daily_use_are_classified_whole() {
        for name in [
            "ER_PRS_F", "ER_PHA_F", "IR_BEN_R", "IR_IMB_R", "IR_PHA_R", "KI_CCI_R", "T_MCOaaB",
            "T_MCOaaC", "T_MCOaaD",
        ] {
            for column in &table(name).unwrap().columns {
                assert!(column.role.is_some(), "{name}.{}", column.name);
            }
        }
    }

    #[test]
    fn what_a_rejected_value_may_hold_stays_unclassified() {
        let anomalies = table("ER_ANO_F").unwrap();
        assert_eq!(column(&anomalies, "PRS_ANO_ORI").role, None);
    }
}
