//! The contract, rule by rule: every case names the section that it holds the stand-in to.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]
#![allow(
    missing_docs,
    unreachable_pub,
    reason = "a test binary has no readers from outside"
)]

mod harness;

mod s1_auth;
mod s1_encodings;
mod s1_errors;
mod s1_pages;
mod s1_status;
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
mod s3_registration;
mod s3_reset;
mod s3_show;
mod s4_lifecycle;
mod seeds;
