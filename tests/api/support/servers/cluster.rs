//! Redis Clusters of three masters. One takes seconds to form, so a few are handed from test to test,
//! empty; whoever has one has it alone.

use std::{
    thread::sleep,
    time::{Duration, Instant},
};

use parking_lot::Mutex;
use tokio::sync::{Semaphore, SemaphorePermit};

use super::{Server, free_port, redis::serve, run};

const NODES: usize = 3;
/// Most clusters at once.
const CLUSTERS: usize = 2;
const FORM_LIMIT: Duration = Duration::from_secs(60);
/// How long the instances of the test before may take to go.
const LEAVE_LIMIT: Duration = Duration::from_secs(60);

static FREE: Semaphore = Semaphore::const_new(CLUSTERS);
static IDLE: Mutex<Vec<Nodes>> = Mutex::new(Vec::new());

/// A cluster of a test's own, until it is dropped.
#[derive(Debug)]
pub struct Cluster {
    /// `None` for those that were broken.
    nodes: Option<Nodes>,
    url: String,
    _permit: SemaphorePermit<'static>,
}

#[derive(Debug)]
struct Nodes {
    ports: Vec<u16>,
    servers: Vec<Server>,
}

impl Cluster {
    /// Waits for one that nobody has.
    pub async fn take() -> Self {
        let permit = FREE.acquire().await.expect("it is never closed");
        let idle = IDLE.lock().pop();
        let take = move || {
            let nodes = idle.unwrap_or_else(Nodes::start);
            nodes.wait_until_left();
            nodes.flush();
            nodes
        };
        let nodes = tokio::task::spawn_blocking(take).await.expect("it starts");
        Self { url: nodes.url(), nodes: Some(nodes), _permit: permit }
    }

    /// Where it is.
    pub fn url(&self) -> String {
        self.url.clone()
    }

    /// Throws away all that it holds.
    pub fn flush(&self) {
        self.nodes().flush();
    }

    /// Lets one of its nodes hang.
    pub fn pause_node(&self, index: usize) {
        self.nodes().servers[index].signal("STOP");
    }

    /// Ends a [`Self::pause_node`].
    pub fn resume_node(&self, index: usize) {
        self.nodes().servers[index].signal("CONT");
    }

    /// Ends one of its nodes as a crash would; nobody gets this cluster after that.
    pub fn kill_node(&self, index: usize) {
        self.nodes().servers[index].signal("KILL");
    }

    fn nodes(&self) -> &Nodes {
        self.nodes.as_ref().expect("it is there until it is dropped")
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        // A test that failed may have left one hanging.
        let whole = |nodes: &Nodes| !nodes.servers.iter().any(|s| s.has_ended() || s.is_stopped());
        IDLE.lock().extend(self.nodes.take().filter(whole));
    }
}

impl Nodes {
    fn start() -> Self {
        let (ports, servers): (Vec<_>, Vec<_>) = (0..NODES).map(|_| node()).unzip();
        let addresses: Vec<_> = ports.iter().map(|port| format!("127.0.0.1:{port}")).collect();
        let mut create = vec!["redis-cli", "--cluster", "create"];
        create.extend(addresses.iter().map(String::as_str));
        create.extend(["--cluster-replicas", "0", "--cluster-yes"]);
        run(&create);
        let nodes = Self { ports, servers };
        // A node answers for all slots only after it has heard of the others.
        let is_formed =
            || nodes.each(&["cluster", "info"]).iter().all(|i| i.contains("cluster_state:ok"));
        assert!(wait(FORM_LIMIT, is_formed), "the cluster does not form");
        nodes
    }

    fn url(&self) -> String {
        let others: Vec<_> =
            self.ports[1..].iter().map(|port| format!("node=127.0.0.1:{port}")).collect();
        format!("redis-cluster://127.0.0.1:{}?{}", self.ports[0], others.join("&"))
    }

    /// What each node answers to a command.
    fn each(&self, words: &[&str]) -> Vec<String> {
        let ask = |port: &u16| run(&[&["redis-cli", "-p", &port.to_string()], words].concat());
        self.ports.iter().map(ask).collect()
    }

    fn flush(&self) {
        self.each(&["flushall"]);
    }

    /// An instance takes a moment to end after its test; what it wrote would be somebody else's.
    fn wait_until_left(&self) {
        // Who asks is the only one.
        let is_alone =
            || self.each(&["client", "list"]).iter().all(|list| list.lines().count() == 1);
        assert!(wait(LEAVE_LIMIT, is_alone), "somebody still uses the cluster");
    }
}

fn node() -> (u16, Server) {
    let (port, bus_port) = (free_port(), free_port().to_string());
    let options = ["--cluster-enabled", "yes", "--cluster-port", &bus_port];
    (port, serve(port, &options).expect("a cluster node starts"))
}

fn wait(limit: Duration, holds: impl Fn() -> bool) -> bool {
    let started = Instant::now();
    while !holds() {
        if started.elapsed() > limit {
            return false;
        }
        sleep(Duration::from_millis(50));
    }
    true
}
