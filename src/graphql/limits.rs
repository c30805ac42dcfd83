//! The document guard: what a document may ask for, counted before anything else looks at it.
//!
//! async-graphql's validators walk each fragment again for each spread, so that 25 fragments of
//! two spreads each are 33 million visits. Here every fragment is counted once and its cost
//! added where it is spread; documents are refused by their *expanded* size.

mod cost;
mod nesting;
#[cfg(test)]
mod tests;

use std::collections::HashMap;

use async_graphql::{
    Name, Pos, Positioned, ServerError,
    parser::types::{ExecutableDocument, Field, FragmentDefinition, Selection, SelectionSet},
};

use crate::config::LimitsConfig;
use nesting::shape;

pub use cost::check_cost;

/// Deepest nesting of braces, brackets and parentheses in a document's text. The parser
/// recurses on each before it counts, and overflows its stack at a few thousand.
const MAX_NESTING: usize = 100;

/// Longest name, in bytes. An alias stands in the answer once for each row: one of 60 kB over a page
/// of a hundred rows, under a few aliases more, was an answer of 270 MB.
const MAX_NAME_BYTES: usize = 128;

/// Most lists of the introspection schema within one another, as in `fields { type { fields` .
/// Each multiplies the answer by what a type has; tools need one.
const MAX_INTROSPECTION_LISTS: u64 = 2;
/// The fields that are such lists.
const INTROSPECTION_LISTS: [&str; 4] = ["fields", "inputFields", "interfaces", "possibleTypes"];

/// A limit that a document exceeds.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Exceeded {
    /// More of something than a flag allows.
    #[error("the document has {found} {what}, and at most {allowed} are allowed ({flag})")]
    Count {
        /// What is counted, in the plural.
        what: &'static str,
        /// How many there are, fragments expanded.
        found: u64,
        /// How many may be.
        allowed: u64,
        /// The flag that says so.
        flag: &'static str,
    },
    /// Brackets nested deeper than the parser may go.
    #[error("the document nests brackets deeper than {MAX_NESTING}")]
    Nesting,
    /// A name, such as an alias, that is longer than any need be.
    #[error("a name or alias may have at most {MAX_NAME_BYTES} bytes")]
    Name,
    /// Introspection where there is none.
    #[error("introspection is off here (--introspection)")]
    IntrospectionOff,
    /// Introspection that asks for lists within lists within lists.
    #[error("introspection may nest {MAX_INTROSPECTION_LISTS} lists, such as fields, at most")]
    Introspection,
    /// A fragment that spreads itself, if through others.
    #[error("fragment {:.64} spreads itself", name.as_str())]
    Cycle {
        /// One of the fragments in the cycle.
        name: Name,
        /// Where it is defined.
        pos: Pos,
    },
}

impl From<Exceeded> for ServerError {
    fn from(exceeded: Exceeded) -> Self {
        let pos = match &exceeded {
            Exceeded::Cycle { pos, .. } => Some(*pos),
            Exceeded::Count { .. }
            | Exceeded::Nesting
            | Exceeded::Name
            | Exceeded::IntrospectionOff
            | Exceeded::Introspection => None,
        };
        let mut error = Self::new(exceeded.to_string(), pos);
        let extensions = error.extensions.get_or_insert_default();
        extensions.set("code", "GRAPHQL_VALIDATION_FAILED");
        if let Exceeded::Count { flag, allowed, .. } = exceeded {
            extensions.set("limit", flag);
            extensions.set("allowed", allowed);
        }
        error
    }
}

/// Looks at a document's text before it is parsed: its size, its names, and how deep it nests.
///
/// # Errors
/// When it is larger or deeper than allowed.
pub fn check_text(text: &str, limits: &LimitsConfig) -> Result<(), Exceeded> {
    within("bytes", text.len() as u64, limits.max_document_bytes, "--max-document-bytes")?;
    let shape = shape(text.as_bytes());
    if shape.nesting > MAX_NESTING {
        return Err(Exceeded::Nesting);
    }
    if shape.longest_name > MAX_NAME_BYTES {
        return Err(Exceeded::Name);
    }
    // A parsed field takes kilobytes: what has too many is not parsed to be counted.
    let most = limits.max_nodes.saturating_mul(2);
    within("names", shape.names as u64, most, "--max-nodes")
}

/// Counts a parsed document, fragments expanded, in time linear in its size.
///
/// # Errors
/// When it has more of something than `limits` allow, or a fragment spreads itself.
pub fn check(document: &ExecutableDocument, limits: &LimitsConfig) -> Result<(), Exceeded> {
    let operations = document.operations.iter().len() as u64;
    within("operations", operations, limits.max_operations, "--max-operations")?;
    let mut memo = HashMap::with_capacity(document.fragments.len());
    for (name, fragment) in inner_first(&document.fragments)? {
        let cost = Cost::of(&fragment.node.selection_set, &memo)
            .with_directives(fragment.node.directives.len());
        memo.insert(name, cost);
    }
    for (_, operation) in document.operations.iter() {
        Cost::of(&operation.node.selection_set, &memo)
            .with_directives(operation.node.directives.len())
            .check(limits)?;
    }
    Ok(())
}

