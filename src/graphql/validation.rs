//! Validation, once: a document that passed need not be validated again, which is most of what is
//! left of its cost once it is parsed.
//!
//! async-graphql's fast mode skips nearly every rule, also those that look at variables, and
//! then answers wrong values otherwise or not at all. So it is used for exactly the document
//! that passed the strict mode, only if that is one query or mutation all of whose variables are
//! scalars, enums or lists of them, and only with values that the strict mode would let through.
//!
//! Scalars are parsed by the field that takes them, which is too late for a mutation: those
//! before it are done. So amounts, keys, names, cursors and the like are looked at here, before
//! anything runs, and refused in their own words; so are lists that are too long, and pages.
//!
//! The strict mode holds no variable's type against its place, and looks at no argument in which
//! a variable was left out: both are done here as well.

mod bounds;
mod leaf;
mod malformed;
mod places;
mod plain;
mod shapes;
#[cfg(test)]
mod tests;
mod whole;

use std::sync::{Arc, OnceLock};

use async_graphql::{
    Response, ServerError, Value, Variables,
    parser::{
        parse_schema,
        types::{ExecutableDocument, TypeDefinition, TypeSystemDefinition},
    },
};

use places::places;
use plain::{Kinds, Plain};
use shapes::Shapes;

use super::{context::Bounds, rendered::merges};

/// What is known of a document's validity. It belongs to one parsed document, travels with it in
/// the data of its requests, and is the same for all its clones.
#[derive(Clone, Debug, Default)]
pub struct Verdict {
    passed: Arc<OnceLock<Shortcut>>,
    /// Nothing in it is merged.
    apart: bool,
}

/// What the fast mode is good for, with a document that passed.
type Shortcut = Option<Plain>;

impl Verdict {
    /// Of a document within the limits that has not passed yet.
    pub fn of(document: &ExecutableDocument) -> Self {
        Self { passed: Arc::default(), apart: !merges(document) }
    }

    /// Whether objects of its answers may have to be merged: of a document that was not looked
    /// at, anything is to be expected.
    pub(super) fn mergeable(&self) -> bool {
        !self.apart
    }

    /// Whether it passed, and need not be validated again with these variables.
    pub(super) fn covers(&self, variables: &Variables) -> bool {
        matches!(self.passed.get(), Some(Some(plain)) if plain.fits(variables))
    }

    /// Remembers, if `response` is from a document that passed. One that did not has neither
    /// data nor an error in a field.
    pub(super) fn decide(&self, checked: Checked, response: &Response) {
        let executed = response.data != Value::Null
            || response.errors.iter().any(|error| !error.path.is_empty());
        if executed {
            // Somebody else may have been first, with the same.
            let _ = self.passed.set(checked.0);
        }
    }
}

/// What the values of documents are checked against.
#[derive(Clone)]
pub(super) struct Types(Arc<(Kinds, Shapes)>);

/// A document whose values are as they should be: what to remember when it passes.
pub(super) struct Checked(Shortcut);

impl Types {
    /// From the schema definition language; nothing from what is none.
    pub fn of(sdl: &str, bounds: Bounds) -> Self {
        let definitions = parse_schema(sdl).map(|d| d.definitions).unwrap_or_default();
        let types = definitions.into_iter().filter_map(|definition| match definition {
            TypeSystemDefinition::Type(definition) => Some(definition.node),
            TypeSystemDefinition::Schema(_) | TypeSystemDefinition::Directive(_) => None,
        });
        let types: Vec<TypeDefinition> = types.collect();
        Self(Arc::new((Kinds::of(&types), Shapes::of(&types, bounds))))
    }

    /// Looks at the values in a document and at those of its variables. What else may be wrong
    /// with it is not seen here.
    ///
    /// # Errors
    /// About the first that is malformed.
    pub fn check(
        &self,
        document: &ExecutableDocument,
        operation: Option<&str>,
        variables: &Variables,
    ) -> Result<Checked, ServerError> {
        let (kinds, shapes) = &*self.0;
        let found = places(kinds, shapes, document, operation)?;
        found.places.iter().try_for_each(|place| place.check_value(shapes, variables))?;
        found.pairs.iter().try_for_each(|pair| pair.check(variables))?;
        found.wholes.iter().try_for_each(|whole| whole.check(kinds, shapes, variables))?;
        Ok(Checked(Plain::of(document, kinds, &found)))
    }
}
