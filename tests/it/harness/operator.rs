//! The operator as a process.
use std::collections::BTreeMap;
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::time::Duration;

use control_plane::{ControlPlane, Leash, Leashed, Signal};
use serde_json::Value;
use tokio::time::Instant;

use super::wait::{PATIENCE, until};

/// How often another free port is tried, since somebody else may take one before we do.
const ATTEMPTS: usize = 5;

/// What is needed to start an operator again and again.
#[derive(Clone, Debug)]
pub(crate) struct Cast {
    pub(crate) program: PathBuf,
    pub(crate) kubeconfig: PathBuf,
    /// What is typed after `registrar run`, besides the address.
    pub(crate) args: Vec<String>,
    /// What it finds in its environment, besides the kubeconfig.
    pub(crate) env: BTreeMap<String, String>,
    pub(crate) name: String,
}

impl Cast {
    pub(crate) fn new(kubeconfig: PathBuf, args: Vec<String>, name: &str) -> Self {
        Self {
            program: program(),
            kubeconfig,
            args,
            env: BTreeMap::new(),
            name: name.to_owned(),
        }
    }

    /// It finds this in its environment.
    pub(crate) fn finds(&mut self, name: &str, value: &str) {
        self.env.insert(name.to_owned(), value.to_owned());
    }

    /// Its kubeconfig says this of the cluster.
    pub(crate) fn reads(&mut self, field: &str, value: &str) {
        let text = std::fs::read_to_string(&self.kubeconfig).unwrap();
        let mut file: Value = serde_saphyr::from_str(&text).unwrap();
        file["clusters"][0]["cluster"][field] = value.into();
        std::fs::write(&self.kubeconfig, file.to_string()).unwrap();
    }
}

/// A running operator; it ends when this is dropped, or with us.
pub(crate) struct Operator {
    leash: Leash,
    url: String,
    log: PathBuf,
}

impl Operator {
    /// Starts one and returns when it listens. It need not be ready: see [`Self::says_ready`].
    pub(crate) async fn start(plane: &ControlPlane, cast: &Cast) -> Self {
        for _ in 0..ATTEMPTS {
            let operator = Self::launch(plane, cast);
            let listens = async || match (operator.leash.code(), operator.get("/livez").await) {
                (Some(code), _) => Ok(Err(code)),
                (None, Ok(_)) => Ok(Ok(())),
                (None, Err(error)) => Err(error),
            };
            match until("the operator listens", listens).await {
                Ok(()) => return operator,
                Err(_) if operator.lines().contains("cannot listen on") => {}
                Err(code) => panic!("the operator ended with {code}:\n{}", operator.lines()),
            }
        }
        panic!("no port is free");
    }

    fn launch(plane: &ControlPlane, cast: &Cast) -> Self {
        let port = free_port();
        let mut args = vec!["run".to_owned(), format!("--listen=127.0.0.1:{port}")];
        args.extend(cast.args.iter().cloned());
        let mut env = cast.env.clone();
        let kubeconfig = cast.kubeconfig.display().to_string();
        env.insert("KUBECONFIG".to_owned(), kubeconfig);
        let what = Leashed {
            program: cast.program.clone(),
            args: args.into_iter().map(Into::into).collect(),
            env,
            // A proxy of the person who runs the tests must not come between.
            only_this_env: true,
            grace: 2,
            ..Leashed::default()
        };
        let name = format!("operator-{}", cast.name);
        Self {
            leash: plane.attach(&name, what).unwrap(),
            url: format!("http://127.0.0.1:{port}"),
            log: plane.log(&name),
        }
    }

    async fn get(&self, path: &str) -> Result<String, String> {
        let answer = self.asked(path).await;
        match answer.and_then(reqwest::Response::error_for_status) {
            Ok(answer) => answer.text().await.map_err(|error| error.to_string()),
            Err(error) => Err(error.to_string()),
        }
    }

    async fn asked(&self, path: &str) -> Result<reqwest::Response, reqwest::Error> {
        self.request(path).send().await
    }

