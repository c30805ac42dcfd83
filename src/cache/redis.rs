//! The cache in Redis.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use fred::types::Value;
use tokio_util::task::AbortOnDropHandle;

use super::{
    backend::{Held, Lost, Standing, Write, Written},
    outage::Place,
    vetting::Vetting,
};
use crate::redis::{Call, Command, Redis, Reply, Script};

static PUT: Script =
    Script::new(concat!(include_str!("scripts/newer.lua"), include_str!("scripts/put.lua")));
static INSPECT: Script =
    Script::new(concat!(include_str!("scripts/newer.lua"), include_str!("scripts/inspect.lua")));

/// What stands before a key while an instance loads it.
const LOADING: &str = "wallet_bff_loading_";

pub(super) struct RedisBackend {
    pub(super) redis: Redis,
    pub(super) vetting: Arc<Vetting>,
    _keeper: AbortOnDropHandle<()>,
}

impl RedisBackend {
    pub(super) fn new(redis: Redis) -> Self {
        let vetting = Vetting::new(redis.clone());
        let keeper = vetting.clone();
        let keeper = AbortOnDropHandle::new(tokio::spawn(async move { keeper.keep().await }));
        Self { redis, vetting, _keeper: keeper }
    }

    pub(super) fn is_up(&self) -> bool {
        self.redis.is_up() && self.vetting.is_done()
    }

    /// What a script answers, if it can be believed. What is written to a server that is not seen to
    /// yet would go with all the rest.
    pub(super) async fn ask(&self, script: &Script, calls: &[Call]) -> Vec<Result<Value, Lost>> {
        if !self.vetting.is_done() {
            return vec![Err(Lost); calls.len()];
        }
        let replies = self.redis.run(script, calls).await;
        let believed = self.vetting.is_done();
        replies.into_iter().map(|reply| reply.ok().filter(|_| believed).ok_or(Lost)).collect()
    }

    /// One MGET; on a cluster one for each slot, in one pipeline.
    pub(super) async fn get(&self, keys: &[String]) -> Vec<Result<Option<Bytes>, Lost>> {
        let groups = self.redis.groups(keys);
        let commands = groups.iter().map(|group| {
            Command::new("MGET", group.iter().map(|&place| Value::from(keys[place].as_str())))
        });
        let mut found = vec![Err(Lost); keys.len()];
        if !self.vetting.is_done() {
            return found;
        }
        let replies = self.redis.send(commands.collect()).await;
        if !self.vetting.is_done() {
            return found;
        }
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
        let groups = self.redis.groups(&keys);
        let call = |group: &Vec<usize>| Call {
            keys: group.iter().map(|&place| writes[place].key.clone()).collect(),
            args: group.iter().flat_map(|&place| put_args(&writes[place])).collect(),
        };
        let calls: Vec<Call> = groups.iter().map(call).collect();
        let replies = self.ask(&PUT, &calls).await;
        let mut written = vec![Written::Lost; writes.len()];
        for (group, reply) in groups.iter().zip(replies) {
            for (&place, answer) in
                group.iter().zip(reply.map(Value::into_array).unwrap_or_default())
            {
                written[place] = match answer.as_i64() {
                    Some(0) => Written::Stale,
                    Some(1) => Written::Stored,
                    _ => Written::Lost,
                };
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
        let replies = self.redis.send(keys.iter().map(set).collect()).await;
        replies.iter().map(|reply| !matches!(reply, Ok(Value::Null))).collect()
    }

    /// One pipeline of PTTL.
    pub(super) async fn time_left(&self, keys: &[String]) -> Vec<Option<Duration>> {
        let ask = |key: &String| Command::new("PTTL", [key.as_str()]);
        let replies = self.redis.send(keys.iter().map(ask).collect()).await;
        let left = |reply: Reply| u64::try_from(reply.ok()?.as_i64()?).ok();
        replies.into_iter().map(|reply| left(reply).map(Duration::from_millis)).collect()
    }

    /// One script call; on a cluster one for each slot, in one pipeline.
    pub(super) async fn inspect(&self, places: &[Place]) -> Result<Vec<Held>, Lost> {
        let keys: Vec<&str> = places.iter().map(|place| place.key.as_str()).collect();
        let groups = self.redis.groups(&keys);
        let call = |group: &Vec<usize>| Call {
            keys: group.iter().map(|&place| places[place].key.clone()).collect(),
            args: group
                .iter()
                .map(|&place| Value::from(places[place].field.as_deref().unwrap_or_default()))
                .collect(),
        };
        let calls: Vec<Call> = groups.iter().map(call).collect();
        let replies = self.redis.run(&INSPECT, &calls).await;
        let mut found = vec![Held::default(); places.len()];
        for (group, reply) in groups.iter().zip(replies) {
            for (&place, answer) in group.iter().zip(array(reply).ok_or(Lost)?) {
                found[place] = held(answer).ok_or(Lost)?;
            }
        }
        Ok(found)
    }
}

/// From what scripts/inspect.lua says of one place.
fn held(answer: Value) -> Option<Held> {
    let [kind, version, ttl, bytes] = <[Value; 4]>::try_from(answer.into_array()).ok()?;
    let standing = match kind.as_string()?.as_str() {
        "v" => Standing::Row,
        "!" => Standing::Absent,
        "?" => Standing::Unknown,
        "p" => Standing::Period,
        "h" => Standing::PartOfPeriod,
        _ => Standing::Nothing,
    };
    let ttl = ttl.as_u64().map(Duration::from_millis);
    Some(Held { standing, version: version.as_i64(), ttl, bytes: bytes.as_u64() })
}

fn put_args(write: &Write) -> [Value; 4] {
    [
        Value::from(write.entry.kind.code()),
        Value::Integer(write.entry.version),
        millis(write.ttl),
        Value::Bytes(write.entry.text.clone()),
    ]
}

pub(super) fn millis(ttl: Duration) -> Value {
    Value::Integer(i64::try_from(ttl.as_millis()).unwrap_or(i64::MAX))
}

pub(super) fn array(reply: Reply) -> Option<Vec<Value>> {
    match reply {
        Ok(Value::Array(values)) => Some(values),
        _ => None,
    }
}

/// Names and texts from a flat list of them.
pub(super) fn pairs(flat: Vec<Value>) -> impl Iterator<Item = (String, Bytes)> {
    let mut flat = flat.into_iter();
    std::iter::from_fn(move || Some((flat.next()?.into_string()?, flat.next()?.into_bytes()?)))
}
