//! A Redis that was restarted, or is another than before, may hold what was true once: it was
//! restored from a snapshot, or was behind the one it replaces. So what it holds is not believed
//! until it was emptied of what is ours, once for each run of each server, by one instance.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
    time::Duration,
};

use fred::types::{Value, config::Server};
use tokio::time::{sleep, timeout};

use super::{backend::Lost, redis::millis, redis_walk::clear};
use crate::redis::{Arrivals, Command, Redis};

/// The runs of servers that were seen to, in a set.
const VETTED: &str = "wallet_bff_vetted";
/// Most of them that are remembered.
const MOST: i64 = 100;
/// Held by who empties it.
const VETTING: &str = "wallet_bff_vetting";
/// How long nobody else does. If it dies over that, nothing is read for as long; if it takes longer,
/// another empties what is empty.
const LEASE: Duration = Duration::from_secs(3);
/// How often new connections are looked for, and others are waited for.
const PAUSE: Duration = Duration::from_millis(10);
/// How long the rest of the connections is waited for.
const ALL_CONNECTED: Duration = Duration::from_millis(1_500);

pub(super) struct Vetting {
    redis: Redis,
    arrivals: Arrivals,
    done: AtomicBool,
}

impl Vetting {
    pub(super) fn new(redis: Redis) -> Arc<Self> {
        let arrivals = redis.arrivals();
        Arc::new(Self { redis, arrivals, done: AtomicBool::new(false) })
    }

    /// Whether what is read can be believed; asked before and after. An answer that came over a
    /// connection which is newer than the last look is told from others by the second.
    pub(super) fn is_done(&self) -> bool {
        self.done.load(SeqCst) && self.arrivals.is_none()
    }

    /// Goes on until it is dropped.
    pub(super) async fn keep(&self) {
        loop {
            if !self.is_done() && self.redis.is_up() {
                self.done.store(false, SeqCst);
                self.wait_for_all().await;
                self.arrivals.take();
                let vetted = self.vet().await.is_ok();
                self.done.store(vetted, SeqCst);
            }
            sleep(PAUSE).await;
        }
    }

    /// Connections are made one after another, and each that comes later is a reason to look again.
    async fn wait_for_all(&self) {
        let all = async {
            while !self.redis.is_whole() {
                sleep(Duration::from_millis(1)).await;
            }
        };
        // One that cannot be made keeps nobody from the others.
        let _ = timeout(ALL_CONNECTED, all).await;
    }

    async fn vet(&self) -> Result<(), Lost> {
        let mut runs = Vec::new();
        for node in self.redis.nodes() {
            runs.push(self.run(&node).await?);
        }
        while !self.is_vetted(&runs).await? {
            let lease = [VETTING.into(), "1".into(), "NX".into(), "PX".into(), millis(LEASE)];
            let taken = self.ask(Command::new("SET", lease)).await?;
            if taken.is_null() {
                sleep(PAUSE).await;
                continue;
            }
            // Who had the lease before may have done it, and others may have written since.
            if !self.is_vetted(&runs).await? {
                let removed = clear(&self.redis).await?;
                if removed > 0 {
                    tracing::warn!(
                        removed,
                        "Redis was restarted, or is another: what it held is gone"
                    );
                }
            }
            self.remember(&runs).await?;
        }
        Ok(())
    }

    /// What changes when a server is started, and when it becomes a master.
    async fn run(&self, node: &Server) -> Result<String, Lost> {
        let info = Command::new("INFO", Vec::<Value>::new());
        let reply = self.redis.send_to(node, vec![info]).await.pop().ok_or(Lost)?;
        let info = reply.ok().and_then(Value::into_string).ok_or(Lost)?;
        let line = |name| info.lines().find_map(|line: &str| line.strip_prefix(name));
        let run = line("run_id:").ok_or(Lost)?;
        Ok(format!("{} {}", run.trim(), line("master_replid:").unwrap_or_default().trim()))
    }

    async fn is_vetted(&self, runs: &[String]) -> Result<bool, Lost> {
        for run in runs {
            let known = self.ask(Command::new("SISMEMBER", [VETTED, run.as_str()])).await?;
            if known.as_i64() != Some(1) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    async fn remember(&self, runs: &[String]) -> Result<(), Lost> {
        let known = self.ask(Command::new("SCARD", [VETTED])).await?;
        if known.as_i64() > Some(MOST) {
            self.ask(Command::new("DEL", [VETTED])).await?;
        }
        let add = std::iter::once(VETTED).chain(runs.iter().map(String::as_str));
        self.ask(Command::new("SADD", add)).await?;
        self.ask(Command::new("DEL", [VETTING])).await?;
        Ok(())
    }

    async fn ask(&self, command: Command) -> Result<Value, Lost> {
        self.redis.send_one(command).await.map_err(|_| Lost)
    }
}
