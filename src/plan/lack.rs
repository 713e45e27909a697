//! What a release of GitLab lacks.
use crate::gitlab::model::Release;

/// A field that asks for more than a GitLab can do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lack {
    /// The field of spec.
    pub field: &'static str,
    /// Which GitLab it is.
    pub release: Release,
    /// Since which one it could.
    pub since: Release,
    /// Whether only the Enterprise Edition can.
    pub enterprise: bool,
    /// What to write instead.
    pub instead: &'static str,
}

impl Lack {
    /// The same in words.
    pub fn told(&self) -> String {
        let Self {
            field,
            release,
            since,
            enterprise,
            instead,
        } = self;
        let edition = if *enterprise {
            " of the Enterprise Edition"
        } else {
            ""
        };
        format!(
            "GitLab {release} cannot do what {field} asks for, which takes {since} or newer{edition}: {instead}, or upgrade GitLab"
        )
    }
}
