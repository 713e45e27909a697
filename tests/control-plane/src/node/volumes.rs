//! Volumes, as far as a process without a root file system of its own can have them: each is a
//! folder somewhere else, and whatever tells the process where to look is corrected.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use k8s_openapi::api::core::v1::{Container, PodSpec, Volume};

use super::inputs::{Inputs, Source};
use crate::kubeconfig::private_file;

/// A mount path, and the folder that is there in its place.
pub(super) type Mounts = Vec<(String, String)>;

/// Says which Secret or `ConfigMap` a volume needs and does not find.
pub(super) fn missing(spec: &PodSpec, inputs: &Inputs) -> Option<String> {
    spec.volumes
        .iter()
        .flatten()
        .filter_map(source)
        .find(|(source, optional)| !optional && !inputs.contains_key(source))
        .map(|(source, _)| format!("{} not found", source.text()))
}

fn source(volume: &Volume) -> Option<(Source, bool)> {
    let secret = volume.secret.as_ref().and_then(|of| {
        of.secret_name
            .clone()
            .map(|name| (Source::Secret(name), of.optional == Some(true)))
    });
    let map = volume.config_map.as_ref().map(|of| {
        (
            Source::ConfigMap(of.name.clone()),
            of.optional == Some(true),
        )
    });
    secret.or(map)
}

/// Makes the folders below `home`, with a file for each key.
pub(super) fn make(
    spec: &PodSpec,
    container: &Container,
    inputs: &Inputs,
    home: &Path,
) -> Result<Mounts> {
    let mut mounts = Mounts::new();
    for volume in spec.volumes.iter().flatten() {
        if volume.projected.is_some() {
            // The token, which comes by a kubeconfig instead.
            continue;
        }
        let folder = home.join(&volume.name);
        fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
        let content = source(volume).and_then(|(source, _)| inputs.get(&source));
        for (key, value) in content.into_iter().flatten() {
            private_file(&folder.join(key), value)?;
        }
        let wanted = container
            .volume_mounts
            .iter()
            .flatten()
            .filter(|of| of.name == volume.name);
        mounts.extend(wanted.map(|of| (of.mount_path.clone(), folder.display().to_string())));
    }
    Ok(mounts)
}

/// Corrects every path below a mount path.
pub(super) fn correct(text: &str, mounts: &Mounts) -> String {
    mounts.iter().fold(text.to_owned(), |text, (path, folder)| {
        let path = path.trim_end_matches('/');
        let mut done = String::new();
        let mut rest = text.as_str();
        while let Some((before, after)) = rest.split_once(path) {
            // `/etc/tls-old` is not below `/etc/tls`, and neither is `/opt/etc/tls`.
            let starts = before
                .chars()
                .next_back()
                .is_none_or(|last| "=:,".contains(last));
            let ends = after.chars().next().is_none_or(|next| "/:,".contains(next));
            done.push_str(before);
            done.push_str(if starts && ends { folder } else { path });
            rest = after;
        }
        done + rest
    })
}

#[cfg(test)]
mod tests {
    use super::correct;

    #[test]
    fn only_paths_below_a_mount_are_corrected() {
        let mounts = vec![("/etc/tls".to_owned(), "/d/tls".to_owned())];
        for (text, expected) in [
            ("--ca=/etc/tls/ca.crt", "--ca=/d/tls/ca.crt"),
            ("/etc/tls", "/d/tls"),
            ("/etc/tls:/etc/tls/b", "/d/tls:/d/tls/b"),
            ("--ca=/etc/tls-old/ca.crt", "--ca=/etc/tls-old/ca.crt"),
            ("/opt/etc/tls", "/opt/etc/tls"),
            ("run", "run"),
        ] {
            assert_eq!(correct(text, &mounts), expected);
        }
    }
}
