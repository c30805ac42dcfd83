//! Rows for the unit tests of the balance domain.

use crate::entity::{Uid, clock, wallet};

/// An active wallet in PHP.
pub fn wallet(uid: &str, balance: &str) -> wallet::Model {
    let now = clock::now();
    wallet::Model {
        uid: Uid::stored(uid),
        balance: balance.parse().unwrap(),
        status: wallet::Status::Active,
        currency: "PHP".to_owned(),
        version: 0,
        created_at: now,
        updated_at: now,
    }
}
