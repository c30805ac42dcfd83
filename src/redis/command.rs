//! Commands by name, and which of their keys may stand in one.

use std::collections::BTreeMap;

use fred::types::{ClusterHash, CustomCommand, Value};

use super::Redis;

/// Most keys in one command or script call: a longer one would keep others waiting.
const MAX_KEYS: usize = 500;

/// One command, and the slot that it belongs to.
pub struct Command {
    name: &'static str,
    hash: ClusterHash,
    pub(super) args: Vec<Value>,
}

impl Command {
    /// A command whose first argument is its key.
    pub fn new<V: Into<Value>>(name: &'static str, args: impl IntoIterator<Item = V>) -> Self {
        let args = args.into_iter().map(Into::into).collect();
        Self { name, hash: ClusterHash::FirstKey, args }
    }

    /// The slot of this key, where the key is not the first argument.
    pub(super) fn at(mut self, key: &str) -> Self {
        self.hash = ClusterHash::Custom(slot(key));
        self
    }

    pub(super) fn name(&self) -> &'static str {
        self.name
    }

    pub(super) fn custom(&self) -> CustomCommand {
        CustomCommand::new_static(self.name, self.hash.clone(), false)
    }
}

impl Redis {
    /// The places of `keys` in groups that one command may name together: all of them, or
    /// those of one slot on a cluster, and never too many.
    pub fn groups<K: AsRef<str>>(&self, keys: &[K]) -> Vec<Vec<usize>> {
        let places = |places: &[usize]| places.chunks(MAX_KEYS).map(<[_]>::to_vec).collect();
        if !self.0.clustered {
            let all: Vec<usize> = (0..keys.len()).collect();
            return places(&all);
        }
        let mut slots = BTreeMap::<u16, Vec<usize>>::new();
        for (place, key) in keys.iter().enumerate() {
            slots.entry(slot(key.as_ref())).or_default().push(place);
        }
        slots.values().flat_map(|slot| -> Vec<Vec<usize>> { places(slot) }).collect()
    }
}

/// The slot of a key: CRC16 of what its braces hold, or of all of it.
fn slot(key: &str) -> u16 {
    fred::util::redis_keyslot(key.as_bytes())
}
