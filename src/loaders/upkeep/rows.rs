//! Rows under keys of their own.

use std::collections::HashMap;

use super::{CHUNK, CacheAction, Upkeep, certain, is_there};
use crate::{
    cache::{CacheEntry, Cached, Eviction, Moment, Standing, versions},
    error::Result,
    loaders::{Sources, read_through::Stored},
    store::hot::{self, HotEntity},
};

impl Sources {
    /// All rows of a kind: by chunks of its ids, so that its size does not matter. Of each chunk
    /// one look, one SELECT and at most two script calls.
    pub(super) async fn look_after_kind<E>(
        &self,
        action: CacheAction,
        seen: impl Fn(u64) + Send,
    ) -> Result<Upkeep>
    where
        E: HotEntity<Model: Stored + Cached<Id = i64>>,
    {
        let mut done = Upkeep::default();
        let mut after = i64::MIN;
        loop {
            let ids = hot::ids_after::<E>(self.reader(), after, CHUNK as u64).await?;
            let Some(last) = ids.last() else { return Ok(done) };
            after = *last;
            done += self.look_after_rows::<E::Model>(&ids, action).await?;
            seen(ids.len() as u64);
        }
    }

    /// The first rows of a kind.
    pub(super) async fn kind_entries<E>(&self, most: u64) -> Result<Vec<CacheEntry>>
    where
        E: HotEntity<Model: Stored + Cached<Id = i64>>,
    {
        let ids = hot::ids_after::<E>(self.reader(), i64::MIN, most).await?;
        Ok(self.cache().inspect::<E::Model>(&ids).await?)
    }

    async fn look_after_rows<T: Stored>(
        &self,
        ids: &[T::Id],
        action: CacheAction,
    ) -> Result<Upkeep> {
        let entries = self.cache().inspect::<T>(ids).await?;
        let wanted = wanted(action, ids, &entries);
        let moment = self.cache().moment::<T>(&wanted);
        let rows = T::select(self.reader(), &wanted).await?;
        let versions = versions(&rows);
        let affected = match action {
            CacheAction::Invalidate => self.evict::<T>(ids, &entries, &versions).await?,
            CacheAction::Warm => certain(self.cache().fill_in_since(&rows, &moment).await)?,
            CacheAction::Refresh => self.replace(ids, &entries, &rows, &moment).await?,
        };
        Ok(Upkeep::of(affected, ids.len()))
    }

    /// Takes away what is there. Answers how many entries that were.
    pub(super) async fn evict<T: Cached>(
        &self,
        ids: &[T::Id],
        entries: &[CacheEntry],
        versions: &HashMap<T::Id, i64>,
    ) -> Result<u64> {
        // Where nothing is there, somebody may be about to store what they read before.
        let (there, empty): (Vec<_>, Vec<_>) =
            ids.iter().zip(entries).partition(|(_, entry)| is_there(entry));
        let eviction = |(id, entry): (&T::Id, &CacheEntry)| Eviction {
            id: id.clone(),
            seen: entry.version,
            stored: versions.get(id).copied(),
        };
        let empty: Vec<_> = empty.into_iter().map(eviction).collect();
        certain(self.cache().evict::<T>(&empty).await)?;
        let there: Vec<_> = there.into_iter().map(eviction).collect();
        certain(self.cache().evict::<T>(&there).await)
    }

    /// Puts the database's rows there, which were read at that moment, and takes away what it never
    /// had, or has no more.
    pub(super) async fn replace<T: Cached>(
        &self,
        ids: &[T::Id],
        entries: &[CacheEntry],
        rows: &[T],
        moment: &Moment,
    ) -> Result<u64> {
        let evictions = Eviction::of_impossible(ids, entries, &versions(rows));
        let gone = evictions.iter().filter(|eviction| eviction.stored.is_none()).count() as u64;
        certain(self.cache().evict::<T>(&evictions).await)?;
        Ok(gone + certain(self.cache().fill_in_since(rows, moment).await)?)
    }
}

/// Those of `ids` whose rows must be read: to warm, only what is not there.
pub(super) fn wanted<Id: Clone>(
    action: CacheAction,
    ids: &[Id],
    entries: &[CacheEntry],
) -> Vec<Id> {
    let is_wanted = |(_, entry): &(&Id, &CacheEntry)| {
        action != CacheAction::Warm || entry.standing != Standing::Row
    };
    ids.iter().zip(entries).filter(is_wanted).map(|(id, _)| id.clone()).collect()
}
