//! Periods in Redis: a hash each, and beside a long one its index.

use std::time::Duration;

use fred::types::Value;

use super::{
    backend::Lost,
    entry::{Entry, jittered},
    hash::{Hash, LONG, PeriodWrite, PeriodWritten, first_doubt},
    keyspaces::Keyspace,
    redis::{RedisBackend, millis, pairs},
};
use crate::redis::{Call, Script};

static PERIOD: Script = Script::new(concat!(
    include_str!("scripts/newer.lua"),
    include_str!("scripts/shelf.lua"),
    include_str!("scripts/period.lua")
));
static WHOLE: Script = Script::new(include_str!("scripts/whole.lua"));
static FORGET: Script = Script::new(include_str!("scripts/forget.lua"));

/// Most orders in one script call.
const MAX_ORDERS: usize = 500;

impl RedisBackend {
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

    /// One script call.
    pub(super) async fn forget_period(&self, key: &str, ttl: Duration) -> Result<(), Lost> {
        let call = Call { keys: vec![key.to_owned(), index_of(key)], args: vec![millis(ttl)] };
        match self.redis.run(&FORGET, &[call]).await.pop() {
            Some(Ok(_)) => Ok(()),
            _ => Err(Lost),
        }
    }
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

fn hash(reply: Value) -> Option<Hash> {
    match reply {
        Value::Array(flat) => Some(Hash::Whole(pairs(flat).collect())),
        Value::Integer(_) => Some(Hash::Long),
        _ => None,
    }
}

/// The index of a long period, in the slot of its hash.
pub(super) fn index_of(key: &str) -> String {
    format!("{{{key}}}:index")
}
