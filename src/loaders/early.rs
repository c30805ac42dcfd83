//! Rows that are read often are read anew before they lapse from the cache, so that nobody waits
//! for the database, and no crowd goes there at once.

use std::time::Duration;

use tokio::time::{MissedTickBehavior, interval};

use super::{Sources, read_through::Stored};
use crate::{entity::wallet, error::Result};

/// How often it is looked which do: a few times in the tenth of a lifetime in which they are
/// looked for.
const EVERY: Duration = Duration::from_secs(30);

/// Goes on until it is dropped. Hot data has a refresh of its own.
pub async fn refresh_early(sources: Sources) {
    let mut beat = interval(EVERY);
    beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        beat.tick().await;
        if let Err(error) = reload::<wallet::Model>(&sources).await {
            tracing::debug!(%error, "rows that lapse soon are not read anew");
        }
    }
}

/// One pipeline to ask for how long; and [`reread`] for what lapses soon.
async fn reload<T: Stored>(sources: &Sources) -> Result<()> {
    reread::<T>(sources, &sources.cache().lapsing::<T>().await).await
}

/// One SELECT, one script call to fill.
pub(super) async fn reread<T: Stored>(sources: &Sources, ids: &[T::Id]) -> Result<()> {
    if !ids.is_empty() {
        let moment = sources.cache().moment::<T>(ids);
        let rows = T::select(sources.reader(), ids).await?;
        sources.cache().fill_since(&rows, &moment).await;
    }
    Ok(())
}
