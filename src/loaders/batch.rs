//! Our wrapper around the `dataloader` crate: the only file that names it.
//!
//! One set of loaders serves one request. Fields that are resolved in one poll enqueue their
//! keys; the first of them to wake loads the whole batch.

use std::{collections::HashMap, fmt::Debug, hash::Hash, sync::OnceLock};

use ::dataloader::{BatchFn, cached};
use tracing::Instrument;

use crate::error::{Error, Result};

/// Most keys in one batch; the rest goes into the next.
const MAX_BATCH: usize = 1_000;

/// How a batch of one kind of row is fetched.
pub trait Fetch: Clone + Send + Sync + 'static {
    /// What a row is looked up by.
    type Key: Clone + Debug + Eq + Hash + Send + Sync + 'static;
    /// A row, cheap to clone.
    type Row: Clone + Send + Sync + 'static;

    /// Fetches what there is under `keys`, which are all different.
    fn fetch(&self, keys: &[Self::Key]) -> impl Future<Output = Fetched<Self>> + Send;
}

/// What a batch learned.
pub struct Fetched<F: Fetch> {
    /// The row of each key that was found out about, or that there is none.
    known: HashMap<F::Key, Option<F::Row>>,
    /// Why the others could not be looked for; without it, they do not exist.
    failure: Option<Error>,
}

impl<F: Fetch> Fetched<F> {
    /// Nothing yet.
    pub fn with_capacity(keys: usize) -> Self {
        Self { known: HashMap::with_capacity(keys), failure: None }
    }

    /// There is this row.
    pub fn found(&mut self, key: F::Key, row: F::Row) {
        self.known.insert(key, Some(row));
    }

    /// There is no row.
    pub fn absent(&mut self, key: F::Key) {
        self.known.insert(key, None);
    }

    /// The rows that were found.
    pub fn into_rows(self) -> impl Iterator<Item = (F::Key, F::Row)> {
        self.known.into_iter().filter_map(|(key, row)| Some((key, row?)))
    }

    /// What the database had, or why it did not answer.
    pub fn add(&mut self, read: Result<impl IntoIterator<Item = (F::Key, F::Row)>>) {
        match read {
            Ok(rows) => self.known.extend(rows.into_iter().map(|(key, row)| (key, Some(row)))),
            Err(failure) => self.failure = Some(failure),
        }
    }
}

type Outcome<F> = Result<Option<<F as Fetch>::Row>>;
type Cached<F> = cached::Loader<<F as Fetch>::Key, Outcome<F>, Adapter<F>>;

/// Looks rows up in batches, each key once a request.
pub struct Batcher<F: Fetch> {
    fetch: F,
    /// Made when first asked: most requests use one or two of the loaders.
    loader: OnceLock<Cached<F>>,
}

impl<F: Fetch> Batcher<F> {
    /// A loader that has not loaded anything.
    pub const fn new(fetch: F) -> Self {
        Self { fetch, loader: OnceLock::new() }
    }

    /// The row under `key`, if there is one.
    ///
    /// # Errors
    /// What the batch failed with, the same for each key that it could not look for.
    pub async fn load(&self, key: F::Key) -> Outcome<F> {
        let loader = self.loader.get_or_init(|| self.loader());
        loop {
            // An error can only mean that the field that drove the batch was dropped, with its
            // keys: a sibling of it failed. Ask again; somebody else drives.
            if let Ok(outcome) = loader.try_load(key.clone()).await {
                return outcome;
            }
        }
    }

    /// Forgets what was loaded: after a change, what was read before it is history.
    pub async fn clear(&self) {
        if let Some(loader) = self.loader.get() {
            loader.clear_all().await;
        }
    }

    fn loader(&self) -> Cached<F> {
        cached::Loader::new(Adapter(self.fetch.clone()))
            .with_yield_count(1)
            .with_max_batch_size(MAX_BATCH)
    }
}

/// The crate's view of a [`Fetch`]: it wants an entry for every key, and panics without one.
struct Adapter<F>(F);

impl<F: Fetch> BatchFn<F::Key, Outcome<F>> for Adapter<F> {
    async fn load(&mut self, keys: &[F::Key]) -> HashMap<F::Key, Outcome<F>> {
        let loader = std::any::type_name::<F>();
        let span = tracing::debug_span!("load", loader, keys = keys.len());
        // Boxed once a batch, or the future of every field would hold it whole.
        let Fetched { mut known, failure } = Box::pin(self.0.fetch(keys)).instrument(span).await;
        let mut outcome = |key: &F::Key| match (known.remove(key), &failure) {
            (Some(row), _) => Ok(row),
            (None, Some(failure)) => Err(failure.clone()),
            (None, None) => Ok(None),
        };
        keys.iter().map(|key| (key.clone(), outcome(key))).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    };

    use futures::future::{join, join_all, select};

    use super::*;

    /// Doubles even numbers, knows no odd ones, and counts its batches.
    #[derive(Clone, Default)]
    struct Doubles {
        batches: Arc<AtomicUsize>,
        broken: bool,
    }

    impl Fetch for Doubles {
        type Key = u32;
        type Row = u32;

        async fn fetch(&self, keys: &[u32]) -> Fetched<Self> {
            self.batches.fetch_add(1, Ordering::Relaxed);
            for _ in 0..5 {
                tokio::task::yield_now().await;
            }
            let mut fetched = Fetched::with_capacity(keys.len());
            fetched.add(Ok(keys.iter().filter(|key| *key % 2 == 0).map(|key| (*key, key * 2))));
            if self.broken {
                fetched.add(Err::<[(u32, u32); 0], _>(Error::Timeout));
            }
            fetched
        }
    }

    #[tokio::test]
    async fn siblings_share_a_batch_and_a_key_is_loaded_once() {
        let fetch = Doubles::default();
        let loader = Batcher::new(fetch.clone());
        let rows = join_all((0..100).map(|key| loader.load(key % 50))).await;
        assert_eq!(rows[4].as_ref().unwrap(), &Some(8));
        assert_eq!(rows[5].as_ref().unwrap(), &None);
        assert_eq!(loader.load(4).await.unwrap(), Some(8));
        assert_eq!(fetch.batches.load(Ordering::Relaxed), 1);
        loader.clear().await;
        assert_eq!(loader.load(4).await.unwrap(), Some(8));
        assert_eq!(fetch.batches.load(Ordering::Relaxed), 2);
    }

    #[tokio::test]
    async fn a_failure_reaches_only_the_keys_that_were_not_found() {
        let loader = Batcher::new(Doubles { broken: true, ..Doubles::default() });
        let (even, odd) = join(loader.load(2), loader.load(3)).await;
        assert_eq!(even.unwrap(), Some(4));
        assert!(matches!(odd, Err(Error::Timeout)));
    }

    #[tokio::test]
    async fn a_waiter_outlives_the_one_that_drove_its_batch() {
        let fetch = Doubles::default();
        let loader = Batcher::new(fetch.clone());
        let driver = Box::pin(loader.load(2));
        let waiter = Box::pin(loader.load(4));
        let dropped_midway = Box::pin(async {
            for _ in 0..2 {
                tokio::task::yield_now().await;
            }
        });
        let driven = select(driver, dropped_midway);
        let (_, row) = join(async { drop(driven.await) }, waiter).await;
        assert_eq!(row.unwrap(), Some(8));
        assert_eq!(fetch.batches.load(Ordering::Relaxed), 2, "the first was dropped midway");
    }
}
