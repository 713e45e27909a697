//! Programs that are started, signalled and ended.

use std::time::Duration;

use control_plane::{Leash, Leashed};

/// The moment in question is a short one, hence the many: about one in 300 meets it.
const TURNS: usize = 500;

/// A program that ends at its SIGTERM takes its script away while the next order is on its way
/// there, so that the order is lost and its answer is a broken connection.
#[tokio::test]
async fn one_that_ends_at_once_is_stopped_without_complaint() {
    for turn in 0..TURNS {
        let what = Leashed {
            program: "sleep".into(),
            args: vec!["600".into()],
            // The shell tells of each program that a signal ended.
            log: Some("/dev/null".into()),
            ..Leashed::default()
        };
        let program = Leash::start(what).unwrap();
        let code = program.stop(Duration::from_mins(1)).await;
        assert_eq!(
            code.map_err(|error| format!("{error:#}")),
            Ok(143),
            "turn {turn}"
        );
    }
}
