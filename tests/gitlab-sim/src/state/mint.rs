//! Tokens and other chance, from a counter: two worlds with one history are equal.
use super::Secret;

/// Letters of GitLab's own tokens (`Devise.friendly_token`).
const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-";

/// A source of unguessable-looking but repeatable text.
#[derive(Clone, Debug)]
pub(crate) struct Mint {
    state: u64,
}

impl Mint {
    /// A mint whose whole future follows from `seed`.
    pub(crate) fn new(seed: u64) -> Self {
        Self { state: seed }
    }

    /// The next number; `SplitMix64`, which needs no dependency and passes for chance.
    pub(crate) fn number(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number below `limit`; 0 when the limit is 0.
    pub(crate) fn below(&mut self, limit: u64) -> u64 {
        self.number().checked_rem(limit).unwrap_or(0)
    }

    /// `length` letters.
    pub(crate) fn text(&mut self, length: usize) -> String {
        (0..length)
            .map(|_| {
                let letter = usize::try_from(self.below(64)).unwrap_or(0);
                LETTERS.get(letter).map_or('A', |byte| char::from(*byte))
            })
            .collect()
    }

    /// A token: `prefix` and `length` letters.
    pub(crate) fn token(&mut self, prefix: &str, length: usize) -> Secret {
        Secret::new(format!("{prefix}{}", self.text(length)))
    }
}
