//! Decides, without touching anything. No clients, no clocks, no logs, no `async`.
mod assignment;
mod attempt;
mod brake;
mod can;
mod connection;
mod connection_notices;
mod credential;
mod decide;
mod desired;
mod diff;
mod explain;
mod looking;
mod losses;
mod mark;
mod notices;
mod observed;
mod operation;
mod outcome;
mod parts;
mod place;
mod quoted;
mod refused;
mod renewal;
mod rotation;
mod runner_status;
mod status;
mod step;
mod summary;
mod trouble;
mod verdicts;

pub use attempt::{Intent, intended, may_turn_up};
pub use can::Can;
pub use connection::{Account, connection_status, too_small};
pub use connection_notices::connection_notices;
pub use credential::{credential, trimmed};
pub use decide::decide;
pub use desired::{Complaint, Desired, Wanted, WantedConfig, WantedSecret, desired};
pub use diff::{Difference, assignments_differ, diff, differences, normalised, project_difference};
pub use looking::{By, Pace, with_pace};
pub use losses::{Acknowledged, Brake, Degraded, Losses, was_there, with_degraded};
pub use mark::Mark;
pub use notices::{Level, Notice, notice_of_deletion, notices};
pub use observed::{
    Doubt, Known, Naming, Observed, ProjectSighting, SecretSighting, Sighting, StoredToken,
    TokenState,
};
pub use operation::{answered, begun, ends_by, open};
pub use outcome::{Facts, Failure, Named, Outcome};
pub use place::{GRACE_AT_LEAST, Whereabouts, grace, second_look, whereabouts};
pub use quoted::quoted;
pub use refused::{Fingerprint, is_for_good, refused_before, refused_for_good, remembered};
pub use rotation::{Rotation, Shown, TokenFacts};
pub use runner_status::CONTACT_GRAIN;
pub use status::{next_status, resolved, scope_of};
pub use step::{Blocked, Plan, ResetReason, Step, Unassignable};
pub use trouble::{Recheck, Trouble, is_tolerable, passes, recheck};
