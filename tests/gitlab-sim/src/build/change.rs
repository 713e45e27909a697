//! A change to something that can be empty.
use serde::{Deserialize, Deserializer};

/// What becomes of a field: omitted it stays, null empties it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Change<T> {
    /// It stays as it is.
    #[default]
    Keep,
    /// It becomes this, or nothing.
    To(Option<T>),
}

impl<T> Change<T> {
    /// Writes it where it belongs.
    pub(super) fn write(self, field: &mut Option<T>) {
        if let Self::To(value) = self {
            *field = value;
        }
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Change<T> {
    fn deserialize<D: Deserializer<'de>>(source: D) -> Result<Self, D::Error> {
        Option::deserialize(source).map(Self::To)
    }
}
