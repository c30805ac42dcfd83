//! An instance of the service, as a process of its own.

use std::{
    fs,
    net::{SocketAddr, TcpListener},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use super::tokens;

const PATIENCE: Duration = Duration::from_secs(20);

pub struct Instance {
    pub address: SocketAddr,
    child: Child,
}

impl Instance {
    pub async fn start(database: &str, redis: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("it is bound");
        drop(listener);
        let listen = address.to_string();
        let child = Command::new("setpriv")
            .args(["--pdeathsig", "KILL", "--", env!("CARGO_BIN_EXE_wallet-bff"), "serve"])
            .args(["--listen", &listen, "--jwt-secret", tokens::SECRET])
            .args(["--database-url", database, "--redis-url", redis, "--redis-timeout", "1s"])
            .args(["--log", "warn"])
            .env_clear()
            .stdin(Stdio::null())
            .spawn()
            .expect("the program was built");
        let started = Instant::now();
        let url = format!("http://{address}/readyz");
        while !reqwest::get(&url).await.is_ok_and(|answer| answer.status() == 200) {
            assert!(started.elapsed() < PATIENCE, "not ready after {PATIENCE:?}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        Self { address, child }
    }

    /// What it holds in memory now.
    pub fn resident_bytes(&self) -> u64 {
        let path = format!("/proc/{}/status", self.child.id());
        let status = fs::read_to_string(path).expect("it runs");
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let number = line.and_then(|line| line.trim().strip_suffix(" kB"));
        number.and_then(|text| text.parse::<u64>().ok()).expect("a number of kB") * 1_024
    }
}

impl Drop for Instance {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
