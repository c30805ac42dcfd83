//! Refusals that the caller can act on, as data.

use async_graphql::{Enum, Interface, Object, resolver_utils::EnumType};

use crate::{
    entity::{Money, Uid},
    error::Refusal,
};

/// What kind of refusal.
#[derive(Enum, Copy, Clone, Debug, Eq, PartialEq)]
pub enum ErrorCode {
    /// The wallet holds less than is asked for.
    InsufficientFunds,
    /// No such wallet.
    WalletNotFound,
    /// The wallet is frozen or closed.
    WalletNotActive,
    /// Not an amount, or one that a wallet cannot take.
    InvalidAmount,
    /// A transfer to oneself.
    SameWallet,
    /// Wallets of different currencies.
    CurrencyMismatch,
    /// The key was used for another input.
    IdempotencyKeyReused,
    /// Too much at once; try again with the same key.
    SystemBusy,
    /// No such order.
    OrderNotFound,
    /// The order cannot go from where it stands to where it should.
    InvalidTransition,
    /// It changed since the caller looked.
    VersionConflict,
}

impl ErrorCode {
    /// A refusal's code.
    pub const fn of(refusal: &Refusal) -> Self {
        match refusal {
            Refusal::InsufficientFunds { .. } => Self::InsufficientFunds,
            Refusal::WalletNotFound { .. } => Self::WalletNotFound,
            Refusal::WalletNotActive { .. } => Self::WalletNotActive,
            Refusal::InvalidAmount { .. } => Self::InvalidAmount,
            Refusal::SameWallet { .. } => Self::SameWallet,
            Refusal::CurrencyMismatch { .. } => Self::CurrencyMismatch,
            Refusal::IdempotencyKeyReused => Self::IdempotencyKeyReused,
            Refusal::SystemBusy { .. } => Self::SystemBusy,
            Refusal::OrderNotFound { .. } => Self::OrderNotFound,
            Refusal::InvalidTransition { .. } => Self::InvalidTransition,
            Refusal::VersionConflict { .. } => Self::VersionConflict,
        }
    }

    /// As it is written in GraphQL.
    pub fn name(self) -> &'static str {
        Self::items().iter().find(|item| item.value == self).map_or("", |item| item.name)
    }
}

/// A refusal that the caller can act on. Faults (a timeout, no database) are top-level errors.
#[derive(Interface, Clone)]
#[graphql(
    field(name = "code", ty = "ErrorCode", desc = "What kind of refusal."),
    field(name = "message", ty = "String", desc = "What to tell people."),
    field(
        name = "path",
        ty = "Option<Vec<String>>",
        desc = "Path into the input, where one part of it is at fault."
    )
)]
pub enum UserError {
    /// Too little money.
    InsufficientFunds(InsufficientFundsError),
    /// Too much at once.
    Busy(BusyError),
    /// Anything else about the input, or what it names.
    Input(InputError),
}

/// What all user errors have.
#[derive(Clone)]
struct Common {
    refusal: Refusal,
    path: Option<Vec<String>>,
}

/// The wallet holds less than is asked for.
#[derive(Clone)]
pub struct InsufficientFundsError {
    common: Common,
    available: Money,
    requested: Money,
}

/// Too much at once.
#[derive(Clone)]
pub struct BusyError {
    common: Common,
    retry_after_ms: u32,
}

/// Something about the input, or about what it names.
#[derive(Clone)]
pub struct InputError {
    common: Common,
}

impl UserError {
    /// A refusal, and where in the input its cause is.
    pub fn new(refusal: Refusal, path: Option<Vec<String>>) -> Self {
        let common = Common { refusal, path };
        match common.refusal {
            Refusal::InsufficientFunds { available, requested, .. } => {
                Self::InsufficientFunds(InsufficientFundsError { common, available, requested })
            }
            Refusal::SystemBusy { retry_after_ms } => {
                Self::Busy(BusyError { common, retry_after_ms })
            }
            _ => Self::Input(InputError { common }),
        }
    }
}

/// The wallet holds less than is asked for.
#[Object]
impl InsufficientFundsError {
    /// What kind of refusal.
    pub async fn code(&self) -> ErrorCode {
        ErrorCode::of(&self.common.refusal)
    }

    /// What to tell people.
    pub async fn message(&self) -> String {
        self.common.refusal.to_string()
    }

    /// Path into the input.
    pub async fn path(&self) -> Option<Vec<String>> {
        self.common.path.clone()
    }

    /// What the wallet holds.
    async fn available(&self) -> Money {
        self.available
    }

    /// What is asked for.
    async fn requested(&self) -> Money {
        self.requested
    }
}

/// Too much at once. Try again with the same key; what is done already (parts of a large reward)
/// is not done again.
#[Object]
impl BusyError {
    /// What kind of refusal.
    pub async fn code(&self) -> ErrorCode {
        ErrorCode::of(&self.common.refusal)
    }

