//! Totals of rounded cells.

use arrow::array::{Int64Array, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::DataType;
use datafusion::common::Result;

use super::exec::rounded;
use super::totals::{Adds, Totals};
use super::views::counts;
use super::{Gate, Rule};

impl Totals {
    /// Marks totals that are sums of the cells that are shown where none of these is: 0 would say that nobody is there.
    pub(super) fn withhold_sums_of_nothing(
        &self,
        gate: &Gate,
        cells: &RecordBatch,
        broken: &mut [Option<Rule>],
    ) -> Result<()> {
        let mut summed = gate.rounded.iter();
        if !self.of_shown
            || gate.rounding.is_exact()
            || !summed.any(|&measure| self.adds[measure] == Some(Adds::Up))
        {
            return Ok(());
        }
        let shown: Vec<i64> = broken
            .iter()
            .map(|rule| i64::from(rule.is_none()))
            .collect();
        let Some(shown) = self.summed(cells, &self.kept(cells)?, &shown)? else {
            return Ok(());
        };
        for (rule, shown) in broken.iter_mut().zip(shown) {
            if shown == 0 && rule.is_none() {
                *rule = Some(Rule::Secondary);
            }
        }
        Ok(())
    }

    /// The same cells, where counts are rounded with totals that are sums of rounded cells: one that was rounded by itself
    /// would tell in which direction its parts were.
    pub(super) fn of_rounded_cells(
        &self,
        gate: &Gate,
        cells: &RecordBatch,
        broken: &[Option<Rule>],
    ) -> Result<RecordBatch> {
        if gate.rounding.is_exact() {
            return Ok(cells.clone());
        }
        let kept = self.kept(cells)?;
        let mut columns = cells.columns().to_vec();
        for &measure in &gate.rounded {
            let at = gate.keys + measure;
            let own = rounded(&columns[at], gate.rounding)?;
            let whole = cast(&own, &DataType::Int64)?;
            columns[at] = own;
            // What is in several parts counts once in their total, which is no sum of them.
            if self.adds[measure] != Some(Adds::Up) {
                continue;
            }
            let Some(mut parts) = counts(&whole) else {
                continue;
            };
            if self.of_shown {
                for (part, _) in parts
                    .iter_mut()
                    .zip(broken)
                    .filter(|(_, rule)| rule.is_some())
                {
                    *part = 0;
                }
            }
            if let Some(sums) = self.summed(cells, &kept, &parts)? {
                let sums = Int64Array::from(sums);
                columns[at] = cast(&sums, columns[at].data_type())?;
            }
        }
        Ok(RecordBatch::try_new(cells.schema(), columns)?)
    }
}
