//! Tokens that are not the operator's own.
use std::fmt;

use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

macro_rules! token {
    ($(#[doc = $about:literal])+ $name:ident) => {
        $(#[doc = $about])+
        #[derive(Clone)]
        pub struct $name(SecretString);

        impl $name {
            /// Takes a token over from a reply or a Secret.
            pub fn new(token: String) -> Self {
                Self(token.into())
            }

            /// The token itself. For a Secret and for GitLab only.
            pub fn expose(&self) -> &str {
                self.0.expose_secret()
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "(<redacted>)"))
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer).map(Self::new)
            }
        }
    };
}

token! {
    /// A runner's authentication token, opaque by contract (§3.20). Cannot be printed.
    RunnerToken
}

token! {
    /// What registers runners of an instance, a group or a project (contract §3.14). Cannot be printed.
    RegistrationToken
}
