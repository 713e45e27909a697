//! Making a process of a Pod's container.

use std::collections::BTreeMap;
use std::fs;
use std::net::SocketAddr;
use std::path::PathBuf;

use anyhow::{Context, Result, anyhow, bail};
use k8s_openapi::api::core::v1::{Container, Pod, PodSpec};
use kube::ResourceExt;

use super::environment::{expand, variables};
use super::probe::Probes;
use super::remap::remap;
use super::{Place, inputs, volumes};
use crate::leash::{Leash, Leashed};
use crate::{kubeconfig, ports, token};

/// What container runtimes give to an image that says nothing.
const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// A Pod that this node has found nothing wrong with.
pub(super) struct Accepted {
    pub(super) pod: Pod,
    pub(super) spec: PodSpec,
    pub(super) container: Container,
    pub(super) namespace: String,
    pub(super) uid: String,
    /// Whether it gets a token of its `ServiceAccount`.
    pub(super) has_token: bool,
}

/// A process, and how to tell whether it is well.
pub(super) struct Started {
    pub(super) leash: Leash,
    pub(super) probes: Probes,
    pub(super) ports: BTreeMap<String, SocketAddr>,
}

/// Starts the container, or says what is missing.
pub(super) async fn start(place: &Place, accepted: &Accepted) -> Result<Started> {
    let Accepted {
        pod,
        spec,
        container,
        namespace,
        uid,
        has_token,
    } = accepted;
    let sources = inputs::named(spec, container);
    let inputs = inputs::read(&place.client, namespace, sources).await?;
    if let Some(missing) = volumes::missing(spec, &inputs) {
        bail!(missing);
    }
    let mut env = variables(pod, container, &inputs).map_err(|missing| anyhow!(missing))?;
    let mut args = arguments(place, container, &env)?;
    let home = place.folder.join(uid);
    fs::create_dir_all(&home).with_context(|| format!("cannot make {}", home.display()))?;
    let mounts = volumes::make(spec, container, &inputs, &home.join("volumes"))?;
    for text in args.iter_mut().chain(env.values_mut()) {
        *text = volumes::correct(text, &mounts);
    }
    let ports = listen(container, &mut args, &mut env)?;
    let probes = Probes::new(container, &ports)?;
    if *has_token {
        let kubeconfig = access(place, accepted).await?.display().to_string();
        env.insert("KUBECONFIG".to_owned(), kubeconfig);
    }
    env.entry("PATH".to_owned())
        .or_insert_with(|| PATH.to_owned());
    env.entry("HOSTNAME".to_owned())
        .or_insert_with(|| pod.name_any());
    let leash = Leash::start(Leashed {
        program: place.program.clone(),
        args: args.into_iter().map(Into::into).collect(),
        env,
        only_this_env: true,
        directory: Some(home),
        log: Some(place.log(namespace, &pod.name_any(), uid)),
        grace: 5,
        lifeline: Some(place.lifeline.try_clone()?),
    })?;
    Ok(Started {
        leash,
        probes,
        ports,
    })
}

/// The command line behind the program's name. Every image has one and the same program here, so a
/// `command` has to be that program's name.
fn arguments(
    place: &Place,
    container: &Container,
    env: &BTreeMap<String, String>,
) -> Result<Vec<String>> {
    let mut command = container.command.iter().flatten();
    if let Some(program) = command.next() {
        let wanted = PathBuf::from(program);
        if wanted.file_name() != place.program.file_name() {
            bail!("this node has no program {program}");
        }
    }
    let args = command.chain(container.args.iter().flatten());
    Ok(args.map(|arg| expand(arg, env)).collect())
}

/// Moves the declared ports to free ones, and tells where they are by number and by name.
fn listen(
    container: &Container,
    args: &mut [String],
    env: &mut BTreeMap<String, String>,
) -> Result<BTreeMap<String, SocketAddr>> {
    let mut free = BTreeMap::new();
    for port in container.ports.iter().flatten() {
        let number = u16::try_from(port.container_port).context("no such port")?;
        let [other] = ports::free()?;
        free.insert(number, other);
    }
    let moved = remap(args, env, &free);
    let mut found = BTreeMap::new();
    for port in container.ports.iter().flatten() {
        let to = u16::try_from(port.container_port)
            .ok()
            .and_then(|number| moved.get(&number));
        let Some(to) = to else { continue };
        let address = SocketAddr::from(([127, 0, 0, 1], *to));
        found.insert(port.container_port.to_string(), address);
        found.extend(port.name.clone().map(|name| (name, address)));
    }
    Ok(found)
}

/// Writes a kubeconfig for the Pod's own `ServiceAccount`. The token dies with the Pod.
async fn access(place: &Place, accepted: &Accepted) -> Result<PathBuf> {
    let Accepted {
        pod,
        spec,
        namespace,
        uid,
        ..
    } = accepted;
    let account = spec.service_account_name.as_deref().unwrap_or("default");
    let token = token::request(&place.client, namespace, account, Some(pod)).await?;
    let path = place.folder.join(uid).join("kubeconfig");
    let access = kubeconfig::Access {
        server: &place.server,
        certificate_authority: &place.certificate_authority,
        user: account,
        token: &token,
        namespace,
    };
    kubeconfig::write(&path, &access)?;
    Ok(path)
}
