//! How many operations there were of each name, and how long they took. Each name is a time
//! series, so there is a bound, and who is not known cannot add one.

use std::{sync::OnceLock, time::Duration};

use async_graphql::parser::types::OperationType;
use dashmap::DashMap;
use metrics::{Counter, Histogram, counter, histogram};

/// Names that are told apart.
const MOST: usize = 200;
/// Longest of them, in bytes.
const MAX_BYTES: usize = 64;

/// How an operation ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    Ok,
    /// The caller's doing.
    Refused,
    /// Ours.
    Error,
    Timeout,
    /// It goes on: a subscription.
    Started,
}

/// Operations of all names.
pub struct Tallies {
    named: DashMap<String, Tally>,
    anonymous: Tally,
    other: Tally,
    durations: [OnceLock<Histogram>; KINDS],
}

/// Operations of one name.
pub struct Tally {
    /// The name, as metrics and the log have it.
    pub label: String,
    /// Looked up once: to do so each time costs more than to count.
    counters: [[OnceLock<Counter>; OUTCOMES]; KINDS],
}

const KINDS: usize = 3;
const OUTCOMES: usize = 5;

impl Tallies {
    /// Nothing yet.
    pub fn new() -> Self {
        Self {
            named: DashMap::new(),
            anonymous: Tally::new("anonymous"),
            other: Tally::new("other"),
            durations: Default::default(),
        }
    }

    /// Looks at those of a name, where it is one of those that are known.
    pub fn of<R>(&self, name: Option<&str>, look: impl FnOnce(&Tally) -> R) -> R {
        match name.map(|name| self.named.get(name)) {
            None => look(&self.anonymous),
            Some(None) => look(&self.other),
            Some(Some(tally)) => look(&tally),
        }
    }

    /// Makes a name known, while there is room.
    pub fn learn(&self, name: Option<&str>) {
        let Some(name) = name else { return };
        if name.len() <= MAX_BYTES && self.named.len() < MOST && !self.named.contains_key(name) {
            self.named.entry(name.to_owned()).or_insert_with(|| Tally::new(name));
        }
    }

    /// Notes how long an operation took.
    pub fn time(&self, kind: OperationType, took: Duration) {
        let histogram = self.durations[index(kind)].get_or_init(
            || histogram!("graphql_operation_duration_seconds", "kind" => kind_name(kind)),
        );
        histogram.record(took.as_secs_f64());
    }
}

impl Tally {
    fn new(label: &str) -> Self {
        Self { label: label.to_owned(), counters: Default::default() }
    }

    /// One more.
    pub fn count(&self, kind: OperationType, outcome: Outcome) {
        let counter = self.counters[index(kind)][outcome as usize].get_or_init(|| {
            counter!(
                "graphql_operations_total",
                "kind" => kind_name(kind), "name" => self.label.clone(), "outcome" => outcome.name()
            )
        });
        counter.increment(1);
    }
}

impl Outcome {
    /// As metrics and the log have it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Refused => "refused",
            Self::Error => "error",
            Self::Timeout => "timeout",
            Self::Started => "started",
        }
    }
}

/// As metrics, traces and the log have it.
pub const fn kind_name(kind: OperationType) -> &'static str {
    match kind {
        OperationType::Query => "query",
        OperationType::Mutation => "mutation",
        OperationType::Subscription => "subscription",
    }
}

const fn index(kind: OperationType) -> usize {
    match kind {
        OperationType::Query => 0,
        OperationType::Mutation => 1,
        OperationType::Subscription => 2,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_so_many_names_are_told_apart() {
        let tallies = Tallies::new();
        for n in 0..2 * MOST {
            tallies.learn(Some(&format!("name{n}")));
        }
        tallies.learn(Some(&"x".repeat(MAX_BYTES + 1)));
        assert_eq!(tallies.named.len(), MOST);
        for (name, label) in
            [(Some("name0"), "name0"), (Some("name300"), "other"), (None, "anonymous")]
        {
            assert_eq!(tallies.of(name, |tally| tally.label.clone()), label);
        }
    }
}
