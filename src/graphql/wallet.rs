//! A wallet.

use async_graphql::{Context, Enum, ID, InputObject, Object, Result};

use super::{
    access::Permission,
    connection::{Connection, Listed, page},
    context::ContextExt,
    lock::LockStatus,
    node::NodeId,
    order::Order,
    rendered::{Render, Rendered, Write, WriteJson, write_enum},
    scalars::DateTime,
    text::{Currency, Word},
    transaction::{Transaction, TransactionFilter},
};
use crate::{
    entity::{Money, Period, Uid, wallet},
    loaders::{self, OrderFilter, Sourced, Total},
};

/// Whether a wallet may be used.
#[derive(Enum, Copy, Clone, Debug, Eq, PartialEq)]
#[graphql(remote = "wallet::Status")]
pub enum WalletStatus {
    /// In use.
    Active,
    /// Refuses every debit (withdrawals, transfers out, orders); takes credits.
    Frozen,
    /// Refuses debits and credits; takes only the refund of an order, which is owed to it.
    Closed,
}

/// Where an answer was read.
#[derive(Enum, Copy, Clone, Debug, Eq, PartialEq)]
#[graphql(remote = "loaders::Source")]
pub enum ReadSource {
    /// In the cache: it may have changed since.
    Cache,
    /// In the database.
    Database,
    /// In the memory of this instance, because the database is down: it was true a while ago, and
    /// may have changed since. Never the answer to `minVersion` or `consistency: LATEST`.
    Stale,
}

/// How fresh an answer must be.
#[derive(Enum, Copy, Clone, Debug, Eq, PartialEq)]
pub enum Consistency {
    /// May be stale.
    Cached,
    /// Reads the primary database.
    Latest,
}

/// A user's wallet: the stored row, and what is derived from it.
#[derive(Clone)]
pub struct Wallet(pub Sourced<wallet::Model>);

impl Listed for Wallet {
    type Cursor = Uid;

    fn cursor(&self) -> Uid {
        self.0.uid.clone()
    }
}

/// A user's wallet.
#[Object]
impl Wallet {
    /// Opaque, globally unique.
    pub async fn id(&self) -> ID {
        self.global_id()
    }

    /// Whose it is.
    fn uid(&self) -> &Uid {
        &self.0.uid
    }

    /// What it holds; never below zero.
    fn balance(&self) -> Money {
        self.0.balance
    }

    /// ISO 4217 code of everything in it.
    fn currency(&self) -> &str {
        &self.0.currency
    }

    /// Whether it may be used.
    fn status(&self) -> WalletStatus {
        self.0.status.into()
    }

    /// Grows by one with every committed change of this wallet.
    fn version(&self) -> i64 {
        self.0.version
    }

    /// When it was opened.
    fn created_at(&self) -> DateTime {
        DateTime(self.0.created_at)
    }

    /// When it last changed.
    fn updated_at(&self) -> DateTime {
        DateTime(self.0.updated_at)
    }

    /// Where this answer came from.
    fn source(&self) -> ReadSource {
        self.0.source.into()
    }

    /// A moment at which this answer was true: when it was read in the database, or, of a
    /// cached or stale one, its last change.
    fn as_of(&self) -> DateTime {
        DateTime(self.0.as_of)
    }

    /// Its ledger, newest first; never older than this wallet's `version`.
    #[allow(clippy::too_many_arguments)]
    async fn transactions(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "At most so many, from the start.")] first: Option<i32>,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
        #[graphql(desc = "At most so many, from the end.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
        #[graphql(desc = "Only these.")] filter: Option<TransactionFilter>,
    ) -> Result<Rendered<Connection<Transaction>>> {
        let page = page(ctx, first, after.as_deref(), last, before.as_deref())?;
        let filter = filter.map(TransactionFilter::into_loaded);
        let (uid, version) = (&self.0.uid, self.0.version);
        let slice = ctx.loaders().transaction_page(uid, version, filter.as_ref(), &page).await?;
        let total = Total::Transactions(uid.clone(), filter.unwrap_or_default());
        Ok(Rendered(Connection::new(slice.map(Transaction), total)))
    }

    /// Its user's orders, by number.
    #[allow(clippy::too_many_arguments)]
    async fn orders(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "At most so many, from the start.")] first: Option<i32>,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
        #[graphql(desc = "At most so many, from the end.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
        #[graphql(desc = "Only those of this period.")] period_number: Option<Period>,
    ) -> Result<Rendered<Connection<Order>>> {
        let page = page(ctx, first, after.as_deref(), last, before.as_deref())?;
        let filter = OrderFilter { uid: Some(self.0.uid.clone()), period_number, status: None };
        let slice = ctx.loaders().order_page(&filter, &page).await?;
        Ok(Rendered(Connection::new(slice.map(Order), Total::Orders(filter))))
    }

    /// Its lock as it stands: what orders work on it between instances. OPERATOR or ADMIN.
    async fn lock(&self, ctx: &Context<'_>) -> Option<Result<LockStatus>> {
        let uid = &self.0.uid;
        if let Err(denied) = ctx.require(Permission::InspectLock) {
            return Some(Err(denied.into()));
        }
        Some(Ok(LockStatus::read(ctx, uid.clone()).await))
    }
}

impl Wallet {
    fn global_id(&self) -> ID {
        NodeId::Wallet(self.0.uid.clone()).encode()
    }
}

impl Render for Wallet {
    fn plain(field: &str) -> Option<Write<Self>> {
        Some(match field {
            "id" => |row, _, json| row.global_id().write_json(json),
            "uid" => |row, ctx, json| row.uid(ctx).write_json(json),
            "balance" => |row, ctx, json| row.balance(ctx).write_json(json),
            "currency" => |row, ctx, json| row.currency(ctx).write_json(json),
            "status" => |row, ctx, json| write_enum(row.status(ctx), json),
            "version" => |row, ctx, json| row.version(ctx).write_json(json),
            "createdAt" => |row, ctx, json| row.created_at(ctx).write_json(json),
            "updatedAt" => |row, ctx, json| row.updated_at(ctx).write_json(json),
            "source" => |row, ctx, json| write_enum(row.source(ctx), json),
            "asOf" => |row, ctx, json| row.as_of(ctx).write_json(json),
            _ => return None,
        })
    }
}

/// Which wallets. Conditions that are left out do not matter.
#[derive(InputObject)]
pub struct WalletFilter {
    /// In this status.
    status: Option<WalletStatus>,
    /// In this currency.
    currency: Option<Currency>,
    /// Whose uid starts with this.
    uid_prefix: Option<Word>,
    /// That hold at least this.
    min_balance: Option<Money>,
    /// That hold at most this.
    max_balance: Option<Money>,
}

impl From<WalletFilter> for loaders::WalletFilter {
    fn from(filter: WalletFilter) -> Self {
        Self {
            status: filter.status.map(Into::into),
            currency: filter.currency.map(|currency| currency.0),
            uid_prefix: filter.uid_prefix.map(|prefix| prefix.0),
            min_balance: filter.min_balance,
            max_balance: filter.max_balance,
        }
    }
}
