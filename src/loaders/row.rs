//! Rows as the loaders hand them out: shared, and with where they came from.

use std::{ops::Deref, sync::Arc};

use chrono::{DateTime, Utc};

/// A row that is shared: with the cache, or with the rest of the list that it is one of, so that
/// a page costs no copies.
pub enum Row<T> {
    /// By itself.
    Single(Arc<T>),
    /// One of a list.
    Listed(Arc<Vec<T>>, usize),
}

impl<T> Row<T> {
    /// Each row of `list`, in its order.
    pub fn each(list: Vec<T>) -> impl Iterator<Item = Self> {
        let list = Arc::new(list);
        (0..list.len()).map(move |index| Self::Listed(Arc::clone(&list), index))
    }

    /// Those rows of `list` that `indexes` names.
    pub fn some(list: &Arc<Vec<T>>, indexes: impl Iterator<Item = usize>) -> Vec<Self> {
        let row = |index| Self::Listed(Arc::clone(list), index);
        indexes.filter(|index| *index < list.len()).map(row).collect()
    }
}

impl<T> From<T> for Row<T> {
    fn from(row: T) -> Self {
        Self::Single(Arc::new(row))
    }
}

impl<T> Clone for Row<T> {
    fn clone(&self) -> Self {
        match self {
            Self::Single(row) => Self::Single(Arc::clone(row)),
            Self::Listed(list, index) => Self::Listed(Arc::clone(list), *index),
        }
    }
}

impl<T> Deref for Row<T> {
    type Target = T;

    fn deref(&self) -> &T {
        match self {
            Self::Single(row) => row,
            Self::Listed(list, index) => &list[*index],
        }
    }
}

/// Where a row was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// In the cache: it may have changed since.
    Cache,
    /// In the database.
    Database,
    /// In the memory of this process, because the database is down: older than a cache may be.
    Stale,
}

/// A row, where it came from, and when it was true.
pub struct Sourced<T> {
    /// The row itself.
    pub row: Row<T>,
    /// Where it was read.
    pub source: Source,
    /// A moment at which it was true: of a cached row, its last change is the latest that can
    /// be vouched for.
    pub as_of: DateTime<Utc>,
}

impl<T> Sourced<T> {
    /// From the cache.
    pub const fn cached(row: Row<T>, changed_at: DateTime<Utc>) -> Self {
        Self { row, source: Source::Cache, as_of: changed_at }
    }

    /// From this process, which could not ask anybody.
    pub const fn stale(row: Row<T>, changed_at: DateTime<Utc>) -> Self {
        Self { row, source: Source::Stale, as_of: changed_at }
    }

    /// From the database, read at `as_of`.
    pub const fn stored(row: Row<T>, as_of: DateTime<Utc>) -> Self {
        Self { row, source: Source::Database, as_of }
    }
}

impl<T> Clone for Sourced<T> {
    fn clone(&self) -> Self {
        Self { row: self.row.clone(), source: self.source, as_of: self.as_of }
    }
}

impl<T> Deref for Sourced<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.row
    }
}
