//! Tokens of `ServiceAccount`s, as a kubelet asks for them.

use anyhow::{Context, Result};
use k8s_openapi::api::authentication::v1::{BoundObjectReference, TokenRequest, TokenRequestSpec};
use k8s_openapi::api::core::v1::{Pod, ServiceAccount};
use kube::ResourceExt;
use kube::api::{Api, PostParams};

/// Longer than any test or demo, because nobody renews it.
const LIFETIME_SECONDS: i64 = 24 * 60 * 60;

/// Asks for a token; with a Pod it is worth nothing once that Pod is gone.
pub(crate) async fn request(
    client: &kube::Client,
    namespace: &str,
    account: &str,
    pod: Option<&Pod>,
) -> Result<String> {
    let accounts: Api<ServiceAccount> = Api::namespaced(client.clone(), namespace);
    let bound_object_ref = pod.map(|pod| BoundObjectReference {
        api_version: Some("v1".to_owned()),
        kind: Some("Pod".to_owned()),
        name: Some(pod.name_any()),
        uid: pod.uid(),
    });
    let spec = TokenRequestSpec {
        expiration_seconds: Some(LIFETIME_SECONDS),
        bound_object_ref,
        ..TokenRequestSpec::default()
    };
    let wanted = TokenRequest {
        spec,
        ..TokenRequest::default()
    };
    let answer = accounts
        .create_token_request(account, &PostParams::default(), &wanted)
        .await
        .with_context(|| format!("no token for the ServiceAccount {namespace}/{account}"))?;
    Ok(answer.status.context("the API server sent no token")?.token)
}
