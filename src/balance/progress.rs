//! How far a batch is, told to whoever decides what starts next.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering::Relaxed},
};

use tokio::sync::Notify;

/// How far one batch is.
pub struct Progress {
    commits: AtomicBool,
    changed: Arc<Notify>,
}

impl Progress {
    /// Of a batch that begins; `changed` is told how it goes on.
    pub fn new(changed: Arc<Notify>) -> Arc<Self> {
        Arc::new(Self { commits: AtomicBool::new(false), changed })
    }

    /// Its rows are written: now it waits for a disk.
    pub fn begin_commit(&self) {
        self.commits.store(true, Relaxed);
        self.changed.notify_one();
    }

    /// Whether that is so.
    pub fn commits(&self) -> bool {
        self.commits.load(Relaxed)
    }
}
