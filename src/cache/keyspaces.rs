//! What is cached, under which key and for how long: a contract with other services.

use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::{Serialize, de::DeserializeOwned};

use super::{Cached, LatestTransactions};
use crate::entity::{Uid, clock, hot, transaction, user, wallet};

/// A family of keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Keyspace {
    /// `wallet_balance_{uid}`
    Wallet,
    /// `wallet_transactions_{uid}`
    Transactions,
    /// `fataMorgana_{period}`, a hash by order number.
    Orders,
    /// `user:{id}`
    User,
    /// `merchant:{id}`
    Merchant,
    /// `tenant:{id}`
    Tenant,
    /// `channel:{id}`
    Channel,
    /// `plugin:{id}`
    Plugin,
    /// `plugin_config:{id}`
    PluginConfig,
    /// `plugin_pay_types:{id}`
    PluginPayType,
}

impl Keyspace {
    /// All of them, in the order in which statistics list them.
    pub const ALL: [Self; 10] = [
        Self::Wallet,
        Self::Transactions,
        Self::Orders,
        Self::User,
        Self::Merchant,
        Self::Tenant,
        Self::Channel,
        Self::Plugin,
        Self::PluginConfig,
        Self::PluginPayType,
    ];

    /// Its name in statistics.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Wallet => "wallet",
            Self::Transactions => "transactions",
            Self::Orders => "orders",
            Self::User => "user",
            Self::Merchant => "merchant",
            Self::Tenant => "tenant",
            Self::Channel => "channel",
            Self::Plugin => "plugin",
            Self::PluginConfig => "plugin_config",
            Self::PluginPayType => "plugin_pay_type",
        }
    }

    /// What its keys start with.
    pub const fn prefix(self) -> &'static str {
        match self {
            Self::Wallet => "wallet_balance_",
            Self::Transactions => "wallet_transactions_",
            Self::Orders => "fataMorgana_",
            Self::User => "user:",
            Self::Merchant => "merchant:",
            Self::Tenant => "tenant:",
            Self::Channel => "channel:",
            Self::Plugin => "plugin:",
            Self::PluginConfig => "plugin_config:",
            Self::PluginPayType => "plugin_pay_types:",
        }
    }

    /// How long an entry is kept, before jitter.
    pub const fn ttl(self) -> Duration {
        const MINUTE: u64 = 60;
        const HOUR: u64 = 60 * MINUTE;
        Duration::from_secs(match self {
            Self::Wallet => 30 * MINUTE,
            Self::Transactions => 15 * MINUTE,
            Self::User => HOUR,
            Self::Orders
            | Self::Merchant
            | Self::Tenant
            | Self::Channel
            | Self::Plugin
            | Self::PluginConfig
            | Self::PluginPayType => 24 * HOUR,
        })
    }

    /// The key of one entry.
    pub fn key(self, id: &impl std::fmt::Display) -> String {
        format!("{}{id}", self.prefix())
    }
}

impl Cached for wallet::Model {
    type Id = Uid;
    type Json = Self;
    const KEYSPACE: Keyspace = Keyspace::Wallet;

    fn id(&self) -> Uid {
        self.uid.clone()
    }

    fn version(&self) -> i64 {
        self.version
    }

    fn json(&self) -> impl Serialize {
        self
    }

    fn from_json(_: &Uid, json: Self) -> Self {
        json
    }

    fn belongs_to(&self, uid: &Uid) -> bool {
        self.uid == *uid && !self.balance.is_negative() && self.version >= 0
    }
}

/// A bare array, whose first line is the newest: whose it is, the key says.
impl Cached for LatestTransactions {
    type Id = Uid;
    type Json = Vec<transaction::Model>;
    const KEYSPACE: Keyspace = Keyspace::Transactions;

    fn id(&self) -> Uid {
        self.uid.clone()
    }

    fn version(&self) -> i64 {
        self.lines.first().map_or(0, |line| line.version)
    }

    fn json(&self) -> impl Serialize {
        &*self.lines
    }

    fn from_json(uid: &Uid, lines: Vec<transaction::Model>) -> Self {
        Self { uid: uid.clone(), lines: lines.into() }
    }

    fn belongs_to(&self, uid: &Uid) -> bool {
        self.lines.iter().all(|line| line.uid == *uid)
    }
}

/// A row without a version of its own: the time of its last change, in microseconds, orders
/// it, and is written beside its fields, with when that was done.
#[derive(Serialize)]
struct Timed<'a, Row> {
    #[serde(flatten)]
    row: &'a Row,
    version: i64,
    cached_at: DateTime<Utc>,
}

macro_rules! timed {
    ($row:ty, $keyspace:ident, $key:ident: $id:ty, $changed:ident) => {
        impl Cached for $row {
            type Id = $id;
            type Json = Self;
            const KEYSPACE: Keyspace = Keyspace::$keyspace;

            fn id(&self) -> $id {
                self.$key.clone()
            }

            fn version(&self) -> i64 {
                self.$changed.timestamp_micros()
            }

            fn json(&self) -> impl Serialize {
                Timed { row: self, version: self.version(), cached_at: clock::now() }
            }

            fn from_json(_: &$id, json: Self) -> Self {
                json
            }

            fn belongs_to(&self, id: &$id) -> bool {
                self.$key == *id
            }
        }
    };
}

timed!(user::Model, User, uid: Uid, updated_at);
timed!(hot::merchant::Model, Merchant, id: i64, update_datetime);
timed!(hot::tenant::Model, Tenant, id: i64, update_datetime);
timed!(hot::channel::Model, Channel, id: i64, update_datetime);
timed!(hot::plugin::Model, Plugin, id: i64, update_datetime);
timed!(hot::plugin_config::Model, PluginConfig, id: i64, update_datetime);
timed!(hot::plugin_pay_type::Model, PluginPayType, id: i64, update_datetime);

/// What is written, or why it cannot be.
pub(super) fn encode(json: impl Serialize) -> serde_json::Result<bytes::Bytes> {
    serde_json::to_vec(&json).map(Into::into)
}

/// What was read, as this service or another wrote it.
pub(super) fn decode<Json: DeserializeOwned>(text: &[u8]) -> serde_json::Result<Json> {
    serde_json::from_slice(text)
}
