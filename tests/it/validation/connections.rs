//! `GitLabConnection` and `ClusterGitLabConnection`, which have most of their spec in common.
use serde_json::{Value, json};

use super::{Rule, holds, long, rule};
use crate::harness::{Manifest, cluster_connection, connection, story};

const URL: &str = "https://gitlab.example.com";

fn rules(some: &dyn Fn() -> Manifest) -> Vec<Rule> {
    let url = "url must look like https://gitlab.example.com, without user name, query or fragment";
    let version = "leave /api/v4 away: url is GitLab's own address";
    let port = "the port must be a number from 1 to 65535";
    let proxy = "proxyUrl must look like http://proxy.example.com:3128";
    let timeout = "timeout must be between 1s and 1m";
    let requests = "requestsPerMinute must be between 10 and 60000";
    let both = "set only one of caBundleSecretRef and caBundleConfigMapRef";
    let field = |field: &str, keeps: Value, breaks: Value, words| {
        let with = |value| some().with(field, value);
        rule(with(keeps), with(breaks), words)
    };
    let text = |name: &str, keeps: &str, breaks: &str, words| {
        field(name, keeps.into(), breaks.into(), words)
    };
    let longest = format!("https://{}", long(1016));
    let too_long = format!("https://{}", long(1017));
    let bundle = || json!({ "name": "n", "key": "k" });
    let through = || some().with("proxyUrl", "http://proxy:3128");
    let alone = "proxyCredentialsSecretRef is for the proxy in proxyUrl";
    vec![
        text("url", "http://gitlab", "gitlab", url),
        text("url", "https://gitlab:8443/root", "ftp://gitlab", url),
        text("url", "https://[::1]:8443", "https://me@gitlab", url),
        text("url", "https://gitlab/", "https://gitlab?a=b", url),
        text("url", "https://gitlab/a/b", "https://gitlab/a#b", url),
        text("url", "https://gitlab/a-b", "https://gitlab/a b", url),
        text(
            "url",
            "https://gitlab/api",
            "https://gitlab/api/v4",
            version,
        ),
        text(
            "url",
            "https://gitlab/api/v4x",
            "https://gitlab/api/v4/",
            version,
        ),
        text("url", "https://gitlab:65535", "https://gitlab:65536", port),
        text("url", "https://gitlab:1/a", "https://gitlab:99999/a", port),
        text("url", "https://[::1]:443", "https://[::1]:0", port),
        text(
            "url",
            "https://gitlab/a:99999",
            "https://gitlab:1234567",
            port,
        ),
        text("url", &longest, &too_long, "spec.url: Too long"),
        text("url", "https://g", "", "spec.url"),
        text("proxyUrl", "http://proxy:3128", "proxy:3128", proxy),
        text("proxyUrl", "https://proxy/", "http://me@proxy", proxy),
        text("proxyUrl", "http://proxy", "http://proxy/path", proxy),
        text(
            "proxyUrl",
            "http://proxy:65535",
            "http://proxy:65536/",
            port,
        ),
        text("proxyUrl", &longest, &too_long, "spec.proxyUrl: Too long"),
        field(
            "credentialRotation",
            json!({ "beforeExpiry": "24h" }),
            json!({ "beforeExpiry": "23h59m" }),
            "credentialRotation.beforeExpiry must be at least 24h",
        ),
        field(
            "credentialRotation",
            json!({}),
            json!({ "beforeExpiry": "1s24h" }),
            "write hours, minutes and seconds in this order",
        ),
        field("requestsPerMinute", json!(10), json!(9), requests),
        field("requestsPerMinute", json!(60000), json!(60001), requests),
        field(
            "requestsPerMinute",
            json!(600),
            json!("600"),
            "spec.requestsPerMinute",
        ),
        text("timeout", "1s", "0s", timeout),
        text("timeout", "1m", "1m1s", timeout),
        text("timeout", "45s", "45", "spec.timeout in body should match"),
        text(
            "credentialsSecretRef.name",
            "s",
            "",
            "spec.credentialsSecretRef.name",
        ),
        text(
            "credentialsSecretRef.key",
            "k",
            "",
            "spec.credentialsSecretRef.key",
        ),
        text(
            "credentialsSecretRef.name",
            &long(253),
            &long(254),
            "Too long",
        ),
        text(
            "credentialsSecretRef.key",
            &long(253),
            &long(254),
            "Too long",
        ),
        rule(
            through().with("proxyCredentialsSecretRef.name", "s"),
            some().with("proxyCredentialsSecretRef.name", "s"),
            alone,
        ),
        rule(
            through().with("proxyCredentialsSecretRef.name", "s"),
            through().with("proxyCredentialsSecretRef.name", ""),
            "spec.proxyCredentialsSecretRef.name",
        ),
        text(
            "clientCertificateSecretRef.name",
            &long(253),
            &long(254),
            "Too long",
        ),
        field(
            "clientCertificateSecretRef",
            json!({ "name": "s" }),
            json!({}),
            "clientCertificateSecretRef.name: Required value",
        ),
        rule(
            some().with("caBundleSecretRef", bundle()),
            some()
                .with("caBundleSecretRef", bundle())
                .with("caBundleConfigMapRef", bundle()),
            both,
        ),
        rule(
            some().with("caBundleConfigMapRef", bundle()),
            some().with("caBundleConfigMapRef", json!({ "name": "n" })),
            "caBundleConfigMapRef.key: Required value",
        ),
        rule(
            some(),
            some().without("credentialsSecretRef"),
            "Required value",
        ),
        rule(some(), some().without("url"), "Required value"),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_are_checked() {
    story("validation-connections")
        .without_an_operator()
        .tell(async |story| {
            holds(story, rules(&|| connection("bunting", URL))).await;
            holds(story, rules(&|| cluster_connection("bunting", URL))).await;
        })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn allowed_namespaces_are_checked() {
    let with = |value| cluster_connection("dipper", URL).with("allowedNamespaces.names", value);
    let many = |count: usize| (0..count).map(|n| format!("ns{n}")).collect::<Value>();
    let selecting = |operator: &str| {
        let term = json!({ "key": "team", "operator": operator });
        let selector = json!({ "matchExpressions": [term] });
        cluster_connection("dipper", URL).with("allowedNamespaces.selector", selector)
    };
    let rules = vec![
        rule(
            with(many(256)),
            with(many(257)),
            "must have at most 256 items",
        ),
        rule(with(json!([long(63)])), with(json!([long(64)])), "Too long"),
        rule(with(json!(["a"])), with(json!([""])), "names[0]"),
        rule(
            with(json!(["a", "b"])),
            with(json!(["a", "a"])),
            "duplicate",
        ),
        rule(
            selecting("Exists"),
            cluster_connection("dipper", URL).with("allowedNamespaces.selector", "team"),
            "allowedNamespaces.selector",
        ),
    ];
    story("validation-allowed")
        .without_an_operator()
        .tell(async |story| holds(story, rules).await)
        .await;
}
