//! The connections to the API server: one for each watch, and one for all that is asked besides; behind a proxy,
//! and for the election, those that kube makes.
use std::time::Duration;

use anyhow::Context as _;
use http::Request;
use hyper_rustls::{FixedServerNameResolver, HttpsConnector, HttpsConnectorBuilder};
use hyper_timeout::TimeoutConnector;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::{Builder, Client as Pool};
use hyper_util::rt::{TokioExecutor, TokioTimer};
use kube::client::{Body, ClientBuilder, ConfigExt as _};
use kube::{Client, Config};
use tower::layer::layer_fn;
use tower::{BoxError, ServiceBuilder, service_fn};

use super::time::Listens;

/// How long a connection is kept that nobody uses.
const IDLE: Duration = Duration::from_secs(15);

/// How long a connection with requests under way may say nothing before it is asked whether it still
/// lives, and how long it may take to answer: all requests wait meanwhile.
const SILENCE: Duration = Duration::from_secs(10);
const ANSWER: Duration = Duration::from_secs(5);

type Connector = TimeoutConnector<HttpsConnector<HttpConnector>>;

/// A client that takes little memory, and has the clock go by what the server says of the time. kube's own
/// opens a connection for each request under way, which takes some 50 KiB with its buffers, and keeps it for
/// minutes. HTTP/2 needs one for all of them. A watch has a connection of its own in any case, since a
/// server allows only so many requests on one (100 is usual), and watches never end: with many watched
/// namespaces nothing else would get through.
///
/// # Errors
///
/// When a certificate or a key cannot be read.
pub fn client(config: Config) -> anyhow::Result<Client> {
    // kube knows how to speak to each kind of proxy.
    if config.proxy_url.is_some() {
        return apart(config);
    }
    let (requests, watches) = (requests(&config)?, watches(&config)?);
    let pools = service_fn(move |request: Request<Body>| {
        let pool = if is_watch(request.uri().query().unwrap_or_default()) {
            &watches
        } else {
            &requests
        };
        pool.request(request)
    });
    let service = ServiceBuilder::new()
        .layer_fn(|inner| Listens { inner })
        .layer(config.base_uri_layer())
        .option_layer(config.auth_layer()?)
        .layer(config.extra_headers_layer()?)
        .map_err(BoxError::from)
        .service(pools);
    Ok(ClientBuilder::new(service, config.default_namespace).build())
}

/// A client that opens a connection for each request under way: one that has died unseen holds up no other,
/// which matters to whoever has little time.
///
/// # Errors
///
/// When a certificate or a key cannot be read.
pub fn apart(config: Config) -> anyhow::Result<Client> {
    let builder = ClientBuilder::try_from(config)?;
    let listens = layer_fn(|inner| Listens { inner });
    Ok(builder.with_layer(&listens).build())
}

fn is_watch(query: &str) -> bool {
    query.split('&').any(|pair| pair == "watch=true")
}

/// As kube makes them, which speaks HTTP/1.1 alone.
fn requests(config: &Config) -> anyhow::Result<Pool<Connector, Body>> {
    let tls = config.rustls_client_config()?;
    let mut https = HttpsConnectorBuilder::new()
        .with_tls_config(tls)
        .https_or_http();
    if let Some(name) = &config.tls_server_name {
        let name = name.clone().try_into().context("tls-server-name")?;
        https = https.with_server_name_resolver(FixedServerNameResolver::new(name));
    }
    let https = https.enable_all_versions().wrap_connector(tcp());
    Ok(pool(config, https))
}

fn watches(config: &Config) -> anyhow::Result<Pool<Connector, Body>> {
    let https = config.rustls_https_connector_with_connector(tcp())?;
    Ok(pool(config, https))
}

fn tcp() -> HttpConnector {
    let mut tcp = HttpConnector::new();
    tcp.enforce_http(false);
    // A request is written in several parts, none of which should wait for the receipt of another.
    tcp.set_nodelay(true);
    tcp
}

fn pool(config: &Config, https: HttpsConnector<HttpConnector>) -> Pool<Connector, Body> {
    let mut connector = TimeoutConnector::new(https);
    connector.set_connect_timeout(config.connect_timeout);
    connector.set_read_timeout(config.read_timeout);
    connector.set_write_timeout(config.write_timeout);
    connector.set_reset_reader_on_write(config.reset_reader_on_write);
    Builder::new(TokioExecutor::new())
        .timer(TokioTimer::new())
        .pool_timer(TokioTimer::new())
        .pool_idle_timeout(IDLE)
        .http2_keep_alive_interval(SILENCE)
        .http2_keep_alive_timeout(ANSWER)
        .build(connector)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_watch_is_told_from_what_ends() {
        let watches = ["&watch=true&timeoutSeconds=290", "watch=true"];
        assert!(watches.into_iter().all(is_watch));
        let others = ["", "limit=500", "watch=false", "labelSelector=watch=true"];
        assert!(!others.into_iter().any(is_watch));
    }
}
