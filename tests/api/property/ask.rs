//! What may be asked, at random.

use proptest::prelude::*;
use wallet_bff::entity::{order, wallet};

/// Three wallets in one currency, one in another, and one user without any.
pub(super) const USERS: usize = 5;
pub(super) const IN_DOLLARS: usize = 3;
pub(super) const WITHOUT: usize = 4;

/// One thing that is asked; users and orders by number.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Ask {
    Open(usize),
    Deposit(usize, i64),
    Withdraw(usize, i64),
    Transfer(usize, usize, i64),
    Batch(Vec<(bool, usize, i64)>),
    Reward(Vec<(usize, i64)>),
    SetStatus(Vec<usize>, wallet::Status),
    CreateOrder(usize, i64),
    /// The order that the n-th `CreateOrder` made, counted round.
    ChangeOrder(usize, order::Status),
    DeleteOrder(usize),
}

#[derive(Clone, Debug)]
pub(super) enum Step {
    /// Under a new key.
    New(Ask),
    /// An earlier step (counted round) again.
    Repeat(usize),
    /// Something else under the key of an earlier one.
    Reuse(usize, Ask),
}

pub(super) fn user() -> impl Strategy<Value = usize> {
    prop_oneof![8 => 0..IN_DOLLARS, 1 => Just(IN_DOLLARS), 1 => Just(WITHOUT)]
}

pub(super) fn units() -> impl Strategy<Value = i64> {
    prop_oneof![8 => 1..300_000_i64, 1 => Just(1), 1 => Just(i64::MAX)]
}

pub(super) fn order_status() -> impl Strategy<Value = order::Status> {
    use order::Status::{Cancelled, Completed, Expired, Paid, Pending};
    prop::sample::select(vec![Pending, Paid, Paid, Completed, Cancelled, Cancelled, Expired])
}

pub(super) fn ask() -> impl Strategy<Value = Ask> {
    use wallet::Status::{Active, Closed, Frozen};
    let status = prop::sample::select(vec![Active, Active, Active, Frozen, Closed]);
    prop_oneof![
        1 => user().prop_map(Ask::Open),
        4 => (user(), units()).prop_map(|(u, n)| Ask::Deposit(u, n)),
        4 => (user(), units()).prop_map(|(u, n)| Ask::Withdraw(u, n)),
        4 => (user(), user(), units()).prop_map(|(u, v, n)| Ask::Transfer(u, v, n)),
        3 => prop::collection::vec((any::<bool>(), user(), units()), 1..5).prop_map(Ask::Batch),
        3 => prop::collection::vec((user(), units()), 1..5).prop_map(Ask::Reward),
        2 => (prop::collection::vec(user(), 1..3), status).prop_map(|(u, s)| Ask::SetStatus(u, s)),
        3 => (user(), units()).prop_map(|(u, n)| Ask::CreateOrder(u, n)),
        3 => (0..9_usize, order_status()).prop_map(|(n, s)| Ask::ChangeOrder(n, s)),
        1 => (0..9_usize).prop_map(Ask::DeleteOrder),
    ]
}

pub(super) fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        8 => ask().prop_map(Step::New),
        1 => (0..40_usize).prop_map(Step::Repeat),
        1 => (0..40_usize, ask()).prop_map(|(n, ask)| Step::Reuse(n, ask)),
    ]
}
