//! What only GraphQL shows of a runner (contract §5).
use serde::Deserialize;
use serde_json::Value;

use super::client::Client;
use super::error::Error;
use super::model::{Identity, Note, ProjectId, ProjectRef, RunnerId};
use super::refusal::Refusal;
use super::request::Request;

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

    /// The project that owns a project runner, which REST does not tell from the others; `None` where the
    /// caller is not shown it.
    pub async fn owner_project(&self, id: RunnerId) -> Result<Option<ProjectRef>, Error> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Shown {
            owner_project: Option<Project>,
        }
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Project {
            id: String,
            full_path: String,
        }
        let shown = self
            .ask::<Shown>(id, "ownerProject { id fullPath }")
            .await?;
        let Some(project) = shown.and_then(|shown| shown.owner_project) else {
            return Ok(None);
        };
        let number = project.id.rsplit('/').next().and_then(|id| id.parse().ok());
        Ok(number.map(|number| ProjectRef {
            id: ProjectId(number),
            path: project.full_path,
        }))
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
            // A field that this GitLab does not know, or a limit.
            Reply { .. } => Err(Error::Refused {
                status: 200,
                message: "GraphQL does not answer such a query".to_owned(),
                refusal: Refusal::NoGraphQl,
            }),
        }
    }
}
