//! The values of a document: literals are checked as they are found, and what stands for a
//! variable is remembered. Each selection is looked at once, however often its fragment is spread.

use std::fmt;

use async_graphql::{
    Name, Pos, Positioned, ServerError, Value as Constant, Variables,
    parser::types::{
        DocumentOperations, ExecutableDocument, Field, OperationType, Selection, SelectionSet,
    },
};
use async_graphql_value::Value;

use super::shapes::{Input, Kind, Shapes};

/// Where a variable stands.
pub struct Place<'a> {
    pub variable: &'a Name,
    /// What is wanted there.
    pub input: &'a Input,
    /// Whether a list is wanted there; within one, single values are.
    pub list: bool,
    /// Whether it has to have a value.
    pub required: bool,
    /// The argument, and the way into it.
    path: String,
    pos: Pos,
}

impl Place<'_> {
    /// Checks the variable's value.
    ///
    /// # Errors
    /// When it, or something in it, is malformed.
    pub fn check_value(&self, shapes: &Shapes, variables: &Variables) -> Result<(), ServerError> {
        let path = Path::root(&self.path);
        let checked = match variables.get(self.variable) {
            None | Some(Constant::Null) if self.required => {
                Err(Malformed::new(&path, "a value is wanted"))
            }
            None => Ok(()),
            Some(value) => constant(shapes, value, (self.input, self.list), &path),
        };
        checked.map_err(|malformed| malformed.at(self.pos))
    }
}

/// A field that is given both of what only one may be given of.
pub struct Pair<'a> {
    first: &'a Value,
    last: &'a Value,
    pos: Pos,
}

impl Pair<'_> {
    /// Checks that at most one of them has a value.
    ///
    /// # Errors
    /// When both have.
    pub fn check(&self, variables: &Variables) -> Result<(), ServerError> {
        let given = |value: &Value| match value {
            Value::Null => false,
            Value::Variable(name) => {
                variables.get(name).is_some_and(|value| *value != Constant::Null)
            }
            _ => true,
        };
        match given(self.first) && given(self.last) {
            true => {
                Err(Malformed::new(&Path::root("last"), "first or last, not both").at(self.pos))
            }
            false => Ok(()),
        }
    }
}

/// What is to be looked at for each request.
pub struct Found<'a> {
    /// Where variables stand.
    pub places: Vec<Place<'a>>,
    /// What is given twice, perhaps.
    pub pairs: Vec<Pair<'a>>,
}

/// Where the variables of an operation stand.
///
/// # Errors
/// When a literal is malformed.
pub fn places<'a>(
    shapes: &'a Shapes,
    document: &'a ExecutableDocument,
    operation: Option<&str>,
) -> Result<Found<'a>, ServerError> {
    let mut walk = Walk { shapes, found: Found { places: Vec::new(), pairs: Vec::new() } };
    let selected = match (&document.operations, operation) {
        (DocumentOperations::Single(operation), _) => Some(operation),
        (DocumentOperations::Multiple(operations), Some(name)) => operations.get(name),
        (DocumentOperations::Multiple(operations), None) => operations.values().next(),
    };
    let Some(Positioned { node: operation, .. }) = selected else { return Ok(walk.found) };
    let root = match operation.ty {
        OperationType::Query => "Query",
        OperationType::Mutation => "Mutation",
        OperationType::Subscription => "Subscription",
    };
    walk.set(&Name::new(root), &operation.selection_set.node)?;
    for Positioned { node: fragment, .. } in document.fragments.values() {
        walk.set(&fragment.type_condition.node.on.node, &fragment.selection_set.node)?;
    }
    Ok(walk.found)
}

struct Walk<'a> {
    shapes: &'a Shapes,
    found: Found<'a>,
}

impl<'a> Walk<'a> {
    /// Recurses as deep as a document nests, which is bounded before it is parsed.
    fn set(&mut self, parent: &Name, set: &'a SelectionSet) -> Result<(), ServerError> {
        set.items.iter().try_for_each(|selection| match &selection.node {
            Selection::Field(field) => self.field(parent, &field.node),
            Selection::InlineFragment(inline) => {
                let condition = inline.node.type_condition.as_ref();
                let parent = condition.map_or(parent, |condition| &condition.node.on.node);
                self.set(parent, &inline.node.selection_set.node)
            }
            Selection::FragmentSpread(_) => Ok(()),
        })
    }

