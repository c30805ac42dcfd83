//! Time that a test could use. A machine that is busy, or that stops for a while, lets clocks run
//! on: what is measured by them is then said of the machine.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use tokio::{
    task::AbortHandle,
    time::{MissedTickBehavior, interval},
};

const TICK: Duration = Duration::from_millis(20);

/// Counts from its start, while this process is awake.
pub struct Awake {
    ticks: Arc<AtomicU32>,
    counting: AbortHandle,
    started: Instant,
}

impl Awake {
    /// From now on.
    pub fn since_now() -> Self {
        let ticks = Arc::new(AtomicU32::new(0));
        let counted = ticks.clone();
        let counting = tokio::spawn(async move {
            let mut beat = interval(TICK);
            // However long the last one took, it counts as one.
            beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
            loop {
                beat.tick().await;
                counted.fetch_add(1, Relaxed);
            }
        });
        Self { ticks, counting: counting.abort_handle(), started: Instant::now() }
    }

    /// Whether the machine stopped meanwhile, for longer than it is just busy.
    pub fn was_interrupted(&self) -> bool {
        self.started.elapsed() > 2 * self.elapsed() + Duration::from_secs(2)
    }

    /// At most so long.
    pub fn elapsed(&self) -> Duration {
        TICK * self.ticks.load(Relaxed)
    }
}

impl Drop for Awake {
    fn drop(&mut self) {
        self.counting.abort();
    }
}
