//! How to reach the API server: what a kubeconfig or a Pod's `ServiceAccount` says, and which proxy
//! stands in between.
mod connections;
mod time;

pub use connections::{apart, client};

use anyhow::{Context as _, anyhow, bail, ensure};
use http::Uri;
use hyper_util::client::proxy::matcher::Matcher;
use kube::config::{Config, KubeConfigOptions, Kubeconfig, KubeconfigError};

/// Reads the kubeconfig, or else what a Pod is given. `context` is one of the kubeconfig, where it is not to be
/// the current one.
pub async fn config(context: Option<&str>) -> anyhow::Result<Config> {
    let mut kubeconfig = match Kubeconfig::read() {
        Ok(kubeconfig) => kubeconfig,
        Err(error) => {
            ensure!(
                context.is_none(),
                "--context needs a kubeconfig: {:#}",
                without_contents(error)
            );
            let file = without_contents(error);
            // A Pod reaches its own API server without a proxy: kube asks the environment for none
            // there, and neither do we.
            return Config::incluster().map_err(|pod| {
                anyhow!("no way to the API server: kubeconfig: {file:#}; in a Pod: {pod}")
            });
        }
    };
    if let Some(context) = context {
        kubeconfig.current_context = Some(context.to_owned());
    }
    let in_file = proxy_in(&kubeconfig);
    let mut config = Config::from_custom_kubeconfig(kubeconfig, &KubeConfigOptions::default())
        .await
        .map_err(without_contents)
        .context("the kubeconfig cannot be used")?;
    ensure!(
        user_part(&config.cluster_url).is_none(),
        "the server in the kubeconfig must not hold a user or password; they belong to its users"
    );
    // kube 5.0 compares NO_PROXY with the proxy's own host.
    config.proxy_url = proxy(&config.cluster_url, in_file, |name| {
        std::env::var(name).ok()
    })?;
    if let Some(proxy) = &config.proxy_url {
        let (host, port) = (proxy.host(), proxy.port_u16());
        tracing::info!(host, port, "the API server is reached through a proxy");
    }
    Ok(config)
}

/// kube repeats the lines of a file that it cannot parse, and there are tokens in it.
fn without_contents(error: KubeconfigError) -> anyhow::Error {
    let KubeconfigError::Parse(broken) = &error else {
        return anyhow::Error::new(error);
    };
    let line = broken.location().map(|place| place.line());
    let line = line.map(|line| format!(" (line {line})"));
    anyhow!("it is no YAML of a kubeconfig{}", line.unwrap_or_default())
}

/// The proxy that the cluster of the current context names.
fn proxy_in(kubeconfig: &Kubeconfig) -> Option<String> {
    let current = kubeconfig.current_context.as_ref()?;
    let context = kubeconfig.contexts.iter().find(|it| it.name == *current)?;
    let cluster = &context.context.as_ref()?.cluster;
    let named = kubeconfig.clusters.iter().find(|it| it.name == *cluster)?;
    let proxy = named.cluster.as_ref()?.proxy_url.clone();
    proxy.filter(|proxy| !proxy.is_empty())
}

/// The proxy on the way to the API server, as kubectl chooses it: the kubeconfig's own in any case;
/// that of the environment unless `NO_PROXY` has the server, or it is on this machine.
fn proxy(
    server: &Uri,
    in_file: Option<String>,
    environment: impl Fn(&str) -> Option<String>,
) -> anyhow::Result<Option<Uri>> {
    let first = |names: [&str; 2]| {
        let values = names.into_iter().filter_map(&environment);
        values.into_iter().find(|value| !value.trim().is_empty())
    };
    if let Some(text) = in_file {
        return usable(&text, "proxy-url in the kubeconfig").map(Some);
    }
    let (names, origin) = if server.scheme_str() == Some("http") {
        (["HTTP_PROXY", "http_proxy"], "HTTP_PROXY")
    } else {
        (["HTTPS_PROXY", "https_proxy"], "HTTPS_PROXY")
    };
    let Some(text) = first(names) else {
        return Ok(None);
    };
    let excepted = first(["NO_PROXY", "no_proxy"]).unwrap_or_default();
    // Any proxy will do to ask whether the server is an exception.
    let anywhere = Matcher::builder().all("http://proxy").no(excepted).build();
    if is_here(server) || anywhere.intercept(server).is_none() {
        return Ok(None);
    }
    usable(&text, origin).map(Some)
}

