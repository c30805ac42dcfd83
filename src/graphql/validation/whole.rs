//! Arguments with a variable in them that was left out. async-graphql does not look at the rest of
//! them: it would be refused by its field, when those before are done.

use async_graphql::{Name, Pos, ServerError, Variables};
use async_graphql_value::Value;

use super::{
    malformed::{Malformed, Path},
    places::WANTED,
    plain::Kinds,
    shapes::{Input, Kind, Shapes},
};

/// An argument that is written as a list or an object.
pub struct Whole<'a> {
    pub value: &'a Value,
    /// What is wanted there.
    pub input: &'a Input,
    pub argument: &'a Name,
    pub pos: Pos,
}

impl Whole<'_> {
    /// Checks that all of it is there, and nothing else, if validation does not.
    ///
    /// # Errors
    /// About the first that is not.
    pub fn check(
        &self,
        kinds: &Kinds,
        shapes: &Shapes,
        variables: &Variables,
    ) -> Result<(), ServerError> {
        if !lacks(self.value, variables) {
            return Ok(());
        }
        let whole = Walk { kinds, shapes, variables };
        let wanted = (self.input, self.input.list());
        let checked = whole.value(self.value, wanted, &Path::root(self.argument));
        checked.map_err(|malformed| malformed.at(self.pos))
    }
}

/// Whether a variable in it has no value.
fn lacks(value: &Value, variables: &Variables) -> bool {
    match value {
        Value::Variable(name) => variables.get(name).is_none(),
        Value::List(items) => items.iter().any(|item| lacks(item, variables)),
        Value::Object(fields) => fields.values().any(|field| lacks(field, variables)),
        _ => false,
    }
}

struct Walk<'a> {
    kinds: &'a Kinds,
    shapes: &'a Shapes,
    variables: &'a Variables,
}

impl Walk<'_> {
    /// Recurses as deep as values nest, which their parsers bound. What a variable may be without
    /// a value is told of its place.
    fn value(
        &self,
        value: &Value,
        (input, list): (&Input, bool),
        path: &Path<'_>,
    ) -> Result<(), Malformed> {
        match value {
            Value::Variable(name) => match self.variables.get(name) {
                Some(value) => self.value(&value.clone().into_value(), (input, list), path),
                None => Ok(()),
            },
            Value::Null if input.may_be_null(list) => Ok(()),
            Value::Null => Err(Malformed::new(path, WANTED)),
            Value::List(items) => {
                let mut items = items.iter().enumerate();
                items.try_for_each(|(n, item)| self.value(item, (input, false), &path.item(n)))
            }
            value => match &input.kind {
                Kind::Object(object) => self.object(value, object, path),
                Kind::Leaf(_) | Kind::Number(_) | Kind::Other => {
                    let leaf = value.clone().into_const();
                    match leaf.is_some_and(|leaf| self.kinds.takes(&input.named, &leaf)) {
                        true => Ok(()),
                        false => Err(Malformed::new(path, format!("{} is wanted", input.named))),
                    }
                }
            },
        }
    }

    fn object(&self, value: &Value, name: &Name, path: &Path<'_>) -> Result<(), Malformed> {
        let (Value::Object(given), Some(object)) = (value, self.shapes.object(name)) else {
            return Err(Malformed::new(path, "an object is wanted"));
        };
        if object.one_of && given.len() != 1 {
            return Err(Malformed::new(path, "exactly one of its fields is wanted"));
        }
        for (name, value) in given {
            // Its name is not repeated: it may be long.
            let Some(input) = object.fields.get(name) else {
                return Err(Malformed::new(path, "it has a field that is not known"));
            };
            self.value(value, (input, input.list()), &path.field(name))?;
        }
        let mut missing = object.fields.iter().filter(|(name, input)| {
            !object.one_of && !given.contains_key(*name) && !input.may_be_absent(input.list())
        });
        match missing.next() {
            Some((name, _)) => Err(Malformed::new(&path.field(name), WANTED)),
            None => Ok(()),
        }
    }
}
