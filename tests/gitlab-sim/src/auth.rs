//! From a request to the user behind it (contract §1.1, §1.2, §1.10).
use bytes::Bytes;
use http::{Request, header::AUTHORIZATION};
use jiff::Timestamp;
use serde_json::{Map, Value};

use crate::{
    rest::{Refusal, Reply},
    state::{AccessToken, Caller, GitLab, Scope, TokenId, TokenKind, User},
};

/// Which tokens an endpoint lets in.
pub(crate) struct Gate<'a> {
    /// Whether a token's scopes suffice.
    pub(crate) admits: &'a dyn Fn(&AccessToken) -> bool,
    /// The scopes that the refusal names.
    pub(crate) named: &'a [Scope],
}

/// What a request shows of itself; job tokens are not accepted here (contract §1.1).
pub(crate) struct Credential {
    /// `Authorization: Bearer`, the only place of an OAuth token.
    bearer: Option<String>,
    /// Where a personal access token is looked for.
    personal: String,
}

/// The credential of a request. A personal access token is the parameter `private_token`, the
/// header `PRIVATE-TOKEN`, or a bearer, in this order.
pub(crate) fn credential(
    request: &Request<Bytes>,
    params: &Map<String, Value>,
) -> Option<Credential> {
    let header = |name: &str| {
        request
            .headers()
            .get(name)
            .and_then(|value| value.to_str().ok())
            .map(str::to_owned)
    };
    let filled = |token: &String| !token.is_empty();
    let bearer = header(AUTHORIZATION.as_str()).and_then(|value| {
        let (scheme, token) = value.split_once(' ')?;
        scheme
            .eq_ignore_ascii_case("bearer")
            .then(|| token.trim().to_owned())
    });
    let bearer = bearer.filter(filled);
    let personal = params
        .get("private_token")
        .and_then(Value::as_str)
        .map(str::to_owned)
        .filter(filled)
        .or_else(|| header("private-token").filter(filled))
        .or_else(|| bearer.clone())?;
    Some(Credential { bearer, personal })
}

impl GitLab {
    /// The token that a credential names: an OAuth token comes before a personal one.
    fn access_token(&self, credential: &Credential) -> Option<&AccessToken> {
        let find = |kind: TokenKind, text: &str| {
            self.access_tokens
                .values()
                .find(|token| token.kind == kind && token.token.expose() == text)
        };
        let bearer = credential.bearer.as_deref();
        bearer
            .and_then(|text| find(TokenKind::Oauth, text))
            .or_else(|| find(TokenKind::Personal, &credential.personal))
    }

    /// The user behind a credential, if its token may pass the gate.
    ///
    /// The order is GitLab's: unknown, expired, revoked, too narrow, user not allowed in. Using a
    /// revoked token revokes its whole family (contract §1.10).
    pub(crate) fn authenticate(
        &mut self,
        credential: &Credential,
        gate: &Gate<'_>,
        now: Timestamp,
    ) -> Result<Caller, Refusal> {
        let token = self
            .access_token(credential)
            .cloned()
            .ok_or_else(Refusal::unauthorized)?;
        if token.is_expired(now) {
            return Err(Refusal::invalid_token(
                "Token is expired. You can either do re-authorization or token refresh.",
            ));
        }
        if token.revoked {
            self.revoke_family(token.family);
            return Err(Refusal::invalid_token(
                "Token was revoked. You have to re-authorize from the user.",
            ));
        }
        if !(gate.admits)(&token) {
            return Err(Refusal::insufficient_scope(gate.named));
        }
        let user = self
            .users
            .get(&token.user)
            .cloned()
            .ok_or_else(Refusal::unauthorized)?;
        if let Some(reason) = user.state.refusal() {
            return Err(Refusal::forbidden_because(reason));
        }
        if let Some(token) = self.access_tokens.get_mut(&token.id) {
            token.last_used_at = Some(now);
        }
        Ok(Caller {
            admin: self.has_admin_rights(&user, &token),
            user,
            token,
        })
    }

    /// Whether a user is an administrator, and lets the token be one (contract §1.2).
    pub(crate) fn has_admin_rights(&self, user: &User, token: &AccessToken) -> bool {
        let admin_mode = !self.settings.admin_mode || token.scopes.contains(&Scope::AdminMode);
        user.admin && admin_mode
    }

    fn revoke_family(&mut self, family: TokenId) {
        for token in self
            .access_tokens
            .values_mut()
            .filter(|token| token.family == family)
        {
            token.revoked = true;
        }
    }

    /// The caller of a GraphQL query: nobody without a credential; scopes `read_api` or `api`.
    ///
    /// # Errors
    /// 401 `{"errors":[{"message":"Invalid token"}]}` for any token that does not do (§5.4).
    pub(crate) fn graphql_caller(
        &mut self,
        request: &Request<Bytes>,
        now: Timestamp,
    ) -> Result<Option<Caller>, Refusal> {
        let query = crate::rest::query_params(request.uri());
        let Some(credential) = credential(request, &query) else {
            return Ok(None);
        };
        let knows_granular = self.knows_granular();
        let admits = |token: &AccessToken| {
            let has = |scope| token.scopes.contains(&scope);
            has(Scope::Api) || has(Scope::ReadApi) || (knows_granular && has(Scope::Granular))
        };
        let gate = Gate {
            admits: &admits,
            named: &[Scope::Api, Scope::ReadApi],
        };
        self.authenticate(&credential, &gate, now)
            .map(Some)
            .map_err(|_| {
                let body = serde_json::json!({ "errors": [{ "message": "Invalid token" }] });
                Refusal(Box::new(Reply::json(401, body)))
            })
    }

    /// Whose quota a request counts against: a user with a usable token (contract §1.9).
    pub(crate) fn quota_user(
        &self,
        credential: &Credential,
        now: Timestamp,
    ) -> Option<crate::UserId> {
        self.access_token(credential)
            .filter(|token| token.is_active(now))
            .map(|token| token.user)
    }
}
