//! The index of a long period in this process: its orders by status, in the order of their
//! numbers. The same as scripts/shelf.lua.

use std::{
    collections::{BTreeSet, HashMap},
    ops::Bound,
};

use serde::Deserialize;

use super::{
    entry::Found,
    hash::{Fields, PageFound, PageWanted},
};

/// All orders, whatever their status.
const ALL: &str = "*";

#[derive(Debug, Default)]
pub(super) struct Shelves(HashMap<String, BTreeSet<String>>);

#[derive(Deserialize)]
struct Status {
    status: String,
}

impl Shelves {
    /// Of all that is there.
    pub(super) fn of(fields: &Fields) -> Self {
        let mut shelves = Self::default();
        fields.iter().for_each(|(field, text)| shelves.put(field, text));
        shelves
    }

    /// Puts a field where it belongs now.
    pub(super) fn put(&mut self, field: &str, text: &[u8]) {
        self.remove(field);
        if field.starts_with('!') {
            return;
        }
        let Found::Row(json) = Found::parse(text) else { return };
        let status = serde_json::from_slice::<Status>(json).map(|row| row.status);
        for word in [ALL.to_owned()].into_iter().chain(status.ok()) {
            self.0.entry(word).or_default().insert(field.to_owned());
        }
    }

    pub(super) fn remove(&mut self, field: &str) {
        for shelf in self.0.values_mut() {
            shelf.remove(field);
        }
    }

    pub(super) fn page(&self, fields: &Fields, wanted: &PageWanted) -> PageFound {
        let Some(shelf) = self.0.get(wanted.status.unwrap_or(ALL)) else {
            return PageFound::default();
        };
        let after = wanted.after.as_deref().map_or(Bound::Unbounded, Bound::Excluded);
        let before = wanted.before.as_deref().map_or(Bound::Unbounded, Bound::Excluded);
        // A range of which the end comes before the start panics.
        let is_empty = wanted.after.is_some()
            && wanted.before.is_some()
            && wanted.after.as_deref() >= wanted.before.as_deref();
        let total = shelf.len() as u64;
        if is_empty {
            return PageFound { total, orders: Vec::new() };
        }
        let range = shelf.range::<str, _>((after, before));
        let names: Vec<&String> = if wanted.from_end {
            range.rev().take(wanted.limit).collect()
        } else {
            range.take(wanted.limit).collect()
        };
        let order = |name: &String| Some((name.clone(), fields.get(name)?.clone()));
        PageFound { total, orders: names.into_iter().filter_map(order).collect() }
    }
}
