//! Whether what was read a while ago can still be what is in the cache.
//!
//! A reader takes a [`Stamp`] before it asks, and keeps the stamp with the answer. A change of
//! the key makes every stamp that was taken before it void, whether or not the answer has arrived
//! by then. So it does not matter which comes first, the answer or the news of the change.

use std::{
    hash::{BuildHasher, RandomState},
    sync::atomic::{
        AtomicBool, AtomicU32, AtomicU64,
        Ordering::{Acquire, Release},
    },
    time::{Duration, Instant},
};

use parking_lot::Mutex;

/// Keys share this many counters, so a change makes the stamps of a few other keys void as well:
/// of 100,000 keys, one or two.
const STRIPES: usize = 1 << 16;

/// How long it takes at most until changes are told of again, if they are at all: some servers in
/// Redis's place never do.
const LONGEST_DOUBT: Duration = Duration::from_secs(5);

pub(super) struct Epochs {
    /// How often a key of each stripe changed.
    stripes: Box<[AtomicU32]>,
    hasher: RandomState,
    /// Whether changes are told of at once.
    sure: AtomicBool,
    /// Since when they are not.
    doubted: Mutex<Option<Instant>>,
    /// Grows whenever changes may not have been told of.
    generation: AtomicU64,
}

/// The moment before something was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) struct Stamp {
    generation: u64,
    stripe: u32,
    epoch: u32,
}

impl Epochs {
    /// Nothing can be relied on until [`Self::sure`].
    pub(super) fn new() -> Self {
        Self {
            stripes: (0..STRIPES).map(|_| AtomicU32::new(0)).collect(),
            hasher: RandomState::new(),
            sure: AtomicBool::new(false),
            doubted: Mutex::new(None),
            generation: AtomicU64::new(0),
        }
    }

    /// Whether changes are told of at once.
    pub(super) fn is_sure(&self) -> bool {
        self.sure.load(Acquire)
    }

    /// Whether changes are not told of for now.
    pub(super) fn in_doubt(&self) -> bool {
        !self.is_sure() && self.doubted.lock().is_some_and(|since| since.elapsed() < LONGEST_DOUBT)
    }

    /// This moment; `None` while changes are not told of.
    pub(super) fn stamp(&self, key: &[u8]) -> Option<Stamp> {
        let generation = self.generation.load(Acquire);
        let stripe = self.stripe(key);
        let epoch = self.stripes[stripe as usize].load(Acquire);
        self.is_sure().then_some(Stamp { generation, stripe, epoch })
    }

    /// Whether the key cannot have changed since.
    pub(super) fn is_current(&self, stamp: Stamp) -> bool {
        self.is_sure()
            && self.generation.load(Acquire) == stamp.generation
            && self.stripes[stamp.stripe as usize].load(Acquire) == stamp.epoch
    }

    pub(super) fn changed(&self, key: &[u8]) {
        self.stripes[self.stripe(key) as usize].fetch_add(1, Release);
    }

    /// Some changes were not told of: everything may have changed.
    pub(super) fn missed(&self) {
        self.generation.fetch_add(1, Release);
    }

    /// Changes may be told of late, until [`Self::sure`].
    pub(super) fn late(&self) {
        self.doubted.lock().get_or_insert_with(Instant::now);
        self.sure.store(false, Release);
    }

    /// Changes are not told of until [`Self::sure`].
    pub(super) fn lost(&self) {
        self.late();
        self.missed();
    }

    /// Every change from now on is told of, at once.
    pub(super) fn sure(&self) {
        self.sure.store(true, Release);
        self.doubted.lock().take();
    }

    fn stripe(&self, key: &[u8]) -> u32 {
        // Less than STRIPES, which fits.
        (self.hasher.hash_one(key) % STRIPES as u64) as u32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_voids_the_stamps_from_before_it() {
        let epochs = Epochs::new();
        assert_eq!(epochs.stamp(b"a"), None, "nothing is told of yet");
        epochs.sure();
        let before = epochs.stamp(b"a").unwrap();
        assert!(epochs.is_current(before));
        epochs.changed(b"a");
        assert!(!epochs.is_current(before));
        assert!(epochs.is_current(epochs.stamp(b"a").unwrap()));
    }

    #[test]
    fn what_may_have_been_missed_voids_all() {
        let epochs = Epochs::new();
        epochs.sure();
        for doubt in [Epochs::missed, Epochs::lost] {
            let before = epochs.stamp(b"a").unwrap();
            doubt(&epochs);
            assert!(!epochs.is_current(before));
            epochs.sure();
            assert!(!epochs.is_current(before), "nor when changes are told of again");
        }
    }

    #[test]
    fn doubt_begins_when_somebody_is_to_tell() {
        let epochs = Epochs::new();
        assert!(!epochs.in_doubt(), "nobody will ever tell");
        epochs.lost();
        assert!(epochs.in_doubt());
        epochs.sure();
        assert!(!epochs.in_doubt());
    }

    #[test]
    fn what_is_told_late_is_told() {
        let epochs = Epochs::new();
        epochs.sure();
        let before = epochs.stamp(b"a").unwrap();
        epochs.late();
        assert!(!epochs.is_current(before) && epochs.stamp(b"a").is_none());
        epochs.sure();
        assert!(epochs.is_current(before), "nothing changed");
        epochs.late();
        epochs.changed(b"a");
        epochs.sure();
        assert!(!epochs.is_current(before));
    }
}
