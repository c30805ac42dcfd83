//! How long lists may be, and how large numbers: one table, by where they stand and what they are
//! called. Where a value stands is the type that its field answers with, or the input object.

use std::ops::RangeInclusive;

use super::super::context::Bounds;

/// Most wallets, or movements, of one mutation: they are one transaction, which holds all of their
/// wallets while it lasts.
const MAX_WALLETS: u32 = 500;
/// Largest page of the operation log: one operation may have thousands of ledger lines.
const MAX_LOG_PAGE: u32 = 100;

/// How many items a list may hold.
pub fn length(place: &str, name: &str, bounds: Bounds) -> RangeInclusive<usize> {
    let (least, most) = match (place, name) {
        ("BatchBalanceOperationInput", "operations") | ("SetWalletStatusInput", "uids") => {
            (1, MAX_WALLETS)
        }
        ("BatchRewardInput", "rewards") => (1, bounds.max_rewards),
        _ => (0, bounds.max_list_argument),
    };
    least..=most as usize
}

/// From where to where a number may be, if it is bounded.
pub fn range(place: &str, name: &str, bounds: Bounds) -> Option<RangeInclusive<i64>> {
    let most = match (place, name) {
        ("OperationConnection", "first" | "last") => MAX_LOG_PAGE.min(bounds.max_page_size),
        (_, "first" | "last") => bounds.max_page_size,
        _ => return None,
    };
    Some(0..=most.into())
}
