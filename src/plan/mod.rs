//! Decides, without touching anything. No clients, no clocks, no logs, no `async`.
mod connection;
mod decide;
mod desired;
mod diff;
mod mark;
mod observed;
mod place;
mod status;
mod verdicts;

pub use connection::{Account, Can, Recheck, Trouble, connection_status, recheck, too_small};
pub use decide::{Blocked, Plan, Step, Why, decide};
pub use desired::{Complaint, Desired, Wanted, WantedSecret, desired};
pub use diff::{Difference, diff, differences, normalised, project_difference};
pub use mark::Mark;
pub use observed::{
    Doubt, Intent, Keeping, Kept, Known, Observed, ProjectSighting, Sighting, TokenState,
};
pub use place::{GRACE_AT_LEAST, Whereabouts, grace, whereabouts};
pub use status::{Facts, Failure, Outcome, project, resolved};
