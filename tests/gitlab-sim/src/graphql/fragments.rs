//! Fragments: where they may stand, and what they select there.
use async_graphql_parser::types as ast;
use async_graphql_parser::{Pos, Positioned};
use serde_json::{Value, json};

use super::plan::{Planner, Selected};
use super::problem::Problem;
use super::schema::Shape;
use super::types;

impl<'a> Planner<'a> {
    pub(super) fn spread(
        &mut self,
        on: Shape,
        spread: &'a Positioned<ast::FragmentSpread>,
        path: &mut Vec<Value>,
        trail: &mut Vec<&'a str>,
        out: &mut Vec<Selected>,
    ) {
        let name = spread.node.fragment_name.node.as_str();
        self.seen.fragments.insert(name.to_owned());
        let Some(fragment) = self.document.fragments.get(name) else {
            let text = format!("Fragment {name} was used, but not defined");
            let problem = Problem::new(text).at(spread.pos).within(path);
            let more = json!({ "fragmentName": name });
            self.problems
                .push(problem.code("useAndDefineFragment", more));
            return;
        };
        if trail.contains(&name) {
            let text = format!("Fragment {name} contains an infinite loop");
            let more = json!({ "fragmentName": name });
            self.problems.push(
                Problem::new(text)
                    .at(fragment.pos)
                    .code("infiniteLoop", more),
            );
            return;
        }
        let condition = fragment.node.type_condition.node.on.node.as_str();
        if self.applies(Some(condition), on, spread.pos, path) {
            trail.push(name);
            self.select(on, &fragment.node.selection_set.node, path, trail, out);
            trail.pop();
        }
    }

    /// Whether a fragment may stand on a type.
    pub(super) fn applies(
        &mut self,
        condition: Option<&str>,
        on: Shape,
        at: Pos,
        path: &[Value],
    ) -> bool {
        let Some(condition) = condition else {
            return true;
        };
        if condition == on.name() || types::is_interface_of(condition, on) {
            return true;
        }
        let (code, text) = if types::is_type(condition) {
            let text = format!(
                "Fragment on {condition} can't be spread inside {}",
                on.name()
            );
            ("cannotSpreadFragment", text)
        } else {
            let text = format!("No such type {condition}, so it can't be a fragment condition");
            ("undefinedType", text)
        };
        let more = json!({ "typeName": condition });
        self.problems
            .push(Problem::new(text).at(at).within(path).code(code, more));
        false
    }
}
