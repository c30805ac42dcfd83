//! Where in documents there are values to look at: what the schema says of fields and inputs.

use std::{collections::HashMap, ops::RangeInclusive};

use async_graphql::{
    Name, Positioned, Value,
    parser::types::{
        BaseType, InputValueDefinition, InterfaceType, ObjectType, Type, TypeDefinition, TypeKind,
    },
};

use super::{
    super::context::Bounds,
    bounds,
    leaf::{self, Check},
};

/// The fields of types, and those of input objects.
pub struct Shapes {
    types: HashMap<Name, HashMap<Name, Field>>,
    inputs: HashMap<Name, Object>,
    /// What `@skip` and `@include` take.
    pub condition: Input,
}

/// An input object.
pub struct Object {
    pub fields: HashMap<Name, Input>,
    /// Whether exactly one of them is given.
    pub one_of: bool,
}

/// A field.
pub struct Field {
    /// The type that it answers with.
    pub result: Name,
    /// Its arguments.
    pub arguments: HashMap<Name, Input>,
}

/// A value that comes in.
#[derive(Clone, Debug)]
pub struct Input {
    /// What it is, or what its items are.
    pub kind: Kind,
    /// How many items it may have, if it is a list.
    pub length: Option<RangeInclusive<usize>>,
    /// The name of its type, or that of its items.
    pub named: Name,
    nullable: bool,
    nullable_items: bool,
    defaults: bool,
}

/// What a single value is.
#[derive(Clone, Debug)]
pub enum Kind {
    /// Checked itself.
    Leaf(Check),
    /// A number from here to there.
    Number(RangeInclusive<i64>),
    /// An input object of this type, whose fields are checked.
    Object(Name),
    /// Checked by validation alone.
    Other,
}

impl Input {
    /// Whether it is a list.
    pub const fn list(&self) -> bool {
        self.length.is_some()
    }

    /// Whether it may be null; if it is a list and a single value is looked at, whether its items
    /// may.
    pub const fn may_be_null(&self, list: bool) -> bool {
        if list == self.list() { self.nullable } else { self.nullable_items }
    }

    /// Whether it may be left out. An item that is, is null.
    pub const fn may_be_absent(&self, list: bool) -> bool {
        self.may_be_null(list) || (self.defaults && list == self.list())
    }

    /// Checks a single value, but for its parts.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn check(&self, value: &Value) -> Result<(), String> {
        match (&self.kind, value) {
            (Kind::Leaf(check), value) => check(value),
            (Kind::Number(range), Value::Number(number)) => match number.as_i64() {
                Some(number) if !range.contains(&number) => {
                    let (least, most) = (range.start(), range.end());
                    Err(format!("a number from {least} to {most} is wanted"))
                }
                // What is no whole number is told by validation.
                _ => Ok(()),
            },
            (Kind::Object(_), Value::Object(_)) | (Kind::Number(_) | Kind::Other, _) => Ok(()),
            (Kind::Object(_), _) => Err("an object is wanted".to_owned()),
        }
    }

    /// Checks how long a list is.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn check_length(&self, length: usize) -> Result<(), String> {
        match &self.length {
            Some(lengths) if !lengths.contains(&length) => {
                let (least, most) = (lengths.start(), lengths.end());
                Err(format!("it holds {length}, and {least} to {most} are taken"))
            }
            _ => Ok(()),
        }
    }
}

impl Shapes {
    /// Of these types.
    pub fn of(types: &[TypeDefinition], bounds: Bounds) -> Self {
        let condition = Input {
            kind: Kind::Other,
            length: None,
            named: Name::new("Boolean"),
            nullable: false,
            nullable_items: false,
            defaults: false,
        };
        let mut shapes = Self { types: HashMap::new(), inputs: HashMap::new(), condition };
        let is_object = |name: &Name| {
            types.iter().any(|definition| {
                definition.name.node == *name && matches!(definition.kind, TypeKind::InputObject(_))
            })
        };
        let inputs = |place: &Name, definitions: &[Positioned<InputValueDefinition>]| {
            let inputs = definitions.iter().map(|Positioned { node: definition, .. }| {
                (definition.name.node.clone(), input(place, definition, bounds, is_object))
            });
            inputs.collect::<HashMap<_, _>>()
        };
        for definition in types {
            let name = definition.name.node.clone();
            match &definition.kind {
                TypeKind::Object(ObjectType { fields, .. })
                | TypeKind::Interface(InterfaceType { fields, .. }) => {
                    let fields = fields.iter().map(|Positioned { node: field, .. }| {
                        let result = innermost(&field.ty.node).clone();
                        let arguments = inputs(&result, &field.arguments);
                        (field.name.node.clone(), Field { result, arguments })
                    });
                    shapes.types.insert(name, fields.collect());
                }
                TypeKind::InputObject(object) => {
                    let mut fields = inputs(&name, &object.fields);
                    let one_of = definition.directives.iter().any(|d| d.node.name.node == "oneOf");
                    if one_of {
                        // The one that is given has to have a value.
                        fields.values_mut().for_each(|field| field.nullable = false);
                    }
                    shapes.inputs.insert(name, Object { fields, one_of });
                }
                TypeKind::Scalar | TypeKind::Union(_) | TypeKind::Enum(_) => {}
            }
        }
        shapes
    }

    /// A field of a type.
    pub fn field(&self, parent: &Name, name: &Name) -> Option<&Field> {
        self.types.get(parent)?.get(name)
    }

    /// An input object.
    pub fn object(&self, name: &Name) -> Option<&Object> {
        self.inputs.get(name)
    }
}

/// What stands at this place.
fn input(
    place: &Name,
    definition: &InputValueDefinition,
    bounds: Bounds,
    is_object: impl Fn(&Name) -> bool,
) -> Input {
    let (name, scalar) = (&definition.name.node, innermost(&definition.ty.node));
    let list = matches!(definition.ty.node.base, BaseType::List(_));
    let kind = if is_object(scalar) {
        Kind::Object(scalar.clone())
    } else if let Some(check) = leaf::check(scalar, place, name) {
        Kind::Leaf(check)
    } else if let Some(range) = bounds::range(place, name, bounds) {
        Kind::Number(range)
    } else {
        Kind::Other
    };
    let length = list.then(|| bounds::length(place, name, bounds));
    let nullable_items = match &definition.ty.node.base {
        BaseType::List(item) => item.nullable,
        BaseType::Named(_) => false,
    };
    Input {
        kind,
        length,
        named: scalar.clone(),
        nullable: definition.ty.node.nullable,
        nullable_items,
        defaults: definition.default_value.is_some(),
    }
}

/// The name in a list, or in lists of lists.
pub fn innermost(of: &Type) -> &Name {
    match &of.base {
        BaseType::Named(name) => name,
        BaseType::List(inner) => innermost(inner),
    }
}
