//! The values of an operation's variables, before it is executed. async-graphql takes a missing
//! variable of `@skip` and `@include` for false, whatever its type and its default.

use std::collections::HashSet;

use async_graphql::{Name, ServerError, Value, Variables, parser::types::OperationDefinition};

use super::document::coded;

/// The variables with the defaults of those that are missing, and without those that the operation
/// has not declared: they are not looked at, whatever they are.
///
/// # Errors
/// When one that is required is missing or null.
pub fn bind(
    operation: &OperationDefinition,
    mut variables: Variables,
) -> Result<Variables, ServerError> {
    let mut declared = 0;
    for definition in &operation.variable_definitions {
        let (pos, definition) = (definition.pos, &definition.node);
        let name = &definition.name.node;
        if let (None, Some(default)) = (variables.get(name), &definition.default_value) {
            variables.insert(name.clone(), default.node.clone());
        }
        let value = variables.get(name);
        declared += usize::from(value.is_some());
        let absent = value.is_none_or(|value| *value == Value::Null);
        if absent && !definition.var_type.node.nullable {
            let mut error = coded("a value is required for this variable", "BAD_USER_INPUT");
            error.locations.push(pos);
            error.extensions.get_or_insert_default().set("variable", shortened(name));
            return Err(error);
        }
    }
    // Hardly ever: nothing is allocated for it where there is nothing to take away.
    if declared < variables.len() {
        let definitions = operation.variable_definitions.iter();
        let names: HashSet<&Name> = definitions.map(|d| &d.node.name.node).collect();
        variables.retain(|name, _| names.contains(name));
    }
    Ok(variables)
}

/// Long enough for a name; what is longer is no name but an echo.
fn shortened(name: &str) -> &str {
    &name[..name.floor_char_boundary(64)]
}

#[cfg(test)]
mod tests {
    use async_graphql::parser::parse_query;
    use serde_json::{Value as Json, json};

    use super::*;
    use crate::http::document::selected;

    fn bound(text: &str, variables: Json) -> Result<Json, ServerError> {
        let document = parse_query(text).unwrap();
        let bound = bind(selected(&document, None).unwrap(), Variables::from_json(variables));
        bound.map(|variables| serde_json::to_value(variables).unwrap())
    }

    #[test]
    fn defaults_are_filled_in_where_nothing_is_given() {
        let text = "query($a: Boolean! = true, $b: Int = 1, $c: Int) { x }";
        assert_eq!(bound(text, json!({})).unwrap(), json!({"a": true, "b": 1}));
        let given = json!({"a": false, "b": null, "c": null});
        assert_eq!(bound(text, given.clone()).unwrap(), given);
    }

    #[test]
    fn what_is_not_declared_is_dropped() {
        let text = "query($a: Int, $b: Int = 3) { x }";
        assert_eq!(bound(text, json!({"a": 1, "c": 2})).unwrap(), json!({"a": 1, "b": 3}));
        assert_eq!(bound(text, json!({"c": 2})).unwrap(), json!({"b": 3}));
    }

    #[test]
    fn what_is_required_is_there() {
        for variables in [json!({}), json!({"a": null})] {
            let error = bound("query($a: Boolean!) { x }", variables).unwrap_err();
            let extensions = serde_json::to_value(error.extensions).unwrap();
            assert_eq!(extensions, json!({"code": "BAD_USER_INPUT", "variable": "a"}));
            assert_eq!(error.locations.len(), 1);
        }
    }
}
