//! A look on SQLite, with a cache in this process.

use std::pin::pin;

use sea_orm::ConnectionTrait;
use tokio::sync::watch;

use super::{
    Refresh,
    poll::{self, Look},
    shared::State,
};
use crate::{
    cache::{Cache, Lookup},
    config::testing,
    entity::hot::tenant,
    store::{
        hot,
        testing::{TestDatabase, database},
    },
    testing::stop_after,
};

struct Fixture {
    database: TestDatabase,
    refresh: Refresh,
    state: State,
}

impl Fixture {
    async fn new() -> Self {
        let database = database().await;
        let config = testing::defaults();
        let cache = Cache::connect(&config.cache, None);
        let refresh = Refresh::new(&config.refresh, "test", database.clone(), cache, None);
        let fixture = Self { database, refresh, state: State::default() };
        fixture.run("INSERT INTO tenants (id, name) VALUES (1, 'One'), (2, 'Two')").await;
        fixture
    }

    async fn run(&self, sql: &str) {
        self.database.writer().execute_unprepared(sql).await.unwrap();
    }

    async fn look(&mut self) -> Look {
        let mut look = Look::default();
        let (_leading, leads) = watch::channel(true);
        poll::look(&self.refresh.0, &leads, &mut self.state, &mut look).await.unwrap();
        look
    }

    async fn cached(&self, id: i64) -> Option<String> {
        match self.refresh.0.cache.get::<tenant::Model>(&[id]).await.pop() {
            Some(Lookup::Hit(row)) => Some(row.name.clone()),
            _ => None,
        }
    }
}

#[tokio::test]
async fn a_look_writes_what_differs_and_no_more() {
    let mut fixture = Fixture::new().await;
    let first = fixture.look().await;
    assert_eq!((first.changes, first.filled, first.writes), (2, 2, 2), "{first:?}");
    assert_eq!(fixture.cached(2).await.as_deref(), Some("Two"));
    assert_eq!(fixture.look().await, Look { statements: 1, ..Look::default() });
    fixture.run("UPDATE tenants SET name = 'Due' WHERE id = 2").await;
    let found = fixture.look().await;
    assert_eq!((found.statements, found.changes, found.writes), (2, 1, 1), "{found:?}");
    assert_eq!(fixture.cached(2).await.as_deref(), Some("Due"));
    fixture.run("DELETE FROM tenants WHERE id = 2").await;
    fixture.look().await;
    assert_eq!(fixture.cached(2).await, None);
}

/// The race made on purpose: whoever read before a change, and writes after it was refreshed.
#[tokio::test]
async fn the_newer_of_two_looks_wins() {
    let mut fixture = Fixture::new().await;
    fixture.look().await;
    let reader = fixture.database.reader();
    let read_before = hot::by_ids::<tenant::Entity>(reader, &[1, 2]).await.unwrap();
    fixture
        .run("UPDATE tenants SET name = 'Uno' WHERE id = 1; DELETE FROM tenants WHERE id = 2")
        .await;
    fixture.look().await;
    let cache = fixture.refresh.0.cache.clone();
    assert_eq!(cache.refresh(&read_before).await, 0, "another refresher");
    cache.fill(&read_before).await;
    assert_eq!(fixture.cached(1).await.as_deref(), Some("Uno"));
    assert_eq!(fixture.cached(2).await, None, "it was deleted");
}

/// A look is stopped at each of its steps, while a row changes again and another look brings that to
/// the cache.
#[tokio::test]
async fn a_look_that_is_overtaken_brings_nothing_old() {
    let mut fixture = Fixture::new().await;
    fixture.look().await;
    let (_leading, leads) = watch::channel(true);
    for step in 0.. {
        let id = 100 + step as i64;
        let change =
            async |name: &str| fixture.run(&format!("UPDATE tenants SET name = '{name}'")).await;
        fixture.run(&format!("INSERT INTO tenants (id, name) VALUES ({id}, 'One')")).await;
        change("Uno").await;
        let (mut state, mut look) = (fixture.state.clone(), Look::default());
        let mut looking = pin!(poll::look(&fixture.refresh.0, &leads, &mut state, &mut look));
        let has_ended = stop_after(step, looking.as_mut()).await.is_some();
        change("Due").await;
        let (mut other, mut look) = (fixture.state.clone(), Look::default());
        poll::look(&fixture.refresh.0, &leads, &mut other, &mut look).await.unwrap();
        if !has_ended {
            looking.await.unwrap();
        }
        for id in [1, id] {
            let cached = fixture.cached(id).await;
            assert_eq!(cached.as_deref(), Some("Due"), "tenant {id}, stopped at step {step}");
        }
        fixture.state = other;
        if has_ended {
            return;
        }
    }
}

/// A database that was put back says nothing of what came after: nothing cached is relied on.
#[tokio::test]
async fn a_position_of_another_time_is_given_up() {
    let mut fixture = Fixture::new().await;
    fixture.look().await;
    fixture.run("DELETE FROM row_changes; DELETE FROM tenants WHERE id = 1").await;
    fixture.run("UPDATE row_changes SET mark = 1; UPDATE sqlite_sequence SET seq = 1").await;
    let (_leading, leads) = watch::channel(true);
    let mut look = Look::default();
    let result = poll::look(&fixture.refresh.0, &leads, &mut fixture.state, &mut look).await;
    assert!(result.is_err() && fixture.state.position.is_none(), "{result:?}");
    assert_eq!(fixture.cached(2).await, None, "who knows what it was");
    fixture.look().await;
    assert_eq!(fixture.cached(1).await, None);
    assert_eq!(fixture.cached(2).await.as_deref(), Some("Two"));
}
