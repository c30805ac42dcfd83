//! Which instances live: a sorted set of their names by when each was last heard of.

use chrono::{DateTime, TimeDelta, Utc};
use fred::types::Value;

use crate::{
    entity::clock,
    redis::{Command, Redis},
};

/// Not named as a lock is: `wallet_lock_instances` would be the lock of one of them.
const KEY: &str = "wallet_bff_instances";

/// An instance that was not heard of for a while, and did not say goodbye.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Missed {
    /// Its name.
    pub instance: String,
    /// When it was last heard of.
    pub heard: DateTime<Utc>,
}

/// Says that `instance` lives, and answers who was not heard of for as long as `silence`. With
/// Redis away: nobody.
pub(super) async fn beat(redis: &Redis, instance: &str, silence: TimeDelta) -> Vec<Missed> {
    let now = clock::now();
    let add = [Value::from(KEY), Value::from(now.timestamp_millis()), Value::from(instance)];
    let long_ago = (now - silence).timestamp_millis().to_string();
    let find = [KEY, "-inf", &long_ago, "WITHSCORES"];
    let commands = vec![Command::new("ZADD", add), Command::new("ZRANGEBYSCORE", find)];
    let mut replies = redis.send(commands).await;
    let found = replies.pop().and_then(Result::ok);
    found.map(pairs).unwrap_or_default()
}

/// Takes instances off the list: they ended well, or were made up for.
pub(super) async fn forget(redis: &Redis, instance: &str) {
    // What stays is missed, and made up for, once more.
    let _ = redis.send_one(Command::new("ZREM", [KEY, instance])).await;
}

fn pairs(reply: Value) -> Vec<Missed> {
    reply.into_array().into_iter().filter_map(pair).collect()
}

/// RESP3 has a pair an element, a name and a number.
fn pair(element: Value) -> Option<Missed> {
    let [instance, heard] = <[Value; 2]>::try_from(element.into_array()).ok()?;
    let millis = heard.as_f64()? as i64;
    let heard = DateTime::from_timestamp_millis(millis)?;
    Some(Missed { instance: instance.into_string()?, heard })
}
