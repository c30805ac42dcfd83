//! Races made on purpose. Whoever fills the cache is stopped at each of its steps, between its
//! SELECT and its fill among them; meanwhile another instance commits a change and caches it, and
//! Redis may lose it again. Then they go on: what is cached in the end is not older than that.

mod held;
mod periods;
mod wallets;

use std::pin::pin;

use super::*;
use crate::{
    redis::{
        Redis,
        testing::{RedisCluster, RedisServer, config, until},
    },
    store::testing::wallet,
    testing::stop_after,
};

/// More steps than anything here takes.
const MOST_STEPS: usize = 200;

/// Where instances keep what they share.
enum Shared {
    Process,
    Redis(RedisServer),
    Cluster(RedisCluster),
}

/// Two instances on one ground.
struct World {
    database: TestDatabase,
    shared: Shared,
    ours: Sources,
    /// Another instance's cache; where it is in the process, there is but one.
    theirs: Cache,
}

impl World {
    async fn in_process() -> Self {
        let cache = cache();
        Self::new(Shared::Process, cache.clone(), cache).await
    }

    async fn on_redis() -> Self {
        let server = RedisServer::start();
        let (ours, theirs) = (server.connect().await, server.connect().await);
        let (ours, theirs) = (connected(&ours).await, connected(&theirs).await);
        Self::new(Shared::Redis(server), ours, theirs).await
    }

    async fn on_a_cluster() -> Self {
        let cluster = RedisCluster::start();
        let (ours, theirs) = (cluster.connect().await, cluster.connect().await);
        let (ours, theirs) = (connected(&ours).await, connected(&theirs).await);
        Self::new(Shared::Cluster(cluster), ours, theirs).await
    }

    async fn new(shared: Shared, ours: Cache, theirs: Cache) -> Self {
        let database = database().await;
        let ours = Sources::new((*database).clone(), ours);
        let world = Self { database, shared, ours, theirs };
        world.wait_for_news().await;
        world
    }

    /// Redis loses all that it holds, after everybody has heard of the changes so far.
    async fn flush(&self) {
        self.wait_for_news().await;
        match &self.shared {
            Shared::Process => {}
            Shared::Redis(server) => drop(server.cli(&["flushall"])),
            Shared::Cluster(cluster) => {
                cluster.0.iter().for_each(|node| drop(node.cli(&["flushall"])));
            }
        }
    }

    /// On a cluster each node tells of its own keys: there are witnesses for all.
    async fn wait_for_news(&self) {
        let uids: Vec<Uid> = (0..20).map(|number| uid(&format!("witness{number}"))).collect();
        let rows: Vec<_> = uids.iter().map(|uid| wallet(uid.as_str(), 0)).collect();
        let cache = self.ours.cache();
        let near = |uid: &Uid| cache.near::<wallet::Model>(uid).is_some();
        self.theirs.put(&rows).await;
        while !uids.iter().all(near) {
            cache.get::<wallet::Model>(&uids).await;
            tokio::task::yield_now().await;
        }
        self.theirs.put(&rows).await;
        until(|| !uids.iter().any(near)).await;
    }
}

async fn connected(redis: &Redis) -> Cache {
    let cache = Cache::connect(&config(None), Some(redis));
    until(|| !cache.degraded()).await;
    cache
}

/// Stops `work` on a subject of its own at each of its steps, does `change` to that subject, lets
/// the work go on, and then asks whether all is well.
async fn at_each_step(
    world: &World,
    name: &str,
    given: impl AsyncFn(&str),
    work: impl AsyncFn(&str),
    change: impl AsyncFn(&str),
    check: impl AsyncFn(&str),
) {
    for step in 0..MOST_STEPS {
        let subject = &format!("{name}{step:03}");
        given(subject).await;
        let mut work = pin!(work(subject));
        let has_ended = stop_after(step, work.as_mut()).await.is_some();
        change(subject).await;
        if !has_ended {
            work.await;
        }
        check(subject).await;
        if has_ended {
            // SQLite may be faster than whoever asks it.
            let may_not_wait = matches!(world.shared, Shared::Process);
            assert!(step > 1 || may_not_wait, "it never waited for anything");
            return;
        }
    }
    panic!("it goes on for more than {MOST_STEPS} steps");
}

/// Makes of each function tests in this process, on Redis and on a cluster.
macro_rules! in_every_world {
    ($($name:ident),+ $(,)?) => {$(
        mod $name {
            use crate::loaders::tests::races::World;

            #[tokio::test]
            async fn process() {
                super::$name(&World::in_process().await).await;
            }

            #[tokio::test]
            async fn redis() {
                super::$name(&World::on_redis().await).await;
            }

            #[tokio::test]
            async fn cluster() {
                super::$name(&World::on_a_cluster().await).await;
            }
        }
    )+};
}
use in_every_world;
