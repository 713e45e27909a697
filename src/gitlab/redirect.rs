//! Redirects, which are never followed: whoever follows one takes its token along.
use reqwest::{
    Url,
    header::{HeaderMap, LOCATION},
};

use super::model::ProjectId;

fn location(headers: &HeaderMap) -> Option<&str> {
    headers.get(LOCATION)?.to_str().ok()
}

/// Names the other side's origin, which is mostly what to correct the URL to, but no more of the
/// address: sign-in pages put secrets into it.
pub(super) fn redirection(headers: &HeaderMap) -> String {
    let elsewhere = location(headers)
        .and_then(|location| Url::parse(location).ok())
        .map(|url| format!(" to {}", url.origin().ascii_serialization()))
        .unwrap_or_default();
    format!("a redirect{elsewhere}, which is never followed")
}

/// The number in `…/api/v4/projects/<number>`, to which GitLab sends whoever asks for a project by a
/// path that it had before. Its host may be another than the one that was asked (contract §1.8).
pub(super) fn moved(headers: &HeaderMap) -> Option<ProjectId> {
    let path = location(headers)?.split(['?', '#']).next()?;
    let (_, rest) = path.rsplit_once("/api/v4/projects/")?;
    let number = rest.split('/').next()?;
    number.parse().ok().map(ProjectId)
}

#[cfg(test)]
mod tests {
    use reqwest::header::HeaderValue;

    use super::*;

    fn to(location: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(LOCATION, HeaderValue::from_static(location))])
    }

    #[test]
    fn no_more_than_the_origin_is_told() {
        for (location, elsewhere) in [
            (
                "https://sso.example.com/login?state=secret",
                " to https://sso.example.com",
            ),
            ("/users", ""),
        ] {
            let told = redirection(&to(location));
            assert_eq!(
                told,
                format!("a redirect{elsewhere}, which is never followed")
            );
        }
    }

    #[test]
    fn a_project_that_has_moved_is_known_by_its_number() {
        for (location, number) in [
            ("https://gitlab.example.com/api/v4/projects/41", Some(41)),
            (
                "http://inside/gitlab/api/v4/projects/7/runners?page=2",
                Some(7),
            ),
            ("https://gitlab.example.com/api/v4/projects/a%2Fb", None),
            (
                "https://gitlab.example.com/users/sign_in?to=/api/v4/projects/41",
                None,
            ),
        ] {
            assert_eq!(moved(&to(location)), number.map(ProjectId), "{location}");
        }
        assert_eq!(moved(&HeaderMap::new()), None);
    }
}
