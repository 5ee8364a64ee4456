use std::collections::HashMap;

/// Makes the totals of a table the sums of its cells as they are shown: rounded, and without those that are withheld.
///
/// `keys[row]` has, for each key, which of its values the row is about, or `None` where the row sums over all of them; a row
/// without `None` is a cell. `counts[row]` is what is shown of the row, `None` if it is withheld: a withheld total stays so. A
/// table without cells keeps its totals, as does a total that no cell is under.
///
/// What is shown of a total then is made of what is shown of its cells, so that it tells nothing more: withheld cells are not
/// in it, and no rounding error says on which side of a limit they are. This is how [OpenSAFELY](https://docs.opensafely.org/releasing-files/)
/// asks for totals; other bodies round each total by itself.
///
/// ```
/// // Ages 21-30 (3, withheld), 31-40 (8), 41-50 (16), 51+ (23), and their total.
/// let keys = [vec![Some(0)], vec![Some(1)], vec![Some(2)], vec![Some(3)], vec![None]];
/// let mut counts = [None, Some(10), Some(15), Some(25), Some(55)];
/// sceau_kanon::totals_from_cells(&keys, &mut counts);
/// assert_eq!(counts[4], Some(50));
/// ```
pub fn totals_from_cells(keys: &[Vec<Option<u32>>], counts: &mut [Option<i64>]) {
    // Which keys a row sums over; each such set is one level of totals.
    let over = |key: &[Option<u32>]| key.iter().map(Option::is_none).collect::<Vec<bool>>();
    let mut levels: Vec<Vec<bool>> = keys.iter().map(|key| over(key)).collect();
    levels.sort_unstable();
    levels.dedup();
    levels.retain(|level| level.contains(&true));
    let mut sums: HashMap<Vec<Option<u32>>, i64> = HashMap::new();
    for (key, count) in keys.iter().zip(counts.iter()) {
        if key.contains(&None) {
            continue;
        }
        for level in levels.iter().filter(|level| level.len() == key.len()) {
            let total = key.iter().zip(level);
            let total = total.map(|(value, over)| value.filter(|_| !over)).collect();
            let sum = sums.entry(total).or_default();
            *sum = sum.saturating_add(count.unwrap_or(0));
        }
    }
    for (key, count) in keys.iter().zip(counts.iter_mut()) {
        if let (Some(shown), Some(sum)) = (count, sums.get(key)) {
            *shown = *sum;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use sceau_core::permit::Rounding;

    use super::*;

    #[test]
    fn totals_are_those_of_the_published_example() {
        let keys: Vec<_> = [Some(0), Some(1), Some(2), Some(3), None]
            .map(|key| vec![key])
            .to_vec();
        let round = |count| Some(Rounding::Nearest(5).of(count));
        let mut sick = [None, round(8), round(16), round(23), round(50)];
        totals_from_cells(&keys, &mut sick);
        assert_eq!(sick[4], Some(50));
        // Rounded by itself, the total of 116 people would be 115.
        let mut people = [18, 23, 31, 44, 116].map(round);
        totals_from_cells(&keys, &mut people);
        assert_eq!(people[4], Some(120));
    }

    #[test]
    fn every_level_of_a_cube_is_summed_and_a_withheld_total_stays_withheld() {
        let keys: Vec<Vec<Option<u32>>> = vec![
            vec![Some(0), Some(0)],
            vec![Some(0), Some(1)],
            vec![Some(1), Some(0)],
            vec![Some(0), None],
            vec![Some(1), None],
            vec![None, Some(0)],
            vec![None, None],
        ];
        let mut counts = [Some(10), None, Some(20), Some(19), None, Some(31), Some(48)];
        totals_from_cells(&keys, &mut counts);
        assert_eq!(
            counts,
            [Some(10), None, Some(20), Some(10), None, Some(30), Some(30)]
        );
    }

    #[test]
    fn a_total_without_cells_stays_as_it_is() {
        let mut counts = [Some(35), Some(20)];
        totals_from_cells(&[vec![None, None], vec![Some(0), None]], &mut counts);
        assert_eq!(counts, [Some(35), Some(20)]);
    }

    proptest! {
        /// Two tables that show the same cells show the same totals, whatever is withheld.
        #[test]
        fn a_total_tells_nothing_of_a_withheld_cell(
            cells in proptest::collection::vec(proptest::option::of(0..1_000_i64), 1..12), total in 0..10_000_i64
        ) {
            let mut keys: Vec<Vec<Option<u32>>> =
                (0..cells.len()).map(|at| vec![u32::try_from(at).ok()]).collect();
            keys.push(vec![None]);
            let mut counts = cells.clone();
            counts.push(Some(total));
            totals_from_cells(&keys, &mut counts);
            prop_assert_eq!(counts[cells.len()], Some(cells.iter().flatten().sum()));
            prop_assert_eq!(&counts[..cells.len()], &cells[..]);
        }
    }
}
