use chacha20poly1305::aead::{Aead, Generate, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};

use super::LedgerError;

/// Seals and opens what a ledger's files hold: XChaCha20-Poly1305, a random 192-bit nonce each.
pub(super) struct Seal {
    cipher: XChaCha20Poly1305,
}

/// The bytes that a seal adds: the nonce before, the authentication tag after.
pub(super) const SEAL_BYTES: usize = NONCE + TAG;

const NONCE: usize = 24;
const TAG: usize = 16;

impl Seal {
    pub(super) fn new(key: &[u8; 32]) -> Self {
        Self {
            cipher: XChaCha20Poly1305::new(&(*key).into()),
        }
    }

    /// Nonce, ciphertext and tag. They open only beside the same `place`.
    pub(super) fn seal(&self, text: &[u8], place: &[u8]) -> Result<Vec<u8>, LedgerError> {
        let nonce = XNonce::try_generate().map_err(|_| LedgerError::Random)?;
        let payload = Payload {
            msg: text,
            aad: place,
        };
        let sealed = self
            .cipher
            .encrypt(&nonce, payload)
            .map_err(|_| LedgerError::Seal)?;
        let mut bytes = nonce.to_vec();
        bytes.extend_from_slice(&sealed);
        Ok(bytes)
    }

    /// What was sealed beside this place, if it was, under this key.
    pub(super) fn open(&self, bytes: &[u8], place: &[u8]) -> Option<Vec<u8>> {
        let (nonce, sealed) = bytes.split_first_chunk::<NONCE>()?;
        let payload = Payload {
            msg: sealed,
            aad: place,
        };
        self.cipher.decrypt(&(*nonce).into(), payload).ok()
    }
}

impl std::fmt::Debug for Seal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Seal { .. }")
    }
}

/// The authentication tag of sealed bytes.
pub(super) fn tag_of(sealed: &[u8]) -> Option<[u8; TAG]> {
    sealed.last_chunk().copied()
}
