//! Builds the clients, the caches and the controllers, and owns the order of start and stop.
mod clients;
mod cluster_id;
mod leadership;
mod signals;

use std::{
    io::{ErrorKind, Write},
    process::ExitCode,
    time::Duration,
};

use anyhow::Context as _;
use clap::CommandFactory;
use tokio::runtime;
use tokio_util::sync::CancellationToken;

use crate::api;
use crate::chain::chain;
use crate::cli;
use crate::cli::{Cli, Command, RunArgs};
use crate::controller;
use crate::controller::tasks::{Ended, Tasks};
use crate::fleet::Ending;
use crate::http::{Readiness, router};
use crate::metrics::Metrics;
use crate::telemetry;
use clients::{Clients, clients};
use cluster_id::cluster_id;
use leadership::{Leadership, Lost, unless_told};
use signals::Signals;

/// Does what was typed.
pub fn main() -> ExitCode {
    // Neither kube nor reqwest chooses a TLS provider; an earlier one would do as well.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let typed = match cli::typed() {
        Ok(typed) => typed,
        Err(unclear) => return explain(&unclear),
    };
    let done = match typed.command {
        Command::Crds => print_crds().map(|()| Ending::Done),
        Command::Run(args) => start(&args).map(|()| Ending::Done),
        Command::Completions(shell) => shell.print(Cli::command()).map(|()| Ending::Done),
        Command::Fleet(command) => command.run(),
    };
    match done {
        Ok(Ending::Done) => ExitCode::SUCCESS,
        Ok(Ending::Found) => ExitCode::from(FOUND),
        Err(error) if reader_is_gone(&error) => ExitCode::from(BROKEN_PIPE),
        Err(error) => {
            // Writing to a closed stderr is nothing that we could tell anybody.
            let _ = writeln!(std::io::stderr(), "registrar: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// That a command found something, which a mistake in what was typed must not look like.
const FOUND: u8 = 2;

/// Shows help that was asked for, or what cannot be meant.
fn explain(unclear: &clap::Error) -> ExitCode {
    // Writing to a closed stream is nothing that we could tell anybody.
    let _ = unclear.print();
    if unclear.use_stderr() {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    }
}

fn print_crds() -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    for crd in api::crds() {
        writeln!(out, "---\n{}", serde_saphyr::to_string(&crd)?.trim_end())?;
    }
    Ok(())
}

/// What a shell shows of a program that was ended by SIGPIPE: whoever read our output has enough of it,
/// as `head` has. Rust ignores the signal, and has the write fail instead.
const BROKEN_PIPE: u8 = 128 + 13;

fn reader_is_gone(error: &anyhow::Error) -> bool {
    let cause = error.downcast_ref::<std::io::Error>();
    cause.is_some_and(|cause| cause.kind() == ErrorKind::BrokenPipe)
}

fn start(args: &RunArgs) -> anyhow::Result<()> {
    telemetry::start(args.log_format, &args.log_level)
        .with_context(|| format!("--log-level {:?} cannot be read", args.log_level))?;
    // However many processors the node has, two threads are enough: nearly all of the time goes into
    // waiting. Those that look up names come and go, so that a resolver that hangs holds up nobody else.
    let runtime = runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .context("no async runtime")?;
    let result = runtime.block_on(run(args));
    // Whatever still hangs has had its time to finish.
    runtime.shutdown_background();
    result
}

fn options(args: &RunArgs, cluster: String, own_namespace: String) -> controller::Options {
    controller::Options {
        namespaces: args.namespaces(),
        resync: args.resync,
        longest_pass: controller::guards::LONGEST_PASS,
        allow_http: args.allow_http,
        cluster,
        operator_namespace: own_namespace,
        instance: args.instance.clone(),
    }
}

#[expect(
    clippy::cognitive_complexity,
    reason = "each way to go on from a select counts as a branch"
)]
async fn run(args: &RunArgs) -> anyhow::Result<()> {
    let mut signals = Signals::listen()?;
    let Clients {
        kube,
        apart,
        own_namespace,
    } = clients(args).await?;
    let (metrics, readiness) = (Metrics::default(), Readiness::default());
    let mut server = serve(args, &readiness, &metrics).await?;
    let cluster = tokio::select! {
        biased;
        () = signals.stop() => return Ok(()),
        ended = server.next_to_end() => return Err(ended.into()),
        cluster = cluster_id(args, &kube, &own_namespace) => cluster,
    };
    let options = options(args, cluster, own_namespace);
    log_start(&options);
    let namespace = &options.operator_namespace;
    let stop = CancellationToken::new();
    let begun = Leadership::begin(args, apart, namespace, &readiness, &metrics, &stop);
    let leadership = tokio::select! {
        biased;
        ended = server.next_to_end() => return Err(ended.into()),
        begun = unless_told(&mut signals, &stop, begun) => begun,
    };
    let Some(leadership) = leadership else {
        return Ok(());
    };
    let term = leadership.term().clone();
    let around = controller::Surroundings::new(kube, term.clone());
    let mut work = controller::start(around, options, metrics, &readiness, &stop);
    let early: Option<anyhow::Error> = tokio::select! {
        biased;
        () = signals.stop() => None,
        () = term.over() => Some(Lost(args.lease_name.clone()).into()),
        ended = work.next_to_end() => Some(ended.into()),
        ended = server.next_to_end() => Some(ended.into()),
    };
    readiness.stop();
    stop.cancel();
    let drained = drain(&mut work, &mut signals, args.shutdown_timeout).await;
    // What was cut off, by a panic or for lack of time, may still be on its way to GitLab: then the Lease runs
    // out by itself.
    if early.is_none() && drained.as_ref().is_ok_and(|all| *all) {
        leadership.ends().await;
    }
    match early {
        Some(error) => Err(error),
        None => Ok(drained.map(drop)?),
    }
}

