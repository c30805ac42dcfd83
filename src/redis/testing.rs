//! Redis servers of a test's own, stopped with it.

use std::{
    net::TcpListener,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use tempfile::TempDir;

use super::Redis;
use crate::config::CacheConfig;

const HASTY: Duration = Duration::from_millis(50);
const PATIENT: Duration = Duration::from_secs(2);

/// A Redis that keeps nothing.
pub struct RedisServer {
    port: u16,
    args: Vec<String>,
    folder: TempDir,
    process: Option<Child>,
}

impl RedisServer {
    /// Starts one on a free port, and waits until it answers.
    pub fn start() -> Self {
        Self::start_with(&[])
    }

    /// Chooses a port, and starts nothing yet.
    pub fn stopped() -> Self {
        Self {
            port: free_port(),
            args: Vec::new(),
            folder: tempfile::tempdir().unwrap(),
            process: None,
        }
    }

    /// Starts one with further arguments.
    pub fn start_with(args: &[&str]) -> Self {
        let mut server = Self::stopped();
        server.args = args.iter().map(|&arg| arg.to_owned()).collect();
        server.restart();
        server
    }

    /// Starts it (again), empty.
    pub fn restart(&mut self) {
        self.kill();
        let process = Command::new("redis-server")
            .args(["--port", &self.port.to_string(), "--bind", "127.0.0.1"])
            .args(["--save", "", "--appendonly", "no", "--dir"])
            .arg(self.folder.path())
            .args(&self.args)
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        self.process = Some(process);
        let answers = || self.cli(&["ping"]).trim() == "PONG";
        wait_until(answers);
    }

    /// Makes its snapshots fail, as on a full disk, so that it refuses writes.
    pub fn break_snapshots(&self) {
        // A file cannot be put where a folder is.
        std::fs::create_dir(self.folder.path().join("dump.rdb")).unwrap();
        self.cli(&["config", "set", "save", "3600 1"]);
        self.cli(&["bgsave"]);
        wait_until(|| self.cli(&["info", "persistence"]).contains("last_bgsave_status:err"));
    }

    /// Ends it at once.
    pub fn kill(&mut self) {
        if let Some(mut process) = self.process.take() {
            process.kill().unwrap();
            process.wait().unwrap();
        }
    }

    /// Stops it from answering; its connections stay open.
    pub fn pause(&self) {
        self.signal("-STOP");
    }

    /// Lets it go on.
    pub fn resume(&self) {
        self.signal("-CONT");
    }

    fn signal(&self, signal: &str) {
        let pid = self.process.as_ref().unwrap().id().to_string();
        assert!(Command::new("kill").args([signal, &pid]).status().unwrap().success());
    }

    /// What `redis-cli` prints.
    pub fn cli(&self, args: &[&str]) -> String {
        let output = Command::new("redis-cli")
            .args(["-c", "-p", &self.port.to_string()])
            .args(args)
            .output()
            .unwrap();
        String::from_utf8(output.stdout).unwrap()
    }

    /// Its URL.
    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// Connections of the service's own kind, but patient: a busy machine is no outage.
    pub async fn connect(&self) -> Redis {
        connect(&self.url(), PATIENT).await
    }

    /// Connections that give up as soon as the service's own.
    pub async fn connect_hasty(&self) -> Redis {
        connect(&self.url(), HASTY).await
    }
}

impl Drop for RedisServer {
    fn drop(&mut self) {
        if let Some(mut process) = self.process.take() {
            let _ = process.kill();
            let _ = process.wait();
        }
    }
}

/// A cluster of three.
pub struct RedisCluster(pub Vec<RedisServer>);

impl RedisCluster {
    /// Starts it, and waits until it has all its slots.
    pub fn start() -> Self {
        let nodes: Vec<RedisServer> =
            (0..3).map(|_| RedisServer::start_with(&["--cluster-enabled", "yes"])).collect();
        let hosts = nodes.iter().map(|node| format!("127.0.0.1:{}", node.port));
        let created = Command::new("redis-cli")
            .args(["--cluster", "create"])
            .args(hosts)
            .arg("--cluster-yes")
            .stdout(Stdio::null())
            .status()
            .unwrap();
        assert!(created.success());
        let ready = || nodes.iter().all(|n| n.cli(&["cluster", "info"]).contains("state:ok"));
        wait_until(ready);
        Self(nodes)
    }

    /// Connections of the service's own kind, but patient.
    pub async fn connect(&self) -> Redis {
        connect(&self.url(), PATIENT).await
    }

    /// Connections that give up as soon as the service's own.
    pub async fn connect_hasty(&self) -> Redis {
        connect(&self.url(), HASTY).await
    }

    fn url(&self) -> String {
        self.0[0].url().replace("redis://", "redis-cluster://")
    }
}

/// Connects, and waits until that is done.
async fn connect(url: &str, redis_timeout: Duration) -> Redis {
    let config = CacheConfig { redis_timeout, ..config(Some(url)) };
    let redis = Redis::connect(&config).unwrap().unwrap();
    assert!(redis.wait(Duration::from_secs(10)).await);
    redis
}

/// The defaults, with this URL.
pub fn config(url: Option<&str>) -> CacheConfig {
    CacheConfig {
        redis_url: url.map(str::to_owned),
        redis_connections: 2,
        redis_timeout: HASTY,
        cache_capacity: 100_000,
        near_cache_mb: 16,
        near_cache_ttl: Duration::from_secs(60),
        stale_for: Duration::from_secs(600),
        cache_users: true,
        cache_sweep_interval: Duration::from_secs(300),
        warm_wallets: 0,
    }
}

/// Waits until something holds.
pub async fn until(holds: impl Fn() -> bool) {
    let started = Instant::now();
    while !holds() {
        assert!(started.elapsed() < Duration::from_secs(10), "it never held");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

fn wait_until(holds: impl Fn() -> bool) {
    let started = Instant::now();
    while !holds() {
        assert!(started.elapsed() < Duration::from_secs(20), "it never held");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Below the ephemeral range and with room for the cluster bus, 10,000 above.
fn free_port() -> u16 {
    loop {
        let port = rand::random_range(10_000..22_000);
        let free = |port| TcpListener::bind(("127.0.0.1", port)).is_ok();
        if free(port) && free(port + 10_000) {
            return port;
        }
    }
}
