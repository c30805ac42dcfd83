//! Locks in Redis.

use std::time::Duration;

use chrono::TimeDelta;
use fred::types::Value;
use tokio::sync::{broadcast::error::RecvError, watch};

use super::{
    instances::{self, Missed},
    stray::{Stray, Strays},
};
use crate::{
    entity::Uid,
    redis::{Call, Command, Redis, Reply, Script, Signal},
};

static ACQUIRE: Script = Script::new(include_str!("scripts/acquire.lua"));
static RELEASE: Script = Script::new(include_str!("scripts/release.lua"));
static RENEW: Script = Script::new(include_str!("scripts/renew.lua"));
static FORCE: Script = Script::new(include_str!("scripts/force.lua"));

/// Where releases are published: the instance, and the uids, a line each.
const RELEASED: &str = "wallet_lock_released";

pub(super) struct RedisLocks {
    instance: String,
    redis: Redis,
    strays: Strays,
}

impl RedisLocks {
    pub(super) fn new(instance: &str, redis: Redis) -> Self {
        Self { instance: instance.to_owned(), redis, strays: Strays::default() }
    }

    /// What Redis does not answer is granted: row locks carry on alone.
    pub(super) async fn acquire(&self, uids: &[Uid], token: &str, lease: Duration) -> Vec<bool> {
        let args = vec![Value::from(token), millis(lease)];
        let answers = self.run(&ACQUIRE, uids, |_| args.clone()).await;
        self.strays.add(unanswered(uids, &answers), token);
        answers.into_iter().map(|answer| answer != Some(0)).collect()
    }

    /// What Redis does not answer is given back later.
    pub(super) async fn release(&self, uids: &[Uid], token: &str) {
        self.strays.add(self.try_release(uids, token).await, token);
    }

    /// Gives back what Redis may keep for us without our knowing, as soon as it answers.
    pub(super) async fn release_strays(&self, released: &watch::Sender<()>) {
        let give_back = async |stray: Stray| {
            let uids = self.try_release(&stray.uids, &stray.token).await;
            if uids.is_empty() {
                released.send_replace(());
                return Ok(());
            }
            Err(Stray { uids, ..stray })
        };
        self.strays.give_back(give_back).await;
    }

    /// Answers those of which Redis did not say anything.
    async fn try_release(&self, uids: &[Uid], token: &str) -> Vec<Uid> {
        let args = |places: &[usize]| {
            let names: Vec<&Uid> = places.iter().map(|&place| &uids[place]).collect();
            vec![Value::from(token), Value::from(RELEASED), Value::from(self.notice(&names))]
        };
        unanswered(uids, &self.run(&RELEASE, uids, args).await)
    }

    pub(super) async fn renew(
        &self,
        locks: &[(Uid, String)],
        lease: Duration,
    ) -> Vec<(Uid, String)> {
        let uids: Vec<Uid> = locks.iter().map(|(uid, _)| uid.clone()).collect();
        let args = |places: &[usize]| {
            let tokens = places.iter().map(|&place| Value::from(locks[place].1.as_str()));
            std::iter::once(millis(lease)).chain(tokens).collect()
        };
        let answers = self.run(&RENEW, &uids, args).await;
        let lost = locks.iter().zip(answers).filter(|(_, answer)| *answer == Some(0));
        lost.map(|(lock, _)| lock.clone()).collect()
    }

    pub(super) async fn beat(&self, instance: &str, silence: TimeDelta) -> Vec<Missed> {
        instances::beat(&self.redis, instance, silence).await
    }

    pub(super) async fn forget(&self, instance: &str) {
        instances::forget(&self.redis, instance).await;
    }

    pub(super) async fn status(&self, uid: &Uid) -> Option<(String, Duration)> {
        let commands = ["GET", "PTTL"].map(|name| Command::new(name, [key(uid)]));
        let mut replies = self.redis.send(commands.into()).await.into_iter();
        let holder = replies.next()?.ok()?.into_string()?;
        let ttl = replies.next()?.ok()?.as_u64().unwrap_or(0);
        Some((holder, Duration::from_millis(ttl)))
    }

    pub(super) async fn force_release(&self, uid: &Uid, expected: Option<&str>) -> Option<String> {
        let args = [expected.unwrap_or_default(), RELEASED, &self.notice(&[uid])].map(Value::from);
        let call = Call { keys: vec![key(uid)], args: args.into() };
        self.redis.run(&FORCE, &[call]).await.pop()?.ok()?.into_string()
    }

    /// Tells of what other instances released. After a lost connection too: something may have
    /// been released meanwhile.
    pub(super) async fn forward_releases(&self, released: &watch::Sender<()>) {
        let mut signals = self.redis.listen(RELEASED);
        loop {
            match signals.recv().await {
                Ok(Signal::Message { channel, payload }) => {
                    if &*channel == RELEASED && !self.is_own(&payload) {
                        released.send_replace(());
                    }
                }
                Ok(Signal::Resumed) | Err(RecvError::Lagged(_)) => {
                    released.send_replace(());
                }
                Err(RecvError::Closed) => return,
            }
        }
    }

    fn notice(&self, uids: &[&Uid]) -> String {
        let lines = std::iter::once(self.instance.as_str());
        lines.chain(uids.iter().map(|uid| uid.as_str())).collect::<Vec<_>>().join("\n")
    }

    fn is_own(&self, notice: &[u8]) -> bool {
        notice.split(|byte| *byte == b'\n').next() == Some(self.instance.as_bytes())
    }

    /// One call (a slot) for all; what each answered, where it did.
    async fn run(
        &self,
        script: &Script,
        uids: &[Uid],
        args: impl Fn(&[usize]) -> Vec<Value>,
    ) -> Vec<Option<i64>> {
        let keys: Vec<String> = uids.iter().map(key).collect();
        let groups = self.redis.groups(&keys);
        let call = |places: &Vec<usize>| Call {
            keys: places.iter().map(|&place| keys[place].clone()).collect(),
            args: args(places),
        };
        let calls: Vec<Call> = groups.iter().map(call).collect();
        let replies = self.redis.run(script, &calls).await;
        let mut answers = vec![None; uids.len()];
        for (places, reply) in groups.iter().zip(replies) {
            for (&place, answer) in places.iter().zip(integers(reply)) {
                answers[place] = answer;
            }
        }
        answers
    }
}

fn unanswered(uids: &[Uid], answers: &[Option<i64>]) -> Vec<Uid> {
    let pairs = uids.iter().zip(answers);
    pairs.filter(|(_, answer)| answer.is_none()).map(|(uid, _)| uid.clone()).collect()
}

fn key(uid: &Uid) -> String {
    format!("wallet_lock_{uid}")
}

fn millis(duration: Duration) -> Value {
    Value::Integer(i64::try_from(duration.as_millis()).unwrap_or(i64::MAX))
}

fn integers(reply: Reply) -> Vec<Option<i64>> {
    reply.map(|values| values.into_array().iter().map(Value::as_i64).collect()).unwrap_or_default()
}
