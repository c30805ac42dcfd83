//! Validation, once: a query that passed need not be validated again, which is most of what is
//! left of its cost once it is parsed.
//!
//! async-graphql's fast mode skips nearly every rule, also those that look at variables, and
//! then answers wrong values otherwise or not at all. So it is used for exactly the document
//! that passed the strict mode, only if that is one query all of whose variables are scalars,
//! enums or lists of them, and only with values that the strict mode would let through.

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, OnceLock},
};

use async_graphql::{
    Name, Response, Value, Variables,
    parser::{
        parse_schema,
        types::{
            BaseType, DocumentOperations, ExecutableDocument, OperationType, Type, TypeKind,
            TypeSystemDefinition, VariableDefinition,
        },
    },
};

/// What is known of a document's validity. It belongs to one parsed document, travels with it in
/// the data of its requests, and is the same for all its clones.
#[derive(Clone, Debug, Default)]
pub struct Verdict(Arc<OnceLock<Shortcut>>);

/// What the fast mode is good for, with a document that passed.
type Shortcut = Option<Plain>;

impl Verdict {
    /// Whether it passed, and need not be validated again with these variables.
    pub(super) fn covers(&self, variables: &Variables) -> bool {
        matches!(self.0.get(), Some(Some(plain)) if plain.fits(variables))
    }

    /// What to remember when it passes; `None` when that is done.
    pub(super) fn undecided(
        &self,
        document: &ExecutableDocument,
        kinds: &Kinds,
    ) -> Option<Shortcut> {
        self.0.get().is_none().then(|| Plain::of(document, kinds))
    }

    /// Remembers, if `response` is from a document that passed. One that did not has neither
    /// data nor an error in a field.
    pub(super) fn decide(&self, shortcut: Shortcut, response: &Response) {
        let executed = response.data != Value::Null
            || response.errors.iter().any(|error| !error.path.is_empty());
        if executed {
            // Somebody else may have been first, with the same.
            let _ = self.0.set(shortcut);
        }
    }
}

/// The scalars and enums of a schema.
#[derive(Clone, Debug)]
pub(super) struct Kinds(Arc<HashMap<Name, Kind>>);

#[derive(Clone, Debug)]
enum Kind {
    Boolean,
    Int,
    Float,
    /// Every other scalar: from a string it is parsed by the field in both modes.
    Text,
    Enum(Arc<HashSet<Name>>),
}

impl Kinds {
    /// From the schema definition language; nothing from what is none.
    pub fn of(sdl: &str) -> Self {
        let mut kinds: HashMap<Name, Kind> = [
            ("Boolean", Kind::Boolean),
            ("Int", Kind::Int),
            ("Float", Kind::Float),
            ("String", Kind::Text),
            ("ID", Kind::Text),
        ]
        .map(|(name, kind)| (Name::new(name), kind))
        .into();
        for definition in parse_schema(sdl).map(|d| d.definitions).unwrap_or_default() {
            let TypeSystemDefinition::Type(definition) = definition else { continue };
            let name = definition.node.name.node;
            match definition.node.kind {
                TypeKind::Scalar => {
                    kinds.insert(name, Kind::Text);
                }
                TypeKind::Enum(definition) => {
                    let values = definition.values.into_iter().map(|value| value.node.value.node);
                    kinds.insert(name, Kind::Enum(Arc::new(values.collect())));
                }
                _ => {}
            }
        }
        Self(Arc::new(kinds))
    }
}

/// The variables of a query, where each is a scalar, an enum, or a list of them.
#[derive(Debug)]
pub(super) struct Plain(Vec<Declared>);

#[derive(Debug)]
struct Declared {
    name: Name,
    kind: Kind,
    list: bool,
    /// May be left out.
    optional: bool,
    /// May be null.
    nullable: bool,
}

impl Plain {
    fn of(document: &ExecutableDocument, kinds: &Kinds) -> Option<Self> {
        let operation = match &document.operations {
            DocumentOperations::Single(operation) => operation,
            DocumentOperations::Multiple(operations) if operations.len() == 1 => {
                operations.values().next()?
            }
            DocumentOperations::Multiple(_) => return None,
        };
        if operation.node.ty != OperationType::Query {
            return None;
        }
        let definitions = operation.node.variable_definitions.iter();
        definitions
            .map(|definition| Declared::of(&definition.node, kinds))
            .collect::<Option<_>>()
            .map(Self)
    }

    fn fits(&self, variables: &Variables) -> bool {
        self.0.iter().all(|declared| match variables.get(&declared.name) {
            None => declared.optional,
            Some(Value::Null) => declared.nullable,
            Some(value) => declared.accepts(value),
        })
    }
}

