//! A walk over all that is cached: a step at a time, so that nobody waits for it.

use std::{collections::HashMap, time::Duration};

use super::{Cache, CacheEntry, Unreachable, keyspaces::Keyspace, outage::Place};

/// Where a walk goes on: in which node, and from where in it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WalkCursor {
    pub(super) node: usize,
    pub(super) scan: Option<String>,
}

/// One thing that is cached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Walked {
    /// Of which keyspace.
    pub keyspace: Keyspace,
    /// What its key says after the keyspace's prefix.
    pub id: String,
    /// What stands there. Of an index beside a long period: nothing, which takes some bytes.
    pub entry: CacheEntry,
}

/// Keys and bytes by keyspace.
pub type Census = HashMap<Keyspace, (u64, u64)>;

impl Cache {
    /// One step of a walk, and where to go on; `None` at the end. What comes or goes meanwhile may
    /// be met or not, and a thing may be met twice.
    ///
    /// # Errors
    /// When the cache cannot be reached.
    pub async fn walk(
        &self,
        from: WalkCursor,
    ) -> Result<(Vec<Walked>, Option<WalkCursor>), Unreachable> {
        let (keys, next) = self.0.backend.walk(from).await.map_err(|_| Unreachable)?;
        let named: Vec<(Keyspace, String, String)> = keys.into_iter().filter_map(name).collect();
        let place = |(keyspace, _, key): &(Keyspace, String, String)| Place {
            keyspace: *keyspace,
            key: key.clone(),
            field: None,
        };
        let places: Vec<Place> = named.iter().map(place).collect();
        let entries = self.inspect_places(places).await?;
        let walked = named.into_iter().zip(entries);
        let walked = walked.map(|((keyspace, id, _), entry)| Walked { keyspace, id, entry });
        Ok((walked.collect(), next))
    }

    /// Tells all instances what a walk counted; they believe it for this long.
    pub async fn publish_census(&self, census: &Census, ttl: Duration) {
        self.0.backend.publish_census(census, ttl).await;
    }

    /// Whether this instance is the one whose turn it is to do something that one does: nobody
    /// else's turn comes before `pause` is over. In a cache of its own, always.
    pub async fn take_turn(&self, what: &str, pause: Duration) -> bool {
        self.0.backend.take_turn(what, pause).await
    }
}

/// What a key is of, if it is ours.
fn name(key: String) -> Option<(Keyspace, String, String)> {
    let bare = key.strip_prefix('{').unwrap_or(&key);
    let of = |keyspace: Keyspace| Some((keyspace, bare.strip_prefix(keyspace.prefix())?));
    let (keyspace, id) = Keyspace::ALL.into_iter().find_map(of)?;
    Some((keyspace, id.to_owned(), key))
}
