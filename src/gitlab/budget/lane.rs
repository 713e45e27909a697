//! Who goes first where not everybody can.
use strum::{EnumCount, IntoStaticStr, VariantArray};

/// What something is done for, the most urgent first.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, EnumCount, IntoStaticStr, VariantArray,
)]
#[strum(serialize_all = "snake_case")]
pub enum Lane {
    /// Somebody has made or changed an object, or asks for a look at it.
    Change,
    /// Somebody has deleted an object.
    Deletion,
    /// It is time to look at an object again.
    Due,
    /// It is time to look at all of them.
    Sweep,
}

impl Lane {
    /// Those that passes over objects are in.
    pub const PASSES: [Self; 3] = [Self::Change, Self::Deletion, Self::Due];

    /// The lanes that go before this one.
    pub(super) fn above(self) -> impl Iterator<Item = Self> {
        Self::VARIANTS
            .iter()
            .copied()
            .take_while(move |lane| *lane < self)
    }

    /// The lanes that it goes before.
    pub(super) fn below(self) -> impl Iterator<Item = Self> {
        Self::VARIANTS
            .iter()
            .copied()
            .filter(move |lane| *lane > self)
    }

    /// How much of a limit it leaves alone, for what is more urgent and has not come yet.
    pub(super) fn leaves(self, limit: u32) -> u32 {
        match self {
            Self::Change => 0,
            Self::Deletion => limit / 10,
            Self::Due => limit / 4,
            Self::Sweep => limit / 5 * 2,
        }
    }

    /// How much of a limit it gets in any case while it waits, however much of what is more urgent
    /// there is: otherwise a user with a thousand changes would stop all deletions and looks.
    pub(super) fn part(self, limit: u32) -> u32 {
        let part = match self {
            Self::Change => return 0,
            Self::Deletion => limit / 10,
            Self::Due | Self::Sweep => limit / 20,
        };
        part.max(1)
    }
}
