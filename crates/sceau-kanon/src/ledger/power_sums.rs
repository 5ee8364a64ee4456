use super::gf64::{Gf64, sums_of_products};

/// So many elements are taken at once: their powers stay near the processor, and asking what it can do costs nothing beside them.
const BLOCK: usize = 64;

/// Four odd powers are made of each element.
const ODD: usize = 4;

/// Adds the odd power sums s₁, s₃, s₅ … of elements to as many sums as there are.
///
/// The powers x, x³, x⁵ and x⁷ of each element are made, and multiplied by x⁸, x¹⁶ and so on for those above; of a product that
/// is only added up, no remainder is taken. Elements do not wait for each other.
pub(super) fn add_odd_power_sums(elements: &[Gf64], sums: &mut [Gf64]) {
    let mut powers = [Gf64::ZERO; ODD * BLOCK];
    let mut scratch = [Gf64::ZERO; 3 * BLOCK];
    for x in elements.chunks(BLOCK) {
        let powers = &mut powers[..ODD * x.len()];
        let (step, rest) = scratch[..3 * x.len()].split_at_mut(x.len());
        let (eighth, next) = rest.split_at_mut(x.len());
        odd_powers(x, powers, next, eighth);
        step.copy_from_slice(eighth);
        for (at, sums) in sums.chunks_mut(ODD).enumerate() {
            if at == 0 {
                for (sum, powers) in sums.iter_mut().zip(powers.chunks(x.len())) {
                    powers.iter().for_each(|&power| *sum += power);
                }
                continue;
            }
            if at > 1 {
                sums_of_products(step, eighth, next);
                step.copy_from_slice(next);
            }
            let mut more = [Gf64::ZERO; ODD];
            let more = &mut more[..sums.len()];
            sums_of_products(&powers[..more.len() * x.len()], step, more);
            for (sum, &more) in sums.iter_mut().zip(&*more) {
                *sum += more;
            }
        }
    }
}

/// All x, then all x³, x⁵ and x⁷; and apart from them all x⁴ and x⁸.
fn odd_powers(x: &[Gf64], powers: &mut [Gf64], fourth: &mut [Gf64], eighth: &mut [Gf64]) {
    let (first, powers) = powers.split_at_mut(x.len());
    let (third, powers) = powers.split_at_mut(x.len());
    let (fifth, seventh) = powers.split_at_mut(x.len());
    first.copy_from_slice(x);
    let square = &mut *eighth;
    sums_of_products(x, x, square);
    sums_of_products(x, square, third);
    sums_of_products(square, square, fourth);
    sums_of_products(x, fourth, fifth);
    sums_of_products(third, fourth, seventh);
    sums_of_products(fourth, fourth, eighth);
}
