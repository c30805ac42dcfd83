//! What one movement does to one wallet: pure rules of a row.

use crate::{
    entity::{Amount, Money, OrderNo, Uid, transaction::Kind, wallet},
    error::Refusal,
};

/// A movement into or out of a wallet, or a note of a change that moves nothing.
#[derive(Clone, Debug)]
pub struct Entry<'a> {
    /// What the ledger will call it.
    pub kind: Kind,
    /// How much, which way.
    pub change: Change,
    /// What for.
    pub description: Option<&'a str>,
    /// The other wallet of a transfer.
    pub counterparty: Option<&'a Uid>,
    /// The order it pays for or gives back.
    pub order_no: Option<&'a OrderNo>,
}

/// How much, which way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// In.
    Credit(Amount),
    /// Out.
    Debit(Amount),
    /// Neither.
    Nothing,
}

impl<'a> Entry<'a> {
    /// An entry that nothing else is known of.
    pub const fn new(kind: Kind, change: Change, description: Option<&'a str>) -> Self {
        Self { kind, change, description, counterparty: None, order_no: None }
    }

    /// The other wallet of the transfer.
    pub const fn with(mut self, counterparty: &'a Uid) -> Self {
        self.counterparty = Some(counterparty);
        self
    }

    /// The order it belongs to.
    pub const fn of(mut self, order_no: &'a OrderNo) -> Self {
        self.order_no = Some(order_no);
        self
    }

    /// The balance this entry leaves in `wallet`.
    ///
    /// # Errors
    /// Why it may not: the wallet's status, too little money, or more than a wallet can hold.
    pub fn apply(&self, wallet: &wallet::Model) -> Result<Money, Refusal> {
        match self.change {
            Change::Nothing => Ok(wallet.balance),
            Change::Credit(amount) => {
                self.require_credit_allowed(wallet)?;
                wallet.balance.checked_add(amount.money()).ok_or_else(|| Refusal::InvalidAmount {
                    reason: format!("{} would hold more than a wallet can", wallet.uid),
                })
            }
            Change::Debit(amount) => {
                require_active(wallet)?;
                debited(wallet, amount)
            }
        }
    }

    /// A frozen wallet takes credits. A closed one takes a refund alone: that money is owed.
    fn require_credit_allowed(&self, wallet: &wallet::Model) -> Result<(), Refusal> {
        match wallet.status {
            wallet::Status::Active | wallet::Status::Frozen => Ok(()),
            wallet::Status::Closed if self.kind == Kind::Refund => Ok(()),
            wallet::Status::Closed => Err(not_active(wallet)),
        }
    }

    /// The ledger's amount: how much, without a sign.
    pub const fn amount(&self) -> Option<Amount> {
        match self.change {
            Change::Credit(amount) | Change::Debit(amount) => Some(amount),
            Change::Nothing => None,
        }
    }
}

fn debited(wallet: &wallet::Model, amount: Amount) -> Result<Money, Refusal> {
    wallet.balance.checked_sub(amount.money()).filter(|after| !after.is_negative()).ok_or_else(
        || Refusal::InsufficientFunds {
            uid: wallet.uid.clone(),
            available: wallet.balance,
            requested: amount.money(),
        },
    )
}

fn require_active(wallet: &wallet::Model) -> Result<(), Refusal> {
    if wallet.status == wallet::Status::Active { Ok(()) } else { Err(not_active(wallet)) }
}

fn not_active(wallet: &wallet::Model) -> Refusal {
    Refusal::WalletNotActive { uid: wallet.uid.clone(), status: wallet.status }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{balance::testing::wallet, entity::wallet::Status};

    fn amount(text: &str) -> Amount {
        text.parse().unwrap()
    }

    fn credit(kind: Kind, text: &str) -> Entry<'static> {
        Entry::new(kind, Change::Credit(amount(text)), None)
    }

    fn debit(text: &str) -> Entry<'static> {
        Entry::new(Kind::Withdraw, Change::Debit(amount(text)), None)
    }

    #[test]
    fn a_wallet_pays_out_to_the_last_unit_and_no_further() {
        let ann = wallet("ann", "10");
        assert_eq!(debit("10").apply(&ann).unwrap(), Money::ZERO);
        let refusal = debit("10.0001").apply(&ann).unwrap_err();
        assert!(matches!(refusal, Refusal::InsufficientFunds { .. }), "{refusal:?}");
    }

    #[test]
    fn a_wallet_holds_no_more_than_can_be_stored() {
        let full = wallet("ann", "922337203685477.5807");
        let refusal = credit(Kind::Recharge, "0.0001").apply(&full).unwrap_err();
        assert!(matches!(refusal, Refusal::InvalidAmount { .. }), "{refusal:?}");
    }

    #[test]
    fn a_frozen_wallet_takes_credits_and_refuses_debits() {
        let frozen = wallet::Model { status: Status::Frozen, ..wallet("ann", "10") };
        assert!(credit(Kind::Recharge, "1").apply(&frozen).is_ok());
        assert!(debit("1").apply(&frozen).is_err());
    }

    #[test]
    fn a_closed_wallet_takes_only_what_is_owed_to_it() {
        let closed = wallet::Model { status: Status::Closed, ..wallet("ann", "10") };
        assert!(credit(Kind::Refund, "1").apply(&closed).is_ok());
        assert!(credit(Kind::Recharge, "1").apply(&closed).is_err());
        assert!(debit("1").apply(&closed).is_err());
    }
}
