//! Wallets.

use super::{
    Loaders, Sources,
    batch::{Fetch, Fetched},
    page::{Page, Slice, probe, trim},
    row::{Row, Source, Sourced},
};
use crate::{
    entity::{Uid, clock, wallet},
    error::{Error, Result},
    store::wallets,
};

pub use crate::store::wallets::WalletFilter;

/// How fresh an answer must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Freshness {
    /// As the cache has it.
    Cached,
    /// The cache's, if it has this version or a later one; else the database's.
    AtLeast(i64),
    /// The database's.
    Latest,
}

/// One SELECT for the batch; the cache is neither asked nor filled.
#[derive(Clone)]
pub(super) struct LatestWallets(pub Sources);

impl Fetch for LatestWallets {
    type Key = Uid;
    type Row = Sourced<wallet::Model>;

    async fn fetch(&self, uids: &[Uid]) -> Fetched<Self> {
        let mut fetched = Fetched::with_capacity(uids.len());
        let read_at = clock::now();
        let rows = wallets::by_uids(self.0.reader(), uids).await.map_err(Error::from);
        let sourced = |row: Row<wallet::Model>| (row.uid.clone(), Sourced::stored(row, read_at));
        fetched.add(rows.map(|rows| Row::each(rows).map(sourced)));
        fetched
    }
}

impl Loaders {
    /// A wallet, if there is one.
    ///
    /// # Errors
    /// `BadInput` when a version is asked for that does not exist yet.
    pub async fn wallet(
        &self,
        uid: &Uid,
        freshness: Freshness,
    ) -> Result<Option<Sourced<wallet::Model>>> {
        match freshness {
            Freshness::Cached => self.row(uid.clone()).await,
            Freshness::Latest => self.batchers().latest_wallets.load(uid.clone()).await,
            Freshness::AtLeast(version) => self.wallet_at_least(uid, version).await,
        }
    }

    async fn wallet_at_least(
        &self,
        uid: &Uid,
        version: i64,
    ) -> Result<Option<Sourced<wallet::Model>>> {
        let new_enough = |wallet: &Sourced<wallet::Model>| {
            wallet.version >= version && wallet.source != Source::Stale
        };
        // What is near may be old, and what is cached newer.
        if let Ok(Some(wallet)) = self.row(uid.clone()).await
            && new_enough(&wallet)
        {
            return Ok(Some(wallet));
        }
        if let Ok(Some(wallet)) = self.batchers().wallets.load(uid.clone()).await
            && new_enough(&wallet)
        {
            return Ok(Some(wallet));
        }
        let Some(wallet) = self.batchers().latest_wallets.load(uid.clone()).await? else {
            return Ok(None);
        };
        if wallet.version < version {
            let found = wallet.version;
            let text = format!("minVersion {version} is ahead of wallet {uid}, at version {found}");
            return Err(Error::BadInput(text));
        }
        // Like a change of our own: whoever was shown this is shown nothing older from now on, even
        // while the cache cannot be written. The row itself may be old by now.
        self.sources.cache().invalidate::<wallet::Model>(&[(uid.clone(), wallet.version)]).await;
        Ok(Some(wallet))
    }

    /// A page of all wallets, by uid. One SELECT; always the database's.
    pub async fn wallet_page(
        &self,
        filter: &WalletFilter,
        page: &Page<Uid>,
    ) -> Result<Slice<Sourced<wallet::Model>>> {
        let read_at = clock::now();
        let rows = Box::pin(wallets::page(self.sources.reader(), filter, &probe(page))).await?;
        let rows = Row::each(rows).map(|row| Sourced::stored(row, read_at)).collect();
        Ok(trim(rows, page))
    }
}
