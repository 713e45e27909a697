//! What only GraphQL shows of a runner (contract §5).
use serde::Deserialize;
use serde_json::Value;

use super::client::Client;
use super::error::Error;
use super::model::{Identity, Note, ProjectId, ProjectRef, RunnerId};
use super::refusal::Refusal;
use super::request::Request;

/// Whose a project runner is (contract §5).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ownership {
    /// The project that owns it; `None` where the caller is not shown it.
    pub owner: Option<ProjectRef>,
    /// How many projects it is assigned to, shown or not; `None` where that is not told.
    pub projects: Option<usize>,
}

#[derive(Deserialize)]
struct Reply<T> {
    data: Option<Data<T>>,
    errors: Option<Value>,
}

#[derive(Deserialize)]
struct Data<T> {
    runner: Option<T>,
}

impl Client {
    /// What tells this runner from another of its number. `None` when there is none, or none that
    /// the caller may read; [`Refusal::NoGraphQl`] when GraphQL does not answer this credential.
    pub async fn identity(&self, id: RunnerId) -> Result<Option<Identity>, Error> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Shown {
            short_sha: Option<String>,
        }
        let shown = self.ask::<Shown>(id, "shortSha").await?;
        Ok(shown.map(|Shown { short_sha }| Identity { short_sha }))
    }

    /// The project that owns a project runner, which REST does not tell from the others, and how many
    /// projects it is assigned to, those included that the caller is not shown.
    pub async fn ownership(&self, id: RunnerId) -> Result<Ownership, Error> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Shown {
            owner_project: Option<Project>,
            project_count: Option<usize>,
        }
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Project {
            id: String,
            full_path: String,
        }
        let shown = self
            .ask::<Shown>(id, "ownerProject { id fullPath } projectCount")
            .await?;
        let Some(shown) = shown else {
            return Ok(Ownership::default());
        };
        let owner = shown.owner_project.and_then(|project| {
            let number = project.id.rsplit('/').next()?.parse().ok()?;
            Some(ProjectRef {
                id: ProjectId(number),
                path: project.full_path,
            })
        });
        Ok(Ownership {
            owner,
            projects: shown.project_count,
        })
    }

    /// The note of a runner that REST has shown without one.
    pub(super) async fn note(&self, id: RunnerId) -> Result<Note, Error> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Shown {
            maintenance_note: Option<String>,
        }
        match self.ask::<Shown>(id, "maintenanceNote").await {
            Ok(Some(Shown { maintenance_note })) => Ok(Note::Fixed(
                maintenance_note.filter(|note| !note.is_empty()),
            )),
            Ok(None) => Ok(Note::Unseen),
            Err(error) if error.refusal() == Some(&Refusal::NoGraphQl) => Ok(Note::Unseen),
            Err(error) => Err(error),
        }
    }

    async fn ask<T: serde::de::DeserializeOwned>(
        &self,
        id: RunnerId,
        fields: &str,
    ) -> Result<Option<T>, Error> {
        let query = format!("{{ runner(id: \"gid://gitlab/Ci::Runner/{id}\") {{ {fields} }} }}");
        let given = self.send(Request::query(&query)?).await?.given()?;
        match given.json::<Reply<T>>()? {
            Reply {
                data: Some(Data { runner }),
                errors: None,
            } => Ok(runner),
            Reply {
                data: None,
                errors: None,
            } => Err(foreign()),
            // A field that this GitLab does not know, or a limit.
            Reply { .. } => Err(Error::Refused {
                status: 200,
                message: "GraphQL does not answer such a query".to_owned(),
                refusal: Refusal::NoGraphQl,
            }),
        }
    }
}

/// GraphQL says what has gone wrong where it has no data to show (June 2018 edition of its specification, §7.1).
/// Whoever answers with neither is somebody else.
pub(super) fn foreign() -> Error {
    Error::NotGitLab {
        status: 200,
        message: "JSON that is no answer of GraphQL".to_owned(),
    }
}
