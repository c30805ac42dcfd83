//! How far seeding is: a bar for who watches, a line now and then for a log.

use std::{
    io::{IsTerminal, stderr},
    sync::atomic::{AtomicU64, Ordering},
};

use indicatif::{ProgressBar, ProgressStyle};

/// Reports how many of the wallets are done.
#[derive(Debug)]
pub struct Progress {
    bar: ProgressBar,
    done: AtomicU64,
    total: u64,
    logged: bool,
}

impl Progress {
    /// A bar where stderr is a terminal, otherwise a log line at each tenth of the way.
    pub fn visible(wallets: u64) -> Self {
        if !stderr().is_terminal() {
            return Self { logged: true, ..Self::hidden(wallets) };
        }
        let bar = ProgressBar::new(wallets);
        let template = "{bar:40} {human_pos}/{human_len} wallets, {per_sec}, {eta} left";
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        Self { bar, ..Self::hidden(wallets) }
    }

    /// Nothing to see.
    pub fn hidden(wallets: u64) -> Self {
        Self { bar: ProgressBar::hidden(), done: AtomicU64::new(0), total: wallets, logged: false }
    }

    pub(super) fn advance(&self, wallets: u64) {
        self.bar.inc(wallets);
        let before = self.done.fetch_add(wallets, Ordering::Relaxed);
        let tenth = |done: u64| done * 10 / self.total.max(1);
        if self.logged && tenth(before) < tenth(before + wallets) {
            tracing::info!(wallets = before + wallets, of = self.total, "seeding");
        }
    }

    pub(super) fn finish(&self) {
        self.bar.finish_and_clear();
    }
}
