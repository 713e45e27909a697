//! What a query uses of what it declares, and its directives.
use std::collections::BTreeSet;

use async_graphql_parser::types as ast;
use async_graphql_parser::{Pos, Positioned};
use async_graphql_value::Value as Literal;
use serde_json::json;

use super::arguments;
use super::plan::Planner;
use super::problem::Problem;

/// What was used, to find what was not.
#[derive(Default)]
pub(super) struct Seen {
    pub(super) variables: BTreeSet<String>,
    pub(super) fragments: BTreeSet<String>,
}

impl<'a> Planner<'a> {
    pub(super) fn is_wanted(&mut self, directives: &'a [Positioned<ast::Directive>]) -> bool {
        directives.iter().all(|directive| {
            let name = directive.node.name.node.as_str();
            self.problems
                .extend(arguments::repeated(&directive.node.arguments, &[]));
            if !["include", "skip"].contains(&name) {
                let text = format!("Directive @{name} is not defined");
                self.problems.push(Problem::new(text).at(directive.pos));
                return true;
            }
            let Some(condition) = directive.node.get_argument("if") else {
                let text = format!("Directive '{name}' is missing required arguments: if");
                self.problems.push(Problem::new(text).at(directive.pos));
                return true;
            };
            self.use_variables([&condition.node], directive.pos);
            let truth = self.truth(&condition.node);
            truth.unwrap_or(false) == (name == "include")
        })
    }

    fn truth(&self, literal: &Literal) -> Option<bool> {
        if let Literal::Variable(name) = literal {
            return self
                .document
                .variables
                .get(name.as_str())?
                .value
                .as_ref()?
                .as_bool();
        }
        if let Literal::Boolean(truth) = literal {
            Some(*truth)
        } else {
            None
        }
    }

    pub(super) fn use_variables(&mut self, values: impl IntoIterator<Item = &'a Literal>, at: Pos) {
        for value in values {
            let items = match value {
                Literal::List(items) => items.as_slice(),
                Literal::Variable(_)
                | Literal::Null
                | Literal::Number(_)
                | Literal::String(_)
                | Literal::Boolean(_)
                | Literal::Binary(_)
                | Literal::Enum(_)
                | Literal::Object(_) => std::slice::from_ref(value),
            };
            for item in items {
                let Literal::Variable(name) = item else {
                    continue;
                };
                let fresh = self.seen.variables.insert(name.to_string());
                if fresh && !self.document.variables.contains_key(name.as_str()) {
                    let title = self.document.title.strip_prefix("query ");
                    let title = title.unwrap_or("anonymous query");
                    let text = format!("Variable ${name} is used by {title} but not declared");
                    let more = json!({ "variableName": name });
                    let problem = Problem::new(text).at(at);
                    self.problems.push(problem.code("variableNotDefined", more));
                }
            }
        }
    }

    pub(super) fn complain_about_leftovers(&mut self) {
        let whole = self.document.title.as_str();
        let title = whole.strip_prefix("query ").unwrap_or("anonymous query");
        for (name, variable) in &self.document.variables {
            if !self.seen.variables.contains(name) {
                let text = format!("Variable ${name} is declared by {title} but not used");
                let more = json!({ "variableName": name });
                let problem = Problem::new(text).at(variable.position);
                let problem = problem.within(&[json!(whole)]);
                self.problems.push(problem.code("variableNotUsed", more));
            }
        }
        for other in &self.document.others {
            self.see_fragments(&other.selection_set.node);
        }
        let mut unused: Vec<_> = self
            .document
            .fragments
            .iter()
            .filter(|(name, _)| !self.seen.fragments.contains(name.as_str()))
            .collect();
        unused.sort_by_key(|(_, fragment)| fragment.pos);
        for (name, fragment) in unused {
            let text = format!("Fragment {name} was defined, but not used");
            let more = json!({ "fragmentName": name });
            let problem = Problem::new(text).at(fragment.pos);
            self.problems
                .push(problem.code("useAndDefineFragment", more));
        }
    }

    /// Marks what an operation that is not run spreads, through fragments too.
    fn see_fragments(&mut self, set: &'a ast::SelectionSet) {
        for item in &set.items {
            let inner = match &item.node {
                ast::Selection::Field(field) => Some(&field.node.selection_set.node),
                ast::Selection::InlineFragment(inline) => Some(&inline.node.selection_set.node),
                ast::Selection::FragmentSpread(spread) => {
                    let name = spread.node.fragment_name.node.as_str();
                    let fresh = self.seen.fragments.insert(name.to_owned());
                    let fragment = self.document.fragments.get(name).filter(|_| fresh);
                    fragment.map(|fragment| &fragment.node.selection_set.node)
                }
            };
            if let Some(inner) = inner {
                self.see_fragments(inner);
            }
        }
    }
}
