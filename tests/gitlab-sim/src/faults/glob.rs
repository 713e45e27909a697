//! Path patterns: `*` is one segment, `**` any number of them.
use serde::{Deserialize, Serialize};

/// A pattern for paths, such as `/api/v4/runners/*` or `/api/v4/**`.
///
/// It is compared with the path as it came in (still percent-encoded, without the relative URL root).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Glob(String);

impl Glob {
    /// A pattern.
    pub fn new(pattern: impl Into<String>) -> Self {
        Self(pattern.into())
    }

    /// Whether there is any path that could fit.
    pub(crate) fn can_fit(&self) -> bool {
        self.0.starts_with(['/', '*']) && !self.0.contains(['?', '#'])
    }

    /// Whether a path fits.
    pub fn fits(&self, path: &str) -> bool {
        let pattern: Vec<&str> = self.0.split('/').collect();
        let path: Vec<&str> = path.split('/').collect();
        fits(&pattern, &path)
    }
}

impl Default for Glob {
    fn default() -> Self {
        Self::new("/**")
    }
}

fn fits(pattern: &[&str], path: &[&str]) -> bool {
    match (pattern.split_first(), path.split_first()) {
        (None, None) => true,
        (Some((&"**", rest)), _) => {
            (0..=path.len()).any(|taken| path.get(taken..).is_some_and(|left| fits(rest, left)))
        }
        (Some((&"*", rest)), Some((_, left))) => fits(rest, left),
        (Some((word, rest)), Some((segment, left))) => word == segment && fits(rest, left),
        (None, Some(_)) | (Some(_), None) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_stand_for_segments() {
        for (pattern, path, expected) in [
            ("/**", "/", true),
            ("/**", "/api/v4/runners", true),
            ("/api/v4/runners", "/api/v4/runners", true),
            ("/api/v4/runners", "/api/v4/runners/1", false),
            ("/api/v4/runners/*", "/api/v4/runners/1", true),
            ("/api/v4/runners/*", "/api/v4/runners", false),
            ("/api/v4/runners/*", "/api/v4/runners/1/jobs", false),
            ("/api/v4/runners/**", "/api/v4/runners/1/jobs", true),
            ("/api/v4/**/jobs", "/api/v4/runners/1/jobs", true),
            ("/api/v4/**/jobs", "/api/v4/runners/1", false),
            ("/api/v4/projects/a%2Fb", "/api/v4/projects/a%2Fb", true),
        ] {
            assert_eq!(Glob::new(pattern).fits(path), expected, "{pattern} {path}");
        }
    }
}
