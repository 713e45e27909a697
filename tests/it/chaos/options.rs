//! What a run is like.
use std::time::Duration;

/// How to make chaos.
#[derive(Clone, Debug, clap::Parser)]
#[command(name = "chaos")]
pub(super) struct Options {
    /// What the disturbances follow from; made up when omitted.
    #[arg(long, default_value_t = made_up())]
    pub(super) seed: u64,
    /// How long there are disturbances.
    #[arg(long, default_value_t = 5)]
    minutes: u64,
    /// The same in seconds, instead.
    #[arg(long)]
    seconds: Option<u64>,
    /// How many objects there are.
    #[arg(long, default_value_t = 150)]
    pub(super) runners: usize,
    /// How often something is done to each object: once in so many seconds.
    #[arg(long, default_value_t = 40)]
    pub(super) each: u64,
    /// How many operators run at the same time; more than one is a mistake that people make.
    #[arg(long, default_value_t = 1)]
    pub(super) operators: usize,
    /// How long it may take until all is well once it is quiet, in seconds.
    #[arg(long, default_value_t = 300)]
    pub(super) settle: u64,
    /// How often idle runners are compared with GitLab.
    #[arg(long, default_value = "10s")]
    pub(super) resync: String,
    /// What the operator logs; all of it is searched for tokens.
    #[arg(long, default_value = "debug")]
    pub(super) log_level: String,
    /// Neither the API server nor an answer to a registration is lost, so that it is quiet soon.
    #[arg(long)]
    pub(super) gentle: bool,
}

impl Options {
    /// How long there are disturbances.
    pub(super) fn length(&self) -> Duration {
        Duration::from_secs(self.seconds.unwrap_or(self.minutes * 60))
    }

    /// How long it may take until all is well.
    pub(super) fn patience(&self) -> Duration {
        Duration::from_secs(self.settle)
    }
}

fn made_up() -> u64 {
    let now = std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap();
    u64::from(now.subsec_nanos())
}
