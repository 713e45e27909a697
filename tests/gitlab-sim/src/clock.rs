//! What time it is for the stand-in: the wall clock plus an offset, or a moment that stands still.
use std::sync::{Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// The clock that everything in the stand-in asks.
#[derive(Debug, Default)]
pub struct Clock(Mutex<Hands>);

#[derive(Clone, Copy, Debug)]
enum Hands {
    /// The wall clock, shifted.
    Running { offset: SignedDuration },
    /// Moves only when it is told to.
    Frozen { at: Timestamp },
}

impl Default for Hands {
    fn default() -> Self {
        Self::Running {
            offset: SignedDuration::ZERO,
        }
    }
}

/// What the clock shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Reading {
    /// The time of the stand-in.
    pub now: Timestamp,
    /// Whether it stands still.
    pub frozen: bool,
}

/// One turn of the clock, as JSON: `{"advance": "2h"}`, `{"set": "2026-01-01T00:00:00Z"}`,
/// `"freeze"`, `"thaw"` or `"real"`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Turn {
    /// Moves on, or back when negative.
    Advance(SignedDuration),
    /// Jumps to a moment; a frozen clock stays frozen there.
    Set(Timestamp),
    /// Stands still from now on.
    Freeze,
    /// Runs again from where it stands.
    Thaw,
    /// Runs again, and shows the wall clock's time.
    Real,
}

/// A moment outside what a timestamp can hold (years -9999 to 9999).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the clock cannot be moved that far")]
pub struct TooFar;

impl Clock {
    /// A clock that stands still at a moment.
    pub fn frozen(at: Timestamp) -> Self {
        Self(Mutex::new(Hands::Frozen { at }))
    }

    /// The time of the stand-in.
    pub fn now(&self) -> Timestamp {
        self.read().now
    }

    /// The time, and whether it stands still.
    pub fn read(&self) -> Reading {
        let hands = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Reading {
            now: hands.show(),
            frozen: matches!(hands, Hands::Frozen { .. }),
        }
    }

    /// Turns the clock and shows the new time; after an error it shows what it did before.
    pub fn turn(&self, turn: Turn) -> Result<Reading, TooFar> {
        let mut hands = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let turned = hands.turned(turn)?;
        *hands = turned;
        Ok(Reading {
            now: turned.show(),
            frozen: matches!(turned, Hands::Frozen { .. }),
        })
    }
}

impl Hands {
    fn show(self) -> Timestamp {
        match self {
            // The offset was checked when it was set, and a wall clock that has run into the end
            // of time since then has other problems.
            Self::Running { offset } => wall().checked_add(offset).unwrap_or(Timestamp::MAX),
            Self::Frozen { at } => at,
        }
    }

    fn turned(self, turn: Turn) -> Result<Self, TooFar> {
        match turn {
            Turn::Advance(by) => {
                Ok(self.moved_to(self.show().checked_add(by).map_err(|_| TooFar)?))
            }
            Turn::Set(to) => Ok(self.moved_to(to)),
            Turn::Freeze => Ok(Self::Frozen { at: self.show() }),
            Turn::Thaw => Ok(Self::running_at(self.show())),
            Turn::Real => Ok(Self::default()),
        }
    }

    fn moved_to(self, to: Timestamp) -> Self {
        match self {
            Self::Running { .. } => Self::running_at(to),
            Self::Frozen { .. } => Self::Frozen { at: to },
        }
    }

    fn running_at(now: Timestamp) -> Self {
        Self::Running {
            offset: now.duration_since(wall()),
        }
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "this is the one place that reads the wall clock"
)]
fn wall() -> Timestamp {
    Timestamp::now()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn a_frozen_clock_moves_only_when_told() {
        let clock = Clock::frozen(at("2026-01-01T00:00:00Z"));
        assert_eq!(clock.now(), at("2026-01-01T00:00:00Z"));
        clock
            .turn(Turn::Advance(SignedDuration::from_hours(2)))
            .unwrap();
        assert_eq!(clock.now(), at("2026-01-01T02:00:00Z"));
        clock.turn(Turn::Set(at("2027-01-01T00:00:00Z"))).unwrap();
        assert_eq!(
            clock.read(),
            Reading {
                now: at("2027-01-01T00:00:00Z"),
                frozen: true
            }
        );
    }

    #[test]
    fn a_thawed_clock_runs_on_from_where_it_stood() {
        let clock = Clock::frozen(at("2036-01-01T00:00:00Z"));
        let reading = clock.turn(Turn::Thaw).unwrap();
        assert!(!reading.frozen);
        assert!(clock.now() >= at("2036-01-01T00:00:00Z"));
        assert!(clock.now() < at("2037-01-01T00:00:00Z"));
    }

    #[test]
    fn the_end_of_time_is_refused_and_changes_nothing() {
        let clock = Clock::frozen(at("2026-01-01T00:00:00Z"));
        assert_eq!(clock.turn(Turn::Advance(SignedDuration::MAX)), Err(TooFar));
        assert_eq!(clock.now(), at("2026-01-01T00:00:00Z"));
    }

    #[test]
    fn turns_are_read_from_json() {
        for (json, turn) in [
            (
                r#"{"advance": "90m"}"#,
                Turn::Advance(SignedDuration::from_mins(90)),
            ),
            (
                r#"{"set": "2026-01-01T00:00:00Z"}"#,
                Turn::Set(at("2026-01-01T00:00:00Z")),
            ),
            (r#""freeze""#, Turn::Freeze),
            (r#""thaw""#, Turn::Thaw),
            (r#""real""#, Turn::Real),
        ] {
            assert_eq!(serde_json::from_str::<Turn>(json).unwrap(), turn);
        }
    }
}
