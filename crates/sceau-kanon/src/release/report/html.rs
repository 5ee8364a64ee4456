use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::dossier::Dossier;
use super::shown::{one_line, plain};
use super::table::{GROUPING_SET, TableRow, Withheld};

const STYLE: &str = include_str!("style.css");

/// A page that a person reads is not longer than this; the JSON, and the table itself, have everything.
const MOST_ROWS: usize = 2_000;

/// Nothing is loaded from anywhere, no script runs, and nothing can be sent.
const POLICY: &str =
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";

impl Dossier {
    /// The report as one HTML page that holds all it needs: to be read in a browser, and to be printed and signed.
    ///
    /// Of a long table it has the first 2000 rows, and says so. Texts of the question and of the data are escaped, kept in their
    /// own direction of writing, and characters that cannot be seen are written by number.
    pub fn to_html(&self) -> String {
        let page = html! {
            (DOCTYPE)
            html lang="en" {
                head {
                    meta charset="utf-8";
                    meta http-equiv="Content-Security-Policy" content=(POLICY);
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    meta name="referrer" content="no-referrer";
                    title { "Release of project " (one_line(&self.report.project)) }
                    style { (PreEscaped(STYLE)) }
                }
                body {
                    (self.heading())
                    (self.asked())
                    (self.rules())
                    (self.cells())
                    (self.open())
                    (decision())
                }
            }
        };
        page.into_string()
    }

    fn heading(&self) -> Markup {
        let report = &self.report;
        html! {
            header {
                h1 { "Release of project " bdi { (one_line(&report.project)) } }
                p.soft { "For the person who decides whether the table below leaves. This page names withheld cells, so it does not leave with the table." }
                ul.figures {
                    li { b { (report.released) } "rows leave" }
                    li { b { (report.withheld) } "cells are withheld" }
                    li { b { (format!("{:.1} %", report.share_withheld * 100.0)) } "of all cells, before HAVING and LIMIT" }
                    li { b { (report.k) } "people a cell, at least" }
                }
            }
        }
    }

    fn asked(&self) -> Markup {
        let (from, until) = self.permit.validity();
        html! {
            section {
                h2 { "What was asked" }
                pre dir="auto" { (plain(&self.question)) }
                dl {
                    dt { "By" }
                    dd { bdi { (one_line(&self.principal)) } }
                    dt { "When" }
                    dd { (self.at.format("%Y-%m-%d %H:%M:%S UTC")) }
                    @if let Some(purpose) = self.permit.purpose() {
                        dt { "Purpose" }
                        dd { bdi { (one_line(purpose)) } }
                    }
                    dt { "Permit" }
                    dd { code { (self.report.permit) } }
                    dt { "Valid" }
                    dd { (from) " to " (until) }
                    @if let Some(preset) = self.permit.release().preset {
                        dt { "Its rules" }
                        dd { (preset) ": " (preset.source()) }
                    }
                }
            }
        }
    }

    fn rules(&self) -> Markup {
        html! {
            section {
                h2 { "Rules, and what they withheld" }
                div.wide {
                    table.rules {
                        thead { tr { th { "Rule" } th { "State" } th.n { "Cells" } th { "What it says, and where it comes from" } } }
                        tbody {
                            @for rule in &self.report.rules {
                                @let source = self.source(rule);
                                tr {
                                    th scope="row" { (rule.rule) }
                                    td { @if rule.applied { span.yes { "applied" } } @else { span.no { "not applied" } } }
                                    td.n { @if rule.applied { (rule.withheld) } }
                                    td {
                                        (rule.note)
                                        @if !source.is_empty() { span.source { (source) } }
                                    }
                                }
                            }
                        }
                    }
                }
                p.soft { "A cell that breaks several rules counts for the first. In the table below, cells that break a rule and cells that protect them look the same." }
            }
        }
    }

