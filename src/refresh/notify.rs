//! Being told by PostgreSQL that something changed, rather than asking.

use std::time::Duration;

use sea_orm::sqlx::{Error, Executor, postgres::PgListener};
use tokio::{
    sync::{Notify, watch},
    time::{sleep, timeout},
};

use super::Inner;

/// What triggers notify.
const CHANNEL: &str = "wallet_bff_hot";
/// How often a silent connection is tried.
const CHECK: Duration = Duration::from_secs(5);
/// How long it may take to answer.
const PATIENCE: Duration = Duration::from_secs(2);

/// Wakes the worker when something changed, or may have changed unheard; says whether it would
/// be heard. For ever.
pub(super) async fn listen(inner: &Inner, wake: &Notify, hears: &watch::Sender<bool>) {
    if inner.config.no_listen || !inner.database.is_postgres() {
        return std::future::pending().await;
    }
    loop {
        if let Err(error) = listen_once(inner, wake, hears).await {
            tracing::debug!(%error, "notifications of changes");
        }
        if hears.send_replace(false) {
            tracing::warn!("no notifications of changes any more; polling until they are back");
        }
        sleep(inner.config.refresh_interval).await;
    }
}

async fn listen_once(
    inner: &Inner,
    wake: &Notify,
    hears: &watch::Sender<bool>,
) -> Result<(), Error> {
    let mut listener = inner.database.listener().await?;
    listener.listen(CHANNEL).await?;
    hears.send_replace(true);
    // What happened while nobody listened.
    wake.notify_one();
    loop {
        match timeout(CHECK, listener.try_recv()).await {
            Ok(Ok(Some(_))) => wake.notify_one(),
            // The connection is lost, and with it who knows what.
            Ok(Ok(None)) => return Ok(()),
            Ok(Err(error)) => return Err(error),
            // A network that was cut says nothing, which sounds like nothing to say.
            Err(_) => check(&mut listener).await?,
        }
    }
}

async fn check(listener: &mut PgListener) -> Result<(), Error> {
    let asked = timeout(PATIENCE, listener.execute("SELECT 1")).await;
    asked.map_err(|_| Error::PoolTimedOut)??;
    Ok(())
}