/// What a selection set comes to with its fragments expanded. Sums saturate: a bomb of 64
/// doublings is as much too large as one of 25.
#[derive(Clone, Copy, Debug, Default)]
struct Cost {
    nodes: u64,
    depth: u64,
    aliases: u64,
    directives: u64,
    /// Fields on the set's own level.
    fields: u64,
    /// Introspection's lists within one another, if this is introspection.
    lists: u64,
    /// The most of them under one `__schema` or `__type`.
    introspection: u64,
    /// Whether there is such a field.
    introspects: bool,
}

type Memo<'a> = HashMap<&'a Name, Cost>;

impl Cost {
    /// Recurses as deep as one selection set nests, which the parser bounds; spreads are
    /// looked up, never followed.
    fn of(set: &Positioned<SelectionSet>, memo: &Memo<'_>) -> Self {
        set.node.items.iter().fold(Self::default(), |mut total, selection| {
            total.add(match &selection.node {
                Selection::Field(field) => Self::of_field(&field.node, memo),
                Selection::InlineFragment(inline) => {
                    Self::of(&inline.node.selection_set, memo).and_itself()
                }
                // An unknown fragment costs nothing here; validation names it.
                Selection::FragmentSpread(spread) => memo
                    .get(&spread.node.fragment_name.node)
                    .copied()
                    .unwrap_or_default()
                    .and_itself(),
            });
            total.with_directives(selection.node.directives().len())
        })
    }

    fn of_field(field: &Field, memo: &Memo<'_>) -> Self {
        let inner = Self::of(&field.selection_set, memo).and_itself();
        let name = field.name.node.as_str();
        let lists = inner.lists.saturating_add(u64::from(INTROSPECTION_LISTS.contains(&name)));
        let introspects = matches!(name, "__schema" | "__type");
        let introspection = if introspects { lists } else { 0 };
        Self {
            lists,
            introspection: inner.introspection.max(introspection),
            introspects: inner.introspects || introspects,
            depth: inner.depth.saturating_add(1),
            aliases: inner.aliases.saturating_add(u64::from(field.alias.is_some())),
            fields: 1,
            ..inner
        }
    }

    fn and_itself(mut self) -> Self {
        self.nodes = self.nodes.saturating_add(1);
        self
    }

    fn with_directives(mut self, directives: usize) -> Self {
        self.directives = self.directives.saturating_add(directives as u64);
        self
    }

    fn add(&mut self, other: Self) {
        self.nodes = self.nodes.saturating_add(other.nodes);
        self.depth = self.depth.max(other.depth);
        self.aliases = self.aliases.saturating_add(other.aliases);
        self.directives = self.directives.saturating_add(other.directives);
        self.fields = self.fields.saturating_add(other.fields);
        self.lists = self.lists.max(other.lists);
        self.introspection = self.introspection.max(other.introspection);
        self.introspects |= other.introspects;
    }

    fn check(&self, limits: &LimitsConfig) -> Result<(), Exceeded> {
        if self.introspects && !limits.introspection {
            return Err(Exceeded::IntrospectionOff);
        }
        if self.introspection > MAX_INTROSPECTION_LISTS {
            return Err(Exceeded::Introspection);
        }
        within("levels of fields", self.depth, limits.max_depth, "--max-depth")?;
        within("selections", self.nodes, limits.max_nodes, "--max-nodes")?;
        within("aliases", self.aliases, limits.max_aliases, "--max-aliases")?;
        within("directives", self.directives, limits.max_directives, "--max-directives")?;
        within("root fields", self.fields, limits.max_root_fields, "--max-root-fields")
    }
}

fn within(
    what: &'static str,
    found: u64,
    allowed: u32,
    flag: &'static str,
) -> Result<(), Exceeded> {
    let allowed = u64::from(allowed);
    if found > allowed { Err(Exceeded::Count { what, found, allowed, flag }) } else { Ok(()) }
}

type Fragments = HashMap<Name, Positioned<FragmentDefinition>>;

/// Fragments such that each comes after all it spreads. Without recursion: a chain may be as
/// long as the document.
fn inner_first(
    fragments: &Fragments,
) -> Result<Vec<(&Name, &Positioned<FragmentDefinition>)>, Exceeded> {
    let mut order = Vec::with_capacity(fragments.len());
    let mut done: HashMap<&Name, bool> = HashMap::with_capacity(fragments.len());
    for name in fragments.keys() {
        let mut stack = vec![(name, false)];
        while let Some((name, expanded)) = stack.pop() {
            let Some((name, fragment)) = fragments.get_key_value(name) else { continue };
            if expanded {
                done.insert(name, true);
                order.push((name, fragment));
                continue;
            }
            match done.get(name) {
                Some(true) => continue,
                Some(false) => {
                    return Err(Exceeded::Cycle { name: name.clone(), pos: fragment.pos });
                }
                None => done.insert(name, false),
            };
            stack.push((name, true));
            let mut spreads = Vec::new();
            collect_spreads(&fragment.node.selection_set.node, &mut spreads);
            stack.extend(spreads.into_iter().map(|spread| (spread, false)));
        }
    }
    Ok(order)
}

/// The fragments that a set spreads, without going into them.
fn collect_spreads<'a>(set: &'a SelectionSet, spreads: &mut Vec<&'a Name>) {
    for selection in &set.items {
        match &selection.node {
            Selection::Field(field) => {
                collect_spreads(&field.node.selection_set.node, spreads);
            }
            Selection::InlineFragment(inline) => {
                collect_spreads(&inline.node.selection_set.node, spreads);
            }
            Selection::FragmentSpread(spread) => spreads.push(&spread.node.fragment_name.node),
        }
    }
}
