//! The one place that asks what time it is.

use chrono::{DateTime, DurationRound, TimeDelta, Utc};

/// Now, in UTC, cut to whole microseconds: PostgreSQL's resolution, so that a time that was
/// stored and read again equals the one that was answered and cached.
#[allow(clippy::disallowed_methods)]
pub fn now() -> DateTime<Utc> {
    let now = Utc::now();
    now.duration_trunc(TimeDelta::microseconds(1)).unwrap_or(now)
}
