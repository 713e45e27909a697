//! Which runners a command is about: a list of GitLab's, and what they have in common.
use anyhow::ensure;
use clap::{Args, ValueEnum};

use super::access::Session;
use super::named::{group_of, project_of};
use crate::gitlab::model::ProjectRef;
use crate::gitlab::{Filter, List, Release, Runner, Scope};

/// Which of GitLab's lists.
#[derive(Clone, Debug, Args)]
#[group(required = true, multiple = false)]
pub(super) struct Listed {
    /// Those that live in this group, by path or number
    #[arg(long, value_name = "GROUP")]
    group: Option<String>,
    /// Those that this project owns, by path or number
    #[arg(long, value_name = "PROJECT")]
    project: Option<String>,
    /// All of the instance, of groups and projects too; needs an administrator's token
    #[arg(long)]
    instance: bool,
    /// Those of all groups and projects that the token's owner may administer
    #[arg(long)]
    owned: bool,
}

/// What they have in common.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Which of them")]
pub(super) struct Common {
    /// They have all of these tags, separated by commas
    #[arg(long, value_name = "TAGS", value_delimiter = ',')]
    tag: Vec<String>,
    /// Of this type
    #[arg(long = "type", value_enum)]
    kind: Option<Kind>,
    /// In this state
    #[arg(long, value_enum)]
    status: Option<Status>,
    /// One of their runner processes has this version: 16 is any of 16, 16.11 any of 16.11
    #[arg(long, value_name = "VERSION", value_parser = version)]
    version_prefix: Option<String>,
    /// They are paused, or with --paused=false they are not
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_name = "true|false")]
    paused: Option<bool>,
}

/// A type of runner.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Kind {
    /// Of the instance
    Instance,
    /// Of a group
    Group,
    /// Of a project
    Project,
}

/// A state of a runner, in GitLab's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Status {
    /// A process has called within the last two hours
    Online,
    /// None has called within the last two hours
    Offline,
    /// None has called for a week or longer
    Stale,
    /// None has ever called
    NeverContacted,
}

fn version(text: &str) -> Result<String, String> {
    let fits = |c: char| c.is_ascii_digit() || c == '.';
    if text.starts_with(|c: char| c.is_ascii_digit()) && text.chars().all(fits) {
        Ok(text.to_owned())
    } else {
        Err("write a version or its beginning, such as 16 or 16.11".to_owned())
    }
}

/// A list that was looked up, and whom of it a command is about.
pub(super) struct Chosen {
    pub(super) list: List,
    pub(super) filter: Filter,
    /// The place that all of them live in, with its path, where that is one place.
    pub(super) home: Option<(Scope, String)>,
}

impl Common {
    /// Any of them.
    pub(super) fn any() -> Self {
        Self {
            tag: Vec::new(),
            kind: None,
            status: None,
            version_prefix: None,
            paused: None,
        }
    }
}

impl Kind {
    fn word(self) -> &'static str {
        match self {
            Self::Instance => "instance_type",
            Self::Group => "group_type",
            Self::Project => "project_type",
        }
    }
}

impl Status {
    fn word(self) -> &'static str {
        match self {
            Self::Online => "online",
            Self::Offline => "offline",
            Self::Stale => "stale",
            Self::NeverContacted => "never_contacted",
        }
    }
}

impl Listed {
    /// Looks up what was typed.
    pub(super) async fn choose(
        &self,
        common: &Common,
        session: &Session,
    ) -> anyhow::Result<Chosen> {
        let home = match (&self.group, &self.project) {
            (Some(group), _) => Some(group_of(session, group).await?),
            (None, Some(project)) => Some(project_of(session, project).await?),
            (None, None) => None,
        };
        let list = match home {
            Some((Scope::Group(id), _)) => List::Group(id),
            Some((Scope::Project(id), _)) => List::Project(id),
            Some((Scope::Instance, _)) | None if self.instance => List::All,
            Some((Scope::Instance, _)) | None => List::Available,
        };
        let own = home.as_ref().map(|(scope, _)| scope.runner_type());
        let wanted = common.kind.map(Kind::word);
        ensure!(
            own.is_none() || wanted.is_none() || own == wanted,
            "a {} has no runners of that type of its own: leave --type away, or list them with --owned or \
             --instance",
            if self.group.is_some() {
                "group"
            } else {
                "project"
            }
        );
        if common.version_prefix.is_some() {
            knows_versions(session)?;
        }
        let filter = Filter {
            runner_type: own.or(wanted),
            status: common.status.map(Status::word),
            paused: common.paused,
            tags: common.tag.clone(),
            version_prefix: common.version_prefix.clone(),
        };
        Ok(Chosen { list, filter, home })
    }
}

impl Chosen {
    /// The places whose runners can be read together.
    pub(super) fn homes(&self) -> Vec<(Scope, String)> {
        match (&self.home, self.list) {
            (Some(home), _) => vec![home.clone()],
            (None, List::All) => vec![(Scope::Instance, String::new())],
            (None, List::Available | List::Group(_) | List::Project(_)) => Vec::new(),
        }
    }

    /// Whether a runner lives where it was asked for: the lists of groups and projects show those too that
    /// only serve them.
    pub(super) fn is_home_of(&self, runner: &Runner, owner: Option<&ProjectRef>) -> bool {
        match &self.home {
            Some((Scope::Group(_), path)) => {
                let home = runner.group_path();
                home.is_none_or(|home| home.eq_ignore_ascii_case(path))
            }
            Some((Scope::Project(id), _)) => owner.is_none_or(|owner| owner.id == *id),
            Some((Scope::Instance, _)) | None => true,
        }
    }

    /// Whether a runner is one of them. Older releases ignore what they do not know.
    pub(super) fn has(&self, runner: &Runner) -> bool {
        let Filter {
            runner_type,
            status: _,
            paused,
            tags,
            version_prefix: _,
        } = &self.filter;
        runner_type.is_none_or(|kind| runner.runner_type == kind)
            && paused.is_none_or(|paused| runner.paused == paused)
            && tags.iter().all(|tag| runner.tags.contains(tag))
    }
}

/// Refuses a filter that this GitLab would ignore without a word.
fn knows_versions(session: &Session) -> anyhow::Result<()> {
    // Whose token may not ask for the release may still list.
    let release = session.client.release();
    let lacking = release.filter(|release| *release < Release::VERSION_PREFIX);
    ensure!(
        lacking.is_none(),
        "--version-prefix needs GitLab {} or newer, and this is {}: it would list all versions",
        Release::VERSION_PREFIX,
        lacking.unwrap_or(Release::VERSION_PREFIX)
    );
    Ok(())
}
