//! Everything of ours in Redis, node by node: walked over, counted, removed.

use std::time::Duration;

use fred::types::Value;

use super::{
    backend::{Lost, Size},
    keyspaces::Keyspace,
    redis::{RedisBackend, array, millis},
    walk::{Census, WalkCursor},
};
use crate::redis::{Command, Redis, Reply};

/// What the last walk counted.
const CENSUS: &str = "wallet_bff_census";
/// Keys that one step of a walk looks at, about.
const STEP: &str = "500";

impl RedisBackend {
    /// Removes every key of ours.
    pub(super) async fn clear(&self) -> Result<(), Lost> {
        clear(&self.redis).await.map(|_| ())
    }

    /// One SCAN of one node.
    pub(super) async fn walk(
        &self,
        from: WalkCursor,
    ) -> Result<(Vec<String>, Option<WalkCursor>), Lost> {
        walk(&self.redis, from).await
    }

    /// One SET.
    pub(super) async fn publish_census(&self, census: &Census, ttl: Duration) {
        let named: Vec<(&str, u64, u64)> = census
            .iter()
            .map(|(keyspace, (keys, bytes))| (keyspace.name(), *keys, *bytes))
            .collect();
        let Ok(json) = serde_json::to_string(&named) else { return };
        let set = [CENSUS.into(), json.into(), "PX".into(), millis(ttl)];
        // Without it the numbers are unknown, which is what they are.
        let _ = self.redis.send_one(Command::new("SET", set)).await;
    }

    async fn census(&self) -> Census {
        let reply = self.redis.send_one(Command::new("GET", [CENSUS])).await;
        let json = reply.ok().and_then(Value::into_string).unwrap_or_default();
        let named: Vec<(String, u64, u64)> = serde_json::from_str(&json).unwrap_or_default();
        let by_name = |name: &str| Keyspace::ALL.into_iter().find(|k| k.name() == name);
        let of_name =
            |(name, keys, bytes): (String, u64, u64)| Some((by_name(&name)?, (keys, bytes)));
        named.into_iter().filter_map(of_name).collect()
    }

    /// One SET, where it is not set.
    pub(super) async fn take_turn(&self, what: &str, pause: Duration) -> bool {
        let key = format!("wallet_bff_turn_{what}");
        let set = [key.into(), "1".into(), "NX".into(), "PX".into(), millis(pause)];
        let reply = self.redis.send_one(Command::new("SET", set)).await;
        reply.is_ok_and(|reply| !reply.is_null())
    }

    /// Totals of the nodes, other services' keys included; and what the last walk counted of ours.
    pub(super) async fn size(&self) -> Size {
        let mut size = Size { keyspaces: self.census().await, ..Size::default() };
        for node in self.redis.nodes() {
            let commands = ["INFO", "DBSIZE"].map(|name| Command::new(name, Vec::<Value>::new()));
            let replies = self.redis.send_to(&node, commands.into()).await;
            let [Ok(info), Ok(keys)] = replies.as_slice() else { continue };
            let info = info.as_string().unwrap_or_default();
            add(&mut size.bytes, line(&info, "used_memory:"));
            add(&mut size.evictions, line(&info, "evicted_keys:"));
            add(&mut size.keys, keys.as_u64());
        }
        size
    }
}

/// Removes every key of ours, node by node, without stopping others for long. Answers how many
/// these were.
pub(super) async fn clear(redis: &Redis) -> Result<usize, Lost> {
    let (mut removed, mut next) = (0, Some(WalkCursor::default()));
    while let Some(from) = next {
        let (keys, after) = walk(redis, from).await?;
        let unlink = keys.iter().map(|key| Command::new("UNLINK", [key.as_str()])).collect();
        if redis.send(unlink).await.iter().any(Result::is_err) {
            return Err(Lost);
        }
        removed += keys.len();
        next = after;
    }
    Ok(removed)
}

/// One SCAN of one node: keys of ours, indexes included.
async fn walk(redis: &Redis, from: WalkCursor) -> Result<(Vec<String>, Option<WalkCursor>), Lost> {
    let nodes = redis.nodes();
    let Some(node) = nodes.get(from.node) else { return Ok((Vec::new(), None)) };
    let cursor = from.scan.as_deref().unwrap_or("0");
    let scan = Command::new("SCAN", [cursor, "COUNT", STEP]);
    let reply = redis.send_to(node, vec![scan]).await.pop().ok_or(Lost)?;
    let (next, mut keys) = scanned(reply).ok_or(Lost)?;
    keys.retain(|key| is_ours(key));
    let next = match next.as_str() {
        "0" if from.node + 1 == nodes.len() => None,
        "0" => Some(WalkCursor { node: from.node + 1, scan: None }),
        _ => Some(WalkCursor { node: from.node, scan: Some(next) }),
    };
    Ok((keys, next))
}

fn scanned(reply: Reply) -> Option<(String, Vec<String>)> {
    let mut parts = array(reply)?.into_iter();
    let next = parts.next()?.into_string()?;
    let keys = parts.next()?.into_array();
    Some((next, keys.into_iter().filter_map(Value::into_string).collect()))
}

fn is_ours(key: &str) -> bool {
    let key = key.strip_prefix('{').unwrap_or(key);
    Keyspace::ALL.iter().any(|keyspace| key.starts_with(keyspace.prefix()))
}

fn add(sum: &mut Option<u64>, more: Option<u64>) {
    if let Some(more) = more {
        *sum = Some(sum.unwrap_or(0) + more);
    }
}

/// The number that follows a name in what INFO says.
fn line(info: &str, name: &str) -> Option<u64> {
    info.lines().find_map(|line| line.strip_prefix(name))?.trim().parse().ok()
}