impl Declared {
    fn of(definition: &VariableDefinition, kinds: &Kinds) -> Option<Self> {
        let Type { base, nullable } = &definition.var_type.node;
        let (named, list) = match base {
            BaseType::Named(name) => (name, false),
            BaseType::List(inner) => match &inner.base {
                BaseType::Named(name) => (name, true),
                BaseType::List(_) => return None,
            },
        };
        let kind = kinds.0.get(named)?.clone();
        // Of a condition the fast mode takes everything that is no boolean for false.
        let nullable = *nullable && !matches!(kind, Kind::Boolean);
        let defaults = definition.default_value.is_some();
        Some(Self {
            name: definition.name.node.clone(),
            optional: nullable || (defaults && !matches!(kind, Kind::Boolean)),
            nullable: nullable && !defaults,
            kind,
            list,
        })
    }

    fn accepts(&self, value: &Value) -> bool {
        match value {
            Value::List(items) if self.list => items.iter().all(|item| self.kind.accepts(item)),
            value => !self.list && self.kind.accepts(value),
        }
    }
}

impl Kind {
    fn accepts(&self, value: &Value) -> bool {
        match (self, value) {
            (Self::Boolean, Value::Boolean(_)) | (Self::Text, Value::String(_)) => true,
            (Self::Int, Value::Number(number)) => {
                number.as_i64().is_some_and(|number| i32::try_from(number).is_ok())
            }
            (Self::Float, Value::Number(number)) => number.as_f64().is_some_and(f64::is_finite),
            (Self::Enum(values), Value::String(name)) => values.contains(name.as_str()),
            // A default, filled in.
            (Self::Enum(values), Value::Enum(name)) => values.contains(name),
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use async_graphql::{ServerError, parser::parse_query};
    use serde_json::{Value as Json, json};

    use super::*;

    const SDL: &str = "scalar Decimal enum Color { RED GREEN } input Filter { a: Int }
        type Query { a: Int }";

    fn verdict(text: &str) -> Verdict {
        let (document, verdict) = (parse_query(text).unwrap(), Verdict::default());
        let shortcut = verdict.undecided(&document, &Kinds::of(SDL)).unwrap();
        verdict.decide(shortcut, &Response::new(Value::Boolean(true)));
        verdict
    }

    fn covers(text: &str, variables: Json) -> bool {
        verdict(text).covers(&Variables::from_json(variables))
    }

    #[test]
    fn plain_values_of_the_declared_kind_are_covered() {
        let text = "query($a: ID!, $b: Int, $c: [Decimal!]!, $d: Color = RED, $e: Boolean!) { a }";
        let good = json!({"a": "x", "b": 1, "c": ["1", "2"], "d": "GREEN", "e": true});
        assert!(covers(text, good.clone()));
        for (name, values) in [
            ("a", json!([null, 1, true, ["x"], {"x": 1}])),
            ("b", json!(["1", 1.5, 3_000_000_000_i64, true, [1]])),
            ("c", json!([null, "1", [null], [1], [["1"]], {"x": "1"}])),
            ("d", json!([null, "BLUE", 1])),
            ("e", json!([null, "true", 1, []])),
        ] {
            for value in values.as_array().unwrap() {
                let mut wrong = good.clone();
                wrong[name] = value.clone();
                assert!(!covers(text, wrong), "${name} = {value}");
            }
        }
        let without = |name: &str| {
            let mut some = good.clone();
            some.as_object_mut().unwrap().remove(name);
            covers(text, some)
        };
        assert_eq!(["a", "b", "c", "d", "e"].map(without), [false, true, false, true, false]);
    }

    #[test]
    fn only_one_query_without_input_objects_is_covered() {
        assert!(covers("{ a }", json!({})));
        assert!(covers("query q { a }", json!({})));
        for text in [
            "mutation { a }",
            "subscription { a }",
            "query a { a } query b { a }",
            "query($f: Filter) { a }",
            "query($f: [[Int]]) { a }",
            "query($f: Unknown) { a }",
        ] {
            assert!(!covers(text, json!({})), "{text}");
        }
    }

    #[test]
    fn what_was_not_executed_has_not_passed() {
        let (document, verdict) = (parse_query("{ a }").unwrap(), Verdict::default());
        let kinds = Kinds::of(SDL);
        let refused = Response::from_errors(vec![ServerError::new("no", None)]);
        verdict.decide(verdict.undecided(&document, &kinds).unwrap(), &refused);
        assert!(!verdict.covers(&Variables::default()));
        verdict.decide(
            verdict.undecided(&document, &kinds).unwrap(),
            &Response::new(Value::Boolean(true)),
        );
        assert!(verdict.covers(&Variables::default()));
        assert!(verdict.undecided(&document, &kinds).is_none());
    }
}
