//! The same sentences about every backend.

mod entries;
mod long;
mod near;
mod outage;
mod periods;
mod walk;

use std::time::Instant;

use chrono::{DateTime, Utc};

use super::{
    backend::{Write, Written},
    entry::Entry,
    *,
};
use crate::{
    entity::{Money, OrderNo, Period, TransactionNo, order, transaction, wallet},
    redis::testing::{RedisCluster, RedisServer, config},
};

/// Makes of each function a test in this process, one on a Redis, and a part of one on a
/// cluster, which takes seconds to start.
macro_rules! on_each_backend {
    ($($name:ident),+ $(,)?) => {
        mod memory {
            $(#[tokio::test]
            async fn $name() {
                super::$name($crate::cache::tests::in_memory()).await;
            })+
        }

        mod redis {
            $(#[tokio::test]
            async fn $name() {
                let server = $crate::redis::testing::RedisServer::start();
                super::$name($crate::cache::tests::cache_in(&server.connect().await).await).await;
            })+
        }

        #[tokio::test]
        async fn cluster() {
            let cluster = $crate::redis::testing::RedisCluster::start();
            let redis = cluster.connect().await;
            $($name($crate::cache::tests::cache_in(&redis).await).await;
            for node in &cluster.0 {
                node.cli(&["flushall"]);
            })+
        }
    };
}
use on_each_backend;

fn in_memory() -> Cache {
    Cache::connect(&config(None), None)
}

/// Once what Redis holds is believed.
async fn cache_in(redis: &Redis) -> Cache {
    let cache = Cache::connect(&config(None), Some(redis));
    crate::redis::testing::until(|| !cache.degraded()).await;
    cache
}

fn uid(text: &str) -> Uid {
    Uid::stored(text)
}

fn time() -> DateTime<Utc> {
    DateTime::from_timestamp(1_733_011_200, 0).unwrap()
}

fn money(text: &str) -> Money {
    text.parse().unwrap()
}

fn wallet(name: &str, version: i64) -> wallet::Model {
    wallet::Model {
        uid: uid(name),
        balance: Money::from_units(version * 10_000),
        status: wallet::Status::Active,
        currency: "PHP".to_owned(),
        version,
        created_at: time(),
        updated_at: time(),
    }
}

fn line(name: &str, version: i64) -> transaction::Model {
    transaction::Model {
        transaction_no: TransactionNo::stored(format!("T{version}")),
        uid: uid(name),
        kind: transaction::Kind::Recharge,
        amount: money("1"),
        balance_before: Money::from_units((version - 1) * 10_000),
        balance_after: Money::from_units(version * 10_000),
        version,
        status: transaction::Status::Success,
        description: Some("a \"version\":99 in a text".to_owned()),
        operation_id: "op".to_owned(),
        counterparty_uid: None,
        order_no: None,
        created_at: time(),
    }
}

fn period() -> Period {
    "20241201_001".parse().unwrap()
}

fn order(number: usize, version: i64) -> order::Model {
    order::Model {
        order_no: OrderNo::stored(format!("ORDER_{number:05}")),
        uid: uid("ann"),
        period_number: period(),
        amount: money("10.50"),
        profit_amount: money("1"),
        like_count: 1,
        share_count: 2,
        follow_count: 3,
        favorite_count: 4,
        status: order::Status::Pending,
        version,
        debit_no: None,
        refund_no: None,
        expire_time: time(),
        created_at: time(),
        updated_at: time(),
    }
}

/// Puts a text there as another service would, whatever is there.
async fn write_raw(cache: &Cache, keyspace: Keyspace, key: &str, text: &str) {
    let entry = Entry::row(i64::MAX, bytes::Bytes::copy_from_slice(text.as_bytes()));
    let write = Write { keyspace, key: key.to_owned(), entry, ttl: keyspace.ttl() };
    assert_eq!(cache.0.backend.put(vec![write]).await, [Written::Stored]);
}

/// What is cached, without who shares it.
async fn get<T: Cached>(cache: &Cache, ids: &[T::Id]) -> Vec<Lookup<T>> {
    let plain = |found: Lookup<Arc<T>>| match found {
        Lookup::Hit(row) => Lookup::Hit(T::clone(&row)),
        Lookup::Absent => Lookup::Absent,
        Lookup::Miss => Lookup::Miss,
    };
    cache.get(ids).await.into_iter().map(plain).collect()
}

async fn read(cache: &Cache, name: &str) -> Lookup<wallet::Model> {
    get(cache, &[uid(name)]).await.pop().unwrap()
}
