//! Wallets and their ledgers.

use sea_orm::ConnectionTrait;

use super::*;
use crate::{
    cache::{LatestTransactions, Lookup},
    store::wallets,
};

in_every_world! {
    a_loader_is_overtaken,
    a_warm_up_is_overtaken,
    a_refresh_by_hand_is_overtaken,
    an_invalidation_is_overtaken,
    an_early_reload_is_overtaken,
}

/// What happens to a wallet while somebody is about to cache it as it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Change {
    Update,
    UpdateAndFlush,
    Delete,
}

async fn a_loader_is_overtaken(world: &World) {
    race(world, async |uid| {
        let loaders = Loaders::new(&world.ours);
        let wallet = loaders.wallet(&uid, Freshness::Cached).await.unwrap();
        let version = wallet.map_or(0, |wallet| wallet.version);
        loaders.transaction_page(&uid, version, None, &first(2)).await.unwrap();
    })
    .await;
}

async fn a_warm_up_is_overtaken(world: &World) {
    race(world, async |uid| look_after(world, uid, CacheAction::Warm).await).await;
}

async fn a_refresh_by_hand_is_overtaken(world: &World) {
    race(world, async |uid| look_after(world, uid, CacheAction::Refresh).await).await;
}

async fn an_invalidation_is_overtaken(world: &World) {
    race(world, async |uid| look_after(world, uid, CacheAction::Invalidate).await).await;
}

async fn an_early_reload_is_overtaken(world: &World) {
    race(world, async |uid| early::reread::<wallet::Model>(&world.ours, &[uid]).await.unwrap())
        .await;
}

async fn look_after(world: &World, uid: Uid, action: CacheAction) {
    world.ours.look_after(&CacheTarget::Wallets(vec![uid]), action).await.unwrap();
}

async fn race(world: &World, work: impl AsyncFn(Uid)) {
    for change in [Change::Update, Change::UpdateAndFlush, Change::Delete] {
        at_each_step(
            world,
            &format!("{change:?}"),
            async |name| given(world, name).await,
            async |name| work(uid(name)).await,
            async |name| make(world, name, change).await,
            async |name| assert_not_old(world, name, change).await,
        )
        .await;
    }
}

async fn given(world: &World, name: &str) {
    let row = wallet::Model { version: 1, ..wallet(name, 1) };
    wallets::insert_missing(world.database.writer(), &[row]).await.unwrap();
    transactions::insert(world.database.writer(), &[line(name, 1)]).await.unwrap();
}

/// As the balance, or the refresh, of another instance does it.
async fn make(world: &World, name: &str, change: Change) {
    let writer = world.database.writer();
    let outdated = [(uid(name), 2)];
    if change == Change::Delete {
        let sql = format!("DELETE FROM wallets WHERE uid = '{name}'");
        writer.execute_unprepared(&sql).await.unwrap();
        world.theirs.invalidate::<wallet::Model>(&outdated).await;
        world.theirs.invalidate::<LatestTransactions>(&outdated).await;
        return;
    }
    let row = wallet::Model { version: 2, ..wallet(name, 2) };
    wallets::update(writer, std::slice::from_ref(&row)).await.unwrap();
    transactions::insert(writer, &[line(name, 2)]).await.unwrap();
    world.theirs.put_before::<_, LatestTransactions>(&[row], &outdated).await;
    if change == Change::UpdateAndFlush {
        world.flush().await;
    }
}

/// Neither the wallet nor its lines can be read as they were, by either instance.
async fn assert_not_old(world: &World, name: &str, change: Change) {
    let uids = [uid(name)];
    for cache in [world.ours.cache(), &world.theirs] {
        let near = cache.near::<wallet::Model>(&uids[0]).map(|row| row.version);
        let cached = match cache.get::<wallet::Model>(&uids).await.remove(0) {
            Lookup::Hit(row) => Some(row.version),
            Lookup::Absent | Lookup::Miss => None,
        };
        let lines = match cache.get::<LatestTransactions>(&uids).await.remove(0) {
            Lookup::Hit(latest) => latest.lines.first().map(|line| line.version),
            Lookup::Absent | Lookup::Miss => None,
        };
        for (what, version) in [("near", near), ("cached", cached), ("its ledger", lines)] {
            let is_old = |version| change == Change::Delete || version < 2;
            assert!(!version.is_some_and(is_old), "{name}: {what} is {version:?}");
        }
    }
}
