//! Texts of others, so that whoever reads sees what is there.

use std::fmt::Write as _;

/// A text in which nothing is invisible or turns the order of letters around: such characters are written by number. Line
/// breaks and tabs stay.
pub(super) fn plain(text: &str) -> String {
    written(text, |c| matches!(c, '\n' | '\t'))
}

/// The same on one line.
pub(super) fn one_line(text: &str) -> String {
    written(text, |_| false)
}

fn written(text: &str, stays: impl Fn(char) -> bool) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        if is_unseen(c) && !stays(c) {
            // Writing to a String does not fail.
            let _ = write!(shown, "⟦U+{:04X}⟧", u32::from(c));
        } else {
            shown.push(c);
        }
    }
    shown
}

fn is_unseen(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            // Soft hyphen, Arabic letter mark, zero-width characters and marks, line and paragraph separators, embeddings and
            // overrides, invisible operators and isolates, variation selector of emoji style, byte order mark, tags.
            '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}'
                | '\u{e0000}'..='\u{e007f}'
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_seen_is_written_by_its_number() {
        assert_eq!(one_line("75\u{202e}31"), "75⟦U+202E⟧31");
        assert_eq!(one_line("a\u{0}b\nc"), "a⟦U+0000⟧b⟦U+000A⟧c");
        assert_eq!(plain("a\n\tb\u{200b}"), "a\n\tb⟦U+200B⟧");
    }

    #[test]
    fn letters_of_every_script_stay() {
        for text in ["Bouches-du-Rhône", "مرسيليا", "<b>", "", "北京", "e\u{301}"] {
            assert_eq!(one_line(text), text);
        }
    }
}
