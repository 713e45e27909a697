//! How types, fields and arguments are described, and found by name.
use super::types::{INT, PAGE_INFO, STRING};
use crate::state::{Version, facts};

/// An object type.
#[derive(Debug)]
pub(super) struct Type {
    pub(super) name: &'static str,
    pub(super) fields: &'static [Field],
}

/// A field of an object type.
#[derive(Clone, Copy, Debug)]
pub(super) struct Field {
    pub(super) name: &'static str,
    pub(super) returns: Shape,
    pub(super) arguments: &'static [Argument],
    /// The first release that has it.
    pub(super) since: Version,
    /// The first that has it no longer.
    pub(super) until: Option<Version>,
}

/// An argument of a field.
#[derive(Clone, Copy, Debug)]
pub(super) struct Argument {
    pub(super) name: &'static str,
    /// As it is declared, such as `[String!]`.
    pub(super) declared: &'static str,
    pub(super) kind: Kind,
    pub(super) since: Version,
}

/// What values an argument takes.
#[derive(Clone, Copy, Debug)]
pub(super) enum Kind {
    Text,
    Boolean,
    Integer,
    /// The global id of such a model; read, its number.
    Gid(&'static str),
    /// One of these words.
    Word(&'static [&'static str]),
    Texts,
    Words(&'static [&'static str]),
}

/// What a field leads to.
#[derive(Clone, Copy, Debug)]
pub(super) enum Shape {
    /// A value without fields, by the name of its type.
    Leaf(&'static str),
    Object(&'static Type),
    /// Pages of such objects.
    Connection(&'static Type),
    /// One of them with its cursor.
    Edge(&'static Type),
}

/// A field as a query finds it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Found {
    pub(super) name: &'static str,
    pub(super) returns: Shape,
    pub(super) arguments: &'static [Argument],
}

impl Field {
    fn exists(&self, version: Version) -> bool {
        version >= self.since && self.until.is_none_or(|end| version < end)
    }
}

impl Shape {
    /// The name of the type.
    pub(super) fn name(self) -> String {
        match self {
            Self::Leaf(name) => name.to_owned(),
            Self::Object(of) => of.name.to_owned(),
            Self::Connection(of) => format!("{}Connection", of.name),
            Self::Edge(of) => format!("{}Edge", of.name),
        }
    }

    pub(super) fn is_leaf(self) -> bool {
        matches!(self, Self::Leaf(_))
    }

    /// The field of that name, if the release has it.
    pub(super) fn field(self, name: &str, version: Version) -> Option<Found> {
        let plain = |name, returns| Found {
            name,
            returns,
            arguments: &[],
        };
        match (self, name) {
            (_, "__typename") => Some(plain("__typename", STRING)),
            (Self::Object(of), _) => of
                .fields
                .iter()
                .find(|field| field.name == name && field.exists(version))
                .map(|field| Found {
                    name: field.name,
                    returns: field.returns,
                    arguments: field.arguments,
                }),
            (Self::Connection(of), "nodes") => Some(plain("nodes", Self::Object(of))),
            (Self::Connection(of), "edges") => Some(plain("edges", Self::Edge(of))),
            (Self::Connection(_), "pageInfo") => Some(plain("pageInfo", Self::Object(&PAGE_INFO))),
            (Self::Connection(_), "count") => Some(plain("count", INT)),
            (Self::Edge(of), "node") => Some(plain("node", Self::Object(of))),
            (Self::Edge(_), "cursor") => Some(plain("cursor", STRING)),
            (Self::Leaf(_) | Self::Connection(_) | Self::Edge(_), _) => None,
        }
    }
}

/// A field that every release has.
pub(super) const fn field(name: &'static str, returns: Shape) -> Field {
    Field {
        name,
        returns,
        arguments: &[],
        since: facts::ALWAYS,
        until: None,
    }
}

/// The same, but only until a release.
pub(super) const fn until(version: Version, field: Field) -> Field {
    Field {
        until: Some(version),
        ..field
    }
}

/// The same, but only since a release.
pub(super) const fn since(version: Version, field: Field) -> Field {
    Field {
        since: version,
        ..field
    }
}

/// The same, with arguments.
pub(super) const fn with(arguments: &'static [Argument], field: Field) -> Field {
    Field { arguments, ..field }
}

/// An argument that every release has.
pub(super) const fn argument(name: &'static str, declared: &'static str, kind: Kind) -> Argument {
    Argument {
        name,
        declared,
        kind,
        since: facts::ALWAYS,
    }
}

/// The same, but only since a release.
pub(super) const fn argument_since(version: Version, argument: Argument) -> Argument {
    Argument {
        since: version,
        ..argument
    }
}
