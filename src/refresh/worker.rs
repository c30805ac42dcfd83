//! The worker: looks when it is time or when it is told to, while this instance leads.

use std::time::{Duration, Instant};

use metrics::{counter, gauge, histogram};
use tokio::{
    sync::{Notify, watch},
    time::sleep,
};
use tokio_util::sync::CancellationToken;

use super::{
    Inner, Refresh, leader, notify,
    pace::Pace,
    poll::{self, Look},
    shared::State,
};
use crate::{entity::clock, error::Result};

/// Shortest time between two looks: what is changed row by row is read together.
const GATHER: Duration = Duration::from_millis(10);
/// How often old notes are forgotten.
const TIDY_UP: Duration = Duration::from_secs(600);

impl Refresh {
    /// Refreshes until told to stop, while this instance is the one to do it; then makes way for
    /// another. What was begun and not finished is done again by whoever is next.
    pub async fn run(self, stop: CancellationToken) {
        let inner = &*self.0;
        if inner.config.no_refresh {
            return;
        }
        let (leading, leads) = watch::channel(false);
        let (hearing, hears) = watch::channel(false);
        let wake = Notify::new();
        let worker = Worker { inner, leads, hears, wake: &wake, pace: Pace::new(&inner.config) };
        let work = worker.work();
        tokio::select! {
            () = leader::keep(inner, &leading, &stop) => {}
            () = notify::listen(inner, &wake, &hearing) => {}
            () = work => {}
        }
        leader::leave(inner).await;
    }
}

struct Worker<'a> {
    inner: &'a Inner,
    leads: watch::Receiver<bool>,
    hears: watch::Receiver<bool>,
    wake: &'a Notify,
    pace: Pace,
}

impl Worker<'_> {
    async fn work(mut self) {
        let mut tidied_up = Instant::now();
        loop {
            if self.leads.wait_for(|leads| *leads).await.is_err() {
                return;
            }
            let is_unfinished = self.look().await;
            if tidied_up.elapsed() > TIDY_UP {
                tidied_up = Instant::now();
                poll::tidy_up(self.inner).await;
            }
            let pause = if is_unfinished { Duration::ZERO } else { self.pace.interval() };
            tokio::select! {
                () = sleep(pause) => {}
                () = self.wake.notified() => sleep(GATHER).await,
                // Whoever lost and won the lease again does not know what happened meanwhile.
                _ = self.leads.changed() => {}
            }
        }
    }

    /// Looks, and says everywhere how that went; answers whether there is more to be done.
    async fn look(&mut self) -> bool {
        let started = Instant::now();
        // Redis is away: there is nothing to refresh, and nowhere to say so.
        let Ok(state) = self.inner.shared.load().await else {
            self.pace.failed();
            return false;
        };
        let mut state = state.unwrap_or_default();
        let mut look = Look::default();
        let result = poll::look(self.inner, &self.leads, &mut state, &mut look).await;
        self.set_pace(&result, &look);
        state.leader = Some(self.inner.instance.clone());
        state.interval_ms = u64::try_from(self.pace.interval().as_millis()).unwrap_or(u64::MAX);
        state.consecutive_failures = self.pace.failures();
        if result.is_ok() {
            state.last_success_at = Some(clock::now());
        }
        self.inner.shared.save(&state).await;
        self.record(started.elapsed(), &state, &look);
        result.is_ok() && state.to_fill.is_some()
    }

    fn set_pace(&mut self, result: &Result<()>, look: &Look) {
        let failed_before = self.pace.failures() > 0;
        match result {
            Ok(()) => {
                self.pace.succeeded(look.changes > 0, *self.hears.borrow());
                if failed_before {
                    tracing::info!("the refresh of cached rows works again");
                }
            }
            Err(error) => {
                self.pace.failed();
                // Once for each time that it begins to fail.
                if !failed_before {
                    tracing::warn!(%error, "cached rows could not be refreshed; trying on");
                }
            }
        }
    }

    fn record(&self, duration: Duration, state: &State, look: &Look) {
        let outcome = match (self.pace.failures(), look.changes) {
            (1.., _) => "failed",
            (0, 0) => "nothing",
            (0, _) => "found",
        };
        histogram!("refresh_duration_seconds", "outcome" => outcome).record(duration);
        counter!("refresh_statements_total").increment(look.statements);
        counter!("refresh_rows_total").increment(look.changes + look.filled);
        counter!("refresh_writes_total").increment(look.writes);
        gauge!("refresh_interval_seconds").set(self.pace.interval());
        gauge!("refresh_consecutive_failures").set(self.pace.failures());
        if let Some(at) = state.last_success_at {
            gauge!("refresh_last_success_timestamp_seconds")
                .set(at.timestamp_millis() as f64 / 1e3);
        }
    }
}
