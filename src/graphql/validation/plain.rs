//! Variables of which it can be said without async-graphql whether their values would do.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use async_graphql::{
    Name, Value, Variables,
    parser::types::{
        BaseType, DocumentOperations, ExecutableDocument, OperationType, Type, TypeDefinition,
        TypeKind, VariableDefinition,
    },
};

use super::{
    places::{Found, Place},
    shapes::Input,
};

/// The scalars and enums of a schema.
#[derive(Clone, Debug)]
pub(super) struct Kinds(HashMap<Name, Kind>);

#[derive(Clone, Debug)]
enum Kind {
    Boolean,
    Int,
    Float,
    /// Every other scalar.
    Text,
    Enum(Arc<HashSet<Name>>),
}

impl Kinds {
    /// Of these types.
    pub fn of(types: &[TypeDefinition]) -> Self {
        let mut kinds: HashMap<Name, Kind> = [
            ("Boolean", Kind::Boolean),
            ("Int", Kind::Int),
            ("Float", Kind::Float),
            ("String", Kind::Text),
            ("ID", Kind::Text),
        ]
        .map(|(name, kind)| (Name::new(name), kind))
        .into();
        for definition in types {
            let kind = match &definition.kind {
                TypeKind::Scalar => Kind::Text,
                TypeKind::Enum(definition) => {
                    let values = definition.values.iter().map(|v| v.node.value.node.clone());
                    Kind::Enum(Arc::new(values.collect()))
                }
                _ => continue,
            };
            kinds.insert(definition.name.node.clone(), kind);
        }
        Self(kinds)
    }

    /// Whether this is one of them.
    pub fn has(&self, name: &Name) -> bool {
        self.0.contains_key(name)
    }

    /// Whether a variable of this type may stand where that one is wanted. Scalars that are
    /// written as strings go for each other: their values are checked by where they stand.
    pub fn alike(&self, declared: &Name, wanted: &Name) -> bool {
        let text = |name| matches!(self.0.get(name), Some(Kind::Text));
        declared == wanted || (text(declared) && text(wanted))
    }

    /// Whether its values are names: JSON has strings for them, documents have not.
    pub fn is_enum(&self, name: &Name) -> bool {
        matches!(self.0.get(name), Some(Kind::Enum(_)))
    }

    /// Whether async-graphql takes this single value, which is not null, for one of these.
    pub fn takes(&self, name: &Name, value: &Value) -> bool {
        match (self.0.get(name), value) {
            // An `ID` may be one; the others are checked where they stand.
            (Some(Kind::Text), Value::Number(_)) => true,
            (Some(Kind::Int), Value::Number(number)) => number.as_i64().is_some(),
            (kind, value) => kind.is_some_and(|kind| kind.accepts(value)),
        }
    }
}

/// The variables of a query or mutation, where each is a scalar, an enum, or a list of them.
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
    /// What is wanted where it stands.
    wanted: Vec<Input>,
}

impl Plain {
    /// Of this document, whose variables stand in these places; `None` where they are more than
    /// that, or something depends on two of them, or it is not one query or mutation.
    pub fn of(document: &ExecutableDocument, kinds: &Kinds, found: &Found<'_>) -> Option<Self> {
        if !found.pairs.is_empty() {
            return None;
        }
        let operation = match &document.operations {
            DocumentOperations::Single(operation) => operation,
            DocumentOperations::Multiple(operations) if operations.len() == 1 => {
                operations.values().next()?
            }
            DocumentOperations::Multiple(_) => return None,
        };
        if operation.node.ty == OperationType::Subscription {
            return None;
        }
        let definitions = operation.node.variable_definitions.iter();
        definitions
            .map(|definition| Declared::of(&definition.node, kinds, &found.places))
            .collect::<Option<_>>()
            .map(Self)
    }

    /// Whether the strict mode would let these values through.
    pub fn fits(&self, variables: &Variables) -> bool {
        self.0.iter().all(|declared| match variables.get(&declared.name) {
            None => declared.optional,
            Some(Value::Null) => declared.nullable,
            Some(value) => declared.accepts(value),
        })
    }
}

impl Declared {
    fn of(definition: &VariableDefinition, kinds: &Kinds, places: &[Place<'_>]) -> Option<Self> {
        let Type { base, nullable } = &definition.var_type.node;
        let (named, list) = match base {
            BaseType::Named(name) => (name, false),
            BaseType::List(inner) => match &inner.base {
                BaseType::Named(name) => (name, true),
                BaseType::List(_) => return None,
            },
        };
        let kind = kinds.0.get(named)?.clone();
        let name = &definition.name.node;
        let places: Vec<&Place<'_>> =
            places.iter().filter(|place| place.variable == name).collect();
        if places.iter().any(|place| place.list != list) {
            return None;
        }
        // Of a condition the fast mode takes everything that is no boolean for false.
        let condition = matches!(kind, Kind::Boolean);
        let defaults = definition.default_value.is_some();
        let may_be_absent = *nullable && places.iter().all(|place| place.may_be_absent());
        let may_be_null = *nullable && places.iter().all(|place| place.may_be_null());
        Some(Self {
            wanted: places.iter().map(|place| place.input.clone()).collect(),
            name: name.clone(),
            optional: !condition && (may_be_absent || defaults),
            nullable: !condition && may_be_null && !defaults,
            kind,
            list,
        })
    }

    fn accepts(&self, value: &Value) -> bool {
        let accepts = |value: &Value| {
            self.kind.accepts(value) && self.wanted.iter().all(|input| input.check(value).is_ok())
        };
        match value {
            Value::List(items) if self.list => {
                self.wanted.iter().all(|input| input.check_length(items.len()).is_ok())
                    && items.iter().all(accepts)
            }
            value => !self.list && accepts(value),
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
