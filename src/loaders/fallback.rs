//! What is answered while the database is down: rows that this process kept, marked as stale.

use std::time::{Duration, Instant};

use futures::future::BoxFuture;
use parking_lot::Mutex;

use super::batch::{Fetch, Fetched};
use crate::error::{Error, Result};

/// How long the database is not asked again for what was kept: to find out that it is down takes
/// seconds, and who can be answered should not wait for it.
const PAUSE: Duration = Duration::from_secs(1);

/// What the database says, once it is asked.
type Read<'a, F> = BoxFuture<'a, Result<Vec<(<F as Fetch>::Key, <F as Fetch>::Row)>>>;

/// Whether the database was found to be down just now.
#[derive(Default)]
pub struct Outage(Mutex<Option<Instant>>);

impl Outage {
    fn is_recent(&self) -> bool {
        self.0.lock().is_some_and(|found| found.elapsed() < PAUSE)
    }

    /// Does a batch's `read`; while the database is down, those of `keys` that were `kept` are
    /// answered with what they were.
    pub async fn read_or_keep<F: Fetch>(
        &self,
        fetched: &mut Fetched<F>,
        keys: &[F::Key],
        read: Read<'_, F>,
        kept: impl Fn(&F::Key) -> Option<F::Row>,
    ) {
        let kept = |key: &F::Key| Some((key.clone(), kept(key)?));
        if self.is_recent()
            && let Some(all) = keys.iter().map(kept).collect::<Option<Vec<_>>>()
        {
            return fetched.add(Ok(all));
        }
        let read = read.await;
        let is_outage = read.as_ref().is_err_and(Error::is_outage);
        *self.0.lock() = is_outage.then(Instant::now);
        if is_outage {
            fetched.add(Ok(keys.iter().filter_map(kept)));
        }
        fetched.add(read);
    }
}
