//! Startup, readiness and liveness, over HTTP.

use std::collections::BTreeMap;
use std::future::pending;
use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context, Result};
use k8s_openapi::api::core::v1::{Container, Probe};
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;
use tokio::time::{Instant, Interval, MissedTickBehavior, interval_at};

/// What the probes have found out, for the Pod's status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Health {
    Started,
    Ready(bool),
}

/// The three probes of a container.
pub(super) struct Probes {
    startup: Option<Prober>,
    readiness: Option<Prober>,
    liveness: Option<Prober>,
}

impl Probes {
    /// Prepares them for the ports where the container really listens.
    pub(super) fn new(container: &Container, ports: &BTreeMap<String, SocketAddr>) -> Result<Self> {
        let prober = |probe: &Option<Probe>| {
            probe
                .as_ref()
                .map(|probe| Prober::new(probe, ports))
                .transpose()
        };
        Ok(Self {
            startup: prober(&container.startup_probe)?,
            readiness: prober(&container.readiness_probe)?,
            liveness: prober(&container.liveness_probe)?,
        })
    }

    /// Probes until the container has to be restarted, and tells why.
    pub(super) async fn watch(self, tell: impl Fn(Health)) -> String {
        let Self {
            startup,
            readiness,
            liveness,
        } = self;
        if let Some(startup) = startup
            && !startup.begin().verdict(None).await
        {
            return "the startup probe failed".to_owned();
        }
        tell(Health::Started);
        let live = async {
            match liveness {
                Some(liveness) => {
                    liveness.begin().verdict(Some(true)).await;
                    "the liveness probe failed".to_owned()
                }
                None => pending().await,
            }
        };
        let ready = async {
            if let Some(readiness) = readiness {
                let mut readiness = readiness.begin();
                let mut ready = false;
                loop {
                    ready = readiness.verdict(Some(ready)).await;
                    tell(Health::Ready(ready));
                }
            } else {
                tell(Health::Ready(true));
                pending().await
            }
        };
        tokio::select! {
            why = live => why,
            why = ready => why,
        }
    }
}

/// One probe, with the defaults that the API server has filled in.
struct Prober {
    client: reqwest::Client,
    url: String,
    delay: Duration,
    period: Duration,
    successes: i32,
    failures: i32,
}

impl Prober {
    fn new(probe: &Probe, ports: &BTreeMap<String, SocketAddr>) -> Result<Self> {
        let get = probe.http_get.as_ref().context("a probe without httpGet")?;
        let port = match &get.port {
            IntOrString::Int(number) => number.to_string(),
            IntOrString::String(name) => name.clone(),
        };
        let address = ports
            .get(&port)
            .copied()
            .or_else(|| {
                port.parse()
                    .ok()
                    .map(|port| SocketAddr::from(([127, 0, 0, 1], port)))
            })
            .with_context(|| format!("a probe names the port {port}, which is not declared"))?;
        let seconds = |value: Option<i32>, or| {
            Duration::from_secs(value.unwrap_or(or).max(0).unsigned_abs().into())
        };
        // A connection of its own each time, as kubelets do: one that is kept would hold up a
        // server that waits for its connections to end.
        let client = reqwest::Client::builder()
            .user_agent("kube-probe/1.36")
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .pool_max_idle_per_host(0)
            .timeout(seconds(probe.timeout_seconds, 1))
            .build()
            .context("cannot make an HTTP client")?;
        let path = get.path.as_deref().unwrap_or("/").trim_start_matches('/');
        Ok(Self {
            client,
            url: format!("http://{address}/{path}"),
            delay: seconds(probe.initial_delay_seconds, 0),
            period: seconds(probe.period_seconds, 10).max(Duration::from_millis(100)),
            successes: probe.success_threshold.unwrap_or(1),
            failures: probe.failure_threshold.unwrap_or(3),
        })
    }

    fn begin(self) -> Probing {
        let mut ticks = interval_at(Instant::now() + self.delay, self.period);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Probing {
            prober: self,
            ticks,
        }
    }

    async fn succeeds(&self) -> bool {
        let answer = self.client.get(&self.url).send().await;
        answer.is_ok_and(|answer| (200..400).contains(&answer.status().as_u16()))
    }
}

struct Probing {
    prober: Prober,
    ticks: Interval,
}

impl Probing {
    /// Probes until enough results in a row say something else than `current`.
    async fn verdict(&mut self, current: Option<bool>) -> bool {
        let mut streak = Streak::default();
        loop {
            self.ticks.tick().await;
            let result = self.prober.succeeds().await;
            let needed = if result {
                self.prober.successes
            } else {
                self.prober.failures
            };
            if streak.add(result) >= needed && current != Some(result) {
                return result;
            }
        }
    }
}

/// How many equal results came last.
#[derive(Default)]
struct Streak {
    result: bool,
    length: i32,
}

impl Streak {
    fn add(&mut self, result: bool) -> i32 {
        self.length = if self.result == result {
            self.length.saturating_add(1)
        } else {
            1
        };
        self.result = result;
        self.length
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_result_starts_a_new_streak() {
        let mut streak = Streak::default();
        let lengths = [true, true, false, false, false, true].map(|result| streak.add(result));
        assert_eq!(lengths, [1, 2, 1, 2, 3, 1]);
    }

    #[test]
    fn a_probe_goes_where_its_port_was_moved() {
        let ports = BTreeMap::from([
            ("http".to_owned(), SocketAddr::from(([127, 0, 0, 1], 4001))),
            ("8080".to_owned(), SocketAddr::from(([127, 0, 0, 1], 4001))),
        ]);
        let url = |port: serde_json::Value| {
            let _ = rustls::crypto::ring::default_provider().install_default();
            let get = serde_json::json!({"httpGet": {"path": "/readyz", "port": port}});
            let probe: Probe = serde_json::from_value(get).unwrap();
            Prober::new(&probe, &ports)
                .map(|prober| prober.url)
                .map_err(|error| error.to_string())
        };
        assert_eq!(
            url("http".into()),
            Ok("http://127.0.0.1:4001/readyz".to_owned())
        );
        assert_eq!(
            url(8080.into()),
            Ok("http://127.0.0.1:4001/readyz".to_owned())
        );
        assert_eq!(
            url(9090.into()),
            Ok("http://127.0.0.1:9090/readyz".to_owned())
        );
        url("metrics".into()).unwrap_err();
    }
}
