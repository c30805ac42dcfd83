//! The values of a document: literals are checked as they are found, and what stands for a
//! variable is remembered. Each selection is looked at once, however often its fragment is spread.

use std::collections::{HashMap, HashSet};

use async_graphql::{
    Name, Pos, Positioned, ServerError, Value as Constant, Variables,
    parser::types::{
        BaseType, Directive, DocumentOperations, ExecutableDocument, Field, OperationType,
        Selection, SelectionSet, Type,
    },
};
use async_graphql_value::Value;

use super::{
    malformed::{Malformed, Path},
    plain::Kinds,
    shapes::{Input, Kind, Shapes, innermost},
    whole::Whole,
};

/// Where a variable stands.
pub struct Place<'a> {
    pub variable: &'a Name,
    /// What is wanted there.
    pub input: &'a Input,
    /// Whether a list is wanted there; within one, single values are.
    pub list: bool,
    /// The argument, and the way into it.
    path: String,
    pos: Pos,
}

impl Place<'_> {
    /// Whether it may be left out.
    pub fn may_be_absent(&self) -> bool {
        self.input.may_be_absent(self.list)
    }

    /// Whether it may be null.
    pub fn may_be_null(&self) -> bool {
        self.input.may_be_null(self.list)
    }

    /// Checks the variable's value.
    ///
    /// # Errors
    /// When it, or something in it, is malformed.
    pub fn check_value(&self, shapes: &Shapes, variables: &Variables) -> Result<(), ServerError> {
        let path = Path::root(&self.path);
        let checked = match variables.get(self.variable) {
            None if self.may_be_absent() => Ok(()),
            Some(Constant::Null) if self.may_be_null() => Ok(()),
            None | Some(Constant::Null) => Err(Malformed::new(&path, WANTED)),
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
    /// What has variables in it.
    pub wholes: Vec<Whole<'a>>,
}

/// Where the variables of an operation stand, in it and in the fragments that it comes to. Others
/// of the document's operations have variables of their own.
///
/// # Errors
/// When a literal is malformed, or a variable is of another type than is wanted.
pub fn places<'a>(
    kinds: &'a Kinds,
    shapes: &'a Shapes,
    document: &'a ExecutableDocument,
    operation: Option<&str>,
) -> Result<Found<'a>, ServerError> {
    let found = Found { places: Vec::new(), pairs: Vec::new(), wholes: Vec::new() };
    let selected = match (&document.operations, operation) {
        (DocumentOperations::Single(operation), _) => Some(operation),
        (DocumentOperations::Multiple(operations), Some(name)) => operations.get(name),
        (DocumentOperations::Multiple(operations), None) => operations.values().next(),
    };
    let Some(Positioned { node: operation, .. }) = selected else { return Ok(found) };
    let declared = operation
        .variable_definitions
        .iter()
        .map(|Positioned { node, .. }| (&node.name.node, &node.var_type.node));
    let declared = declared.collect();
    let mut walk = Walk { kinds, shapes, declared, found, spread: Vec::new() };
    let root = match operation.ty {
        OperationType::Query => "Query",
        OperationType::Mutation => "Mutation",
        OperationType::Subscription => "Subscription",
    };
    walk.set(&Name::new(root), &operation.selection_set.node)?;
    let mut seen = HashSet::new();
    while let Some(name) = walk.spread.pop() {
        if let (true, Some(Positioned { node: fragment, .. })) =
            (seen.insert(name), document.fragments.get(name))
        {
            walk.set(&fragment.type_condition.node.on.node, &fragment.selection_set.node)?;
        }
    }
    Ok(walk.found)
}

struct Walk<'a> {
    kinds: &'a Kinds,
    shapes: &'a Shapes,
    declared: HashMap<&'a Name, &'a Type>,
    found: Found<'a>,
    /// The fragments that were come across.
    spread: Vec<&'a Name>,
}

