//! Where in documents there are values to look at: what the schema says of fields and inputs.

use std::collections::HashMap;

use async_graphql::{
    Name, Positioned,
    parser::types::{
        BaseType, FieldDefinition, InputValueDefinition, Type, TypeDefinition, TypeKind,
    },
};

use super::leaf::{self, Check};

/// The fields of types, and those of input objects.
pub struct Shapes {
    types: HashMap<Name, HashMap<Name, Field>>,
    inputs: HashMap<Name, HashMap<Name, Input>>,
}

/// A field.
pub struct Field {
    /// The type that it answers with.
    pub result: Name,
    /// Its arguments that are looked at.
    pub arguments: HashMap<Name, Input>,
}

/// A value that comes in.
#[derive(Clone, Debug)]
pub struct Input {
    /// What it is, or what its items are.
    pub kind: Kind,
    /// Whether it is a list.
    pub list: bool,
    /// Whether it has to be there.
    pub required: bool,
}

/// What a single value is.
#[derive(Clone, Debug)]
pub enum Kind {
    /// Checked itself.
    Leaf(Check),
    /// An input object of this type, whose fields are.
    Object(Name),
}

impl Shapes {
    /// Of these types.
    pub fn of(types: &[TypeDefinition]) -> Self {
        let mut shapes = Self { types: HashMap::new(), inputs: HashMap::new() };
        let is_object = |name: &Name| {
            types.iter().any(|definition| {
                definition.name.node == *name && matches!(definition.kind, TypeKind::InputObject(_))
            })
        };
        for definition in types {
            let name = definition.name.node.clone();
            match &definition.kind {
                TypeKind::Object(object) => {
                    shapes.types.insert(name, fields(&object.fields, is_object));
                }
                TypeKind::Interface(interface) => {
                    shapes.types.insert(name, fields(&interface.fields, is_object));
                }
                TypeKind::InputObject(object) => {
                    shapes.inputs.insert(name, inputs(&object.fields, is_object));
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

    /// A field of an input object.
    pub fn input(&self, object: &Name, name: &Name) -> Option<&Input> {
        self.inputs.get(object)?.get(name)
    }
}

fn fields(
    definitions: &[Positioned<FieldDefinition>],
    is_object: impl Fn(&Name) -> bool + Copy,
) -> HashMap<Name, Field> {
    let fields = definitions.iter().map(|Positioned { node: field, .. }| {
        let result = innermost(&field.ty.node).clone();
        let arguments = inputs(&field.arguments, is_object);
        (field.name.node.clone(), Field { result, arguments })
    });
    fields.collect()
}

fn inputs(
    definitions: &[Positioned<InputValueDefinition>],
    is_object: impl Fn(&Name) -> bool,
) -> HashMap<Name, Input> {
    let inputs = definitions.iter().filter_map(|Positioned { node: input, .. }| {
        let (name, kind) = (&input.name.node, innermost(&input.ty.node));
        let kind = match is_object(kind) {
            true => Kind::Object(kind.clone()),
            false => Kind::Leaf(leaf::check(kind, name)?),
        };
        let list = matches!(input.ty.node.base, BaseType::List(_));
        let required = !input.ty.node.nullable && input.default_value.is_none();
        Some((name.clone(), Input { kind, list, required }))
    });
    inputs.collect()
}

/// The name in a list, or in lists of lists.
pub fn innermost(of: &Type) -> &Name {
    match &of.base {
        BaseType::Named(name) => name,
        BaseType::List(inner) => innermost(inner),
    }
}
