//! `GitLabConnection` and `ClusterGitLabConnection`: a GitLab instance and the credential for it.
use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;
use kube::{CustomResource, KubeSchema};
use serde::{Deserialize, Serialize};

use super::connection_status::ConnectionStatus;
use super::credential_rotation::CredentialRotation;
use super::shared::{ConfigMapKeyRef, SecretKeyRef, SecretRef, duration_schema, null_is_default};

/// Which GitLab, and with which credential.
#[derive(CustomResource, KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq)]
#[kube(
    group = "gitlab-registrar.dev",
    version = "v1alpha1",
    kind = "GitLabConnection",
    plural = "gitlabconnections",
    singular = "gitlabconnection",
    shortname = "glc",
    category = "gitlab",
    namespaced,
    status = "ConnectionStatus",
    derive = "PartialEq",
    doc = "GitLabConnection names a GitLab instance and the credential for it. It can be used from its own namespace only.",
    printcolumn(
        name = "Ready",
        type_ = "string",
        json_path = r#".status.conditions[?(@.type=="Ready")].status"#
    ),
    printcolumn(name = "URL", type_ = "string", json_path = ".spec.url"),
    printcolumn(
        name = "Version",
        type_ = "string",
        json_path = ".status.gitlab.version"
    ),
    printcolumn(
        name = "Expires",
        type_ = "string",
        json_path = ".status.credential.expiresAt"
    ),
    printcolumn(
        name = "Message",
        type_ = "string",
        json_path = r#".status.conditions[?(@.type=="Ready")].message"#,
        priority = 1
    ),
    printcolumn(
        name = "Age",
        type_ = "date",
        json_path = ".metadata.creationTimestamp"
    )
)]
#[serde(rename_all = "camelCase")]
#[x_kube(
    validation = Rule::new("!(has(self.caBundleSecretRef) && has(self.caBundleConfigMapRef))")
        .message("set only one of caBundleSecretRef and caBundleConfigMapRef"),
    validation = Rule::new("!has(self.proxyCredentialsSecretRef) || has(self.proxyUrl)")
        .message("proxyCredentialsSecretRef is for the proxy in proxyUrl: set that too, or take proxyCredentialsSecretRef out")
)]
pub struct GitLabConnectionSpec {
    /// Address of the GitLab instance, with its relative root if it has one. http is refused unless
    /// the operator runs with --allow-http. Example: `https://gitlab.example.com`.
    #[schemars(length(min = 1, max = 1024))]
    #[x_kube(validation = Rule::new("self.matches('^https?://[^/?#@[:space:]]+(/[^?#[:space:]]*)?$')")
        .message("url must look like https://gitlab.example.com, without user name, query or fragment"),
        validation = Rule::new("!self.matches('/api/v[0-9]+/?$')")
        .message("leave /api/v4 away: url is GitLab's own address, for example https://gitlab.example.com"),
        validation = Rule::new("!self.matches('^https?://[^/]*:[0-9]+(/|$)') || (url(self).getPort().size() < 6 && int(url(self).getPort()) > 0 && int(url(self).getPort()) < 65536)")
        .message("the port must be a number from 1 to 65535, for example https://gitlab.example.com:8443"))]
    pub url: String,

    /// The Secret and key that hold a personal, group or project access token. It must be in this
    /// connection's namespace; for a ClusterGitLabConnection in the operator's own namespace. The
    /// token needs the scope api; or create_runner and manage_runner, with read_api where paths are
    /// to be looked up and lost registrations to be found. Assigning projects takes api. Example:
    /// `{name: gitlab-credentials, key: token}`.
    pub credentials_secret_ref: SecretKeyRef,

    /// Secret and key with PEM certificates to trust besides the system's, in the same namespace as
    /// the credential. When omitted only the system's are trusted. Example:
    /// `{name: company-ca, key: ca.crt}`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ca_bundle_secret_ref: Option<SecretKeyRef>,

    /// ConfigMap and key with PEM certificates to trust besides the system's, in the same namespace
    /// as the credential. When omitted only the system's are trusted. Example:
    /// `{name: company-ca, key: ca.crt}`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ca_bundle_config_map_ref: Option<ConfigMapKeyRef>,

    /// Secret with the certificate that is shown to GitLab, or to what stands in front of it, where a client
    /// has to show one (mTLS): the certificate with its chain in the key `tls.crt` and its private key in
    /// `tls.key`, both in PEM, as in a Secret of type kubernetes.io/tls. It must be in the same namespace
    /// as the credential. When it changes the new one is used within ten seconds. When omitted none is
    /// shown. Example: `{name: registrar-client}`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_certificate_secret_ref: Option<SecretRef>,

    /// HTTP proxy on the way to GitLab, without user name and password. When omitted, HTTPS_PROXY and NO_PROXY of the operator's
    /// environment apply. Example: `http://proxy.example.com:3128`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 1024))]
    #[x_kube(validation = Rule::new("self.matches('^https?://[^/?#@[:space:]]+/?$')")
        .message("proxyUrl must look like http://proxy.example.com:3128"),
        validation = Rule::new("!self.matches('^https?://[^/]*:[0-9]+(/|$)') || (url(self).getPort().size() < 6 && int(url(self).getPort()) > 0 && int(url(self).getPort()) < 65536)")
        .message("the port must be a number from 1 to 65535, for example http://proxy.example.com:3128"))]
    pub proxy_url: Option<String>,

    /// Secret with the credentials for the proxy in proxyUrl: the keys `username` and `password`, as in a
    /// Secret of type kubernetes.io/basic-auth. It must be in the same namespace as the credential. When
    /// omitted the proxy gets none. Example: `{name: proxy-credentials}`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proxy_credentials_secret_ref: Option<SecretRef>,

    /// How long one request may take, as a duration between 1s and 1m. A registration whose answer
    /// did not come in this time is looked for before another is made. When omitted 30s. Example:
    /// `45s`.
    #[serde(default = "default_timeout")]
    #[schemars(schema_with = "duration_schema")]
    #[x_kube(validation = Rule::new("duration(self) >= duration('1s') && duration(self) <= duration('1m')")
        .message("timeout must be between 1s and 1m"))]
    pub timeout: String,

    /// How many requests GitLab gets with this credential in any 60 seconds at the most, between 10
    /// and 60000. Connections to the same GitLab with the same credential share them, and the smallest
    /// number counts; less are sent where GitLab names a smaller limit. What people change goes first,
    /// what is only looked at again waits. When omitted 600. Example: `1200`.
    #[serde(default = "default_requests_per_minute")]
    #[x_kube(validation = Rule::new("self >= 10 && self <= 60000")
        .message("requestsPerMinute must be between 10 and 60000"))]
    pub requests_per_minute: i32,

    /// Has the operator replace the token before it ends. When omitted the token is never replaced, and a
    /// condition warns seven days before its end. Example: `{beforeExpiry: 336h}`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credential_rotation: Option<CredentialRotation>,
}

