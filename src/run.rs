//! Builds the clients, the caches and the controllers, and owns the order of start and stop.
use std::{io::Write, process::ExitCode, time::Duration};

use anyhow::Context as _;
use clap::Parser;
use k8s_openapi::api::core::v1::Namespace;
use kube::{Api, Client, ResourceExt};
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

use crate::api;
use crate::cli::{Cli, Command, RunArgs};
use crate::controller;
use crate::controller::error::chain;
use crate::http::{Readiness, router};
use crate::metrics::Metrics;
use crate::telemetry;

/// How long passes under way may take to finish once a stop has come. Bounded because a hanging
/// GitLab or API server would hold them, and because a controller of kube-runtime 5.0 that was
/// stopped before its first list never ends.
const DRAIN: Duration = Duration::from_secs(8);

/// Does what was typed.
pub fn main() -> ExitCode {
    // Neither kube nor reqwest chooses a TLS provider; an earlier one would do as well.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let done = match Cli::parse().command {
        Command::Crds => print_crds(),
        Command::Run(args) => start(&args),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Writing to a closed stderr is nothing that we could tell anybody.
            let _ = writeln!(std::io::stderr(), "registrar: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn print_crds() -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    for crd in api::crds() {
        writeln!(out, "---\n{}", serde_saphyr::to_string(&crd)?.trim_end())?;
    }
    Ok(())
}

fn start(args: &RunArgs) -> anyhow::Result<()> {
    telemetry::start(args.log_format, &args.log_level)
        .with_context(|| format!("--log-level {:?} cannot be read", args.log_level))?;
    let runtime = tokio::runtime::Runtime::new().context("no async runtime")?;
    let result = runtime.block_on(run(args));
    // Whatever still hangs has had its time to finish.
    runtime.shutdown_background();
    result
}

#[expect(
    clippy::cognitive_complexity,
    reason = "the macros that log count as branches"
)]
async fn run(args: &RunArgs) -> anyhow::Result<()> {
    let stop = stopped()?;
    let mut config = kube::Config::infer()
        .await
        .context("neither a kubeconfig nor a Pod's ServiceAccount was found")?;
    // kube would repeat requests by itself, for minutes; looking again is the controllers' part.
    config.default_retry = false;
    let own_namespace = args
        .operator_namespace
        .clone()
        .unwrap_or_else(|| config.default_namespace.clone());
    let kube = Client::try_from(config).context("no client for the API server")?;
    let (metrics, readiness) = (Metrics::default(), Readiness::default());
    serve(args, &readiness, &metrics).await?;
    let cluster = tokio::select! {
        biased;
        () = stop.cancelled() => return Ok(()),
        cluster = cluster_id(args, &kube, &own_namespace) => cluster,
    };
    let options = controller::Options {
        namespaces: args.namespaces(),
        resync: args.resync,
        longest_pass: controller::guards::LONGEST_PASS,
        allow_http: args.allow_http,
        cluster,
        operator_namespace: own_namespace,
        instance: args.instance.clone(),
    };
    tracing::info!(?options, version = env!("CARGO_PKG_VERSION"), "starting");
    let work = controller::start(kube, options, metrics, &readiness, &stop);
    stop.cancelled().await;
    tracing::info!("stopping: finishing what is under way");
    readiness.stop();
    let drained = tokio::time::timeout(DRAIN, work.wait()).await.is_ok();
    tracing::info!(drained, "stopped");
    Ok(())
}

/// Answers probes and scrapes for as long as the process lives.
async fn serve(args: &RunArgs, readiness: &Readiness, metrics: &Metrics) -> anyhow::Result<()> {
    let listener = tokio::net::TcpListener::bind(args.listen)
        .await
        .with_context(|| format!("cannot listen on {}", args.listen))?;
    let routes = router(readiness.clone(), metrics.clone());
    tokio::spawn(async move { axum::serve(listener, routes).await });
    Ok(())
}

/// A token that is cancelled by SIGTERM or SIGINT.
fn stopped() -> anyhow::Result<CancellationToken> {
    let stop = CancellationToken::new();
    let mut terminate = signal(SignalKind::terminate()).context("cannot listen for SIGTERM")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("cannot listen for SIGINT")?;
    let told = stop.clone();
    tokio::spawn(async move {
        tokio::select! { _ = terminate.recv() => {}, _ = interrupt.recv() => {} }
        told.cancel();
    });
    Ok(stop)
}

/// What names this cluster in marks. It is for people only, so not being allowed to read it is no
/// reason to stop.
#[expect(
    clippy::cognitive_complexity,
    reason = "the macros that log count as branches"
)]
async fn cluster_id(args: &RunArgs, kube: &Client, namespace: &str) -> String {
    if let Some(id) = &args.cluster_id {
        return id.clone();
    }
    loop {
        match Api::<Namespace>::all(kube.clone()).get(namespace).await {
            Ok(namespace) => return namespace.uid().unwrap_or_else(|| "unnamed".to_owned()),
            Err(kube::Error::Api(status)) if status.code < 500 && status.code != 429 => {
                let why = status.message;
                tracing::warn!(
                    namespace,
                    why,
                    "cannot read the operator's namespace: set --cluster-id"
                );
                return "unnamed".to_owned();
            }
            Err(error) => {
                let why = chain(&error);
                tracing::warn!(why, "the API server does not answer yet");
                tokio::time::sleep(Duration::from_secs(2)).await;
            }
        }
    }
}