    fn cells(&self) -> Markup {
        let table = &self.table;
        let more = table.rows.len().saturating_sub(MOST_ROWS);
        html! {
            section {
                h2 { "The table" }
                @if table.rows.is_empty() {
                    p { "It has no rows." }
                } @else {
                    @if more > 0 {
                        p { "This page shows the first " (MOST_ROWS) " of its " (table.rows.len()) " rows, those that leave before the others. All are in the report as JSON." }
                    }
                    div.wide {
                        table {
                            thead {
                                tr {
                                    @for column in &table.columns {
                                        th.n[column.is_number] scope="col" { bdi { (one_line(&column.name)) } }
                                    }
                                    @for (name, _) in &table.other_keys {
                                        th scope="col" { bdi { (one_line(name)) } " (not in what leaves)" }
                                    }
                                }
                            }
                            tbody {
                                @for row in table.rows.iter().take(MOST_ROWS) { (self.row(row)) }
                            }
                        }
                    }
                }
                @if self.unnamed() > 0 {
                    p { "And " (self.unnamed()) " withheld cells that are not named: their keys may be single persons' own (an identifier, or a number that need not be whole, as an amount), or there are too many." }
                    @for known in self.closest_unnamed() {
                        p { "What a reader of the release can compute of their " bdi { (one_line(&known.measure)) } " is nowhere closer than: " (known) "." }
                    }
                }
                (self.legend())
            }
        }
    }

    fn legend(&self) -> Markup {
        let withheld = || {
            self.table
                .rows
                .iter()
                .filter_map(|row| row.withheld.as_ref())
        };
        html! {
            @if self.table.other_keys.iter().any(|(name, _)| name == GROUPING_SET) {
                p.soft {
                    span.null { "–" } " stands for all values of a column, in a total, and for rows that have none: "
                    code { "GROUPING(column)" } " in the question tells which."
                }
            }
            @if withheld().any(|row| !row.leaves) {
                p.soft {
                    "Rows marked " span.mark { "withheld" } " after the others "
                    @if self.masked {
                        "are not in what leaves, or are in it without their keys and measures."
                    } @else {
                        "are absent from what leaves, as if no such group existed."
                    }
                }
            }
            @if withheld().any(|row| row.leaves) {
                p.soft { "Rows marked " span.mark { "withheld" } " among the others leave with their key and without their measures." }
            }
            @if withheld().any(|row| !row.intervals.is_empty()) {
                p.soft {
                    "Under a mark: what a reader of the release can compute of the withheld value from the totals that leave"
                    @if !self.permit.release().rounding.is_exact() { ", if these were not rounded" }
                    "."
                }
            }
        }
    }

    fn row(&self, row: &TableRow) -> Markup {
        let withheld = row.withheld.as_ref();
        let has_measures = self.table.columns.iter().any(|column| column.is_measure);
        html! {
            tr.held[withheld.is_some()] {
                @for (at, (value, column)) in row.values.iter().zip(&self.table.columns).enumerate() {
                    td.n[column.is_number] {
                        @match (value, withheld) {
                            (Some(value), _) => bdi { (one_line(&value.text)) },
                            (None, Some(withheld)) if column.is_measure => (mark(withheld, &column.name)),
                            (None, _) => span.null { "–" },
                        }
                        @if let Some(withheld) = withheld.filter(|_| !has_measures && at == 0) { " " (mark(withheld, "")) }
                    }
                }
                @for at in 0..self.table.other_keys.len() {
                    td {
                        // Of a row that leaves it is not known here, which is no value.
                        @if let Some(withheld) = withheld {
                            @match withheld.other_keys[at].as_deref() {
                                Some(key) => bdi { (one_line(key)) },
                                None => span.null { "–" },
                            }
                        }
                    }
                }
            }
        }
    }

    fn open(&self) -> Markup {
        html! {
            section {
                h2 { "What was not checked" }
                ul.plain { @for what in &self.not_checked { li { (what) } } }
            }
        }
    }
}

fn mark(withheld: &Withheld, column: &str) -> Markup {
    let known = withheld
        .intervals
        .iter()
        .find(|known| known.measure == column);
    html! {
        span.mark { "withheld" }
        @if let Some(known) = known { span.known { (known) } }
    }
}

fn decision() -> Markup {
    html! {
        section {
            h2 { "Decision" }
            p { span.box {} "it may leave" }
            p { span.box {} "it may not leave, because:" }
            div.sign { div { "Name" } div { "Date" } div { "Signature" } }
        }
    }
}
