//! `/livez`, `/readyz` and `/metrics`.
use std::sync::{
    Arc, Mutex, MutexGuard, PoisonError,
    atomic::{AtomicBool, Ordering},
};

use axum::{
    Router,
    http::{
        HeaderMap, StatusCode,
        header::{ACCEPT, CONTENT_TYPE},
    },
    routing::get,
};
use tokio::sync::SetOnce;

use crate::metrics::{Format, Metrics};

/// The first list of a watch, shared by the watch and those who wait for it.
pub type FirstListHandle = Arc<FirstList>;

/// Whether the first list of a watch has come in, and if not, why it was refused.
///
/// kube's own `Store::wait_until_ready` is not asked for this: in 5.0 it was seen not to return to
/// one of several who wait, and the Controller is one of them.
pub struct FirstList {
    what: &'static str,
    namespace: Option<String>,
    come: SetOnce<()>,
    refused: Mutex<Option<String>>,
}

impl FirstList {
    /// The namespace that is listed; `None` is all of them.
    pub fn namespace(&self) -> Option<&str> {
        self.namespace.as_deref()
    }

    /// Tells that it has come in. A later list finds it told, which is as well.
    pub fn comes(&self) {
        let _ = self.come.set(());
    }

    /// Tells that the API server refuses it, in a sentence for whoever has to mend that.
    pub fn is_refused(&self, sentence: String) {
        *lock(&self.refused) = Some(sentence);
    }

    /// Whether it has come in.
    pub fn has_come(&self) -> bool {
        self.come.initialized()
    }

    /// Waits until it has come in.
    pub async fn wait(&self) {
        self.come.wait().await;
    }

    /// Whether it has neither come in nor been refused.
    pub fn is_awaited(&self) -> bool {
        !self.has_come() && self.refusal().is_none()
    }

    fn refusal(&self) -> Option<String> {
        lock(&self.refused).clone().filter(|_| !self.has_come())
    }
}

/// Whether there is something to serve, and no stop has come. Cheap to clone; clones agree.
#[derive(Clone, Default)]
pub struct Readiness(Arc<Waited>);

#[derive(Default)]
struct Waited {
    for_lists: Mutex<Vec<FirstListHandle>>,
    turn: Mutex<Turn>,
    stopping: AtomicBool,
}

/// Whose turn it is, of processes of which one works.
#[derive(Clone, Default)]
enum Turn {
    /// That of this process.
    #[default]
    Ours,
    /// That of this other one.
    Others(String),
    /// Nobody can tell, and why.
    Unclear(String),
}

/// What `/readyz` says.
#[derive(Debug, PartialEq, Eq)]
enum Verdict {
    /// All is served but these namespaces, each with what keeps it from being served.
    Ready(Vec<String>),
    /// These are waited for.
    Waiting(Vec<String>),
}

impl Readiness {
    /// Waits for the first list of one more watch.
    pub fn await_list(&self, namespace: Option<&str>, what: &'static str) -> FirstListHandle {
        let listed = Arc::new(FirstList {
            what,
            namespace: namespace.map(str::to_owned),
            come: SetOnce::new(),
            refused: Mutex::default(),
        });
        lock(&self.0.for_lists).push(listed.clone());
        listed
    }

    /// Another process works, and this one is there in case that one is not any more.
    pub fn stands_by(&self, leader: &str) {
        *lock(&self.0.turn) = Turn::Others(leader.to_owned());
    }

    /// Nobody can tell whose turn it is. Who could not take over must not look as if it could.
    pub fn cannot_stand_by(&self, why: &str) {
        *lock(&self.0.turn) = Turn::Unclear(why.to_owned());
    }

    /// It is the turn of this process.
    pub fn takes_over(&self) {
        *lock(&self.0.turn) = Turn::Ours;
    }

    /// Declares the process not ready any more.
    pub fn stop(&self) {
        self.0.stopping.store(true, Ordering::Relaxed);
    }

    /// A namespace whose lists the API server refuses may have been deleted, and must not keep the
    /// others waiting. An operator that serves none is not ready: its Role lacks a verb, or the kinds
    /// are not installed.
    fn verdict(&self) -> Verdict {
        if self.0.stopping.load(Ordering::Relaxed) {
            return Verdict::Waiting(vec!["the end".to_owned()]);
        }
        match lock(&self.0.turn).clone() {
            Turn::Ours => {}
            Turn::Others(leader) => {
                return Verdict::Ready(vec![format!("standing by, since {leader} leads")]);
            }
            Turn::Unclear(why) => return Verdict::Waiting(vec![format!("the Lease: {why}")]),
        }
        let lists = lock(&self.0.for_lists).clone();
        let place = |list: &FirstListHandle| list.namespace.clone();
        let mut places: Vec<_> = lists.iter().map(place).collect();
        places.sort();
        places.dedup();
        let (mut served, mut refused, mut waiting) = (0_usize, Vec::new(), Vec::new());
        for place in places {
            let here = lists.iter().filter(|list| list.namespace == place);
            let missing: Vec<_> = here.filter(|list| !list.has_come()).collect();
            let refusals: Vec<_> = missing.iter().filter_map(|list| list.refusal()).collect();
            match (missing.is_empty(), refusals.is_empty()) {
                (true, _) => served += 1,
                (false, false) => refused.extend(refusals),
                (false, true) => waiting.extend(missing.into_iter().map(|list| awaited(list))),
            }
        }
        if waiting.is_empty() && served > 0 {
            return Verdict::Ready(refused);
        }
        waiting.extend(refused);
        if waiting.is_empty() {
            waiting.push("the API server".to_owned());
        }
        Verdict::Waiting(waiting)
    }
}

