//! What a credential opens.
use std::collections::BTreeSet;

/// What a credential's scopes open (contract §1.2).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a permission of its own"
)]
pub struct Can {
    /// Register runners.
    pub register: bool,
    /// Read, change and remove runners by number, and reset their tokens.
    pub manage: bool,
    /// Assign runners to projects.
    pub assign: bool,
    /// List runners, groups and projects, and look up paths.
    pub list: bool,
    /// Ask GraphQL.
    pub graphql: bool,
    /// Rotate the credential itself.
    pub rotate: bool,
    /// Whether GitLab alone knows what of all this it opens, and where, since the token is a
    /// fine-grained one (contract §8). Its lists leave out in silence what it may not see.
    pub granular: bool,
}

impl Can {
    /// Everything: what is assumed of a token that does not tell its scopes.
    pub const ALL: Self = Self {
        register: true,
        manage: true,
        assign: true,
        list: true,
        graphql: true,
        rotate: true,
        granular: false,
    };

    /// Whatever GitLab lets it do: what is assumed of a fine-grained token.
    pub const GRANULAR: Self = Self {
        granular: true,
        ..Self::ALL
    };

    /// Works it out from a token's scopes.
    pub fn from_scopes(scopes: &BTreeSet<String>) -> Self {
        let has = |scope: &str| scopes.contains(scope);
        if scopes.len() == 1 && has("granular") {
            return Self::GRANULAR;
        }
        let reads = has("api") || has("read_api");
        Self {
            register: has("api") || has("create_runner"),
            manage: has("api") || has("manage_runner"),
            assign: has("api"),
            list: reads,
            graphql: reads,
            rotate: has("api") || has("self_rotate"),
            granular: false,
        }
    }

    /// Whether runners can be read by their numbers.
    pub fn reads(self) -> bool {
        self.manage || self.list
    }

    /// Whether what a list does not show is surely not there.
    pub fn lists_all(self) -> bool {
        self.list && !self.granular
    }

    /// The words for it, as status shows them.
    pub fn words(self) -> Vec<String> {
        let Self {
            register,
            manage,
            assign,
            list,
            graphql,
            rotate,
            granular,
        } = self;
        if granular {
            return vec!["granular".to_owned()];
        }
        [
            (register, "register"),
            (manage, "manage"),
            (assign, "assign"),
            (list, "list"),
            (graphql, "graphql"),
            (rotate, "rotate"),
        ]
        .into_iter()
        .filter(|(can, _)| *can)
        .map(|(_, word)| word.to_owned())
        .collect()
    }
}
