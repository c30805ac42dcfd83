//! Decoded rows in this process, in front of Redis or of the bytes that the embedded cache holds:
//! a read costs no round trip, and no decoding.
//!
//! A row is shown while no change of its key was heard of since before it was read; see
//! [`epochs`]. Changes are heard of from Redis, and from the writes of this process itself, which
//! do not wait for Redis to say so. While Redis cannot tell, nothing is shown.
//!
//! What is not shown any more is kept for a while, for when the database is down: see
//! [`Near::kept`].

mod epochs;

use std::{
    any::Any,
    cell::RefCell,
    fmt::{Display, Write},
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use moka::{ops::compute::Op, sync::Cache};

use self::epochs::Epochs;
pub(super) use self::epochs::Stamp;
use super::keyspaces::Keyspace;
use crate::redis::Tracked;

/// What an entry takes beside its row, about.
const OVERHEAD: usize = 300;

pub(super) struct Near {
    entries: Cache<String, Arc<Entry>>,
    epochs: Epochs,
    /// How long a row is shown, whatever is heard: Redis does not tell of everything.
    ttl: Duration,
}

struct Entry {
    row: Arc<dyn Any + Send + Sync>,
    version: i64,
    stamp: Stamp,
    read_at: Instant,
    bytes: u32,
    /// How often it was read since somebody looked, and before that: see [`Near::hot`].
    reads: AtomicU32,
    reads_before: AtomicU32,
}

impl Entry {
    fn heat(&self) -> u32 {
        self.reads.load(Relaxed).max(self.reads_before.load(Relaxed))
    }
}

impl Near {
    /// Holds at most so many bytes, about; shows rows for `ttl`, and keeps them for `kept_for`.
    pub(super) fn new(capacity: u64, ttl: Duration, kept_for: Duration) -> Self {
        let weigh = |key: &String, entry: &Arc<Entry>| entry.bytes.saturating_add(key.len() as u32);
        let entries =
            Cache::builder().max_capacity(capacity).weigher(weigh).time_to_live(ttl.max(kept_for));
        Self { entries: entries.build(), epochs: Epochs::new(), ttl }
    }

    /// The row under a key, if it is known to be current.
    pub(super) fn get<T: Send + Sync + 'static>(
        &self,
        keyspace: Keyspace,
        id: &impl Display,
    ) -> Option<Arc<T>> {
        if !self.epochs.is_sure() {
            return None;
        }
        let entry = with_key(keyspace, id, |key| self.entries.get(key))?;
        let current = self.epochs.is_current(entry.stamp) && entry.read_at.elapsed() < self.ttl;
        if !current {
            return None;
        }
        entry.reads.fetch_add(1, Relaxed);
        Arc::clone(&entry.row).downcast().ok()
    }

    /// How often a key was read of late.
    pub(super) fn heat(&self, keyspace: Keyspace, id: &impl Display) -> u32 {
        with_key(keyspace, id, |key| self.entries.get(key)).map_or(0, |entry| entry.heat())
    }

    /// Rows that were read so often since this was last asked, at most so many.
    pub(super) fn hot<T: Send + Sync + 'static>(
        &self,
        keyspace: Keyspace,
        least: u32,
        most: usize,
    ) -> Vec<Arc<T>> {
        let mut rows = Vec::new();
        for (key, entry) in self.entries.iter() {
            if !key.starts_with(keyspace.prefix()) {
                continue;
            }
            let reads = entry.reads.swap(0, Relaxed);
            entry.reads_before.store(reads, Relaxed);
            if reads >= least && rows.len() < most {
                rows.extend(Arc::clone(&entry.row).downcast::<T>().ok());
            }
        }
        rows
    }

    /// The row as it was when it was last read, though it may have changed since, but not by this
    /// process: that takes it away.
    pub(super) fn kept<T: Send + Sync + 'static>(
        &self,
        keyspace: Keyspace,
        id: &impl Display,
    ) -> Option<Arc<T>> {
        let entry = with_key(keyspace, id, |key| self.entries.get(key))?;
        Arc::clone(&entry.row).downcast().ok()
    }

    /// To be taken before a key is read, and given to [`Self::keep`] with what was found.
    pub(super) fn stamp(&self, key: &str) -> Option<Stamp> {
        self.epochs.stamp(key.as_bytes())
    }

    /// Whether a key cannot have changed since.
    pub(super) fn is_current(&self, stamp: Stamp) -> bool {
        self.epochs.is_current(stamp)
    }

    /// Keeps what was read since the stamp, unless it changed meanwhile. `bytes` is the length
    /// of the text that it was decoded from.
    pub(super) fn keep<T: Send + Sync + 'static>(
        &self,
        key: &str,
        stamp: Stamp,
        (version, row): (i64, Arc<T>),
        bytes: usize,
    ) {
        let bytes = u32::try_from(bytes + OVERHEAD).unwrap_or(u32::MAX);
        self.entries.entry(key.to_owned()).and_compute_with(|there| {
            // Two readers may both be right, the one that asked later more so: what one of them
            // has shown must not be taken back before the news of the change is here.
            let newer =
                |there: &Entry| self.epochs.is_current(there.stamp) && there.version > version;
            let newer = there.as_ref().is_some_and(|there| newer(there.value()));
            if newer || !self.epochs.is_current(stamp) {
                return Op::Nop;
            }
            let heat = there.map_or(0, |there| there.value().heat());
            Op::Put(Arc::new(Entry {
                row,
                version,
                stamp,
                read_at: Instant::now(),
                bytes,
                reads: AtomicU32::new(0),
                reads_before: AtomicU32::new(heat),
            }))
        });
    }

    /// This process changed the key: what was read before that is not shown from now on.
    pub(super) fn forget(&self, key: &str) {
        self.epochs.changed(key.as_bytes());
        // After that, and alone with the key: a reader that keeps an older row at this moment is
        // undone here, or refused.
        self.entries.entry_by_ref(key).and_compute_with(|_| Op::Remove);
    }

    /// What is held takes so many bytes, about.
    #[cfg(test)]
    pub(super) fn bytes(&self) -> u64 {
        self.entries.run_pending_tasks();
        self.entries.weighted_size()
    }

    /// Whether changes are told of.
    #[cfg(test)]
    pub(super) fn is_sure(&self) -> bool {
        self.epochs.is_sure()
    }

    /// What Redis says of its keys, or that it says nothing.
    pub(super) fn hear(&self, news: Tracked<'_>) {
        match news {
            Tracked::Changed(key) => self.epochs.changed(key),
            Tracked::Missed => self.epochs.missed(),
            Tracked::Late => self.epochs.late(),
            Tracked::Lost => self.epochs.lost(),
            Tracked::Sure => self.epochs.sure(),
        }
    }
}

/// Makes a key without an allocation: most look-ups end here.
fn with_key<R>(keyspace: Keyspace, id: &impl Display, use_it: impl FnOnce(&str) -> R) -> R {
    thread_local! {
        static KEY: RefCell<String> = const { RefCell::new(String::new()) };
    }
    KEY.with_borrow_mut(|key| {
        key.clear();
        key.push_str(keyspace.prefix());
        // Writing to a string does not fail.
        let _ = write!(key, "{id}");
        use_it(key)
    })
}
