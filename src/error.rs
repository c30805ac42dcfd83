//! What can go wrong, in the terms of the domain. HTTP and GraphQL are not known here: the
//! edge gives each variant its code and hides what is internal.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::entity::{InvalidAmount, InvalidId, Money, OrderNo, Uid, order, wallet};

/// The result of nearly everything.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why something was not done.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Error {
    /// The caller can act on it; answered as data.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The input is malformed; the text is for the caller.
    #[error("{0}")]
    BadInput(String),
    /// A place in a stream of changes from which too much has happened to be sent again.
    #[error("too much has changed since this cursor to be sent again; begin without one")]
    CursorExpired,
    /// It took longer than an operation may.
    #[error("the operation took too long")]
    Timeout,
    /// Something it needs is not there now; the text is for the caller.
    #[error("{0}")]
    Unavailable(&'static str),
    /// The database failed. Its own words are logged, never sent.
    #[error("database: {0}")]
    Database(#[from] Arc<sea_orm::DbErr>),
    /// Anything else that should not happen. Logged, never sent.
    #[error("{0}")]
    Internal(String),
}

impl Error {
    /// Whether the database is away, rather than at odds with us: worth trying again later.
    pub fn is_outage(&self) -> bool {
        use sea_orm::{DbErr, RuntimeErr, sqlx};

        let Self::Database(error) = self else { return false };
        match &**error {
            DbErr::ConnectionAcquire(_) | DbErr::Conn(_) => true,
            DbErr::Exec(RuntimeErr::SqlxError(cause))
            | DbErr::Query(RuntimeErr::SqlxError(cause)) => {
                match &**cause {
                    sqlx::Error::Io(_) | sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed => {
                        true
                    }
                    // Class 57P: the server is shutting down, crashed, or starting.
                    sqlx::Error::Database(cause) => {
                        cause.code().is_some_and(|code| code.starts_with("57P"))
                    }
                    _ => false,
                }
            }
            _ => false,
        }
    }
}

impl From<sea_orm::DbErr> for Error {
    fn from(error: sea_orm::DbErr) -> Self {
        Self::Database(Arc::new(error))
    }
}

impl From<InvalidId> for Error {
    fn from(error: InvalidId) -> Self {
        Self::BadInput(error.to_string())
    }
}

impl From<InvalidAmount> for Error {
    fn from(error: InvalidAmount) -> Self {
        Self::BadInput(error.to_string())
    }
}

/// A refusal that the caller can act on. Stored with the operation, so that a repeat is
/// refused in the same words; `SystemBusy` and `IdempotencyKeyReused` are never stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Refusal {
    /// The wallet holds less than is asked for.
    #[error("wallet {uid} holds {available}, and {requested} is asked for")]
    InsufficientFunds {
        /// Whose wallet.
        uid: Uid,
        /// What it holds.
        available: Money,
        /// What is asked for.
        requested: Money,
    },
    /// No such wallet.
    #[error("there is no wallet {uid}; open it first")]
    WalletNotFound {
        /// Whose wallet.
        uid: Uid,
    },
    /// The wallet is frozen or closed.
    #[error("wallet {uid} is {}", status_word(*status))]
    WalletNotActive {
        /// Whose wallet.
        uid: Uid,
        /// What it is instead.
        status: wallet::Status,
    },
    /// Not an amount, or one that a wallet cannot take.
    #[error("{reason}")]
    InvalidAmount {
        /// What is wrong with it.
        reason: String,
    },
    /// A transfer to oneself.
    #[error("{uid} cannot transfer to itself")]
    SameWallet {
        /// Whose wallet.
        uid: Uid,
    },
    /// Wallets of different currencies.
    #[error("wallet {uid} is in {found}, and {expected} is needed")]
    CurrencyMismatch {
        /// Whose wallet.
        uid: Uid,
        /// Its currency.
        found: String,
        /// The one that is needed.
        expected: String,
    },
    /// The key was used for another input.
    #[error("this idempotency key was used for another input; choose a new one")]
    IdempotencyKeyReused,
    /// Too much at once; nothing was done.
    #[error("too busy; try again in {retry_after_ms} ms with the same key")]
    SystemBusy {
        /// When to try again, in milliseconds.
        retry_after_ms: u32,
    },
    /// No such order.
    #[error("there is no order {order_no}")]
    OrderNotFound {
        /// Which order.
        order_no: OrderNo,
    },
    /// The order cannot go from where it stands to where it should.
    #[error("order {order_no} is {}, and cannot {}", order_word(*from), order_end(*to))]
    InvalidTransition {
        /// Which order.
        order_no: OrderNo,
        /// Where it stands.
        from: order::Status,
        /// Where it should go; nowhere, when it should be deleted.
        to: Option<order::Status>,
    },
    /// It changed since the caller looked.
    #[error("{what} changed since you read it; read it again")]
    VersionConflict {
        /// What changed.
        what: String,
    },
}

fn status_word(status: wallet::Status) -> &'static str {
    match status {
        wallet::Status::Active => "active",
        wallet::Status::Frozen => "frozen",
        wallet::Status::Closed => "closed",
    }
}

fn order_word(status: order::Status) -> &'static str {
    match status {
        order::Status::Pending => "pending",
        order::Status::Paid => "paid",
        order::Status::Completed => "completed",
        order::Status::Cancelled => "cancelled",
        order::Status::Expired => "expired",
    }
}

fn order_end(to: Option<order::Status>) -> String {
    match to {
        Some(to) => format!("become {}", order_word(to)),
        None => "be deleted while it holds money".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use sea_orm::{ConnAcquireErr, DbErr, RuntimeErr, sqlx};

    use super::*;

    #[test]
    fn an_outage_is_told_from_a_failure() {
        let io = sqlx::Error::Io(std::io::ErrorKind::ConnectionReset.into());
        let away = [
            DbErr::ConnectionAcquire(ConnAcquireErr::Timeout),
            DbErr::Query(RuntimeErr::SqlxError(io.into())),
        ];
        assert!(away.into_iter().all(|error| Error::from(error).is_outage()));
        assert!(!Error::from(DbErr::Custom("odd".into())).is_outage());
        assert!(!Error::Timeout.is_outage());
    }
}
