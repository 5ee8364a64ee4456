//! Text of a few letters that lies where it is used: codes and numbers are made a hundred million times.

/// Up to twelve ASCII letters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Short {
    letters: [u8; 12],
    length: usize,
}

impl Short {
    pub(super) fn new() -> Self {
        Self {
            letters: [0; 12],
            length: 0,
        }
    }

    /// Adds letters to the end.
    pub(super) fn text(mut self, text: &str) -> Self {
        let end = self.length + text.len();
        self.letters[self.length..end].copy_from_slice(text.as_bytes());
        self.length = end;
        self
    }

    /// Adds a number with zeros before it.
    pub(super) fn number(mut self, mut number: u32, digits: usize) -> Self {
        for place in (self.length..self.length + digits).rev() {
            self.letters[place] = b'0' + (number % 10) as u8;
            number /= 10;
        }
        debug_assert_eq!(number, 0, "a number of more digits");
        self.length += digits;
        self
    }
}

impl AsRef<str> for Short {
    fn as_ref(&self) -> &str {
        std::str::from_utf8(&self.letters[..self.length]).expect("made of ASCII letters")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_and_padded_numbers_follow_each_other() {
        let text = Short::new().text("2A").number(7, 3).text("x");
        assert_eq!(text.as_ref(), "2A007x");
        assert_eq!(Short::new().as_ref(), "");
    }
}