    fn request(&self, path: &str) -> reqwest::RequestBuilder {
        let client = reqwest::Client::builder()
            .no_proxy()
            .timeout(Duration::from_secs(5));
        let client = client.build().unwrap();
        client.get(format!("{}{path}", self.url))
    }

    /// Whether it says of itself that it is ready.
    pub(crate) async fn says_ready(&self) -> bool {
        self.get("/readyz").await.is_ok()
    }

    /// What it says of its readiness, ready or not.
    pub(crate) async fn readiness(&self) -> String {
        match self.asked("/readyz").await {
            Ok(answer) => answer.text().await.unwrap(),
            Err(error) => error.to_string(),
        }
    }

    /// Everything that it counts, as text; nothing when it cannot be asked any more.
    pub(crate) async fn metrics(&self) -> String {
        self.get("/metrics").await.unwrap_or_default()
    }

    /// The media type and the text of what it counts, for a reader that accepts that.
    pub(crate) async fn scraped(&self, accept: &str) -> (String, String) {
        let request = self.request("/metrics").header("accept", accept);
        let answer = request.send().await.unwrap();
        let media = answer.headers()["content-type"]
            .to_str()
            .unwrap()
            .to_owned();
        (media, answer.text().await.unwrap())
    }

    /// What it has logged in all of its lives.
    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }

    pub(crate) fn log_path(&self) -> &Path {
        &self.log
    }

    /// What it has logged, without the small print.
    pub(crate) fn lines(&self) -> String {
        let log = self.log();
        let told = log.lines().filter(|line| {
            !line.contains(r#""level":"TRACE""#) && !line.contains(r#""level":"DEBUG""#)
        });
        told.collect::<Vec<_>>().join("\n")
    }

    /// SIGKILL, and waits until it is gone.
    pub(crate) async fn is_killed(&self) {
        self.leash.signal(Signal::Kill).unwrap();
        self.leash.ended().await;
    }

    /// SIGSTOP, until [`Self::is_thawed`].
    pub(crate) fn is_frozen(&self) {
        self.leash.signal(Signal::Stop).unwrap();
    }

    /// SIGCONT.
    pub(crate) fn is_thawed(&self) {
        self.leash.signal(Signal::Cont).unwrap();
    }

    /// SIGTERM. Tells the exit code and how long it took.
    pub(crate) async fn is_told_to_stop(&self) -> (i32, Duration) {
        let told = Instant::now();
        self.leash.signal(Signal::Term).unwrap();
        let Ok(code) = tokio::time::timeout(PATIENCE, self.leash.ended()).await else {
            panic!("the operator does not stop:\n{}", self.lines());
        };
        (code, told.elapsed())
    }

    /// Waits until it has counted and logged a warning of that reason.
    pub(crate) async fn has_warned(&self, reason: &str) {
        let counted = format!(r#"gitlab_registrar_warnings_total{{reason="{reason}"}} "#);
        let logged = format!(r#""reason":"{reason}""#);
        until(&format!("it warns of {reason}"), async || {
            let (metrics, lines) = (self.metrics().await, self.lines());
            let warns = |line: &str| line.contains(&logged) && line.contains(r#""level":"WARN""#);
            let counts = |line: &str| {
                line.strip_prefix(&counted)
                    .is_some_and(|count| count != "0")
            };
            if metrics.lines().any(counts) && lines.lines().any(warns) {
                Ok(())
            } else {
                Err(format!("{lines}\n{metrics}"))
            }
        })
        .await;
    }

    /// Its process id.
    pub(crate) fn pid(&self) -> u32 {
        self.leash.pid()
    }

    pub(crate) fn has_ended(&self) -> bool {
        self.leash.code().is_some()
    }
}

/// Ours, unless `REGISTRAR` names another: a release build, an older version, or one that was broken
/// on purpose to see whether the stories notice.
pub(crate) fn program() -> PathBuf {
    std::env::var_os("REGISTRAR").map_or_else(
        || PathBuf::from(env!("CARGO_BIN_EXE_registrar")),
        PathBuf::from,
    )
}

fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    listener.local_addr().unwrap().port()
}
