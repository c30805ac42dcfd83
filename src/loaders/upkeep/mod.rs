//! Looking after what is cached, on an administrator's word: warm, refresh, take away, look.
//!
//! Each first sees what the cache has and then what the database has. A version that was seen in
//! the cache before, and that the database has not reached after that, never was.

mod active;
mod orders;
mod rows;
mod sweep;
mod wallets;

pub use self::{active::warm_active, sweep::keep_swept};

use crate::{
    cache::{CacheEntry, Filled, Standing, Unreachable},
    entity::{
        OrderNo, Period, Uid,
        hot::{Kind, channel, merchant, plugin, plugin_config, plugin_pay_type, tenant},
    },
    error::{Error, Result},
    loaders::Sources,
};

/// Rows that are read and written at a time.
const CHUNK: usize = 500;

/// Which cached rows are meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CacheTarget {
    /// These wallets, and their latest transactions.
    Wallets(Vec<Uid>),
    /// The orders of a period.
    Period(Period),
    /// One order, in its period.
    Order(OrderNo),
    /// All rows of a kind.
    Hot(Kind),
}

/// What is to be done to them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CacheAction {
    /// Fill what is not there.
    Warm,
    /// Make what is there what the database has.
    Refresh,
    /// Take away what is there.
    Invalidate,
}

/// What came of it, in entries.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Upkeep {
    /// Entries that were written or taken away.
    pub affected: u64,
    /// Entries that needed nothing: as new or newer already, or not there.
    pub skipped: u64,
}

impl std::ops::AddAssign for Upkeep {
    fn add_assign(&mut self, more: Self) {
        self.affected += more.affected;
        self.skipped += more.skipped;
    }
}

impl From<Unreachable> for Error {
    fn from(_: Unreachable) -> Self {
        Self::Unavailable("the cache cannot be reached now; try again")
    }
}

impl Upkeep {
    /// So many of so many entries were affected.
    const fn of(affected: u64, all: usize) -> Self {
        Self { affected, skipped: (all as u64).saturating_sub(affected) }
    }
}

/// Refuses to count what may not have been written.
fn certain(filled: Filled) -> Result<u64> {
    if filled.lost > 0 { Err(Unreachable.into()) } else { Ok(filled.stored) }
}

/// Calls a method of [`Sources`] for the row type of a kind.
macro_rules! of_kind {
    ($kind:expr, $sources:ident.$method:ident($($argument:expr),*)) => {
        match $kind {
            Kind::Merchant => $sources.$method::<merchant::Entity>($($argument),*).await,
            Kind::Tenant => $sources.$method::<tenant::Entity>($($argument),*).await,
            Kind::Channel => $sources.$method::<channel::Entity>($($argument),*).await,
            Kind::Plugin => $sources.$method::<plugin::Entity>($($argument),*).await,
            Kind::PluginConfig => $sources.$method::<plugin_config::Entity>($($argument),*).await,
            Kind::PluginPayType => $sources.$method::<plugin_pay_type::Entity>($($argument),*).await,
        }
    };
}

impl Sources {
    /// Warms, refreshes or takes away, in bounded chunks. It can be repeated at will.
    ///
    /// # Errors
    /// The database's; `Unavailable` when the cache cannot be reached.
    pub async fn look_after(&self, target: &CacheTarget, action: CacheAction) -> Result<Upkeep> {
        match target {
            CacheTarget::Wallets(uids) => {
                let mut done = Upkeep::default();
                for uids in uids.chunks(CHUNK) {
                    done += self.look_after_wallets(uids, action).await?;
                }
                Ok(done)
            }
            CacheTarget::Period(period) => self.look_after_period(period, action).await,
            CacheTarget::Order(number) => self.look_after_order(number, action).await,
            CacheTarget::Hot(kind) => of_kind!(kind, self.look_after_kind(action, |_| {})),
        }
    }

    /// What stands in the cache, no more than `most` entries.
    ///
    /// # Errors
    /// The database's; `Unavailable` when the cache cannot be reached.
    pub async fn cache_entries(&self, target: &CacheTarget, most: u64) -> Result<Vec<CacheEntry>> {
        match target {
            CacheTarget::Wallets(uids) => self.wallet_entries(uids).await,
            CacheTarget::Period(period) => Ok(self.cache().inspect_period(period).await?),
            CacheTarget::Order(number) => self.order_entries(number).await,
            CacheTarget::Hot(kind) => of_kind!(kind, self.kind_entries(most)),
        }
    }

    /// Makes what is cached of a kind what the database has, and says after each chunk how many
    /// rows it saw.
    ///
    /// # Errors
    /// The database's; `Unavailable` when the cache cannot be reached.
    pub async fn refresh_kind(&self, kind: Kind, seen: impl Fn(u64) + Send) -> Result<Upkeep> {
        of_kind!(kind, self.look_after_kind(CacheAction::Refresh, seen))
    }
}

/// Whether there is something to take away.
const fn is_there(entry: &CacheEntry) -> bool {
    matches!(entry.standing, Standing::Row | Standing::Absent)
}
