//! What is rendered, and what is left to the executor.

use async_graphql::{
    connection::PageInfo,
    parser::{
        parse_query, parse_schema,
        types::{DocumentOperations, Selection, TypeKind, TypeSystemDefinition},
    },
};

use crate::graphql::{
    connection::{Connection, Edge},
    order::Order,
    rendered::{Render, Selected, plan::Plan},
    transaction::Transaction,
    wallet::Wallet,
};

/// How many fields of the first object in a document are left to the executor; `None` when it is
/// left altogether.
fn left<T: Render>(text: &str) -> Option<usize> {
    let document = parse_query(text).unwrap();
    let DocumentOperations::Single(operation) = &document.operations else { panic!("{text}") };
    let Selection::Field(field) = &operation.node.selection_set.node.items[0].node else {
        panic!("{text}")
    };
    let set = &field.node.selection_set.node;
    Plan::<T>::of(Selected::new(set, &document.fragments)).map(|plan| plan.left.len())
}

#[test]
fn what_is_more_than_a_value_is_left_to_the_executor() {
    for (text, expected) in [
        ("{ w { uid } }", Some(0)),
        ("{ w { uid transactions { edges { node { uid } } } lock { key } } }", Some(2)),
        ("{ w { uid a: orders(first: 1) { totalCount } b: orders { totalCount } } }", Some(2)),
        ("{ w { uid nonsense } }", Some(1)),
        ("{ w { a: uid(x: 1) uid } }", Some(1)),
        ("{ w { uid { x } a: uid } }", Some(1)),
        ("{ w { ...f uid } } fragment f on Wallet { lock { key } }", Some(1)),
        ("{ w { transactions { edges { cursor } } } }", None),
        ("{ w { ...unknown } }", None),
        ("{ w { uid @nonsense } }", None),
        ("{ w { ... @nonsense { uid } } }", None),
        ("{ w { ... on Order { uid } } }", None),
        ("{ w { uid uid: transactions { totalCount } } }", None),
        ("{ w { uid: lock { key } uid } }", None),
    ] {
        assert_eq!(left::<Wallet>(text), expected, "{text}");
    }
    for (text, expected) in [
        ("{ w { edges { node { uid } } totalCount } }", Some(1)),
        ("{ w { edges { node { uid lock { key } } } pageInfo { endCursor } } }", Some(1)),
        ("{ w { edges { node { uid lock { key } } } } }", None),
        ("{ w { totalCount } }", None),
        ("{ w { edges pageInfo { endCursor } } }", Some(1)),
    ] {
        assert_eq!(left::<Connection<Wallet>>(text), expected, "{text}");
    }
    let many: String = (0..=64).map(|n| format!("a{n}: uid ")).collect();
    assert_eq!(left::<Wallet>(&format!("{{ w {{ {many} }} }}")), None);
}

/// The fields of a type that have neither arguments nor fields, as the schema says.
fn leaves(of: &str) -> Vec<(String, bool)> {
    let definitions = parse_schema(crate::graphql::sdl()).unwrap().definitions;
    let types: Vec<_> = definitions
        .into_iter()
        .filter_map(|definition| match definition {
            TypeSystemDefinition::Type(definition) => Some(definition.node),
            _ => None,
        })
        .collect();
    let is_leaf = |kind: &str| {
        let name = kind.trim_matches(['[', ']', '!']);
        let own = types.iter().find(|definition| definition.name.node == name);
        own.is_none_or(|own| matches!(own.kind, TypeKind::Scalar | TypeKind::Enum(_)))
    };
    let own = types.iter().find(|definition| definition.name.node == of);
    let Some(TypeKind::Object(object)) = own.map(|own| &own.kind) else { panic!("no type {of}") };
    let fields = object.fields.iter().map(|field| {
        let leaf = field.node.arguments.is_empty() && is_leaf(&field.node.ty.node.to_string());
        (field.node.name.node.to_string(), leaf)
    });
    fields.collect()
}

fn assert_all_known<T: Render>(but: &[&str]) {
    for (field, leaf) in leaves(&T::type_name()) {
        let expected = leaf && !but.contains(&field.as_str());
        assert_eq!(
            T::plain(&field).is_some(),
            expected,
            "{}.{field}: say in `plain` how it is written, or here that it is more than a value \
             of the row: has a guard, may fail, or waits for something",
            T::type_name()
        );
    }
}

/// A field that is added to one of these is to be added to what is rendered too.
#[test]
fn every_plain_field_is_known() {
    assert_all_known::<Wallet>(&[]);
    assert_all_known::<Order>(&[]);
    assert_all_known::<Transaction>(&[]);
    assert_all_known::<PageInfo>(&[]);
    assert_all_known::<Edge<Order>>(&[]);
    // It is counted.
    assert_all_known::<Connection<Order>>(&["totalCount"]);
}
