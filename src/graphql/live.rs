//! How live fields do, in numbers.

use chrono::{DateTime, Utc};
use metrics::{counter, gauge, histogram};

use crate::entity::clock;

/// One subscription, counted while it lasts.
pub struct Live(&'static str);

impl Live {
    /// One more of this field.
    pub fn start(field: &'static str) -> Self {
        gauge!("live_subscriptions", "field" => field).increment(1.0);
        Self(field)
    }

    /// A change is handed over that was committed then.
    pub fn told(&self, committed_at: DateTime<Utc>) {
        let lag = (clock::now() - committed_at).to_std().unwrap_or_default();
        histogram!("live_lag_seconds", "field" => self.0).record(lag.as_secs_f64());
    }

    /// The present is read again, because changes were lost on the way.
    pub fn resync(&self) {
        counter!("live_resyncs_total", "field" => self.0).increment(1);
    }

    /// So many changes were not sent singly.
    pub fn folded(&self, changes: i64) {
        let changes = u64::try_from(changes).unwrap_or_default();
        counter!("live_folded_total", "field" => self.0).increment(changes);
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        gauge!("live_subscriptions", "field" => self.0).decrement(1.0);
    }
}
