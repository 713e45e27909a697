//! What a story needs that is not usual.
use super::rights::{ACCOUNT, Mode};

/// What a story needs that is not usual.
pub(crate) struct Plot {
    pub(super) name: &'static str,
    pub(super) mode: Mode,
    pub(super) allow_http: bool,
    pub(super) resync: &'static str,
    pub(super) shutdown_timeout: &'static str,
    pub(super) also_watched: Option<&'static str>,
    pub(super) opening: Opening,
    pub(super) own_stage: bool,
    pub(super) elects: bool,
    pub(super) lease_duration: &'static str,
}

/// How things stand when the story begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Opening {
    /// The operator runs, with what the chart grants.
    Usual,
    /// It runs, and may do nothing at all.
    WithoutRights,
    /// It does not run.
    WithoutOperator,
}

/// A story of that name, which is also its namespace's.
pub(crate) fn story(name: &'static str) -> Plot {
    Plot {
        name,
        mode: Mode::Namespaced,
        allow_http: true,
        resync: "5m",
        shutdown_timeout: "8s",
        also_watched: None,
        opening: Opening::Usual,
        own_stage: false,
        elects: false,
        lease_duration: "15s",
    }
}

impl Plot {
    /// GitLab is asked about idle runners that often.
    pub(crate) fn resyncing_every(self, resync: &'static str) -> Self {
        Self { resync, ..self }
    }

    /// Passes that are under way when the operator is told to stop have that long to finish.
    pub(crate) fn finishing_within(self, shutdown_timeout: &'static str) -> Self {
        Self {
            shutdown_timeout,
            ..self
        }
    }

    /// The operator is to watch one more namespace, which need not be there.
    pub(crate) fn also_watching(self, namespace: &'static str) -> Self {
        Self {
            also_watched: Some(namespace),
            ..self
        }
    }

    /// Connections over http are refused.
    pub(crate) fn refusing_http(self) -> Self {
        Self {
            allow_http: false,
            ..self
        }
    }

    /// The operator's `ServiceAccount` may do nothing at all.
    pub(crate) fn without_rights(self) -> Self {
        let opening = Opening::WithoutRights;
        Self { opening, ..self }
    }

    /// There is nobody but the API server, at first.
    pub(crate) fn without_an_operator(self) -> Self {
        let opening = Opening::WithoutOperator;
        Self { opening, ..self }
    }

    /// Who leads and is gone without a word is followed after that time.
    pub(crate) fn leading_for(self, lease_duration: &'static str) -> Self {
        Self {
            lease_duration,
            ..self
        }
    }

    /// Processes of the operator take turns.
    pub(crate) fn electing_a_leader(self) -> Self {
        Self {
            elects: true,
            ..self
        }
    }

    /// With a control plane that nobody else uses.
    pub(crate) fn on_a_stage_of_its_own(self) -> Self {
        Self {
            own_stage: true,
            ..self
        }
    }

    /// The operator watches all namespaces, which needs a stage of its own.
    pub(crate) fn in_cluster_mode(self) -> Self {
        Self {
            mode: Mode::Cluster,
            own_stage: true,
            ..self
        }
    }

    /// What is typed after `registrar run`.
    pub(super) fn args(&self) -> Vec<String> {
        let mut args = vec![
            format!("--resync={}", self.resync),
            format!("--shutdown-timeout={}", self.shutdown_timeout),
            "--log-level=trace".to_owned(),
            "--log-format=json".to_owned(),
        ];
        if self.mode == Mode::Namespaced {
            let watched = [Some(self.name), self.also_watched];
            let watched: Vec<&str> = watched.into_iter().flatten().collect();
            args.push(format!("--watch-namespaces={}", watched.join(",")));
        }
        if self.elects {
            args.push("--leader-elect".to_owned());
            args.push(format!("--lease-name={ACCOUNT}"));
            args.push(format!("--lease-duration={}", self.lease_duration));
        }
        if self.allow_http {
            args.push("--allow-http".to_owned());
        }
        args
    }
}
