//! Whether to ask Redis at all.
//!
//! A timeout closes the way to Redis for a pause that doubles while it lasts; after it one
//! caller tries, and the others go on without. So a hung Redis costs one caller in a while the
//! command timeout, and everybody else nothing.

use std::time::{Duration, Instant};

use fred::error::Error as RedisError;
use parking_lot::Mutex;
use tokio::sync::watch;

const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);
/// Between log lines about commands that Redis refuses (no permission, no memory).
const REFUSAL_PAUSE: Duration = Duration::from_secs(10);

pub(super) struct Health {
    state: Mutex<State>,
    /// Whether the way is open, for those who want to be told.
    open: watch::Sender<bool>,
}

impl Default for Health {
    fn default() -> Self {
        Self { state: Mutex::default(), open: watch::Sender::new(true) }
    }
}

#[derive(Default)]
struct State {
    /// When the next caller may try; `None` while all is well.
    retry_at: Option<Instant>,
    pause: Duration,
    /// Whether this outage is in the log.
    logged: bool,
    /// When a refused command was last logged.
    refusal_logged: Option<Instant>,
    /// It answers reads, and takes no writes: what it answers grows old.
    read_only: bool,
}

impl Health {
    pub(super) fn is_closed(&self) -> bool {
        self.state.lock().is_open()
    }

    pub(super) fn is_read_only(&self) -> bool {
        self.state.lock().read_only
    }

    /// Notes whether writes are refused, whoever's and whatever they say. Nothing is read then:
    /// no instance could take away what is older than it should be.
    pub(super) fn set_read_only(&self, refused: Option<&RedisError>) {
        let mut state = self.state.lock();
        match (refused, state.read_only) {
            (Some(error), false) => {
                tracing::warn!(%error, "Redis takes no writes; going on without it");
            }
            (None, true) => tracing::info!("Redis takes writes again"),
            _ => return,
        }
        state.read_only = refused.is_some();
        self.tell(&state);
    }

    fn tell(&self, state: &State) {
        let open = state.is_open();
        self.open.send_if_modified(|before| std::mem::replace(before, open) != open);
    }

    /// Whether Redis answers in time, as it changes.
    pub(super) fn watch(&self) -> watch::Receiver<bool> {
        self.open.subscribe()
    }

    /// Whether this caller may ask. The first one after a pause may, and shuts the way for the
    /// others until it is answered.
    pub(super) fn admits(&self, connected: bool) -> bool {
        let mut state = self.state.lock();
        if !connected {
            state.log("not connected");
            return false;
        }
        match state.retry_at {
            _ if state.read_only => false,
            None => true,
            Some(at) if Instant::now() < at => false,
            Some(_) => {
                state.retry_at = Some(Instant::now() + state.pause);
                true
            }
        }
    }

    /// Notes how a caller fared.
    pub(super) fn record(&self, failure: Option<&RedisError>) {
        let mut state = self.state.lock();
        match failure {
            Some(error) => state.failed(error),
            None if state.logged || state.retry_at.is_some() => {
                *state = State {
                    refusal_logged: state.refusal_logged,
                    read_only: state.read_only,
                    ..State::default()
                };
                tracing::info!("Redis answers again");
            }
            None => return,
        }
        self.tell(&state);
    }

    /// Redis answers, but not what was asked for.
    pub(super) fn log_refusal(&self, error: &RedisError) {
        let mut state = self.state.lock();
        if state.refusal_logged.is_none_or(|at| at.elapsed() > REFUSAL_PAUSE) {
            state.refusal_logged = Some(Instant::now());
            tracing::warn!(%error, "Redis refuses a command");
        }
    }
}

impl State {
    const fn is_open(&self) -> bool {
        self.retry_at.is_none() && !self.read_only
    }

    fn failed(&mut self, error: &RedisError) {
        self.log(error.details());
        self.pause = (self.pause * 2).clamp(FIRST_PAUSE, LONGEST_PAUSE);
        self.retry_at = Some(Instant::now() + self.pause);
    }

    fn log(&mut self, reason: &str) {
        if !self.logged {
            self.logged = true;
            tracing::warn!(reason, "Redis does not answer; going on without it");
        }
    }
}

#[cfg(test)]
mod tests {
    use fred::error::ErrorKind;

    use super::*;

    #[test]
    fn one_caller_tries_after_a_pause() {
        let health = Health::default();
        assert!(health.admits(true));
        health.record(Some(&RedisError::new(ErrorKind::Timeout, "late")));
        assert!(!health.admits(true));
        std::thread::sleep(FIRST_PAUSE);
        assert!(health.admits(true), "the probe");
        assert!(!health.admits(true), "the others wait for it");
        health.record(None);
        assert!(health.admits(true) && health.is_closed());
    }
}
