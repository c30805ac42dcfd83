//! One look: what changed since the last one. Where there was none, all notes that are kept, and
//! then hot data that nobody changed.

use std::time::{Duration, Instant};

use chrono::TimeDelta;
use tokio::sync::watch;

use super::{
    Inner, rows,
    shared::{Place, State},
};
use crate::{
    entity::{clock, hot::Kind},
    error::{Error, Result},
    store::changes::{self, Change, Position},
};

/// Notes, or rows, that are read and written together.
pub(super) const PAGE: u64 = 1_000;
/// How long a look may go on to cache rows that did not change.
const FILLING: Duration = Duration::from_millis(500);
/// How long notes are kept: longer than anybody waits before starting over.
const KEPT: TimeDelta = TimeDelta::days(2);
/// Notes that are forgotten together.
const FORGOTTEN: u64 = 10_000;

/// What a look came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Look {
    /// SQL statements that it took.
    pub(super) statements: u64,
    /// Notes that were seen to.
    pub(super) changes: u64,
    /// Rows that were not cached yet, and were read for that.
    pub(super) filled: u64,
    /// Those of them that were not cached as they are.
    pub(super) writes: u64,
    /// Whether the cache did not always say what it had.
    pub(super) is_doubtful: bool,
}

/// Brings the cache up to date, and `state` with it, as far as it came.
pub(super) async fn look(
    inner: &Inner,
    leads: &watch::Receiver<bool>,
    state: &mut State,
    look: &mut Look,
) -> Result<()> {
    let position = state.position.clone().unwrap_or_else(Position::start);
    let end = match changed(inner, leads, &position, state, look).await? {
        Some(end) => end,
        None => return start_over(inner, state).await,
    };
    // What Redis did not take may be read there again once it is back.
    if inner.cache.degraded() || look.is_doubtful {
        return Err(Error::Unavailable("the cache does not take everything"));
    }
    if state.position.replace(end).is_none() {
        state.to_fill = Some(Place { kind: Kind::ALL[0], after: None });
    }
    fill(inner, leads, state, look).await
}

/// What is cached is of a time that was taken back, and this service's own changes were not noted: it
/// all goes. The next look sees to all notes.
async fn start_over(inner: &Inner, state: &mut State) -> Result<()> {
    if inner.cache.forget_everything().await.is_ok() {
        state.position = None;
    }
    Err(Error::Unavailable("the database was put back to an earlier state"))
}

/// Sees to what was noted after `position`; answers how far that is. `None` when the database was
/// put back to an earlier state, where positions mean nothing.
async fn changed(
    inner: &Inner,
    leads: &watch::Receiver<bool>,
    position: &Position,
    state: &mut State,
    look: &mut Look,
) -> Result<Option<Position>> {
    let (mut end, mut after) = (None, None::<Change>);
    loop {
        let page = changes::since(inner.database.reader(), position, after.as_ref(), PAGE).await?;
        look.statements += 1;
        if position.is_ahead_of(&page.end) {
            return Ok(None);
        }
        let end = end.get_or_insert(page.end).clone();
        rows::refresh(inner, &page.changes, state, look).await?;
        if page.changes.len() < PAGE as usize {
            return Ok(Some(end));
        }
        if !*leads.borrow() {
            return Err(deposed());
        }
        after = page.changes.into_iter().next_back();
    }
}

/// Caches hot data that nobody read yet, page by page, for a while: what changes meanwhile is not
/// kept waiting. What the cache does not take is read when it is asked for.
async fn fill(
    inner: &Inner,
    leads: &watch::Receiver<bool>,
    state: &mut State,
    look: &mut Look,
) -> Result<()> {
    let started = Instant::now();
    while let Some(Place { kind, after }) = state.to_fill
        && started.elapsed() < FILLING
        && *leads.borrow()
    {
        let began = Instant::now();
        let after = rows::fill_page(inner, kind, after, look).await?;
        state.durations_ms.insert(kind, millis(began));
        let next = Kind::ALL.into_iter().skip_while(|other| *other != kind).nth(1);
        state.to_fill = match after {
            Some(_) => Some(Place { kind, after }),
            None => next.map(|kind| Place { kind, after: None }),
        };
        if state.to_fill.is_none() {
            tracing::info!("hot data is cached");
        }
    }
    Ok(())
}

/// Forgets notes that everybody has seen to.
pub(super) async fn tidy_up(inner: &Inner) {
    loop {
        let before = clock::now() - KEPT;
        match changes::forget(inner.database.writer(), before, FORGOTTEN).await {
            Ok(count) if count == FORGOTTEN => {}
            Ok(_) => return,
            Err(error) => return tracing::debug!(%error, "old notes stay for now"),
        }
    }
}

pub(super) fn millis(since: Instant) -> f64 {
    since.elapsed().as_secs_f64() * 1_000.0
}

fn deposed() -> Error {
    Error::Unavailable("another instance refreshes now")
}
