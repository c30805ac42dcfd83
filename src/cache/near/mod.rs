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

use quick_cache::{
    DefaultHashBuilder, OptionsBuilder, Weighter,
    sync::{Cache, DefaultLifecycle, EntryAction, EntryResult},
};

use self::epochs::Epochs;
pub(super) use self::epochs::Stamp;
use super::keyspaces::Keyspace;
use crate::redis::Tracked;

/// What an entry takes beside its row, about.
const OVERHEAD: usize = 300;

/// An entry about, to guess how many there will be.
const USUAL_BYTES: u64 = 512;
/// The least that a part of the memory is to hold, which is divided for the sake of concurrency: a
/// long period must fit in.
const LEAST_PART_BYTES: u64 = 8 * 1_024 * 1_024;
/// Most parts.
const MOST_PARTS: u64 = 64;

/// The cache behind it keeps what is read often, and a look-up takes a fifth of what it does in one
/// that knows lifetimes. These are seen to here.
pub(super) struct Near {
    entries: Cache<String, Arc<Entry>, Bytes>,
    epochs: Epochs,
    /// How long a row is shown, whatever is heard: Redis does not tell of everything.
    ttl: Duration,
    /// How long it is kept.
    kept_for: Duration,
}

/// What an entry weighs.
#[derive(Clone)]
struct Bytes;

impl Weighter<String, Arc<Entry>> for Bytes {
    fn weight(&self, key: &String, entry: &Arc<Entry>) -> u64 {
        u64::from(entry.bytes) + key.len() as u64
    }
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
        let options = OptionsBuilder::new()
            .estimated_items_capacity((capacity / USUAL_BYTES) as usize)
            .weight_capacity(capacity)
            .shards((capacity / LEAST_PART_BYTES).clamp(1, MOST_PARTS) as usize)
            .build();
        // What is wanted is there: both capacities.
        let options = options.expect("two capacities");
        let (hasher, lifecycle) = (DefaultHashBuilder::default(), DefaultLifecycle::default());
        let entries = Cache::with_options(options, Bytes, hasher, lifecycle);
        Self { entries, epochs: Epochs::new(), ttl, kept_for }
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
        let kept = entry.read_at.elapsed() < self.kept_for;
        kept.then(|| Arc::clone(&entry.row).downcast().ok())?
    }

    /// To be taken before a key is read, and given to [`Self::keep`] with what was found.
    pub(super) fn stamp(&self, key: &str) -> Option<Stamp> {
        self.epochs.stamp(key.as_bytes())
    }

    /// Whether changes are not told of for now, and will be soon.
    pub(super) fn in_doubt(&self) -> bool {
        self.epochs.in_doubt()
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
        stamp: Option<Stamp>,
        (version, row): (i64, Arc<T>),
        bytes: usize,
    ) {
        if let Some(stamp) = stamp {
            self.keep_since(key, stamp, (version, row), bytes);
        }
        // Whoever read it is shown nothing older, also when changes are told of again: the news of
        // this one may be on its way still.
        if stamp.is_none_or(|stamp| !self.epochs.is_current(stamp))
            && self.entries.get(key).is_some_and(|there| there.version < version)
        {
            self.forget(key);
        }
    }

    fn keep_since<T: Send + Sync + 'static>(
        &self,
        key: &str,
        stamp: Stamp,
        (version, row): (i64, Arc<T>),
        bytes: usize,
    ) {
        let kept = Arc::new(Entry {
            row,
            version,
            stamp,
            read_at: Instant::now(),
            bytes: u32::try_from(bytes + OVERHEAD).unwrap_or(u32::MAX),
            reads: AtomicU32::new(0),
            reads_before: AtomicU32::new(0),
        });
        // Alone with the key, as everything that follows.
        let vacant = self.entries.entry(key, None, |_, there| {
            // Two readers may both be right, the one that asked later more so: what one of them
            // has shown must not be taken back before the news of the change is here.
            let newer = self.epochs.is_current(there.stamp) && there.version > version;
            if !newer && self.epochs.is_current(stamp) {
                kept.reads_before.store(there.heat(), Relaxed);
                *there = Arc::clone(&kept);
            }
            EntryAction::Retain(())
        });
        if let EntryResult::Vacant(place) = vacant
            && self.epochs.is_current(stamp)
        {
            // It is refused where the place was taken away meanwhile, by a change.
            let _ = place.insert(kept);
        }
    }

    /// This process changed the key: what was read before that is not shown from now on.
    pub(super) fn forget(&self, key: &str) {
        self.epochs.changed(key.as_bytes());
        // After that, and alone with the key: a reader that keeps an older row at this moment is
        // undone here, or refused.
        self.entries.remove(key);
    }

    /// What is held takes so many bytes, about.
    #[cfg(test)]
    pub(super) fn bytes(&self) -> u64 {
        self.entries.weight()
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
