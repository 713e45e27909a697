//! Users and their access tokens.
use jiff::{Timestamp, civil::Date};
use serde::Deserialize;

use super::{NewGrant, ThingRef, Unbuildable};
use crate::state::{
    AccessToken, GitLab, Group, Role, Scope, Secret, TokenId, TokenKind, User, UserId, UserState,
};

/// A person.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewUser {
    /// Its handle.
    pub username: String,
    /// Its number; omitted, the next free one.
    pub id: Option<u64>,
    /// Its name for humans; omitted, the handle.
    pub name: Option<String>,
    /// Its address; omitted, `<username>@example.com`.
    pub email: Option<String>,
    /// Whether it administers the instance.
    #[serde(default)]
    pub admin: bool,
    /// Whether it may read everything.
    #[serde(default)]
    pub auditor: bool,
    /// Whether it sees only what it is a member of.
    #[serde(default)]
    pub external: bool,
    /// Whether it may use the API.
    #[serde(default)]
    pub state: UserState,
    /// Its access tokens.
    #[serde(default)]
    pub tokens: Vec<NewToken>,
}

/// An access token. In a user's list it is that user's; elsewhere exactly one of `user`, `group`
/// and `project` says whose, and the latter two make a bot member with `role`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewToken {
    /// Whose.
    pub user: Option<ThingRef>,
    /// Makes it a group access token.
    pub group: Option<ThingRef>,
    /// Makes it a project access token.
    pub project: Option<ThingRef>,
    /// What the bot of a group or project access token may do; omitted, Maintainer.
    pub role: Option<Role>,
    /// Its number; omitted, the next free one.
    pub id: Option<u64>,
    /// What it is called; omitted, `token`.
    pub name: Option<String>,
    /// What it is for.
    pub description: Option<String>,
    /// The string; omitted, one is made up.
    pub token: Option<Secret>,
    /// Personal or OAuth.
    #[serde(default)]
    pub kind: TokenKind,
    /// What it opens.
    pub scopes: Vec<Scope>,
    /// What a fine-grained token is granted; its only scope is `granular`.
    #[serde(default)]
    pub granular_scopes: Vec<NewGrant>,
    /// The first day on which it no longer works, `YYYY-MM-DD`.
    pub expires_at: Option<Date>,
    /// Whether it was revoked.
    #[serde(default)]
    pub revoked: bool,
}

impl GitLab {
    pub(crate) fn add_user(&mut self, new: NewUser, now: Timestamp) -> Result<UserId, Unbuildable> {
        let NewUser {
            username,
            id,
            name,
            email,
            admin,
            auditor,
            external,
            state,
            tokens,
        } = new;
        if username.is_empty() || username.contains('/') {
            return Err(Unbuildable::new(
                "a user needs a `username` without slashes",
            ));
        }
        let user = |user: &User| user.username.eq_ignore_ascii_case(&username);
        let group = |own: &Group| own.parent.is_none() && own.path.eq_ignore_ascii_case(&username);
        if self.users.values().any(user) || self.groups.values().any(group) {
            return Err(Unbuildable::new(format!(
                "there is a user or group `{username}` already"
            )));
        }
        let id = UserId(self.fresh_id("user", id, |world, id| {
            world.users.contains_key(&UserId(id))
        })?);
        let user = User {
            id,
            name: name.unwrap_or_else(|| username.clone()),
            email: email.unwrap_or_else(|| format!("{username}@example.com")),
            username,
            admin,
            auditor,
            external,
            bot: false,
            state,
            granular_tokens: true,
            created_at: now,
        };
        self.users.insert(id, user);
        for token in tokens {
            let token = NewToken {
                user: Some(ThingRef::Id(id.0)),
                ..token
            };
            self.add_token(token, now)?;
        }
        Ok(id)
    }

    pub(crate) fn add_token(
        &mut self,
        new: NewToken,
        now: Timestamp,
    ) -> Result<TokenId, Unbuildable> {
        let known = |secret: &Secret| self.access_tokens.values().any(|t| t.token == *secret);
        if new.token.as_ref().is_some_and(known) {
            return Err(Unbuildable::new("two access tokens have the same string"));
        }
        let granular = new.scopes.contains(&Scope::Granular);
        if granular != (new.scopes == [Scope::Granular])
            || !(granular || new.granular_scopes.is_empty())
        {
            let text = "a fine-grained token has the one scope `granular`, and no other has \
                        `granular_scopes`";
            return Err(Unbuildable::new(text));
        }
        let grants = new.granular_scopes.iter().map(|new| self.grant(new));
        let grants = grants.collect::<Result<_, _>>()?;
        let role = new.role.unwrap_or(Role::Maintainer);
        let user = match (&new.user, &new.group, &new.project) {
            (Some(user), None, None) => self.refer_user(user)?,
            (None, Some(group), None) => {
                let group = self.refer_group(group)?;
                let bot = self.add_bot(&format!("group_{group}_bot"), now)?;
                if let Some(group) = self.groups.get_mut(&group) {
                    group.members.insert(bot, role);
                }
                bot
            }
            (None, None, Some(project)) => {
                let project = self.refer_project(project)?;
                let bot = self.add_bot(&format!("project_{project}_bot"), now)?;
                if let Some(project) = self.projects.get_mut(&project) {
                    project.members.insert(bot, role);
                }
                bot
            }
            _ => {
                let text = "an access token belongs to exactly one of `user`, `group`, `project`";
                return Err(Unbuildable::new(text));
            }
        };
        let id = TokenId(self.fresh_id("token", new.id, |world, id| {
            world.access_tokens.contains_key(&TokenId(id))
        })?);
        let made_up = self.mint.token("glpat-", 20);
        let token = AccessToken {
            id,
            name: new.name.unwrap_or_else(|| "token".to_owned()),
            description: new.description,
            token: new.token.unwrap_or(made_up),
            user,
            kind: new.kind,
            scopes: new.scopes,
            grants,
            expires_at: new.expires_at,
            revoked: new.revoked,
            created_at: now,
            last_used_at: None,
            family: id,
        };
        self.access_tokens.insert(id, token);
        Ok(id)
    }

    fn add_bot(&mut self, prefix: &str, now: Timestamp) -> Result<UserId, Unbuildable> {
        let username = format!("{prefix}_{:08x}", self.mint.number() >> 32);
        let bot = NewUser {
            username,
            ..NewUser::default()
        };
        let id = self.add_user(bot, now)?;
        if let Some(user) = self.users.get_mut(&id) {
            user.bot = true;
        }
        Ok(id)
    }

    /// The id that was asked for, if it is free, or the next one.
    pub(crate) fn fresh_id(
        &mut self,
        kind: &'static str,
        asked: Option<u64>,
        taken: impl Fn(&Self, u64) -> bool,
    ) -> Result<u64, Unbuildable> {
        match asked {
            Some(id) if taken(self, id) => Err(Unbuildable::new(format!(
                "there is a {kind} with the id {id} already"
            ))),
            Some(id) => {
                self.reserve_id(kind, id);
                Ok(id)
            }
            None => Ok(self.next_id(kind)),
        }
    }
}
