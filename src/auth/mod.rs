//! Who asks: what a verified token says, and what a role may do.

mod claims;
mod key_set;
mod keys;
mod source;
#[cfg(test)]
pub(crate) mod testing;
mod verifier;

use std::sync::Arc;

use chrono::{DateTime, Utc};
use clap::ValueEnum;
use serde::{Deserialize, Serialize};

use crate::entity::Uid;

pub use keys::{Keys, SignError};
pub use source::LoadError;
pub use verifier::{InvalidToken, Verifier};

/// What somebody may do. Each may do all that the one before may.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ValueEnum,
)]
#[serde(rename_all = "UPPERCASE")]
#[value(rename_all = "UPPER")]
pub enum Role {
    /// Sees and moves only their own.
    User,
    /// Acts on any wallet and order.
    Operator,
    /// Also looks after the cache, breaks locks, and sees the operation log and settings of plugins.
    Admin,
}

/// What a verified token says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The token's subject: whose wallet it is, and the caller of operations.
    pub uid: Uid,
    /// The highest role that it names.
    pub role: Role,
    /// When it ends.
    pub expires_at: DateTime<Utc>,
    /// The thumbprint of the public key that it was verified with; `None` with our own secret.
    pub key: Option<Arc<str>>,
}