impl<'a> Walk<'a> {
    /// Recurses as deep as a document nests, which is bounded before it is parsed.
    fn set(&mut self, parent: &Name, set: &'a SelectionSet) -> Result<(), ServerError> {
        set.items.iter().try_for_each(|selection| {
            self.conditions(selection.node.directives())?;
            match &selection.node {
                Selection::Field(field) => self.field(parent, &field.node),
                Selection::InlineFragment(inline) => {
                    let condition = inline.node.type_condition.as_ref();
                    let parent = condition.map_or(parent, |condition| &condition.node.on.node);
                    self.set(parent, &inline.node.selection_set.node)
                }
                Selection::FragmentSpread(spread) => {
                    self.spread.push(&spread.node.fragment_name.node);
                    Ok(())
                }
            }
        })
    }

    /// What is skipped or included: async-graphql takes a condition without a value for false.
    fn conditions(&mut self, directives: &'a [Positioned<Directive>]) -> Result<(), ServerError> {
        let arguments = directives.iter().flat_map(|directive| &directive.node.arguments);
        for (name, value) in arguments.filter(|(name, _)| name.node == "if") {
            if let Value::Variable(variable) = &value.node {
                let wanted = (&self.shapes.condition, false);
                self.variable(variable, wanted, &Path::root(&name.node), value.pos)?;
            }
        }
        Ok(())
    }

    fn field(&mut self, parent: &Name, field: &'a Field) -> Result<(), ServerError> {
        // What is not there is named by validation.
        let shapes = self.shapes;
        let Some(shape) = shapes.field(parent, &field.name.node) else { return Ok(()) };
        for (name, value) in &field.arguments {
            if let Some(input) = shape.arguments.get(&name.node) {
                let wanted = (input, input.list());
                self.value(&value.node, wanted, &Path::root(&name.node), value.pos)?;
                let (value, argument, pos) = (&value.node, &name.node, value.pos);
                if matches!(value, Value::Object(_) | Value::List(_)) {
                    self.found.wholes.push(Whole { value, input, argument, pos });
                }
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
    ) -> Result<(), ServerError> {
        match value {
            Value::Variable(variable) => self.variable(variable, (input, list), path, pos),
            Value::List(items) if list => {
                let length = input.check_length(items.len());
                length.map_err(|words| Malformed::new(path, words).at(pos))?;
                let mut items = items.iter().enumerate();
                items.try_for_each(|(n, item)| self.value(item, (input, false), &path.item(n), pos))
            }
            Value::List(_) => Err(Malformed::new(path, NO_LIST).at(pos)),
            Value::Object(fields) => {
                fields.iter().try_for_each(|(name, value)| match part(self.shapes, input, name) {
                    Some(input) => self.value(value, (input, input.list()), &path.field(name), pos),
                    None => Ok(()),
                })
            }
            Value::String(_) if self.kinds.is_enum(&input.named) => {
                Err(Malformed::new(path, "an enum value is wanted, without quotes").at(pos))
            }
            leaf => match leaf.clone().into_const() {
                Some(leaf) => constant(self.shapes, &leaf, (input, list), path)
                    .map_err(|malformed| malformed.at(pos)),
                None => Ok(()),
            },
        }
    }

    /// Whether it may be null is told by its value: who declares it looser than its place, and
    /// gives one, is understood.
    fn variable(
        &mut self,
        variable: &'a Name,
        (input, list): (&'a Input, bool),
        path: &Path<'_>,
        pos: Pos,
    ) -> Result<(), ServerError> {
        if let Some(declared) = self.declared.get(variable) {
            let named = innermost(declared);
            // What is no type for a variable, validation says.
            let known = self.kinds.has(named) || self.shapes.object(named).is_some();
            let fits = matches!(declared.base, BaseType::List(_)) == list
                && self.kinds.alike(named, &input.named);
            if known && !fits {
                let wanted = &input.named;
                let wanted = if list { format!("[{wanted}]") } else { wanted.to_string() };
                let words =
                    format!("{path}: a variable of type {wanted} is wanted, not {declared}");
                return Err(ServerError::new(words, Some(pos)));
            }
        }
        self.found.places.push(Place { variable, input, list, path: path.to_string(), pos });
        Ok(())
    }
}

/// What is said of nothing where something has to be.
pub const WANTED: &str = "a value is wanted";

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
        Kind::Object(object) => shapes.object(object)?.fields.get(name),
        Kind::Leaf(_) | Kind::Number(_) | Kind::Other => None,
    }
}