/// A proxy's address, `http` unless it says otherwise. What is wrong with it is told without
/// repeating it, as it may hold a password.
fn usable(text: &str, origin: &str) -> anyhow::Result<Uri> {
    let text = text.trim();
    let whole = if text.contains("://") {
        text.to_owned()
    } else {
        format!("http://{text}")
    };
    // A URI's port may be anything, and a URL's may not.
    let sound = reqwest::Url::parse(&whole).is_ok_and(|url| url.has_host());
    match whole.parse::<Uri>() {
        Ok(uri) if sound && matches!(uri.scheme_str(), Some("http" | "https" | "socks5")) => {
            Ok(uri)
        }
        Ok(_) | Err(_) => bail!(
            "{origin} cannot be used; write it like http://proxy.example.com:3128, or with https or \
             socks5"
        ),
    }
}

fn is_here(server: &Uri) -> bool {
    let host = server.host().unwrap_or_default();
    let address = host.trim_start_matches('[').trim_end_matches(']');
    let loopback = address
        .parse::<std::net::IpAddr>()
        .is_ok_and(|address| address.is_loopback());
    loopback || host.eq_ignore_ascii_case("localhost")
}

fn user_part(uri: &Uri) -> Option<&str> {
    let authority = uri.authority()?.as_str();
    authority.rsplit_once('@').map(|(user, _)| user)
}

#[cfg(test)]
mod tests {
    use super::*;

    const AWAY: &str = "https://k8s.example.com:6443/";

    fn chosen(server: &str, in_file: Option<&str>, environment: &[(&str, &str)]) -> String {
        let server = server.parse().unwrap();
        let get = |name: &str| {
            let found = environment.iter().find(|(other, _)| *other == name);
            found.map(|(_, value)| (*value).to_owned())
        };
        match proxy(&server, in_file.map(str::to_owned), get) {
            Ok(proxy) => proxy.map(|proxy| proxy.to_string()).unwrap_or_default(),
            Err(error) => format!("{error:#}"),
        }
    }

    #[test]
    fn the_environment_chooses_as_it_does_for_kubectl() {
        let all = |no: &'static str| {
            [
                ("HTTPS_PROXY", "http://secure:1"),
                ("HTTP_PROXY", "plain:2"),
                ("NO_PROXY", no),
            ]
        };
        for (server, no, proxy) in [
            (AWAY, "", "http://secure:1/"),
            ("http://k8s.example.com/", "", "http://plain:2/"),
            // What kube itself would look at.
            (AWAY, "secure", "http://secure:1/"),
            (AWAY, "k8s.example.com", ""),
            (AWAY, "other, .example.com,", ""),
            (AWAY, "ample.com", "http://secure:1/"),
            (AWAY, "*", ""),
            ("https://10.1.2.3/", "10.0.0.0/8", ""),
            (
                "https://10.1.2.3/",
                "127.0.0.1,localhost",
                "http://secure:1/",
            ),
            ("https://[fd00::1]:6443/", "fd00::/8", ""),
            ("https://127.0.0.1:6443/", "", ""),
            ("https://[::1]:6443/", "", ""),
            ("https://LocalHost:6443/", "", ""),
        ] {
            assert_eq!(chosen(server, None, &all(no)), proxy, "{server} {no}");
        }
        assert_eq!(chosen(AWAY, None, &[]), "");
        let lower = [("HTTPS_PROXY", ""), ("https_proxy", "http://lower")];
        assert_eq!(chosen(AWAY, None, &lower), "http://lower/");
    }

    #[test]
    fn the_kubeconfig_has_the_last_word() {
        let environment = [("HTTPS_PROXY", "http://secure:1"), ("NO_PROXY", "*")];
        for server in [AWAY, "https://127.0.0.1:6443/"] {
            let chosen = chosen(server, Some("socks5://file:3"), &environment);
            assert_eq!(chosen, "socks5://file:3/");
        }
    }

    #[test]
    fn what_cannot_be_used_is_named_and_not_repeated() {
        for text in [
            "ftp://u:canary@p",
            "http://u:canary@p:port",
            "http://a canary",
        ] {
            let told = chosen(AWAY, None, &[("HTTPS_PROXY", text)]);
            assert!(told.starts_with("HTTPS_PROXY cannot be used"), "{told}");
            let told = told + &chosen(AWAY, Some(text), &[]);
            assert!(told.contains("proxy-url in the kubeconfig"), "{told}");
            assert!(!told.contains("canary"), "{told}");
        }
    }

    #[test]
    fn a_file_that_cannot_be_read_is_not_repeated() {
        let text = "users:\n- name: me\n  user: {token: [glpat-canary]}\n";
        let error = Kubeconfig::from_yaml(text).unwrap_err();
        assert!(format!("{error:#}").contains("canary"), "{error:#}");
        let told = format!("{:#}", without_contents(error));
        assert!(
            told.contains("line 3") && !told.contains("canary"),
            "{told}"
        );
    }
}