    /// What to tell people.
    pub async fn message(&self) -> String {
        self.common.refusal.to_string()
    }

    /// Path into the input.
    pub async fn path(&self) -> Option<Vec<String>> {
        self.common.path.clone()
    }

    /// When to try again, in milliseconds from now.
    async fn retry_after_ms(&self) -> u32 {
        self.retry_after_ms
    }
}

/// Something about the input, or about what it names.
#[Object]
impl InputError {
    /// What kind of refusal.
    pub async fn code(&self) -> ErrorCode {
        ErrorCode::of(&self.common.refusal)
    }

    /// What to tell people.
    pub async fn message(&self) -> String {
        self.common.refusal.to_string()
    }

    /// Path into the input.
    pub async fn path(&self) -> Option<Vec<String>> {
        self.common.path.clone()
    }
}

/// Which part of a mutation's input names what: where a refusal points.
#[derive(Clone, Copy)]
pub enum Fields<'a> {
    /// Fields that name users.
    Users(&'a [(&'a Uid, &'static str)]),
    /// A list of objects with a `uid` and an `amount`.
    Items(&'static str),
    /// A list of uids.
    Uids(&'static str),
    /// The field that says how the caller expects things to be.
    Expected(&'static str),
}

impl Fields<'_> {
    /// Where in the input a refusal's cause is; `at` is the item of the list that is at fault.
    pub fn path(self, refusal: &Refusal, at: Option<usize>) -> Option<Vec<String>> {
        let field = match refusal {
            Refusal::InsufficientFunds { .. } | Refusal::InvalidAmount { .. } => "amount",
            Refusal::WalletNotFound { uid }
            | Refusal::WalletNotActive { uid, .. }
            | Refusal::CurrencyMismatch { uid, .. }
            | Refusal::SameWallet { uid } => self.of(uid)?,
            Refusal::IdempotencyKeyReused => return path(&["idempotencyKey"]),
            Refusal::OrderNotFound { .. } | Refusal::InvalidTransition { .. } => "orderNo",
            Refusal::VersionConflict { .. } => match self {
                Self::Expected(field) => field,
                Self::Users(_) | Self::Items(_) | Self::Uids(_) => return None,
            },
            Refusal::SystemBusy { .. } => return None,
        };
        match (self, at.map(|at| at.to_string())) {
            (Self::Items(list), Some(at)) => path(&[list, &at, field]),
            (Self::Uids(list), Some(at)) => path(&[list, &at]),
            (Self::Items(list) | Self::Uids(list), None) => path(&[list]),
            (Self::Users(_) | Self::Expected(_), _) => path(&[field]),
        }
    }

    /// The last field that names this user.
    fn of(self, uid: &Uid) -> Option<&'static str> {
        match self {
            Self::Users(users) => {
                users.iter().rev().find(|(named, _)| *named == uid).map(|(_, field)| *field)
            }
            Self::Items(_) | Self::Uids(_) => Some("uid"),
            Self::Expected(_) => None,
        }
    }
}

fn path(steps: &[&str]) -> Option<Vec<String>> {
    Some(std::iter::once("input").chain(steps.iter().copied()).map(str::to_owned).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_points_at_its_part_of_the_input() {
        let (ann, bob) = (Uid::stored("ann"), Uid::stored("bob"));
        let users = [(&ann, "fromUid"), (&bob, "toUid")];
        let fields = Fields::Users(&users);
        let path = |refusal| fields.path(&refusal, None).map(|path| path.join("."));
        let missing = Refusal::WalletNotFound { uid: bob.clone() };
        assert_eq!(path(missing).as_deref(), Some("input.toUid"));
        assert_eq!(path(Refusal::IdempotencyKeyReused).as_deref(), Some("input.idempotencyKey"));
        assert_eq!(path(Refusal::SystemBusy { retry_after_ms: 1 }), None);
    }

    #[test]
    fn a_refusal_points_at_its_item_of_a_list() {
        let missing = Refusal::WalletNotFound { uid: Uid::stored("ann") };
        let path = |fields: Fields<'_>| fields.path(&missing, Some(3)).map(|path| path.join("."));
        assert_eq!(path(Fields::Items("operations")).as_deref(), Some("input.operations.3.uid"));
        assert_eq!(path(Fields::Uids("uids")).as_deref(), Some("input.uids.3"));
        let conflict = Refusal::VersionConflict { what: "it".to_owned() };
        let path = Fields::Expected("expectedStatus").path(&conflict, None);
        assert_eq!(path.unwrap().join("."), "input.expectedStatus");
    }

    #[test]
    fn codes_are_written_in_capitals() {
        assert_eq!(ErrorCode::InsufficientFunds.name(), "INSUFFICIENT_FUNDS");
        assert!(ErrorCode::items().iter().all(|item| item.value.name() == item.name));
    }
}
