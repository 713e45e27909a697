//! The API server's own account of what was asked of it.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

use anyhow::{Context, Result};
use jiff::Timestamp;
use serde::Deserialize;

/// How far into the log somebody has read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AuditMark(pub(crate) u64);

/// One line of the log, as far as tests care.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditEvent {
    /// `system:serviceaccount:NAMESPACE:NAME`, or `admin` and the like.
    pub user: String,
    /// `get`, `list`, `watch`, `create`, `update`, `patch`, `delete`, `deletecollection`.
    pub verb: String,
    /// The API group, empty for the core group and for requests without a resource.
    pub group: String,
    /// The plural, empty for requests without a resource such as `/version`.
    pub resource: String,
    /// `status`, `finalizers`, …, or empty.
    pub subresource: String,
    /// Empty for objects without a namespace, and for reads across all of them.
    pub namespace: String,
    /// Empty for lists, watches, and creations whose name is in the body.
    pub name: String,
    /// The HTTP status, 0 if there is none yet.
    pub code: u16,
    /// As the client sent it.
    pub user_agent: String,
    /// Path and query.
    pub request_uri: String,
    /// `ResponseComplete` once for each request; long watches also have `ResponseStarted`.
    pub stage: String,
    /// When the request arrived.
    pub at: Timestamp,
}

impl AuditEvent {
    /// Namespace and name if a `ServiceAccount` asked.
    pub fn service_account(&self) -> Option<(&str, &str)> {
        self.user
            .strip_prefix("system:serviceaccount:")?
            .split_once(':')
    }

    /// Whether this was meant to change something, whether or not it was let. Reviews of one's
    /// own rights are creations that store nothing, and do not count.
    pub fn is_write(&self) -> bool {
        let writes = ["create", "update", "patch", "delete", "deletecollection"];
        writes.contains(&self.verb.as_str())
            && !["authorization.k8s.io", "authentication.k8s.io"].contains(&self.group.as_str())
    }

    /// Whether the request is over. Counting these counts each request once.
    pub fn is_complete(&self) -> bool {
        self.stage == "ResponseComplete" || self.stage == "Panic"
    }
}

/// What the log says from `mark` on, and the mark behind that. A line that is still being written
/// is left for the next reader.
pub(crate) fn read_since(path: &Path, mark: AuditMark) -> Result<(Vec<AuditEvent>, AuditMark)> {
    let mut file = File::open(path).with_context(|| format!("cannot read {}", path.display()))?;
    file.seek(SeekFrom::Start(mark.0))?;
    let mut text = Vec::new();
    file.read_to_end(&mut text)?;
    let whole = text
        .iter()
        .rposition(|byte| *byte == b'\n')
        .map_or(0, |last| last + 1);
    text.truncate(whole);
    let events = parse(std::str::from_utf8(&text).context("the audit log is no text")?)?;
    Ok((events, AuditMark(mark.0 + whole as u64)))
}

fn parse(text: &str) -> Result<Vec<AuditEvent>> {
    text.lines()
        .map(|line| {
            serde_json::from_str::<Line>(line)
                .map(AuditEvent::from)
                .with_context(|| format!("cannot read the audit line {line}"))
        })
        .collect()
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Line {
    stage: String,
    #[serde(rename = "requestURI")]
    request_uri: String,
    verb: String,
    user: User,
    #[serde(default)]
    user_agent: String,
    #[serde(default)]
    object_ref: Object,
    #[serde(default)]
    response_status: Outcome,
    request_received_timestamp: Timestamp,
}

#[derive(Deserialize)]
struct User {
    #[serde(default)]
    username: String,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Object {
    resource: String,
    subresource: String,
    namespace: String,
    name: String,
    api_group: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Outcome {
    code: u16,
}

impl From<Line> for AuditEvent {
    fn from(line: Line) -> Self {
        Self {
            user: line.user.username,
            verb: line.verb,
            group: line.object_ref.api_group,
            resource: line.object_ref.resource,
            subresource: line.object_ref.subresource,
            namespace: line.object_ref.namespace,
            name: line.object_ref.name,
            code: line.response_status.code,
            user_agent: line.user_agent,
            request_uri: line.request_uri,
            stage: line.stage,
            at: line.request_received_timestamp,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    const PATCH: &str = r#"{"kind":"Event","level":"Metadata","stage":"ResponseComplete","requestURI":"/apis/gitlab-registrar.dev/v1alpha1/namespaces/a/gitlabrunners/b/status?fieldManager=x","verb":"patch","user":{"username":"system:serviceaccount:a:registrar","groups":["system:authenticated"]},"userAgent":"registrar/1","objectRef":{"resource":"gitlabrunners","namespace":"a","name":"b","apiGroup":"gitlab-registrar.dev","apiVersion":"v1alpha1","subresource":"status"},"responseStatus":{"metadata":{},"code":200},"requestReceivedTimestamp":"2026-11-20T10:11:12.123456Z","stageTimestamp":"2026-11-20T10:11:12.223456Z"}"#;
    const VERSION: &str = r#"{"stage":"ResponseComplete","requestURI":"/version","verb":"get","user":{"username":"admin"},"requestReceivedTimestamp":"2026-11-20T10:11:12Z"}"#;
    const REVIEW: &str = r#"{"stage":"ResponseComplete","requestURI":"/apis/authorization.k8s.io/v1/selfsubjectaccessreviews","verb":"create","user":{"username":"system:serviceaccount:a:registrar"},"objectRef":{"resource":"selfsubjectaccessreviews","apiGroup":"authorization.k8s.io"},"requestReceivedTimestamp":"2026-11-20T10:11:12Z"}"#;

    #[test]
    fn a_line_tells_who_did_what_to_which_object() {
        let event = parse(PATCH).unwrap().remove(0);
        assert_eq!(event.service_account(), Some(("a", "registrar")));
        assert_eq!((event.verb.as_str(), event.code), ("patch", 200));
        assert_eq!(event.group, "gitlab-registrar.dev");
        assert_eq!(
            (event.resource.as_str(), event.subresource.as_str()),
            ("gitlabrunners", "status")
        );
        assert_eq!((event.namespace.as_str(), event.name.as_str()), ("a", "b"));
        assert_eq!(event.at, "2026-11-20T10:11:12.123456Z".parse().unwrap());
        assert!(event.is_write() && event.is_complete());
    }

    #[test]
    fn reads_and_reviews_of_rights_are_no_writes() {
        let events = parse(&format!("{VERSION}\n{REVIEW}\n")).unwrap();
        assert_eq!(
            events.iter().map(AuditEvent::is_write).collect::<Vec<_>>(),
            [false, false]
        );
        assert_eq!(events[0].service_account(), None);
    }

    #[test]
    fn a_half_written_line_is_left_for_the_next_reader() {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        write!(file, "{PATCH}\n{}", &VERSION[..20]).unwrap();
        let (first, mark) = read_since(file.path(), AuditMark::default()).unwrap();
        assert_eq!((first.len(), mark), (1, AuditMark(PATCH.len() as u64 + 1)));
        writeln!(file, "{}", &VERSION[20..]).unwrap();
        let (second, end) = read_since(file.path(), mark).unwrap();
        assert_eq!(
            second.first().map(|event| event.request_uri.as_str()),
            Some("/version")
        );
        assert_eq!(read_since(file.path(), end).unwrap(), (Vec::new(), end));
    }
}