fn log_start(options: &controller::Options) {
    let controller::Options {
        namespaces,
        resync,
        longest_pass: _,
        allow_http,
        cluster,
        operator_namespace,
        instance,
    } = options;
    let namespaces = match namespaces.as_slice() {
        [] => "all".to_owned(),
        some => some.join(","),
    };
    tracing::info!(
        version = env!("CARGO_PKG_VERSION"),
        namespaces,
        resync_seconds = resync.as_secs(),
        allow_http,
        cluster,
        operator_namespace,
        instance,
        "starting"
    );
}

/// Lets what is under way finish, and tells whether all of it has. Bounded because a hanging GitLab or API server would hold it for
/// longer than the Pod is given.
#[expect(
    clippy::cognitive_complexity,
    reason = "the macros that log count as branches"
)]
async fn drain(work: &mut Tasks, signals: &mut Signals, longest: Duration) -> Result<bool, Ended> {
    let longest_seconds = longest.as_secs_f64();
    tracing::info!(longest_seconds, "stopping: finishing what is under way");
    tokio::select! {
        ended = work.all_end() => {
            tracing::info!("stopped");
            ended.map(|()| true)
        }
        () = tokio::time::sleep(longest) => {
            tracing::warn!("stopped, with passes cut off: --shutdown-timeout was not enough");
            Ok(false)
        }
        () = signals.interrupted() => {
            tracing::warn!("stopped at once, as asked");
            Ok(false)
        }
    }
}

/// Answers probes and scrapes for as long as the process lives.
async fn serve(args: &RunArgs, readiness: &Readiness, metrics: &Metrics) -> anyhow::Result<Tasks> {
    let listener = tokio::net::TcpListener::bind(args.listen)
        .await
        .with_context(|| format!("cannot listen on {}", args.listen))?;
    let routes = router(readiness.clone(), metrics.clone());
    let mut tasks = Tasks::default();
    tasks.spawn("the server of /livez".to_owned(), async move {
        if let Err(error) = axum::serve(listener, routes).await {
            tracing::error!(error = chain(&error), "cannot serve /livez");
        }
    });
    Ok(tasks)
}
