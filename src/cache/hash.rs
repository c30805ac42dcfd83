//! The hash of a period: what stands in it, what is written to it, and what is read of it.

use std::{collections::HashMap, time::Duration};

use bytes::Bytes;

use super::entry::Entry;

/// Orders of one period.
#[derive(Clone, Debug, Default)]
pub(super) struct PeriodWrite {
    pub(super) key: String,
    pub(super) ttl: Duration,
    /// What was there when the period was read and is to go, unless newer by now.
    pub(super) gone: Vec<(String, i64)>,
    pub(super) entries: Vec<(String, Entry)>,
    /// These are all there are, as of this number of doubts.
    pub(super) whole: Option<i64>,
    /// The last of all there are, which were written one after another by the fill of this name.
    pub(super) ends: Option<String>,
}

/// A page of a long period.
#[derive(Clone, Debug)]
pub(super) struct PageWanted {
    pub(super) key: String,
    /// Only orders in this status.
    pub(super) status: Option<&'static str>,
    pub(super) after: Option<String>,
    pub(super) before: Option<String>,
    pub(super) limit: usize,
    pub(super) from_end: bool,
}

/// What there is of it, in the order of the walk.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct PageFound {
    /// How many there are on all pages.
    pub(super) total: u64,
    pub(super) orders: Vec<(String, Bytes)>,
}

/// A period as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Hash {
    /// All its fields.
    Whole(Fields),
    /// More than [`LONG`].
    Long,
}

/// More fields than this are not read at once.
pub(super) const LONG: usize = 2_000;

/// How a fill of a long period begins.
#[derive(Clone, Debug)]
pub(super) struct Begin {
    pub(super) key: String,
    /// Its name, and until when nobody else begins, in Unix milliseconds.
    pub(super) fill: String,
    pub(super) ttl: Duration,
    /// Whoever is at it.
    pub(super) regardless: bool,
}

/// How many orders of a period were written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct PeriodWritten {
    pub(super) stored: u64,
    pub(super) stale: u64,
    pub(super) lost: bool,
}

/// The fields of a period's hash: orders and marks.
pub(super) type Fields = HashMap<String, Bytes>;

/// The field that says that a period's orders are all there.
pub(super) const COMPLETE: &str = "!complete";
/// The field that names the fill under way.
pub(super) const FILLING: &str = "!filling";
/// The field that says that an index is kept beside the hash.
pub(super) const INDEXED: &str = "!indexed";
/// The field that counts how often an order became unknown, from [`first_doubt`] on.
pub(super) const DOUBTS: &str = "!doubts";

/// Where a new hash begins to count: nowhere that another did, so that who read one that was lost
/// since is told from who read this one.
pub(super) fn first_doubt() -> i64 {
    rand::random::<u32>().into()
}

/// How often an order became unknown.
pub(super) fn doubts(fields: &Fields) -> i64 {
    let text = fields.get(DOUBTS).and_then(|text| std::str::from_utf8(text).ok());
    text.and_then(|text| text.parse().ok()).unwrap_or(0)
}
