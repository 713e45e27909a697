//! Where log lines go, and how they look.
use std::io;

use tracing::{Level, Metadata, Subscriber};
use tracing_subscriber::{
    EnvFilter,
    filter::{ParseError, filter_fn},
    fmt::{self, MakeWriter},
    prelude::*,
};

/// How log lines look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum LogFormat {
    /// One JSON object per line.
    Json,
    /// For a person to read.
    Text,
}

/// Starts logging to stderr. `filter` is a level, or directives such as
/// `info,gitlab_runner_registrar=debug`.
pub fn start(format: LogFormat, filter: &str) -> Result<(), ParseError> {
    // The only failure is a subscriber that is there already, which can log as well.
    let _ = subscriber(format, filter, io::stderr)?.try_init();
    Ok(())
}

fn subscriber(
    format: LogFormat,
    filter: &str,
    writer: impl for<'writer> MakeWriter<'writer> + Send + Sync + 'static,
) -> Result<impl Subscriber + Send + Sync, ParseError> {
    let filter = EnvFilter::builder().parse(filter)?;
    let lines = fmt::layer().with_writer(writer);
    let lines = match format {
        LogFormat::Json => lines.json().flatten_event(true).boxed(),
        LogFormat::Text => lines.with_ansi(false).boxed(),
    };
    Ok(tracing_subscriber::registry()
        .with(filter)
        .with(filter_fn(is_free_of_secrets))
        .with(lines))
}

/// Whatever the user asks for: kube's client warns of a reply that it cannot read with all of its
/// body, which may be a Secret. It returns an error as well, so nothing is lost.
fn is_free_of_secrets(line: &Metadata<'_>) -> bool {
    line.target() != "kube_client::client" || *line.level() != Level::WARN
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use axum::{Router, routing::get};
    use k8s_openapi::api::core::v1::Secret;
    use kube::{Api, Client, Config};

    use super::*;

    #[derive(Clone, Default)]
    struct Log(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Log {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// A client of an API server that answers with a Secret and more than anybody expects of it.
    async fn client() -> Client {
        let body = r#"{"kind": 7, "stringData": {"token": "glrt-canary"}}"#;
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let routes = Router::new().fallback(get(move || async move { body }));
        tokio::spawn(async move { axum::serve(listener, routes).await });
        // Another test may have been first; that is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        Client::try_from(Config::new(format!("http://{address}").parse().unwrap())).unwrap()
    }

    #[tokio::test]
    async fn the_body_of_a_reply_is_never_logged() {
        for (level, small_print) in [
            ("warn", false),
            ("kube_client=warn", false),
            ("trace", true),
            ("info,kube_client::client=trace", true),
        ] {
            let log = Log::default();
            let writer = log.clone();
            let subscriber = subscriber(LogFormat::Text, level, move || writer.clone()).unwrap();
            let guard = tracing::subscriber::set_default(subscriber);
            let secrets: Api<Secret> = Api::namespaced(client().await, "default");
            let unread = secrets.get("token").await.unwrap_err();
            tracing::warn!(target: "gitlab_runner_registrar", "{unread}");
            drop(guard);
            let told = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
            assert!(!told.contains("canary"), "{level}: {told}");
            assert_eq!(told.contains("kube_client"), small_print, "{level}: {told}");
            let ours = told.contains("WARN gitlab_runner_registrar");
            assert_eq!(ours, !level.starts_with("kube"), "{level}: {told}");
        }
    }
}
