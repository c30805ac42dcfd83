//! Where async-graphql would merge what it resolved twice.

use std::collections::HashSet;

use async_graphql::{
    Name,
    parser::types::{ExecutableDocument, Selection, SelectionSet},
};

/// Whether somewhere in a document an object, or a list of them, is selected twice under one key,
/// as in `{ w: wallet(…) { uid } w: wallet(…) { balance } }`, if through fragments.
///
/// Looks at each operation with its fragments expanded: to be asked only of what is within the
/// limits on that.
pub fn merges(document: &ExecutableDocument) -> bool {
    let walk = Walk(document);
    document
        .operations
        .iter()
        .any(|(_, operation)| walk.merges(&operation.node.selection_set.node, &mut HashSet::new()))
}

struct Walk<'a>(&'a ExecutableDocument);

impl<'a> Walk<'a> {
    /// `keys` are those that were met in the set that this one is part of.
    fn merges(&self, set: &'a SelectionSet, keys: &mut HashSet<&'a Name>) -> bool {
        set.items.iter().any(|selection| match &selection.node {
            Selection::Field(field) => {
                let fields = &field.node.selection_set.node;
                !fields.items.is_empty()
                    && (!keys.insert(&field.node.response_key().node)
                        || self.merges(fields, &mut HashSet::new()))
            }
            // Which of the types that it is for the value will have does not matter: it might.
            Selection::InlineFragment(inline) => self.merges(&inline.node.selection_set.node, keys),
            Selection::FragmentSpread(spread) => {
                let fragment = self.0.fragments.get(&spread.node.fragment_name.node);
                fragment.is_some_and(|f| self.merges(&f.node.selection_set.node, keys))
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use async_graphql::parser::parse_query;

    use super::*;

    fn merged(text: &str) -> bool {
        merges(&parse_query(text).unwrap())
    }

    #[test]
    fn objects_under_one_key_are_merged() {
        for text in [
            "{ a { x } a { y } }",
            "{ a { x } b: a { y } ... { b: a { z } } }",
            "{ a { x } ...f } fragment f on Query { a { y } }",
            "{ ...f ...f } fragment f on Query { a { y } }",
            "{ ...f } fragment f on Query { ...g ... on Query { a { x } } } fragment g on Query { a { y } }",
            "{ a { b { x } ...f } } fragment f on A { b { y } }",
            "mutation { a { b { x } b { y } } }",
            "subscription { a { b { x } b { y } } }",
            "query q { a } query r { a { x } a { y } }",
            "{ a { ... on A { b { x } } ... on B { b { x } } } }",
            "{ a { x } a @skip(if: true) { y } }",
        ] {
            assert!(merged(text), "{text}");
        }
    }

    #[test]
    fn others_are_not() {
        for text in [
            "{ a { x } b { x } }",
            "{ a a a { x } }",
            "{ a { x } b: a { x } }",
            "{ a { b { x } } c { b { x } } }",
            "{ a { ...f } b { ...f } } fragment f on A { b { x } }",
            "query q { a { x } } query r { a { x } }",
            "{ a { x } } fragment unused on A { a { x } a { x } }",
            "{ a { x } ...unknown }",
        ] {
            assert!(!merged(text), "{text}");
        }
    }
}
