//! Keys that are read often: when they lapse many miss them at once, on every instance.

use std::{collections::HashSet, time::Duration};

use super::{Cache, Cached};

/// How often a key is read here, between two looks, before it counts as hot.
const HOT: u32 = 100;
/// Most hot keys of a keyspace that are looked after at once.
const MOST: usize = 500;
/// For how long the load of a hot key is one instance's: longer than it takes.
const LEASE: Duration = Duration::from_millis(300);

impl Cache {
    /// Takes on the load of `ids` that are missing; answers those that another instance loads
    /// right now. Of keys that are not hot nobody else is asked. One pipeline, if any is.
    pub async fn loaded_elsewhere<T: Cached>(&self, ids: &[T::Id]) -> HashSet<T::Id> {
        let is_hot = |id: &&T::Id| self.0.near.heat(T::KEYSPACE, *id) >= HOT;
        let hot: Vec<&T::Id> = ids.iter().filter(is_hot).take(MOST).collect();
        let keys: Vec<String> = hot.iter().map(|id| T::KEYSPACE.key(*id)).collect();
        let taken = self.0.backend.lease(&keys, LEASE).await;
        let elsewhere = hot.into_iter().zip(taken).filter(|(_, taken)| !taken);
        elsewhere.map(|(id, _)| id.clone()).collect()
    }

    /// Hot keys that lapse soon, in the last tenth of their time. One pipeline.
    pub async fn lapsing<T: Cached>(&self) -> Vec<T::Id> {
        let rows = self.0.near.hot::<T>(T::KEYSPACE, HOT, MOST);
        let ids: Vec<T::Id> = rows.iter().map(|row| row.id()).collect();
        let keys: Vec<String> = ids.iter().map(|id| T::KEYSPACE.key(id)).collect();
        let left = self.0.backend.time_left(&keys).await;
        let lapses =
            |left: &Option<Duration>| left.is_some_and(|left| left < T::KEYSPACE.ttl() / 10);
        ids.into_iter().zip(left).filter(|(_, left)| lapses(left)).map(|(id, _)| id).collect()
    }
}