    fn field(&mut self, parent: &Name, field: &'a Field) -> Result<(), ServerError> {
        // What is not there is named by validation.
        let shapes = self.shapes;
        let Some(shape) = shapes.field(parent, &field.name.node) else { return Ok(()) };
        for (name, value) in &field.arguments {
            if let Some(input) = shape.arguments.get(&name.node) {
                let wanted = (input, input.list());
                let checked = self.value(&value.node, wanted, &Path::root(&name.node), value.pos);
                checked.map_err(|malformed| malformed.at(value.pos))?;
            }
        }
        if let (Some(first), Some(last)) = (field.get_argument("first"), field.get_argument("last"))
        {
            self.found.pairs.push(Pair { first: &first.node, last: &last.node, pos: last.pos });
        }
        self.set(&shape.result, &field.selection_set.node)
    }

    fn value(
        &mut self,
        value: &'a Value,
        (input, list): (&'a Input, bool),
        path: &Path<'_>,
        pos: Pos,
    ) -> Result<(), Malformed> {
        match value {
            Value::Variable(variable) => {
                let required = input.required && list == input.list();
                let path = path.to_string();
                self.found.places.push(Place { variable, input, list, required, path, pos });
                Ok(())
            }
            Value::List(items) if list => {
                let length = input.check_length(items.len());
                length.map_err(|words| Malformed::new(path, words))?;
                let mut items = items.iter().enumerate();
                items.try_for_each(|(n, item)| self.value(item, (input, false), &path.item(n), pos))
            }
            Value::List(_) => Err(Malformed::new(path, NO_LIST)),
            Value::Object(fields) => {
                fields.iter().try_for_each(|(name, value)| match part(self.shapes, input, name) {
                    Some(input) => self.value(value, (input, input.list()), &path.field(name), pos),
                    None => Ok(()),
                })
            }
            leaf => match leaf.clone().into_const() {
                Some(leaf) => constant(self.shapes, &leaf, (input, list), path),
                None => Ok(()),
            },
        }
    }
}

/// What is said of a list where there should be none. async-graphql takes it for a scalar.
const NO_LIST: &str = "a single value is wanted, not a list";

/// Recurses as deep as a variable's value nests, which its parser bounds.
fn constant(
    shapes: &Shapes,
    value: &Constant,
    (input, list): (&Input, bool),
    path: &Path<'_>,
) -> Result<(), Malformed> {
    match (value, &input.kind) {
        // Whether it may be null is told by validation.
        (Constant::Null, _) => Ok(()),
        (Constant::List(items), _) if list => {
            let length = input.check_length(items.len());
            length.map_err(|words| Malformed::new(path, words))?;
            let mut items = items.iter().enumerate();
            items.try_for_each(|(n, item)| constant(shapes, item, (input, false), &path.item(n)))
        }
        (Constant::List(_), _) => Err(Malformed::new(path, NO_LIST)),
        (Constant::Object(fields), Kind::Object(_)) => {
            fields.iter().try_for_each(|(name, value)| match part(shapes, input, name) {
                Some(input) => constant(shapes, value, (input, input.list()), &path.field(name)),
                None => Ok(()),
            })
        }
        (leaf, _) => input.check(leaf).map_err(|words| Malformed::new(path, words)),
    }
}

fn part<'a>(shapes: &'a Shapes, input: &Input, name: &Name) -> Option<&'a Input> {
    match &input.kind {
        Kind::Object(object) => shapes.input(object, name),
        Kind::Leaf(_) | Kind::Number(_) | Kind::Other => None,
    }
}

/// A value that will not do.
struct Malformed {
    path: String,
    words: String,
}

impl Malformed {
    fn new(path: &Path<'_>, words: impl Into<String>) -> Self {
        Self { path: path.to_string(), words: words.into() }
    }

    fn at(self, pos: Pos) -> ServerError {
        let mut error = ServerError::new(format!("{}: {}", self.path, self.words), Some(pos));
        let extensions = error.extensions.get_or_insert_default();
        extensions.set("code", "BAD_USER_INPUT");
        extensions.set("argument", self.path);
        error
    }
}

/// The way to a value, written when it is needed: `input.operations.3.amount`.
struct Path<'a> {
    before: Option<&'a Path<'a>>,
    step: Step<'a>,
}

enum Step<'a> {
    Field(&'a str),
    Item(usize),
}

impl<'a> Path<'a> {
    fn root(argument: &'a str) -> Self {
        Self { before: None, step: Step::Field(argument) }
    }

    fn field(&'a self, name: &'a str) -> Self {
        Self { before: Some(self), step: Step::Field(name) }
    }

    fn item(&'a self, n: usize) -> Self {
        Self { before: Some(self), step: Step::Item(n) }
    }
}

impl fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(before) = self.before {
            write!(f, "{before}.")?;
        }
        match self.step {
            Step::Field(name) => f.write_str(name),
            Step::Item(n) => write!(f, "{n}"),
        }
    }
}
