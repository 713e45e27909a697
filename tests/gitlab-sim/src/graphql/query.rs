//! Where a query begins (contract §5.1).
use serde_json::{Value, json};

use super::plan::Selected;
use super::read::{Held, NOT_AVAILABLE, Reader, Thing};
use crate::state::{Boundary, Permission, RunnerId};

impl Reader<'_> {
    pub(super) fn query_field(&self, field: &Selected) -> Held {
        match field.name {
            "runner" => self.runner_by_gid(field),
            "runners" => self.all_runners(field),
            "group" => {
                let found = self.gitlab.find_group(full_path(field));
                Held::One(
                    found
                        .filter(|own| self.sees_group(own))
                        .map(|own| Thing::Group(own.id)),
                )
            }
            "project" => {
                let found = self.gitlab.find_project(full_path(field));
                let found = found.filter(|own| self.sees_project(own));
                Held::One(found.map(|own| Thing::Project(own.id)))
            }
            "currentUser" => {
                let me = self
                    .caller
                    .filter(|_| self.token_permits(Permission::ReadUser, Boundary::User));
                Held::One(me.map(|caller| Thing::User(caller.user.id)))
            }
            // As over REST, only who has signed in is told (contract §3.23).
            "metadata" => {
                let told = self.caller.is_some()
                    && self.token_permits(Permission::ReadMetadata, Boundary::Instance);
                Held::One(told.then_some(Thing::Metadata))
            }
            _ => Held::One(Some(Thing::Complexity)),
        }
    }

    fn runner_by_gid(&self, field: &Selected) -> Held {
        let id = field.arguments.get("id").and_then(Value::as_u64);
        let found = id.and_then(|id| self.gitlab.runners.get(&RunnerId(id)));
        let found = found.filter(|runner| self.sees_runner(runner));
        Held::One(found.map(|runner| Thing::Runner(runner.id)))
    }

    fn all_runners(&self, field: &Selected) -> Held {
        if self.caller.is_some_and(|caller| caller.admin) {
            self.runners_page(self.gitlab.runners.values().collect(), field)
        } else {
            Held::Refused(NOT_AVAILABLE.to_owned())
        }
    }

    pub(super) fn metadata_field(&self, name: &str) -> Held {
        let settings = &self.gitlab.settings;
        Held::Leaf(match name {
            "version" => json!(settings.shown_version()),
            "revision" => json!(settings.version.revision()),
            "enterprise" => json!(settings.enterprise),
            _ => return Held::One(Some(Thing::Kas)),
        })
    }
}

/// A path of digits only is no path; the lookup that REST shares would take it for a number.
fn full_path(field: &Selected) -> &str {
    let path = field
        .arguments
        .get("fullPath")
        .and_then(Value::as_str)
        .unwrap_or_default();
    if path.parse::<u64>().is_ok() {
        ""
    } else {
        path
    }
}
