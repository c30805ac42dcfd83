//! Who may ask for what: every field of the schema, asked for by everybody.
//!
//! A field that is in no row fails the first test: say there who may see it, before it is shipped.

mod root;
mod stage;
mod types;

use std::collections::BTreeSet;

use graphql_parser::schema::{
    Definition, Document, Field, ObjectType, TypeDefinition, parse_schema,
};

use root::ROOT;
use stage::Stage;
use types::TYPES;

/// Who gets an answer; everybody else is refused, or sees nothing there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Audience {
    /// Whoever has a token.
    Known,
    /// The user whose it is, OPERATOR and ADMIN.
    Owner,
    /// OPERATOR and ADMIN.
    Operators,
    /// ADMIN.
    Admins,
}

/// The table and the schema name the same fields.
#[test]
fn every_field_is_in_a_row() {
    let sdl = wallet_bff::graphql::sdl();
    let schema = schema(&sdl);
    let stands: BTreeSet<String> = objects(&schema)
        .flat_map(|object| {
            object.fields.iter().map(|field| format!("{}.{}", object.name, field.name))
        })
        .collect();
    let root = ROOT.iter().map(|(field, ..)| (*field).to_owned());
    let nested = TYPES.iter().flat_map(|(name, _, _, fields)| {
        fields.split_whitespace().map(move |field| format!("{name}.{field}"))
    });
    let rows: BTreeSet<String> = root.chain(nested).collect();
    let missing: Vec<_> = stands.difference(&rows).collect();
    assert!(missing.is_empty(), "say in tests/api/access_table/ who may see {missing:?}");
    let gone: Vec<_> = rows.difference(&stands).collect();
    assert!(gone.is_empty(), "these rows have no field any more: {gone:?}");
}

/// Every field, asked for with no token and in every role, is answered to its audience only.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_field_is_answered_to_its_audience_only() {
    let stage = Stage::set().await;
    let sdl = wallet_bff::graphql::sdl();
    let schema = schema(&sdl);
    for (field, audience, selection) in ROOT {
        let kind = field.split('.').next().unwrap_or_default().to_lowercase();
        stage.assert_audience(field, *audience, &format!("{kind} {{ {selection} }}")).await;
    }
    for (name, audience, way, fields) in TYPES {
        let object = objects(&schema).find(|object| object.name == *name);
        let object = object.unwrap_or_else(|| panic!("the schema has no type {name}"));
        for field in fields.split_whitespace() {
            let selection =
                object.fields.iter().find(|f| f.name == field).map(|f| select(f, &schema));
            let document =
                way.replace('#', &selection.unwrap_or_else(|| panic!("no {name}.{field}")));
            stage.assert_audience(&format!("{name}.{field}"), *audience, &document).await;
        }
    }
}

/// One who may watch one wallet gets no events of another by naming both.
#[tokio::test]
async fn a_list_is_refused_for_one_of_its_wallets() {
    let stage = Stage::set().await;
    let both = "subscription { balanceUpdated(uids: [\"bob\", \"ann\"]) { snapshot } }";
    stage.assert_audience("both", Audience::Operators, both).await;
}

/// The field with what selecting it takes.
fn select(field: &Field<'_, String>, schema: &Document<'_, String>) -> String {
    let name = innermost(&field.field_type);
    let composite = schema.definitions.iter().any(|definition| match definition {
        Definition::TypeDefinition(TypeDefinition::Object(object)) => object.name == name,
        Definition::TypeDefinition(TypeDefinition::Interface(interface)) => interface.name == name,
        Definition::TypeDefinition(TypeDefinition::Union(union)) => union.name == name,
        _ => false,
    });
    if composite { format!("{} {{ __typename }}", field.name) } else { field.name.clone() }
}

fn innermost<'a>(kind: &'a graphql_parser::schema::Type<'_, String>) -> &'a str {
    use graphql_parser::schema::Type;
    match kind {
        Type::NamedType(name) => name,
        Type::ListType(inner) | Type::NonNullType(inner) => innermost(inner),
    }
}

fn schema(sdl: &str) -> Document<'_, String> {
    parse_schema(sdl).expect("our own schema")
}

fn objects<'a>(
    schema: &'a Document<'a, String>,
) -> impl Iterator<Item = &'a ObjectType<'a, String>> {
    schema.definitions.iter().filter_map(|definition| match definition {
        Definition::TypeDefinition(TypeDefinition::Object(object)) => Some(object),
        _ => None,
    })
}
