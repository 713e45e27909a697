//! The operator's controllers as a process that can die at any moment, and is started again.
use std::sync::Arc;
use std::time::Duration;

use gitlab_runner_registrar::clock;
use gitlab_runner_registrar::controller::guards::{ENDING, LONGEST_PASS};
use gitlab_runner_registrar::controller::tasks::Tasks;
use gitlab_runner_registrar::controller::{self, Options, Surroundings};
use gitlab_runner_registrar::election::Candidate;
use gitlab_runner_registrar::http::Readiness;
use gitlab_runner_registrar::metrics::Metrics;
use gitlab_runner_registrar::term::Term;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

use super::life::Life;
use super::world::{NAMESPACE, World};
use super::{gitlab, kubernetes};

/// How often runners are compared with GitLab.
pub(super) const RESYNC: Duration = Duration::from_mins(1);

/// What is done to a process; it is started again after so long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    /// It dies.
    Dies(Duration),
    /// It is told to end.
    Ends(Duration),
}

impl Order {
    fn rest(self) -> Duration {
        let (Self::Dies(rest) | Self::Ends(rest)) = self;
        rest
    }
}

/// How long a leader that is gone keeps others from leading.
const LEASE: Duration = Duration::from_secs(15);

/// Starts one process after the other, for ever.
pub(super) async fn is_kept_alive(
    world: Arc<World>,
    name: &'static str,
    elects: bool,
    mut orders: UnboundedReceiver<Order>,
) {
    for number in 1.. {
        let life = Life::new(format!("{name}{number}"));
        world.note(&format!("{} starts", life.name));
        let mut process = Process {
            world: &world,
            life: &life,
            orders: &mut orders,
        };
        let rest = if elects {
            process.takes_turns().await
        } else {
            process.works(Term::endless()).await.0
        };
        life.ends();
        world.note(&format!("{} is no more", life.name));
        sleep(rest).await;
    }
}

/// One process, from its start to its end.
struct Process<'a> {
    world: &'a Arc<World>,
    life: &'a Life,
    orders: &'a mut UnboundedReceiver<Order>,
}

impl Process<'_> {
    /// Works when it is its turn, as `run` does; tells how long there is no process after it.
    async fn takes_turns(&mut self) -> Duration {
        let (world, life) = (self.world, self.life);
        let (kube, name) = (kubernetes::client(world.clone(), life.clone()), &life.name);
        let mut candidate = Candidate::new(kube, NAMESPACE, "registrar", name, LEASE, clock::now);
        let stop = CancellationToken::new();
        let term = tokio::select! {
            biased;
            order = ends(world, life, self.orders) => return order.rest(),
            Some(term) = candidate.lead(&stop, |_| ()) => term,
        };
        world.leads(name);
        let (enough, kept) = (CancellationToken::new(), term.clone());
        let keeping = async {
            tokio::select! {
                () = candidate.keep(&kept) => {}
                () = enough.cancelled() => candidate.step_down(&kept).await,
            }
        };
        let working = async {
            let (rest, drained) = self.works(term).await;
            if drained {
                enough.cancel();
            } else {
                life.ends();
            }
            rest
        };
        let kept = async {
            tokio::select! {
                () = keeping => {}
                () = life.has_ended() => {}
            }
        };
        tokio::join!(working, kept).0
    }

    /// Works until something ends it; tells how long there is no process after it, and whether all was done
    /// that was under way.
    async fn works(&mut self, term: Term) -> (Duration, bool) {
        let (world, life) = (self.world, self.life);
        let options = Options {
            namespaces: vec![NAMESPACE.to_owned()],
            resync: RESYNC,
            longest_pass: LONGEST_PASS,
            allow_http: false,
            cluster: "soak".to_owned(),
            operator_namespace: NAMESPACE.to_owned(),
            instance: None,
        };
        let surroundings = Surroundings {
            kube: kubernetes::client(world.clone(), life.clone()),
            gitlab: gitlab::connect(world.clone(), life.clone()),
            process: world.chance.uid(&life.name),
            term: term.clone(),
        };
        let (stop, readiness) = (CancellationToken::new(), Readiness::default());
        let mut work =
            controller::start(surroundings, options, Metrics::default(), &readiness, &stop);
        let order = tokio::select! {
            biased;
            order = ends(world, life, self.orders) => order,
            () = term.over() => Order::Ends(Duration::from_secs(1)),
            ended = work.next_to_end() => {
                world.is_wrong(format!("{}: {ended}", life.name));
                Order::Dies(Duration::from_secs(1))
            }
        };
        let drained = match order {
            Order::Dies(_) => false,
            Order::Ends(_) => drains(world, life, &stop, &mut work).await,
        };
        (order.rest(), drained)
    }
}

/// Waits until the process dies, or is told to end.
async fn ends(world: &World, life: &Life, orders: &mut UnboundedReceiver<Order>) -> Order {
    tokio::select! {
        biased;
        () = life.has_ended() => {
            let mut random = world.chance.of(&format!("after {}", life.name));
            Order::Dies(Duration::from_millis(random.below(8000)))
        }
        Some(order) = orders.recv() => order,
    }
}

/// Lets what is under way finish; tells whether it has.
async fn drains(world: &World, life: &Life, stop: &CancellationToken, work: &mut Tasks) -> bool {
    stop.cancel();
    let ended = tokio::select! {
        () = life.has_ended() => return false,
        ended = timeout(LONGEST_PASS + ENDING, work.all_end()) => ended,
    };
    match ended {
        Ok(Ok(())) => true,
        Ok(Err(ended)) => {
            world.is_wrong(format!("{}: {ended}", life.name));
            false
        }
        Err(_) => {
            world.is_wrong(format!("{} does not end", life.name));
            false
        }
    }
}
