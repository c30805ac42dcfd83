//! The cache in Redis.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use fred::types::Value;
use tokio_util::task::AbortOnDropHandle;

use super::{
    backend::{
        Hash, Held, LONG, Lost, PeriodWrite, PeriodWritten, Size, Standing, Write, Written,
        first_doubt,
    },
    entry::{Entry, jittered},
    keyspaces::Keyspace,
    outage::Place,
    vetting::Vetting,
    walk::{Census, WalkCursor},
};
use crate::redis::{Call, Command, Redis, Reply, Script};

static PUT: Script =
    Script::new(concat!(include_str!("scripts/newer.lua"), include_str!("scripts/put.lua")));
static PERIOD: Script = Script::new(concat!(
    include_str!("scripts/newer.lua"),
    include_str!("scripts/shelf.lua"),
    include_str!("scripts/period.lua")
));
static WHOLE: Script = Script::new(include_str!("scripts/whole.lua"));
static INSPECT: Script =
    Script::new(concat!(include_str!("scripts/newer.lua"), include_str!("scripts/inspect.lua")));
static FORGET: Script = Script::new(include_str!("scripts/forget.lua"));

/// What stands before a key while an instance loads it.
const LOADING: &str = "wallet_bff_loading_";

/// What the last walk counted.
const CENSUS: &str = "wallet_bff_census";
/// Keys that one step of a walk looks at, about.
const STEP: &str = "500";
/// Most orders in one script call.
const MAX_ORDERS: usize = 500;

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

    /// One pipeline of script calls.
    pub(super) async fn periods(&self, keys: &[String]) -> Vec<Result<Hash, Lost>> {
        let most = i64::try_from(LONG).unwrap_or(i64::MAX);
        let call = |key: &String| {
            let ttl = millis(jittered(Keyspace::Orders.ttl()));
            Call { keys: vec![key.clone()], args: vec![most.into(), first_doubt().into(), ttl] }
        };
        let calls: Vec<Call> = keys.iter().map(call).collect();
        let replies = self.ask(&WHOLE, &calls).await;
        replies.into_iter().map(|reply| reply.and_then(|reply| hash(reply).ok_or(Lost))).collect()
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
        let replies = self.ask(&PERIOD, &calls).await;
        let mut written = vec![PeriodWritten::default(); writes.len()];
        for (owner, reply) in owners.into_iter().zip(replies) {
            let counts: Option<Vec<i64>> = reply
                .ok()
                .map(|reply| reply.into_array().iter().filter_map(Value::as_i64).collect());
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

    /// One script call.
    pub(super) async fn forget_period(&self, key: &str, ttl: Duration) -> Result<(), Lost> {
        let call = Call { keys: vec![key.to_owned(), index_of(key)], args: vec![millis(ttl)] };
        match self.redis.run(&FORGET, &[call]).await.pop() {
            Some(Ok(_)) => Ok(()),
            _ => Err(Lost),
        }
    }

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

fn put_args(write: &Write) -> [Value; 4] {
    [
        Value::from(write.entry.kind.code()),
        Value::Integer(write.entry.version),
        millis(write.ttl),
        Value::Bytes(write.entry.text.clone()),
    ]
}

fn period_calls(write: &PeriodWrite) -> Vec<Call> {
    let fill = write.ends.clone().unwrap_or_else(|| ulid::Ulid::new().to_string());
    let mut chunks: Vec<_> = write.entries.chunks(MAX_ORDERS).collect();
    if chunks.is_empty() {
        // An empty period can be complete too.
        chunks.push(&[]);
    }
    let last = chunks.len() - 1;
    let part = |index: usize| match (write.whole, index) {
        (None, index) if index == last && write.ends.is_some() => "last",
        (None, _) => "some",
        (Some(_), 0) if last == 0 => "only",
        (Some(_), 0) => "first",
        (Some(_), index) if index == last => "last",
        (Some(_), _) => "next",
    };
    let call = |(index, chunk): (usize, &[(String, Entry)])| {
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
        Call { keys: vec![write.key.clone(), index_of(&write.key)], args }
    };
    chunks.into_iter().enumerate().map(call).collect()
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

fn hash(reply: Value) -> Option<Hash> {
    match reply {
        Value::Array(flat) => Some(Hash::Whole(pairs(flat).collect())),
        Value::Integer(_) => Some(Hash::Long),
        _ => None,
    }
}

/// Names and texts from a flat list of them.
pub(super) fn pairs(flat: Vec<Value>) -> impl Iterator<Item = (String, Bytes)> {
    let mut flat = flat.into_iter();
    std::iter::from_fn(move || Some((flat.next()?.into_string()?, flat.next()?.into_bytes()?)))
}

fn scanned(reply: Reply) -> Option<(String, Vec<String>)> {
    let mut parts = array(reply)?.into_iter();
    let next = parts.next()?.into_string()?;
    let keys = parts.next()?.into_array();
    Some((next, keys.into_iter().filter_map(Value::into_string).collect()))
}

/// The index of a long period, in the slot of its hash.
pub(super) fn index_of(key: &str) -> String {
    format!("{{{key}}}:index")
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
