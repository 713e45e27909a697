//! What happens by chance follows from a seed and from what it happens to, and from nothing that came before:
//! a run that differs in one step is the same in all others.
use crate::chaos::Random;

/// A seed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Chance(pub(super) u64);

impl Chance {
    /// The numbers for something of that name.
    pub(super) fn of(self, what: &str) -> Random {
        // FNV-1a: stable in every version, unlike the hashes of the standard library.
        let hashed = what.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
        });
        let mut mixed = Random::new(hashed ^ self.0.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        Random::new(mixed.below(u64::MAX))
    }

    /// A uid such as Kubernetes gives, for the thing of that name.
    pub(super) fn uid(self, what: &str) -> String {
        let mut random = self.of(what);
        let (high, low) = (random.below(u64::MAX), random.below(u64::MAX));
        format!(
            "{:08x}-{:04x}-4{:03x}-a{:03x}-{:012x}",
            high >> 32,
            high >> 16 & 0xffff,
            high & 0xfff,
            low >> 52,
            low & 0xffff_ffff_ffff
        )
    }
}
