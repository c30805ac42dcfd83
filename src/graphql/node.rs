//! Global ids, and whatever has one.

use async_graphql::{ID, Interface};
use base64::{Engine, engine::general_purpose::STANDARD};

use super::{
    hot::{self, Channel, HotRecord, Merchant, Plugin, PluginConfig, PluginPaymentMethod, Tenant},
    operation::Operation,
    order::Order,
    transaction::Transaction,
    wallet::Wallet,
};
use crate::{
    entity::{IdempotencyKey, OrderNo, TransactionNo, Uid, hot::Kind},
    error::Error,
};

/// Something with a globally unique id, which `Query.node` finds again.
#[derive(Interface)]
#[graphql(field(name = "id", ty = "ID", desc = "Opaque, globally unique."))]
pub enum Node {
    /// A user's wallet.
    Wallet(Wallet),
    /// A ledger line.
    Transaction(Transaction),
    /// An order.
    Order(Order),
    /// What came of a mutation.
    Operation(Operation),
    /// A merchant.
    Merchant(Merchant),
    /// A tenant.
    Tenant(Tenant),
    /// A payment channel.
    Channel(Channel),
    /// A payment plugin.
    Plugin(Plugin),
    /// A plugin's settings.
    PluginConfig(PluginConfig),
    /// A way to pay that a plugin offers.
    PluginPaymentMethod(PluginPaymentMethod),
}

impl From<HotRecord> for Node {
    fn from(record: HotRecord) -> Self {
        match record {
            HotRecord::Merchant(row) => Self::Merchant(row),
            HotRecord::Tenant(row) => Self::Tenant(row),
            HotRecord::Channel(row) => Self::Channel(row),
            HotRecord::Plugin(row) => Self::Plugin(row),
            HotRecord::PluginConfig(row) => Self::PluginConfig(row),
            HotRecord::PluginPaymentMethod(row) => Self::PluginPaymentMethod(row),
        }
    }
}

/// What a global id names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NodeId {
    /// A wallet.
    Wallet(Uid),
    /// A ledger line.
    Transaction(TransactionNo),
    /// An order.
    Order(OrderNo),
    /// An operation: keys are unique for a caller.
    Operation {
        /// Whose.
        caller: Uid,
        /// Under which key.
        key: IdempotencyKey,
    },
    /// A row of hot data: its kind, and its number in the table of that.
    Hot(Kind, i64),
}

impl NodeId {
    /// As clients get it.
    pub fn encode(&self) -> ID {
        let text = match self {
            Self::Wallet(uid) => format!("Wallet:{uid}"),
            Self::Transaction(number) => format!("Transaction:{number}"),
            Self::Order(number) => format!("Order:{number}"),
            // No uid holds a slash.
            Self::Operation { caller, key } => format!("Operation:{caller}/{key}"),
            Self::Hot(kind, id) => format!("{}:{id}", hot::type_name(*kind)),
        };
        ID(STANDARD.encode(text))
    }

    /// From what clients send back.
    ///
    /// # Errors
    /// `BadInput` for what is no global id.
    pub fn decode(id: &str) -> Result<Self, Error> {
        let malformed = || Error::BadInput("this is no id of a node".to_owned());
        let bytes = STANDARD.decode(id).map_err(|_| malformed())?;
        let text = String::from_utf8(bytes).map_err(|_| malformed())?;
        match text.split_once(':').ok_or_else(malformed)? {
            ("Wallet", uid) => Ok(Self::Wallet(uid.parse()?)),
            ("Transaction", number) => Ok(Self::Transaction(number.parse()?)),
            ("Order", number) => Ok(Self::Order(number.parse()?)),
            ("Operation", name) => {
                let (caller, key) = name.split_once('/').ok_or_else(malformed)?;
                Ok(Self::Operation { caller: caller.parse()?, key: key.parse()? })
            }
            (name, id) => {
                let kind = hot::kind_of(name).ok_or_else(malformed)?;
                Ok(Self::Hot(kind, id.parse().map_err(|_| malformed())?))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_lead_back_to_what_they_name() {
        let id = NodeId::Wallet(Uid::stored("u000001"));
        assert_eq!(id.encode().as_str(), "V2FsbGV0OnUwMDAwMDE=");
        assert_eq!(NodeId::decode("V2FsbGV0OnUwMDAwMDE=").unwrap(), id);
        let colons = NodeId::Order(OrderNo::stored("a:b:c"));
        assert_eq!(NodeId::decode(&colons.encode()).unwrap(), colons);
        for kind in Kind::ALL {
            let id = NodeId::Hot(kind, -7);
            assert_eq!(NodeId::decode(&id.encode()).unwrap(), id);
        }
        let key = IdempotencyKey::stored("a/b:c/d!");
        let slashes = NodeId::Operation { caller: Uid::stored("ann"), key };
        assert_eq!(NodeId::decode(&slashes.encode()).unwrap(), slashes);
    }

    #[test]
    fn what_is_no_id_is_refused() {
        for id in [
            "",
            "u000001",
            "V2FsbGV0",
            &STANDARD.encode("Planet:earth"),
            &STANDARD.encode("Merchant:x"),
            &STANDARD.encode("Wallet:{a}"),
        ] {
            assert!(matches!(NodeId::decode(id), Err(Error::BadInput(_))), "{id}");
        }
    }
}
