//! The cache in Redis.

use std::time::Duration;

use bytes::Bytes;
use fred::types::Value;

use super::{
    backend::{Fields, Lost, PeriodWrite, PeriodWritten, Size, Write, Written},
    keyspaces::Keyspace,
};
use crate::redis::{Call, Command, Redis, Reply, Script};

static PUT: Script =
    Script::new(concat!(include_str!("scripts/newer.lua"), include_str!("scripts/put.lua")));
static PERIOD: Script =
    Script::new(concat!(include_str!("scripts/newer.lua"), include_str!("scripts/period.lua")));

/// What stands before a key while an instance loads it.
const LOADING: &str = "wallet_bff_loading_";

/// Most orders in one script call.
const MAX_ORDERS: usize = 500;

pub(super) struct RedisBackend(Redis);

impl RedisBackend {
    pub(super) fn new(redis: Redis) -> Self {
        Self(redis)
    }

    pub(super) fn is_up(&self) -> bool {
        self.0.is_up()
    }

    /// One MGET; on a cluster one for each slot, in one pipeline.
    pub(super) async fn get(&self, keys: &[String]) -> Vec<Result<Option<Bytes>, Lost>> {
        let groups = self.0.groups(keys);
        let commands = groups.iter().map(|group| {
            Command::new("MGET", group.iter().map(|&place| Value::from(keys[place].as_str())))
        });
        let replies = self.0.send(commands.collect()).await;
        let mut found = vec![Err(Lost); keys.len()];
        for (group, reply) in groups.iter().zip(replies) {
            let Some(values) = array(reply) else { continue };
            for (&place, value) in group.iter().zip(values) {
                found[place] = Ok(value.into_bytes());
            }
        }
        found
    }

    /// One script call; on a cluster one for each slot, in one pipeline.
    pub(super) async fn put(&self, writes: &[Write]) -> Vec<Written> {
        let keys: Vec<&str> = writes.iter().map(|write| write.key.as_str()).collect();
        let groups = self.0.groups(&keys);
        let call = |group: &Vec<usize>| Call {
            keys: group.iter().map(|&place| writes[place].key.clone()).collect(),
            args: group.iter().flat_map(|&place| put_args(&writes[place])).collect(),
        };
        let calls: Vec<Call> = groups.iter().map(call).collect();
        let replies = self.0.run(&PUT, &calls).await;
        let mut written = vec![Written::Lost; writes.len()];
        for (group, reply) in groups.iter().zip(replies) {
            for (&place, answer) in group.iter().zip(array(reply).unwrap_or_default()) {
                written[place] = match answer.as_i64() {
                    Some(0) => Written::Stale,
                    Some(1) => Written::Stored,
                    _ => Written::Lost,
                };
            }
        }
        written
    }

    /// One pipeline of HGETALL.
    pub(super) async fn periods(&self, keys: &[String]) -> Vec<Result<Fields, Lost>> {
        let commands = keys.iter().map(|key| Command::new("HGETALL", [key.as_str()])).collect();
        let replies = self.0.send(commands).await;
        replies.into_iter().map(|reply| fields(reply).ok_or(Lost)).collect()
    }

    /// One pipeline of script calls. A long period takes several, of which the last completes
    /// it, if nothing came between that makes it doubtful.
    pub(super) async fn put_periods(&self, writes: &[PeriodWrite]) -> Vec<PeriodWritten> {
        let (mut calls, mut owners) = (Vec::new(), Vec::new());
        for (owner, write) in writes.iter().enumerate() {
            let parts = period_calls(write);
            owners.extend(std::iter::repeat_n(owner, parts.len()));
            calls.extend(parts);
        }
        let replies = self.0.run(&PERIOD, &calls).await;
        let mut written = vec![PeriodWritten::default(); writes.len()];
        for (owner, reply) in owners.into_iter().zip(replies) {
            let counts: Option<Vec<i64>> =
                array(reply).map(|values| values.iter().filter_map(Value::as_i64).collect());
            let sum = &mut written[owner];
            match counts.as_deref() {
                Some(&[stored, stale, full]) => {
                    sum.stored += stored.unsigned_abs();
                    sum.stale += stale.unsigned_abs();
                    sum.lost |= full != 0;
                }
                _ => sum.lost = true,
            }
        }
        written
    }

    /// One pipeline of SET NX.
    pub(super) async fn lease(&self, keys: &[String], ttl: Duration) -> Vec<bool> {
        let set = |key: &String| {
            let key = Value::from(format!("{LOADING}{key}"));
            Command::new("SET", [key, "1".into(), "NX".into(), "PX".into(), millis(ttl)])
        };
        let replies = self.0.send(keys.iter().map(set).collect()).await;
        replies.iter().map(|reply| !matches!(reply, Ok(Value::Null))).collect()
    }