fn awaited(list: &FirstList) -> String {
    match &list.namespace {
        Some(namespace) => format!("the list of {} in the namespace {namespace}", list.what),
        None => format!("the list of {}", list.what),
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The routes. `/livez` answers while the process can answer at all; `/readyz` answers 503 until
/// there is something to serve, so that an operator whose Role lacks a verb never looks healthy.
pub fn router(readiness: Readiness, metrics: Metrics) -> Router {
    let readyz = move || async move {
        match readiness.verdict() {
            Verdict::Ready(refused) => (StatusCode::OK, lines("ok", &refused)),
            Verdict::Waiting(lists) => {
                let said = lines("waiting for:", &lists);
                (StatusCode::SERVICE_UNAVAILABLE, said)
            }
        }
    };
    let scrape = move |headers: HeaderMap| async move {
        let format = accepted(&headers);
        (
            [(CONTENT_TYPE, format.media_type())],
            metrics.render(format),
        )
    };
    Router::new()
        .route("/livez", get(|| async { "ok" }))
        .route("/readyz", get(readyz))
        .route("/metrics", get(scrape))
}

/// A header may come in several lines, which mean what one with commas does.
fn accepted(headers: &HeaderMap) -> Format {
    let lines = headers.get_all(ACCEPT).iter();
    let lines: Vec<&str> = lines.filter_map(|line| line.to_str().ok()).collect();
    Format::accepted(&lines.join(","))
}

fn lines(first: &str, more: &[String]) -> String {
    let more = more.iter().map(|line| format!("\n- {line}"));
    std::iter::once(first.to_owned()).chain(more).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_namespace_that_is_refused_keeps_no_other_waiting() {
        let readiness = Readiness::default();
        let waiting = |what: &str| Verdict::Waiting(vec![what.to_owned()]);
        assert_eq!(readiness.verdict(), waiting("the API server"));
        let [here, there] = ["here", "there"].map(|place| {
            let list = |what| readiness.await_list(Some(place), what);
            ["gitlabconnections", "gitlabrunners"].map(list)
        });
        there[0].is_refused("there is no namespace there".to_owned());
        let (one, two) = (
            "the list of gitlabconnections in the namespace here",
            "the list of gitlabrunners in the namespace here",
        );
        let refused = "there is no namespace there";
        let said = |what: &[&str]| what.iter().map(|what| (*what).to_owned()).collect();
        assert_eq!(
            readiness.verdict(),
            Verdict::Waiting(said(&[one, two, refused]))
        );
        here[0].comes();
        assert_eq!(readiness.verdict(), Verdict::Waiting(said(&[two, refused])));
        here[1].comes();
        assert_eq!(readiness.verdict(), Verdict::Ready(said(&[refused])));
        // It has come to be after all.
        for list in there {
            list.comes();
        }
        assert_eq!(readiness.verdict(), Verdict::Ready(Vec::new()));
        readiness.stop();
        assert_eq!(readiness.verdict(), waiting("the end"));
    }

    #[test]
    fn an_operator_that_may_list_nothing_is_not_ready() {
        let readiness = Readiness::default();
        let list = readiness.await_list(None, "gitlabrunners");
        list.is_refused("no".to_owned());
        assert_eq!(readiness.verdict(), Verdict::Waiting(vec!["no".to_owned()]));
    }

    #[test]
    fn who_could_take_over_is_ready() {
        let readiness = Readiness::default();
        readiness.cannot_stand_by("it may not get the Lease");
        let waiting = vec!["the Lease: it may not get the Lease".to_owned()];
        assert_eq!(readiness.verdict(), Verdict::Waiting(waiting));
        readiness.stands_by("another");
        let told = vec!["standing by, since another leads".to_owned()];
        assert_eq!(readiness.verdict(), Verdict::Ready(told));
        readiness.takes_over();
        let waiting = vec!["the API server".to_owned()];
        assert_eq!(readiness.verdict(), Verdict::Waiting(waiting));
    }
}
