//! Rows that somebody else keeps locked: an open transaction at a prompt, a long repair. Who wants
//! them waits and is told that it is busy; who shares a batch with those does not wait with them.

use std::collections::HashSet;

use parking_lot::Mutex;
use sea_orm::{DatabaseTransaction, DbErr};

use super::Posting;
use crate::{
    entity::Uid,
    store::{Database, wallets},
};

/// Most wallets that are remembered.
const REMEMBERED: usize = 1_000;

/// Wallets whose rows were held when they were last looked at: batches look before they wait.
#[derive(Debug, Default)]
pub struct Held(Mutex<HashSet<Uid>>);

impl Held {
    /// Whether one of these was held.
    pub fn any(&self, uids: &[Uid]) -> bool {
        let held = self.0.lock();
        !held.is_empty() && uids.iter().any(|uid| held.contains(uid))
    }

    /// Locks the rows that are free of these, in a transaction that has done nothing yet, and
    /// answers whose are not. Nothing on SQLite, which has no row locks.
    ///
    /// # Errors
    /// The database's.
    pub async fn among(
        &self,
        database: &Database,
        transaction: &DatabaseTransaction,
        uids: &[Uid],
    ) -> Result<HashSet<Uid>, DbErr> {
        if !database.is_postgres() {
            return Ok(HashSet::new());
        }
        let free = wallets::lock_free(transaction, uids).await?;
        let free: HashSet<&Uid> = free.iter().collect();
        let missing: Vec<Uid> = uids.iter().filter(|uid| !free.contains(uid)).cloned().collect();
        let found = wallets::by_uids(transaction, &missing).await?;
        let held: HashSet<Uid> = found.into_iter().map(|wallet| wallet.uid).collect();
        self.remember(uids, &held);
        Ok(held)
    }

    fn remember(&self, uids: &[Uid], held: &HashSet<Uid>) {
        let mut all = self.0.lock();
        if all.len() > REMEMBERED {
            all.clear();
        }
        for uid in uids {
            if !held.contains(uid) {
                all.remove(uid);
            } else if all.insert(uid.clone()) {
                tracing::warn!(wallet.uid = %uid, "its row is held by another transaction");
            }
        }
    }
}

/// The wallets of these postings, each once.
pub fn uids_of(postings: &[Posting]) -> Vec<Uid> {
    let mut uids: Vec<Uid> = postings.iter().flat_map(|p| p.uids.iter().cloned()).collect();
    uids.sort_unstable();
    uids.dedup();
    uids
}
