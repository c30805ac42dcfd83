//! Connections to Redis, for the cache, the locks and the events alone: one node or a cluster.
//!
//! A dead or hung Redis costs a caller one command timeout at most, and then nothing until it
//! answers again: see [`health`]. Commands are sent by name with their cluster slot, because a
//! command that spans slots fails, and because only custom commands keep their options in a
//! pipeline.

mod arrivals;
mod command;
mod connect;
mod health;
mod listen;
mod script;
#[cfg(test)]
pub mod testing;
mod tracking;

use std::sync::Arc;

use fred::{
    clients::{Client, Pool},
    error::{Error as RedisError, ErrorKind},
    interfaces::{ClientLike, ClusterInterface},
    types::{
        Value,
        config::{Options, Server},
    },
};
use tokio::sync::broadcast;
use tracing::Instrument;

pub use self::{
    arrivals::Arrivals,
    command::Command,
    listen::Signal,
    script::{Call, Script},
    tracking::Tracked,
};
use self::{health::Health, listen::Listener};

/// Messages that wait for a slow listener before it is told of a gap.
const MAX_MESSAGES: usize = 4_096;

/// A reply, or why there is none.
pub type Reply = Result<Value, RedisError>;

/// Connections to one Redis; cheap to clone.
#[derive(Clone)]
pub struct Redis(Arc<Inner>);

struct Inner {
    pool: Pool,
    options: Options,
    clustered: bool,
    health: Health,
    listener: Listener,
}

impl Redis {
    /// Whether Redis is connected and answered in time when it was last asked.
    pub fn is_up(&self) -> bool {
        self.is_connected() && self.0.health.is_closed()
    }

    fn is_connected(&self) -> bool {
        self.0.pool.clients().iter().any(Client::is_connected)
    }

    /// Whether every connection is made, not only one.
    pub fn is_whole(&self) -> bool {
        self.0.pool.clients().iter().all(Client::is_connected)
    }

    /// Sends commands as one pipeline, and answers each in its place.
    pub async fn send(&self, commands: Vec<Command>) -> Vec<Reply> {
        self.send_with(commands, &self.0.options).await
    }

    /// Sends one command.
    pub async fn send_one(&self, command: Command) -> Reply {
        self.send(vec![command]).await.pop().unwrap_or_else(|| Err(down()))
    }

    /// Sends commands to one node, whatever their keys.
    pub async fn send_to(&self, node: &Server, commands: Vec<Command>) -> Vec<Reply> {
        let mut options = self.0.options.clone();
        if self.0.clustered {
            options.cluster_node = Some(node.clone());
        }
        self.send_with(commands, &options).await
    }

    async fn send_with(&self, commands: Vec<Command>, options: &Options) -> Vec<Reply> {
        let count = commands.len();
        if count == 0 {
            return Vec::new();
        }
        if !self.0.health.admits(self.is_connected()) {
            return vec![Err(down()); count];
        }
        let command = commands[0].name();
        let span = tracing::debug_span!(
            "redis",
            otel.kind = "client",
            db.system.name = "redis",
            db.operation.name = command,
            commands = count,
        );
        // Boxed here once: it is large, and every field that may come here would hold it whole.
        let replies = Box::pin(self.dispatch(commands, options)).instrument(span).await;
        let errors = || replies.iter().filter_map(|reply| reply.as_ref().err());
        self.0.health.record(errors().find(|error| is_lost(error)));
        if let Some(refused) = errors().find(|error| !is_lost(error) && !is_unknown(error)) {
            self.0.health.log_refusal(refused);
        }
        if let Some(refused) = errors().find(|error| is_read_only(error)) {
            self.0.health.set_read_only(Some(refused));
        }
        replies
    }

    /// A pipeline of one would be ambiguous when its reply is an array.
    async fn dispatch(&self, mut commands: Vec<Command>, options: &Options) -> Vec<Reply> {
        let client = self.0.pool.next_connected();
        let count = commands.len();
        if count == 1
            && let Some(command) = commands.pop()
        {
            return vec![client.with_options(options).custom(command.custom(), command.args).await];
        }
        let pipeline = client.pipeline().with_options(options);
        for command in commands {
            let queued: Reply = pipeline.custom(command.custom(), command.args).await;
            if let Err(error) = queued {
                return vec![Err(error); count];
            }
        }
        let replies: Vec<Reply> = pipeline.try_all().await;
        match <[Reply; 1]>::try_from(replies) {
            Ok([failed]) => vec![failed; count],
            Err(replies) => replies,
        }
    }

    /// Asks every node whether it is there and takes writes: a PING is refused where writes are, but
    /// by a replica.
    async fn beat(&self) {
        let was_read_only = self.0.health.is_read_only();
        for node in self.nodes() {
            let replies = if was_read_only {
                let mut options = self.0.options.clone();
                options.cluster_node = self.0.clustered.then_some(node);
                self.dispatch(beat(), &options).await
            } else {
                // What else comes of it is recorded where it is sent.
                self.send_to(&node, beat()).await
            };
            let is_replica = replies.last().is_some_and(is_replica);
            if is_replica {
                let error = RedisError::new(ErrorKind::Unknown, "READONLY it is a replica");
                self.0.health.set_read_only(Some(&error));
            }
            if was_read_only && (is_replica || replies.first().is_none_or(Result::is_err)) {
                return;
            }
        }
        if was_read_only {
            self.0.health.set_read_only(None);
        }
    }

    /// The nodes that hold keys now.
    pub fn nodes(&self) -> Vec<Server> {
        nodes(self.0.pool.next_connected())
    }

    /// What is published on a channel from now on. One connection serves all channels.
    pub fn listen(&self, channel: &'static str) -> broadcast::Receiver<Signal> {
        self.0.listener.listen(channel)
    }

    /// Says goodbye to Redis.
    pub async fn close(&self) {
        self.0.listener.close().await;
        // Redis frees what a lost connection held as well.
        let _ = self.0.pool.quit().await;
    }
}

/// The nodes that hold keys now, as this client knows them.
fn nodes(client: &Client) -> Vec<Server> {
    match client.cached_cluster_state() {
        Some(state) => state.unique_primary_nodes(),
        None => client.client_config().server.hosts(),
    }
}

fn beat() -> Vec<Command> {
    ["PING", "ROLE"].map(|name| Command::new(name, Vec::<Value>::new())).into()
}

/// Whether a node says so. One that may not be asked does not.
fn is_replica(role: &Reply) -> bool {
    let Ok(Value::Array(role)) = role else { return false };
    role.first().and_then(Value::as_str).is_some_and(|role| role != "master")
}

/// What a command is answered while Redis is not asked.
fn down() -> RedisError {
    RedisError::new(ErrorKind::IO, "Redis is not reachable")
}

/// Whether Redis was not reached, rather than refusing this command.
fn is_lost(error: &RedisError) -> bool {
    use ErrorKind::{Auth, Backpressure, Canceled, Cluster, IO, Protocol, Routing, Timeout, Tls};
    matches!(
        error.kind(),
        Auth | Backpressure | Canceled | Cluster | IO | Protocol | Routing | Timeout | Tls
    )
}

/// Whether a node refuses every write: its disk is full, or it is no master any more.
fn is_read_only(error: &RedisError) -> bool {
    ["MISCONF", "READONLY"].iter().any(|code| error.details().starts_with(code))
}

/// Whether a node does not know a script (yet).
fn is_unknown(error: &RedisError) -> bool {
    error.details().starts_with("NOSCRIPT")
}
