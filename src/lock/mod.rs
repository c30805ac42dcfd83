//! User locks: they order work between instances and are visible. Correctness rests on row
//! locks, not on them.

use std::time::Duration;

use crate::entity::Uid;

/// Handle to the locks, in Redis or in this process; cheap to clone.
#[derive(Clone)]
pub struct Locks {}

/// What one attempt got.
pub struct Grant {
    /// Locked for us (or assumed to be, while Redis is gone).
    pub held: Vec<Uid>,
    /// Held by somebody else now.
    pub busy: Vec<Uid>,
}

impl Locks {
    /// Takes those of `uids` that are free, in uid order, one round trip (a slot).
    pub async fn try_acquire(&self, uids: &[Uid], ttl: Duration) -> Grant {
        let _ = (uids, ttl);
        todo!("lock")
    }

    /// Gives back what [`Self::try_acquire`] got, and wakes who waits for it.
    pub async fn release(&self, grant: Grant) {
        let _ = grant;
        todo!("lock")
    }
}

/// stub
#[derive(Debug)]
pub struct RetryPolicy {
    /// x
    pub deadline: Duration,
    /// x
    pub ttl: Duration,
}

impl RetryPolicy {
    /// x
    pub const DEFAULT: Self =
        Self { deadline: Duration::from_millis(1500), ttl: Duration::from_secs(30) };
    /// x
    pub const BATCH: Self =
        Self { deadline: Duration::from_millis(3000), ttl: Duration::from_secs(60) };
    /// x
    pub const REWARDS: Self =
        Self { deadline: Duration::from_secs(15), ttl: Duration::from_secs(60) };
}
