//! One load for many who miss the same key: the first loads it, the others wait for that, and
//! then find it in the cache.

use std::{fmt::Display, time::Duration};

use dashmap::{DashMap, Entry};
use tokio::{sync::watch, time::timeout};

use crate::cache::Keyspace;

/// How long somebody else's load is waited for. Whoever has waited in vain loads for themselves.
const PATIENCE: Duration = Duration::from_millis(500);

/// What this process is loading.
#[derive(Default)]
pub struct Flights(DashMap<String, watch::Sender<()>>);

/// Keys that the caller is to load; others wait until this is dropped.
pub struct Boarded<'a, K> {
    flights: &'a Flights,
    names: Vec<String>,
    /// The keys.
    pub keys: Vec<K>,
}

/// Keys that somebody else is loading.
pub struct Waiting<K>(Vec<(K, watch::Receiver<()>)>);

impl Flights {
    /// Divides keys into those that nobody loads yet, and the rest.
    pub fn board<K: Display + Clone>(
        &self,
        keyspace: Keyspace,
        keys: &[K],
    ) -> (Boarded<'_, K>, Waiting<K>) {
        let mut boarded = Boarded { flights: self, names: Vec::new(), keys: Vec::new() };
        let mut waiting = Vec::new();
        for key in keys {
            let name = keyspace.key(key);
            match self.0.entry(name.clone()) {
                Entry::Occupied(flight) => waiting.push((key.clone(), flight.get().subscribe())),
                Entry::Vacant(place) => {
                    place.insert(watch::Sender::new(()));
                    boarded.names.push(name);
                    boarded.keys.push(key.clone());
                }
            }
        }
        (boarded, Waiting(waiting))
    }
}

impl<K> Drop for Boarded<'_, K> {
    fn drop(&mut self) {
        for name in &self.names {
            self.flights.0.remove(name);
        }
    }
}

impl<K> Waiting<K> {
    /// The keys, when their loads have ended, or are waited for no longer.
    pub async fn landed(self) -> Vec<K> {
        let (keys, mut flights): (Vec<K>, Vec<_>) = self.0.into_iter().unzip();
        let all = async {
            for flight in &mut flights {
                // Nothing is ever sent: it ends when the sender is dropped.
                while flight.changed().await.is_ok() {}
            }
        };
        let _ = timeout(PATIENCE, all).await;
        keys
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;

    #[tokio::test]
    async fn one_loads_and_the_others_wait_for_it() {
        let flights = Flights::default();
        let (first, none) = flights.board(Keyspace::Merchant, &[1, 2]);
        assert_eq!((&*first.keys, none.0.len()), (&[1, 2][..], 0));
        let (second, theirs) = flights.board(Keyspace::Merchant, &[2, 3]);
        assert_eq!((&*second.keys, theirs.0.len()), (&[3][..], 1));
        let (other, _) = flights.board(Keyspace::Tenant, &[1]);
        assert_eq!(other.keys, [1], "another keyspace");
        let landing = tokio::spawn(theirs.landed());
        let asked = Instant::now();
        drop(first);
        assert_eq!(landing.await.unwrap(), [2]);
        assert!(asked.elapsed() < PATIENCE);
        drop((second, other));
        assert!(flights.0.is_empty());
    }

    #[tokio::test]
    async fn nobody_waits_for_ever() {
        let flights = Flights::default();
        let (_never, _) = flights.board(Keyspace::Merchant, &[1]);
        let (_, theirs) = flights.board(Keyspace::Merchant, &[1]);
        assert_eq!(theirs.landed().await, [1]);
    }
}
