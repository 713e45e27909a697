//! From a parsed query to what is to be read, with everything that is wrong with it found on the way.
use async_graphql_parser::types as ast;
use async_graphql_parser::{Pos, Positioned};
use serde_json::{Value, json};

use super::arguments::{self, Arguments};
use super::document::Document;
use super::problem::Problem;
use super::schema::Shape;
use super::types;
use super::usage::Seen;
use crate::state::Version;

/// No honest query within the limits of length and weight has as many.
const MOST_SELECTIONS: usize = 100_000;

/// A field to be read.
#[derive(Clone, Debug)]
pub(super) struct Selected {
    /// Under which it stands in the reply: its alias or its name.
    pub(super) key: String,
    pub(super) name: &'static str,
    /// The type that has the field.
    pub(super) on: Shape,
    pub(super) returns: Shape,
    pub(super) arguments: Arguments,
    pub(super) children: Vec<Selected>,
    pub(super) position: Pos,
}

/// Plans an operation, or says everything that is wrong with it.
pub(super) fn plan(document: &Document, version: Version) -> Result<Vec<Selected>, Vec<Problem>> {
    let mut planner = Planner {
        document,
        version,
        problems: Vec::new(),
        seen: Seen::default(),
        looked_at: 0,
    };
    let root = Shape::Object(&types::QUERY);
    let mut path = vec![json!(document.title)];
    let mut trail = Vec::new();
    let set = &document.operation.selection_set.node;
    let mut selected = Vec::new();
    planner.select(root, set, &mut path, &mut trail, &mut selected);
    planner.complain_about_leftovers();
    if planner.looked_at > MOST_SELECTIONS {
        planner.problems = vec![Problem::new("Query too large")];
    }
    if planner.problems.is_empty() {
        Ok(selected)
    } else {
        Err(planner.problems)
    }
}

pub(super) struct Planner<'a> {
    pub(super) document: &'a Document,
    version: Version,
    pub(super) problems: Vec<Problem>,
    pub(super) seen: Seen,
    /// Selections so far, those of fragments counted each time.
    looked_at: usize,
}

impl<'a> Planner<'a> {
    /// Adds what a selection set selects; `trail` is the fragments that led here.
    pub(super) fn select(
        &mut self,
        on: Shape,
        set: &'a ast::SelectionSet,
        path: &mut Vec<Value>,
        trail: &mut Vec<&'a str>,
        out: &mut Vec<Selected>,
    ) {
        for item in &set.items {
            // Fragments that spread each other twice would take for ever otherwise.
            self.looked_at += 1;
            if self.looked_at > MOST_SELECTIONS {
                return;
            }
            let wanted = self.is_wanted(item.node.directives());
            let mut unwanted = Vec::new();
            // What is skipped must be right all the same.
            let out = if wanted { &mut *out } else { &mut unwanted };
            match &item.node {
                ast::Selection::Field(field) => self.field(on, field, path, trail, out),
                ast::Selection::InlineFragment(inline) => {
                    let condition = inline.node.type_condition.as_ref();
                    let condition = condition.map(|on| on.node.on.node.as_str());
                    if self.applies(condition, on, inline.pos, path) {
                        self.select(on, &inline.node.selection_set.node, path, trail, out);
                    }
                }
                ast::Selection::FragmentSpread(spread) => self.spread(on, spread, path, trail, out),
            }
        }
    }

    fn field(
        &mut self,
        on: Shape,
        node: &'a Positioned<ast::Field>,
        path: &mut Vec<Value>,
        trail: &mut Vec<&'a str>,
        out: &mut Vec<Selected>,
    ) {
        let name = node.node.name.node.as_str();
        path.push(json!(node.node.response_key().node));
        self.use_variables(
            node.node.arguments.iter().map(|(_, value)| &value.node),
            node.pos,
        );
        self.problems
            .extend(arguments::repeated(&node.node.arguments, path));
        if let Some(found) = on.field(name, self.version) {
            let variables = &self.document.variables;
            let arguments = arguments::read(
                node,
                &found,
                variables,
                self.version,
                path,
                &mut self.problems,
            );
            self.check_children(node, found.returns, path);
            let mut selected = Selected {
                key: node.node.response_key().node.to_string(),
                name: found.name,
                on,
                returns: found.returns,
                arguments,
                children: Vec::new(),
                position: node.pos,
            };
            let set = &node.node.selection_set.node;
            if !found.returns.is_leaf() {
                self.select(found.returns, set, path, trail, &mut selected.children);
            }
            self.merge(selected, out);
        } else {
            let text = format!("Field '{name}' doesn't exist on type '{}'", on.name());
            let more = json!({ "typeName": on.name(), "fieldName": name });
            let problem = Problem::new(text).at(node.pos).within(path);
            self.problems.push(problem.code("undefinedField", more));
        }
        path.pop();
    }

    fn check_children(&mut self, node: &Positioned<ast::Field>, returns: Shape, path: &[Value]) {
        let (name, of) = (&node.node.name.node, returns.name());
        let empty = node.node.selection_set.node.items.is_empty();
        let text = match (returns.is_leaf(), empty) {
            (true, false) => {
                format!("Selections can't be made on scalars (field '{name}' returns {of})")
            }
            (false, true) => format!(
                "Field must have selections (field '{name}' returns {of} but has no selections. \
                 Did you mean '{name} {{ ... }}'?)"
            ),
            (true, true) | (false, false) => return,
        };
        let more = json!({ "nodeName": format!("field '{name}'"), "typeName": of });
        let problem = Problem::new(text).at(node.pos).within(path);
        self.problems.push(problem.code("selectionMismatch", more));
    }

    /// The same key twice is one field, which must be the same in both places.
    fn merge(&mut self, new: Selected, out: &mut Vec<Selected>) {
        let Some(old) = out.iter_mut().find(|old| old.key == new.key) else {
            out.push(new);
            return;
        };
        if old.name != new.name || old.arguments != new.arguments {
            let text = if old.name == new.name {
                format!("Field '{}' has an argument conflict", new.key)
            } else {
                format!(
                    "Field '{}' has a field conflict: {} or {}?",
                    new.key, old.name, new.name
                )
            };
            let more = json!({ "fieldName": new.key });
            self.problems.push(
                Problem::new(text)
                    .at(new.position)
                    .code("fieldConflict", more),
            );
            return;
        }
        let mut merged = std::mem::take(&mut old.children);
        for child in new.children {
            self.merge(child, &mut merged);
        }
        if let Some(old) = out.iter_mut().find(|old| old.key == new.key) {
            old.children = merged;
        }
    }
}
