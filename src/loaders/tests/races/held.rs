//! SQLite may answer before whoever asked has waited for anything. Here the answer is held back.

use std::cell::RefCell;

use chrono::{DateTime, Utc};
use sea_orm::{DatabaseConnection, DbErr};
use serde::Serialize;
use tokio::sync::oneshot;

use super::*;
use crate::{
    cache::{Cached, Keyspace, Lookup},
    loaders::{
        batch::{Batcher, Fetch},
        read_through::Stored,
    },
    store::wallets,
};

thread_local! {
    /// Says that the database has answered; and then waits.
    static DOOR: RefCell<Option<(oneshot::Sender<()>, oneshot::Receiver<()>)>> =
        const { RefCell::new(None) };
}

/// A wallet of which a SELECT is held back.
#[derive(Clone)]
struct Held(wallet::Model);

impl Cached for Held {
    type Id = Uid;
    type Json = wallet::Model;
    const KEYSPACE: Keyspace = Keyspace::Wallet;

    fn id(&self) -> Uid {
        self.0.id()
    }

    fn version(&self) -> i64 {
        self.0.version
    }

    fn json(&self) -> impl Serialize {
        self.0.json()
    }

    fn from_json(_: &Uid, json: wallet::Model) -> Self {
        Self(json)
    }

    fn belongs_to(&self, uid: &Uid) -> bool {
        self.0.belongs_to(uid)
    }
}

impl Stored for Held {
    async fn select(connection: &DatabaseConnection, uids: &[Uid]) -> Result<Vec<Self>, DbErr> {
        let rows = wallets::by_uids(connection, uids).await?;
        if let Some((answered, go_on)) = DOOR.take() {
            answered.send(()).unwrap();
            go_on.await.unwrap();
        }
        Ok(rows.into_iter().map(Self).collect())
    }

    fn changed_at(&self) -> DateTime<Utc> {
        self.0.updated_at
    }

    fn loader(_: &Loaders) -> &Batcher<ReadThrough<Self>> {
        panic!("it is asked by itself")
    }
}

in_every_world! {
    a_held_loader_brings_nothing_back,
    a_held_reload_brings_nothing_back,
}

async fn a_held_loader_brings_nothing_back(world: &World) {
    hold(world, async |uid| drop(ReadThrough::<Held>::new(&world.ours).fetch(&[uid]).await)).await;
}

async fn a_held_reload_brings_nothing_back(world: &World) {
    hold(world, async |uid| early::reread::<Held>(&world.ours, &[uid]).await.unwrap()).await;
}

/// What is written meanwhile, by us or by others, and lost again or not, is not followed by what was
/// read before it.
async fn hold(world: &World, read: impl AsyncFn(Uid)) {
    for (name, flushes) in [("kept", false), ("lost", true)] {
        for (index, writer) in [world.ours.cache(), &world.theirs].into_iter().enumerate() {
            let uid = uid(&format!("{name}{index}"));
            let row = |version| wallet::Model { version, ..wallet(uid.as_str(), version) };
            wallets::insert_missing(world.database.writer(), &[row(1)]).await.unwrap();
            let (answered, has_answered) = oneshot::channel();
            let (let_go, go_on) = oneshot::channel();
            DOOR.set(Some((answered, go_on)));
            tokio::join!(read(uid.clone()), async {
                has_answered.await.unwrap();
                wallets::update(world.database.writer(), &[row(2)]).await.unwrap();
                writer.put(&[row(2)]).await;
                if flushes {
                    world.flush().await;
                }
                let_go.send(()).unwrap();
            });
            for cache in [world.ours.cache(), &world.theirs] {
                let found = cache.get::<wallet::Model>(std::slice::from_ref(&uid)).await.remove(0);
                let version = match found {
                    Lookup::Hit(row) => Some(row.version),
                    Lookup::Absent | Lookup::Miss => None,
                };
                assert_ne!(version, Some(1), "{uid}");
                assert!(flushes || version == Some(2), "{uid}: the newer value is gone");
            }
        }
    }
}
