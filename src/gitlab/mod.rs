//! Talking to one GitLab instance: its nouns, its calls, and what a call can end in.
//!
//! This module knows GitLab and nothing else. It never repeats a request by itself: whether to
//! look again, and when, is for whoever decides.
mod access_token;
mod assumed;
mod budget;
mod call;
mod client;
mod codes;
mod credential;
mod endpoint;
mod error;
mod gate;
mod graphql;
mod in_description;
mod jobs;
mod life;
mod limits;
mod lists;
pub mod model;
mod note;
mod own_token;
pub mod permissions;
mod reach;
mod redirect;
mod refusal;
mod registration;
mod release;
mod reply;
mod request;
mod row;
mod runners;
mod search;
mod selection;
mod server_time;
mod shown;
mod sweep;
mod sweep_insight;
mod sweep_query;
mod sweep_row;
mod sweep_size;
mod token;
mod trail;
mod transport;
mod trust;
mod unusable;
mod verdict;
mod walk;
mod wire;
mod words;
mod work;

pub use budget::{Admission, Budget, HeldBack, Lane, Reading};
pub use call::{Call, CallOutcome, Observe};
pub use client::Client;
pub use endpoint::{BuildError, Endpoint};
pub use error::Error;
pub use gate::{Alone, Gate};
pub use graphql::Ownership;
pub use lists::{Filter, List, ListPage};
pub use model::{
    AccessLevel, AccessToken, Found, FreshToken, GroupId, Identity, Insight, ListedRunner,
    Managers, Metadata, NewRunner, Note, Place, ProjectId, ProjectRef, Registered,
    RegistrationToken, Release, Runner, RunnerId, RunnerToken, RunningJobs, Scope, Settings,
};
pub use own_token::FreshCredential;
pub use reach::unresolved;
pub use refusal::Refusal;
pub use row::Row;
pub use search::Contact;
pub use selection::{GroupName, Selected, Selection};
pub use shown::{ClientCertificate, ProxyCredentials};
pub use sweep::{Swept, Way};
pub use trail::{Change, Trail};
pub use transport::{Connect, Transport, by_network};
pub use trust::tls_advice;
