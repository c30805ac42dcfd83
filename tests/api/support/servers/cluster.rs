//! One Redis Cluster of three masters for the whole run. Tests share it: they keep apart by
//! names of their own (`TestApp::unique`).

use std::{
    sync::OnceLock,
    thread::sleep,
    time::{Duration, Instant},
};

use super::{Server, free_port, redis::serve, run};

const NODES: usize = 3;
const FORM_LIMIT: Duration = Duration::from_secs(20);

#[derive(Debug)]
struct Cluster {
    ports: Vec<u16>,
    /// Held for as long as the process lives.
    _nodes: Vec<Server>,
}

/// The cluster's URL; the first caller starts it.
pub fn url() -> String {
    static SHARED: OnceLock<Cluster> = OnceLock::new();
    let ports = &SHARED.get_or_init(Cluster::start).ports;
    let others: Vec<_> = ports[1..].iter().map(|port| format!("node=127.0.0.1:{port}")).collect();
    format!("redis-cluster://127.0.0.1:{}?{}", ports[0], others.join("&"))
}

impl Cluster {
    fn start() -> Self {
        let (ports, nodes): (Vec<_>, Vec<_>) = (0..NODES).map(|_| node()).unzip();
        let addresses: Vec<_> = ports.iter().map(|port| format!("127.0.0.1:{port}")).collect();
        let mut create = vec!["redis-cli", "--cluster", "create"];
        create.extend(addresses.iter().map(String::as_str));
        create.extend(["--cluster-replicas", "0", "--cluster-yes"]);
        run(&create);
        let cluster = Self { ports, _nodes: nodes };
        cluster.wait_until_formed();
        cluster
    }

    /// A node answers for all slots only after it has heard of the others.
    fn wait_until_formed(&self) {
        let started = Instant::now();
        let formed = |port: &u16| {
            run(&["redis-cli", "-p", &port.to_string(), "cluster", "info"])
                .contains("cluster_state:ok")
        };
        while !self.ports.iter().all(formed) {
            assert!(started.elapsed() < FORM_LIMIT, "the cluster does not form");
            sleep(Duration::from_millis(50));
        }
    }
}

fn node() -> (u16, Server) {
    let (port, bus_port) = (free_port(), free_port().to_string());
    let options = ["--cluster-enabled", "yes", "--cluster-port", &bus_port];
    (port, serve(port, &options).expect("a cluster node starts"))
}
