//! What a selection set comes to, for all rows that it is asked of.

use std::{borrow::Cow, collections::HashMap};

use async_graphql::{
    ContainerType, Context, Name, Positioned, Value,
    parser::types::{Field, FragmentDefinition, Selection, SelectionSet},
};

use super::json::{WriteJson, write_value};

/// Most fields of one object that are planned: keys are compared one by one.
const MAX_STEPS: usize = 64;

/// Writes a field's value. The context is there because resolvers take one; it is of no field.
pub type Write<T> = fn(&T, &Context<'_>, &mut String);

/// Writes the value of a field that has fields itself.
pub type Parts<T> = Box<dyn Fn(&T, &Context<'_>, &mut String) + Send + Sync>;

/// What can be written without the executor.
pub trait Render: ContainerType + Send + Sync + Sized {
    /// How a field is written that is a value of the row and nothing else: no arguments, guard,
    /// failure or wait.
    fn plain(field: &str) -> Option<Write<Self>>;

    /// How a field is written that has such fields itself, and `set` of them are selected.
    fn parts(field: &str, set: Selected<'_>) -> Option<Parts<Self>> {
        let _ = (field, set);
        None
    }
}

/// A selection set, and the fragments that it may spread.
#[derive(Clone, Copy)]
pub struct Selected<'a> {
    set: &'a SelectionSet,
    fragments: &'a HashMap<Name, Positioned<FragmentDefinition>>,
}

impl<'a> Selected<'a> {
    /// As they stand in a document.
    pub const fn new(
        set: &'a SelectionSet,
        fragments: &'a HashMap<Name, Positioned<FragmentDefinition>>,
    ) -> Self {
        Self { set, fragments }
    }

    /// How a `T` is written, if all that is selected of it can be.
    pub fn template<T: Render>(self) -> Option<Template<T>> {
        let Plan { template, left } = Plan::of(self)?;
        left.is_empty().then_some(template)
    }

    const fn with(self, set: &'a SelectionSet) -> Self {
        Self { set, ..self }
    }
}

/// How a `T` is written, and what is left to the executor.
pub struct Plan<'a, T> {
    pub template: Template<T>,
    pub left: Vec<&'a Positioned<Field>>,
}

/// The text of an object: keys, and how the values between them are written.
pub struct Template<T>(Vec<Step<T>>);

struct Step<T> {
    /// The key, with what comes before and after it: `{"uid":` or `,"uid":`.
    key: String,
    value: Part<T>,
}

enum Part<T> {
    TypeName(Cow<'static, str>),
    Plain(Write<T>),
    Parts(Parts<T>),
    /// The executor's answer of this index.
    Left(usize),
}

impl<T> Step<T> {
    fn is_of(&self, key: &str) -> bool {
        self.key.get(2..self.key.len() - 2) == Some(key)
    }
}

impl<T: Render> Template<T> {
    /// Writes `row`, with what the executor answered for the rest.
    pub fn write(&self, row: &T, ctx: &Context<'_>, left: &[Value], json: &mut String) {
        if self.0.is_empty() {
            json.push('{');
        }
        for Step { key, value } in &self.0 {
            json.push_str(key);
            match value {
                Part::TypeName(name) => name.write_json(json),
                Part::Plain(write) => write(row, ctx, json),
                Part::Parts(write) => write(row, ctx, json),
                Part::Left(index) => write_value(left.get(*index).unwrap_or(&Value::Null), json),
            }
        }
        json.push('}');
    }
}

impl<'a, T: Render> Plan<'a, T> {
    /// `None` where it is better left to the executor altogether.
    pub fn of(selected: Selected<'a>) -> Option<Self> {
        let steps = Vec::with_capacity(selected.set.items.len());
        let mut plan = Self { template: Template(steps), left: Vec::new() };
        plan.add(selected)?;
        let nothing = plan.template.0.len() == plan.left.len() && !plan.left.is_empty();
        (!nothing).then_some(plan)
    }

    /// Recurses as deep as fragments do, which is bounded before.
    fn add(&mut self, selected: Selected<'a>) -> Option<()> {
        for selection in &selected.set.items {
            // @skip and @include were heeded, and are gone.
            if !selection.node.directives().is_empty() {
                return None;
            }
            match &selection.node {
                Selection::Field(field) => self.add_field(field, selected)?,
                Selection::InlineFragment(inline) => {
                    let condition = inline.node.type_condition.as_ref();
                    let on = condition.map(|condition| &condition.node.on.node);
                    self.add_fragment(on, selected.with(&inline.node.selection_set.node))?;
                }
                Selection::FragmentSpread(spread) => {
                    let name = &spread.node.fragment_name.node;
                    let fragment = &selected.fragments.get(name)?.node;
                    let on = &fragment.type_condition.node.on.node;
                    self.add_fragment(Some(on), selected.with(&fragment.selection_set.node))?;
                }
            }
        }
        Some(())
    }

    /// Which of a type's interfaces count is the executor's business.
    fn add_fragment(&mut self, on: Option<&Name>, selected: Selected<'a>) -> Option<()> {
        if on.is_some_and(|on| *on != *T::type_name()) {
            return None;
        }
        self.add(selected)
    }

    fn add_field(&mut self, field: &'a Positioned<Field>, selected: Selected<'a>) -> Option<()> {
        let key = &field.node.response_key().node;
        let value = self.part(field, selected);
        let steps = &mut self.template.0;
        if let Some(earlier) = steps.iter().find(|step| step.is_of(key)) {
            // The first one stands, as with the executor; it is the same anyway.
            return (is_leaf(&earlier.value) && is_leaf(&value)).then_some(());
        }
        if steps.len() == MAX_STEPS {
            return None;
        }
        if let Part::Left(_) = value {
            self.left.push(field);
        }
        let start = if steps.is_empty() { "{\"" } else { ",\"" };
        steps.push(Step { key: [start, key, "\":"].concat(), value });
        Some(())
    }

    fn part(&self, field: &'a Positioned<Field>, selected: Selected<'a>) -> Part<T> {
        let Field { name, arguments, selection_set, .. } = &field.node;
        let left = Part::Left(self.left.len());
        match (name.node.as_str(), selection_set.node.items.is_empty()) {
            _ if !arguments.is_empty() => left,
            ("__typename", _) => Part::TypeName(T::type_name()),
            (name, true) => T::plain(name).map_or(left, Part::Plain),
            (name, false) => {
                T::parts(name, selected.with(&selection_set.node)).map_or(left, Part::Parts)
            }
        }
    }
}

const fn is_leaf<T>(part: &Part<T>) -> bool {
    matches!(part, Part::TypeName(_) | Part::Plain(_))
}