fn default_timeout() -> String {
    "30s".to_owned()
}

fn default_requests_per_minute() -> i32 {
    600
}

/// Which GitLab, with which credential, and for whom.
#[derive(CustomResource, KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq)]
#[kube(
    group = "gitlab-registrar.dev",
    version = "v1alpha1",
    kind = "ClusterGitLabConnection",
    plural = "clustergitlabconnections",
    singular = "clustergitlabconnection",
    shortname = "cglc",
    category = "gitlab",
    status = "ConnectionStatus",
    derive = "PartialEq",
    doc = "ClusterGitLabConnection names a GitLab instance and the credential for it, shared with the namespaces that it allows. Its Secrets are in the operator's own namespace.",
    printcolumn(
        name = "Ready",
        type_ = "string",
        json_path = r#".status.conditions[?(@.type=="Ready")].status"#
    ),
    printcolumn(name = "URL", type_ = "string", json_path = ".spec.url"),
    printcolumn(
        name = "Version",
        type_ = "string",
        json_path = ".status.gitlab.version"
    ),
    printcolumn(
        name = "Expires",
        type_ = "string",
        json_path = ".status.credential.expiresAt"
    ),
    printcolumn(
        name = "Message",
        type_ = "string",
        json_path = r#".status.conditions[?(@.type=="Ready")].message"#,
        priority = 1
    ),
    printcolumn(
        name = "Age",
        type_ = "date",
        json_path = ".metadata.creationTimestamp"
    )
)]
#[serde(rename_all = "camelCase")]
pub struct ClusterGitLabConnectionSpec {
    /// The instance and the credential, as in a GitLabConnection.
    #[serde(flatten)]
    pub connection: GitLabConnectionSpec,

    /// The namespaces whose runners may use this connection: those that are named, and those that
    /// the selector matches. When omitted, none may. Example: `{names: [ci]}`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allowed_namespaces: Option<AllowedNamespaces>,
}

/// A choice of namespaces: those that are named and those that the selector matches.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq)]
pub struct AllowedNamespaces {
    /// Names of namespaces, at most 256. When omitted, only the selector chooses. Example:
    /// `[ci, builds]`.
    #[serde(
        default,
        deserialize_with = "null_is_default",
        skip_serializing_if = "Vec::is_empty"
    )]
    #[schemars(length(max = 256), inner(length(min = 1, max = 63)))]
    #[x_kube(merge_strategy = ListMerge::Set)]
    pub names: Vec<String>,
    /// Selects namespaces by their labels, besides those that are named; `{}` is every namespace.
    /// When omitted, only names choose. Example: `{matchLabels: {team: platform}}`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub selector: Option<LabelSelector>,
}