    /// One pipeline of PTTL.
    pub(super) async fn time_left(&self, keys: &[String]) -> Vec<Option<Duration>> {
        let ask = |key: &String| Command::new("PTTL", [key.as_str()]);
        let replies = self.0.send(keys.iter().map(ask).collect()).await;
        let left = |reply: Reply| u64::try_from(reply.ok()?.as_i64()?).ok();
        replies.into_iter().map(|reply| left(reply).map(Duration::from_millis)).collect()
    }

    /// Removes every key of ours, node by node, without stopping others for long.
    pub(super) async fn clear(&self) -> Result<(), Lost> {
        for node in self.0.nodes() {
            let mut cursor = "0".to_owned();
            loop {
                let scan = Command::new("SCAN", [cursor.as_str(), "COUNT", "1000"]);
                let reply = self.0.send_to(&node, vec![scan]).await.pop().ok_or(Lost)?;
                let (next, keys) = scanned(reply).ok_or(Lost)?;
                let ours = keys.iter().filter(|key| is_ours(key));
                let unlink = ours.map(|key| Command::new("UNLINK", [key.as_str()])).collect();
                if self.0.send(unlink).await.iter().any(Result::is_err) {
                    return Err(Lost);
                }
                if next == "0" {
                    break;
                }
                cursor = next;
            }
        }
        Ok(())
    }

    /// Totals of the nodes, other services' keys included.
    pub(super) async fn size(&self) -> Size {
        let mut size = Size::default();
        for node in self.0.nodes() {
            let commands = ["INFO", "DBSIZE"].map(|name| Command::new(name, Vec::<Value>::new()));
            let replies = self.0.send_to(&node, commands.into()).await;
            let [Ok(info), Ok(keys)] = replies.as_slice() else { continue };
            let info = info.as_string().unwrap_or_default();
            add(&mut size.bytes, line(&info, "used_memory:"));
            add(&mut size.evictions, line(&info, "evicted_keys:"));
            add(&mut size.keys, keys.as_u64());
        }
        size
    }
}

fn put_args(write: &Write) -> [Value; 4] {
    [
        Value::from(write.entry.kind.code()),
        Value::Integer(write.entry.version),
        millis(write.ttl),
        Value::Bytes(write.entry.text.clone()),
    ]
}

fn period_calls(write: &PeriodWrite) -> Vec<Call> {
    let fill = ulid::Ulid::new().to_string();
    let mut chunks: Vec<_> = write.entries.chunks(MAX_ORDERS).collect();
    if chunks.is_empty() {
        // An empty period can be complete too.
        chunks.push(&[]);
    }
    let last = chunks.len() - 1;
    let part = |index: usize| match (write.whole, index) {
        (None, _) => "some",
        (Some(_), 0) if last == 0 => "only",
        (Some(_), 0) => "first",
        (Some(_), index) if index == last => "last",
        (Some(_), _) => "next",
    };
    let call = |(index, chunk): (usize, &[(String, super::entry::Entry)])| {
        let gone: &[_] = if index == 0 { &write.gone } else { &[] };
        let mut args = vec![
            millis(write.ttl),
            Value::from(part(index)),
            Value::from(fill.as_str()),
            Value::Integer(write.whole.unwrap_or(0)),
            Value::Integer(i64::try_from(gone.len()).unwrap_or(i64::MAX)),
        ];
        for (field, version) in gone {
            args.extend([Value::from(field.as_str()), Value::Integer(*version)]);
        }
        for (field, entry) in chunk {
            args.extend([
                Value::from(field.as_str()),
                Value::from(entry.kind.code()),
                Value::Integer(entry.version),
                Value::Bytes(entry.text.clone()),
            ]);
        }
        Call { keys: vec![write.key.clone()], args }
    };
    chunks.into_iter().enumerate().map(call).collect()
}

fn millis(ttl: Duration) -> Value {
    Value::Integer(i64::try_from(ttl.as_millis()).unwrap_or(i64::MAX))
}

fn array(reply: Reply) -> Option<Vec<Value>> {
    match reply {
        Ok(Value::Array(values)) => Some(values),
        _ => None,
    }
}

fn fields(reply: Reply) -> Option<Fields> {
    let map = reply.ok()?.into_map().ok()?;
    let field =
        |(name, value): (fred::types::Key, Value)| Some((name.into_string()?, value.into_bytes()?));
    Some(map.inner().into_iter().filter_map(field).collect())
}

fn scanned(reply: Reply) -> Option<(String, Vec<String>)> {
    let mut parts = array(reply)?.into_iter();
    let next = parts.next()?.into_string()?;
    let keys = parts.next()?.into_array();
    Some((next, keys.into_iter().filter_map(Value::into_string).collect()))
}

fn is_ours(key: &str) -> bool {
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
