//! The contract, rule by rule: every case names the section that it holds the stand-in to.
#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on should stop there and then"
)]
#![expect(clippy::too_many_lines, reason = "a table is as long as what it lists")]
#![expect(
    clippy::items_after_statements,
    reason = "what a test covers stands first"
)]
#![expect(
    clippy::needless_pass_by_value,
    reason = "rows read better with values than with references to them"
)]

#[path = "../shared/covers.rs"]
mod covers;
mod harness;

mod restores;
mod s10_read_only;
mod s11_old;
mod s1_auth;
mod s1_encodings;
mod s1_errors;
mod s1_frameworks;
mod s1_pages;
mod s1_status;
mod s1_sudo;
mod s1_throttles;
mod s1_validation;
mod s2_entities;
mod s3_assign;
mod s3_create;
mod s3_edit;
mod s3_jobs;
mod s3_lists;
mod s3_machines;
mod s3_others;
mod s3_prefix;
mod s3_registration;
mod s3_reset;
mod s3_show;
mod s4_lifecycle;
mod s8_granular;
mod s9_places;
mod seeds;
