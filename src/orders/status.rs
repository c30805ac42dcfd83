//! The state machine of an order.
//!
//! ```text
//! pending -> paid -> completed
//!    |        |
//!    |        +----> cancelled   (money back)
//!    +-------------> cancelled   (money back)
//!    +-------------> expired     (money back)
//! ```

use crate::entity::order::Status;

/// Whether an order that stands at `from` may go to `to`.
pub const fn may_follow(from: Status, to: Status) -> bool {
    match from {
        Status::Pending => matches!(to, Status::Paid | Status::Cancelled | Status::Expired),
        Status::Paid => matches!(to, Status::Completed | Status::Cancelled),
        Status::Completed | Status::Cancelled | Status::Expired => false,
    }
}

/// Whether reaching this status gives the order's money back.
pub const fn gives_back(status: Status) -> bool {
    matches!(status, Status::Cancelled | Status::Expired)
}

/// Whether an order at this status holds money that is not settled yet: it may not be deleted.
pub const fn holds_money(status: Status) -> bool {
    matches!(status, Status::Pending | Status::Paid)
}

#[cfg(test)]
mod tests {
    use sea_orm::Iterable;

    use super::*;

    #[test]
    fn nothing_follows_an_end() {
        for from in [Status::Completed, Status::Cancelled, Status::Expired] {
            for to in Status::iter() {
                assert!(!may_follow(from, to), "{from:?} -> {to:?}");
            }
        }
    }

    #[test]
    fn no_status_follows_itself() {
        for status in Status::iter() {
            assert!(!may_follow(status, status), "{status:?}");
        }
    }

    #[test]
    fn money_is_given_back_only_from_where_it_is_held() {
        for from in Status::iter() {
            for to in Status::iter().filter(|to| gives_back(*to) && may_follow(from, *to)) {
                assert!(holds_money(from), "{from:?} -> {to:?}");
            }
        }
    }
}
