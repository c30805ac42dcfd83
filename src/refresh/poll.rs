//! One look: what changed since the last one, or everything where there was none.

use std::time::Instant;

use chrono::TimeDelta;
use tokio::sync::watch;

use super::{Inner, rows, shared::State};
use crate::{
    entity::{clock, hot::Kind},
    error::{Error, Result},
    store::changes::{self, Change, Position},
};

/// Notes, or rows, that are read and written together.
pub(super) const PAGE: u64 = 1_000;
/// How long notes are kept: longer than anybody waits before starting over.
const KEPT: TimeDelta = TimeDelta::days(2);
/// Notes that are forgotten together.
const FORGOTTEN: u64 = 10_000;

/// What a look came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Look {
    /// SQL statements that it took.
    pub(super) statements: u64,
    /// Rows that were looked at because they changed, or all of them.
    pub(super) rows: u64,
    /// Those of them that were not cached as they are.
    pub(super) writes: u64,
}

/// Brings the cache up to date, and the position in `state` with it.
pub(super) async fn look(
    inner: &Inner,
    leads: &watch::Receiver<bool>,
    state: &mut State,
    look: &mut Look,
) -> Result<()> {
    let end = match state.position.clone() {
        Some(position) => changed(inner, leads, &position, state, look).await?,
        None => None,
    };
    // Without a position, or with one that is not of this database: all that there is.
    let end = match end {
        Some(end) => end,
        None => everything(inner, leads, state, look).await?,
    };
    // What Redis did not take may be read there again once it is back.
    if inner.cache.degraded() {
        return Err(Error::Unavailable("the cache does not take everything"));
    }
    state.position = Some(end);
    Ok(())
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

/// Sees to all notes that are kept, of what may have been cached before it changed, and reads all
/// hot data, page by page; answers from where on changes are to be looked for.
async fn everything(
    inner: &Inner,
    leads: &watch::Receiver<bool>,
    state: &mut State,
    look: &mut Look,
) -> Result<Position> {
    let started = Instant::now();
    // First: what changes while this goes on is looked at again.
    let end = changed(inner, leads, &Position::start(), state, look).await?;
    for kind in Kind::ALL {
        let started = Instant::now();
        let mut after = None;
        loop {
            after = rows::fill_page(inner, kind, after, look).await?;
            if after.is_none() {
                break;
            }
            if !*leads.borrow() {
                return Err(deposed());
            }
        }
        state.durations_ms.insert(kind, millis(started));
    }
    tracing::info!(rows = look.rows, writes = look.writes, took = ?started.elapsed(), "hot data is cached");
    end.ok_or_else(|| Error::Internal("nothing is before the start".to_owned()))
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
