//! How the refresh of hot data does.

use async_graphql::{Context, Object, Result};

use super::HotDataKind;
use crate::{
    graphql::{
        context::ContextExt,
        scalars::{DateTime, Long},
    },
    loaders::Total,
    refresh,
};

/// How the refresh of one kind does.
pub struct RefreshStatus(pub refresh::KindStatus);

/// How the refresh of one kind of hot data does.
#[Object]
impl RefreshStatus {
    /// Of which kind.
    async fn kind(&self) -> HotDataKind {
        self.0.kind.into()
    }

    /// When the cache was last known to hold what the database does; null before the first time.
    async fn last_success_at(&self) -> Option<DateTime> {
        self.0.last_success_at.map(DateTime)
    }

    /// How long ago that was: how far the cache may be behind. Null before the first time.
    async fn lag_ms(&self) -> Option<Long> {
        self.0.lag().map(|lag| Long(u64::try_from(lag.num_milliseconds()).unwrap_or(0)))
    }

    /// How long it waits before it looks again, unless it is woken: longer while nothing changes,
    /// and while it fails.
    async fn interval_ms(&self) -> Long {
        Long(self.0.interval_ms)
    }

    /// How many rows there are. Counted when asked for, and costs a query.
    async fn rows(&self, ctx: &Context<'_>) -> Result<Long> {
        Ok(Long(ctx.loaders().total(&Total::Hot(self.0.kind)).await?))
    }

    /// How long its last refresh took, in milliseconds.
    async fn duration_ms(&self) -> f64 {
        self.0.duration_ms
    }

    /// How often it failed since it last succeeded.
    async fn consecutive_failures(&self) -> u32 {
        self.0.consecutive_failures
    }

    /// The instance that does it; null while none does.
    async fn leader(&self) -> Option<&str> {
        self.0.leader.as_deref()
    }
}
