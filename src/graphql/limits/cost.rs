//! What an operation may come to, lists counted: a selection costs one for each time that it may
//! be answered. Known only with the variables, so it is counted for each request.

use std::collections::HashMap;

use async_graphql::{
    Name, Value as Constant, Variables,
    parser::types::{ExecutableDocument, Field, OperationDefinition, Selection, SelectionSet},
};
use async_graphql_value::Value;

use super::{Exceeded, inner_first, within};
use crate::config::LimitsConfig;

/// Items of a page for which neither `first` nor `last` is given.
const DEFAULT_PAGE: u64 = 20;

/// Counts what `operation` may come to.
///
/// # Errors
/// When that is more than `limits` allow, or a fragment spreads itself.
pub fn check_cost(
    document: &ExecutableDocument,
    operation: &OperationDefinition,
    variables: &Variables,
    limits: &LimitsConfig,
) -> Result<(), Exceeded> {
    let mut counter = Counter { variables, limits, fragments: HashMap::new() };
    for (name, fragment) in inner_first(&document.fragments)? {
        let size = counter.set(&fragment.node.selection_set.node);
        counter.fragments.insert(name, size);
    }
    let cost = counter.set(&operation.selection_set.node).cost;
    within("units of cost, lists counted", cost, limits.max_cost, "--max-cost")
}

struct Counter<'a> {
    variables: &'a Variables,
    limits: &'a LimitsConfig,
    fragments: HashMap<&'a Name, Size>,
}

#[derive(Clone, Copy, Default)]
struct Size {
    cost: u64,
    /// Whether it is the inside of a connection.
    paged: bool,
}

impl Counter<'_> {
    fn set(&self, set: &SelectionSet) -> Size {
        set.items.iter().fold(Size::default(), |total, selection| {
            let size = match &selection.node {
                Selection::Field(field) => self.field(&field.node),
                Selection::InlineFragment(inline) => self.set(&inline.node.selection_set.node),
                Selection::FragmentSpread(spread) => {
                    let name = &spread.node.fragment_name.node;
                    self.fragments.get(name).copied().unwrap_or_default()
                }
            };
            Size { cost: total.cost.saturating_add(size.cost), paged: total.paged || size.paged }
        })
    }

    fn field(&self, field: &Field) -> Size {
        let inner = self.set(&field.selection_set.node);
        let times = self.times(field).unwrap_or(if inner.paged { DEFAULT_PAGE } else { 1 });
        Size {
            cost: inner.cost.saturating_mul(times).saturating_add(1),
            paged: matches!(field.name.node.as_str(), "edges" | "nodes"),
        }
    }

    /// How often the inside of a field is answered, by its arguments; `None` when they do not say.
    /// Longer pages and lists than the limits allow are refused by their fields, who say why.
    fn times(&self, field: &Field) -> Option<u64> {
        let times = field.arguments.iter().filter_map(|(name, value)| match name.node.as_str() {
            "first" | "last" => {
                self.count(&value.node).map(|count| count.min(self.limits.max_page_size.into()))
            }
            _ => {
                let length = self.longest(&value.node);
                length.map(|length| length.min(self.limits.max_list_argument.into()))
            }
        });
        times.max()
    }

    /// A number, as it is given. What is none is refused elsewhere.
    fn count(&self, value: &Value) -> Option<u64> {
        match value {
            Value::Number(number) => number.as_u64(),
            Value::Variable(name) => match self.variables.get(name)? {
                Constant::Number(number) => number.as_u64(),
                _ => None,
            },
            _ => None,
        }
    }

    /// The length of the longest list in an argument.
    fn longest(&self, value: &Value) -> Option<u64> {
        match value {
            Value::List(items) => Some(items.len() as u64),
            Value::Object(fields) => fields.values().filter_map(|v| self.longest(v)).max(),
            Value::Variable(name) => longest_constant(self.variables.get(name)?),
            _ => None,
        }
    }
}

fn longest_constant(value: &Constant) -> Option<u64> {
    match value {
        Constant::List(items) => Some(items.len() as u64),
        Constant::Object(fields) => fields.values().filter_map(longest_constant).max(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use async_graphql::parser::parse_query;
    use serde_json::{Value as Json, json};

    use super::*;
    use crate::config::testing;

    fn cost(text: &str, variables: Json) -> u64 {
        let document = parse_query(text).unwrap();
        let (_, operation) = document.operations.iter().next().unwrap();
        let variables = Variables::from_json(variables);
        let limits = LimitsConfig { max_cost: 0, ..testing::defaults().limits };
        match check_cost(&document, &operation.node, &variables, &limits) {
            Err(Exceeded::Count { found, flag: "--max-cost", .. }) => found,
            other => panic!("everything costs something: {other:?}"),
        }
    }

    #[test]
    fn lists_multiply_what_is_in_them() {
        for (text, variables, expected) in [
            ("{ a b { c d } }", json!({}), 4),
            ("{ a(first: 10) { edges { node } } }", json!({}), 21),
            ("{ a { edges { node } } }", json!({}), 41),
            ("{ a(last: $n) { nodes { x } } }", json!({"n": 100}), 201),
            ("{ a(ids: [1, 2, 3]) { x } }", json!({}), 4),
            ("{ a(ids: $ids) { x y } }", json!({"ids": [1, 2]}), 5),
            ("{ a(ids: []) { x y } }", json!({}), 1),
            ("{ a(in: { ids: $ids }) { x } }", json!({"ids": [1, 2]}), 3),
            ("{ a(in: $in) { x } }", json!({"in": {"of": {"ids": [1, 2, 3]}}}), 4),
            ("{ a(first: 10) { edges { b(first: 10) { edges { x } } } } }", json!({}), 1 + 10 * 22),
            ("{ a(first: 5) { ...f } } fragment f on A { edges { x } }", json!({}), 11),
            ("{ a { ...f } } fragment f on A { edges { x } }", json!({}), 41),
        ] {
            assert_eq!(cost(text, variables), expected, "{text}");
        }
    }

    #[test]
    fn nothing_overflows() {
        let (open, close) = ("a(first: 4000000000) { ".repeat(50), "}".repeat(50));
        assert_eq!(cost(&format!("{{ {open} x {close} }}"), json!({})), u64::MAX);
    }
}
