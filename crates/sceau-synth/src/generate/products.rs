//! The medicines that are dispensed: the catalogue behind the synthetic IR_PHA_R.

use super::chance::Chance;
use std::collections::HashMap;
use std::ops::Range;

/// One box that a pharmacist hands out.
pub(super) struct Product {
    /// The 13-digit code, its last digit a check digit as on the real box.
    pub(super) cip13: i64,
    /// The old seven-digit code inside it.
    pub(super) cip7: i64,
    pub(super) atc: &'static str,
    pub(super) class: &'static str,
    pub(super) form: &'static str,
    pub(super) strength: &'static str,
    pub(super) laboratory: &'static str,
    /// Tablets, pens or bottles in the box.
    pub(super) units: i64,
    /// Three months' box.
    pub(super) large: bool,
    pub(super) price_cents: i64,
}

/// All products, those of one ATC class next to each other.
pub(super) struct Catalogue {
    pub(super) products: Vec<Product>,
    by_atc: HashMap<&'static str, Range<usize>>,
    /// Classes that are prescribed for acute trouble, with their weights.
    acute: Vec<(Range<usize>, u32)>,
}

const LABORATORIES: [&str; 2] = ["ALPHA", "OMEGA"];

impl Catalogue {
    pub(super) fn read() -> Self {
        let mut catalogue = Self {
            products: Vec::new(),
            by_atc: HashMap::new(),
            acute: Vec::new(),
        };
        let lines = include_str!("molecules.txt").lines();
        for line in lines.filter(|line| !line.starts_with('#')) {
            let fields: [&'static str; 7] = line
                .split('|')
                .collect::<Vec<_>>()
                .try_into()
                .expect("seven fields a line, as a test checks");
            let [atc, class, form, strengths, boxes, price, weight] = fields;
            let number = |text: &str| text.parse::<i64>().expect("a number, as a test checks");
            let start = catalogue.products.len();
            for (rank, strength) in strengths.split(';').enumerate() {
                let smallest = boxes.split(';').next().map_or(1, number);
                for units in boxes.split(';').map(number) {
                    for laboratory in LABORATORIES {
                        let cip7 = 3_000_000 + 37 * catalogue.products.len() as i64;
                        catalogue.products.push(Product {
                            cip13: cip13(cip7),
                            cip7,
                            atc,
                            class,
                            form,
                            strength,
                            laboratory,
                            units,
                            large: units >= 80 && units > smallest,
                            price_cents: number(price) * (10 + 3 * rank as i64) / 10 * units
                                / smallest,
                        });
                    }
                }
            }
            let range = start..catalogue.products.len();
            let weight = u32::try_from(number(weight)).expect("a small weight");
            if weight > 0 {
                catalogue.acute.push((range.clone(), weight));
            }
            catalogue.by_atc.insert(atc, range);
        }
        catalogue
    }

    /// A product of an ATC class that the catalogue has.
    pub(super) fn of_class(&self, atc: &str, chance: &mut Chance) -> u16 {
        Self::within(self.by_atc[atc].clone(), chance)
    }

    /// Something for a cold, pain, an infection: paracetamol most often.
    pub(super) fn acute(&self, chance: &mut Chance) -> u16 {
        let class = chance.weighted(self.acute.iter().map(|(_, weight)| *weight));
        Self::within(self.acute[class].0.clone(), chance)
    }

    /// Of one class, the first products sell best.
    fn within(range: Range<usize>, chance: &mut Chance) -> u16 {
        let count = u32::try_from(range.len()).expect("a short list");
        let first = chance.below(count);
        let place = range.start + first.min(chance.below(count)) as usize;
        u16::try_from(place).expect("a few hundred products")
    }
}

/// `34009`, the seven digits, the check digit of EAN-13.
fn cip13(cip7: i64) -> i64 {
    let twelve = 340_090_000_000 + cip7;
    let mut sum = 0;
    let (mut left, mut weight) = (twelve, 3);
    while left > 0 {
        sum += left % 10 * weight;
        weight = 4 - weight;
        left /= 10;
    }
    twelve * 10 + (10 - sum % 10) % 10
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn the_catalogue_has_some_two_hundred_products_with_codes_of_their_own() {
        let catalogue = Catalogue::read();
        assert!(
            (200..400).contains(&catalogue.products.len()),
            "{}",
            catalogue.products.len()
        );
        let codes: HashSet<_> = catalogue
            .products
            .iter()
            .map(|product| product.cip13)
            .collect();
        assert_eq!(codes.len(), catalogue.products.len());
        for product in &catalogue.products {
            assert_eq!(product.cip13.to_string().len(), 13);
            assert_eq!((product.cip7.to_string().len(), product.atc.len()), (7, 7));
            assert!(
                (100..100_000).contains(&product.price_cents),
                "{}",
                product.class
            );
        }
    }

    #[test]
    fn the_check_digit_is_the_one_on_a_real_box() {
        assert_eq!(cip13(3_595_583), 3_400_935_955_838);
    }

    #[test]
    fn acute_prescriptions_are_skewed_to_paracetamol() {
        let catalogue = Catalogue::read();
        let mut chance = Chance::of(1, 1);
        let draws = (0..2_000).map(|_| catalogue.acute(&mut chance));
        let paracetamol = draws
            .filter(|place| catalogue.products[usize::from(*place)].atc == "N02BE01")
            .count();
        assert!((250..500).contains(&paracetamol), "{paracetamol}");
    }
}
