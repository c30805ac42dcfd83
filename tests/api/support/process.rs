//! The program itself, as a user starts it.

use std::{
    fs,
    net::SocketAddr,
    process::{Child, Command, ExitStatus, Output, Stdio},
    time::{Duration, Instant},
};

use tempfile::NamedTempFile;

use super::{Client, Role, tokens};

const PATIENCE: Duration = Duration::from_secs(20);

/// Runs `wallet-bff` to its end, without this shell's environment.
pub fn wallet_bff(arguments: &[&str]) -> Output {
    command(arguments).output().expect("the program was built")
}

/// A running `wallet-bff serve`. Dropping it kills it.
pub struct Program {
    child: Child,
    client: Client,
    log: NamedTempFile,
}

impl Program {
    /// Starts it on a free port, and waits until it answers.
    pub async fn serve(flags: &[&str]) -> Self {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("it is bound");
        drop(listener);
        Self::serve_at(address, flags).await
    }

    /// Starts it at an address that is free again, and waits until it answers.
    pub async fn serve_at(address: SocketAddr, flags: &[&str]) -> Self {
        let listen = address.to_string();
        let mut arguments = vec!["serve", "--listen", &listen, "--jwt-secret", tokens::SECRET];
        arguments.extend(flags);
        let log = NamedTempFile::new().expect("a temporary file");
        let output = || Stdio::from(log.reopen().expect("it is there"));
        let child = command(&arguments).stdout(output()).stderr(output()).spawn();
        let program = Self { child: child.expect("it starts"), client: client(address), log };
        program.wait_until_ready().await
    }

    async fn wait_until_ready(mut self) -> Self {
        let started = Instant::now();
        let ready = self.client.request(reqwest::Method::GET, "/readyz");
        while !ready.try_clone().expect("no body").send().await.is_ok_and(|r| r.status() == 200) {
            let ended = self.child.try_wait().expect("it is our child");
            assert!(ended.is_none(), "it ended with {ended:?}: {}", self.log());
            assert!(started.elapsed() < PATIENCE, "not ready after {PATIENCE:?}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        self
    }

    /// Sends it a signal, such as `TERM`.
    pub fn signal(&self, signal: &str) {
        let status =
            Command::new("kill").args(["-s", signal, &self.child.id().to_string()]).status();
        assert!(status.is_ok_and(|s| s.success()), "kill -s {signal}");
    }

    /// Its exit status, once it has ended.
    pub async fn ended(&mut self) -> ExitStatus {
        let started = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().expect("it is our child") {
                return status;
            }
            assert!(started.elapsed() < PATIENCE, "still there after {PATIENCE:?}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// What it printed so far.
    pub fn log(&self) -> String {
        fs::read_to_string(self.log.path()).expect("text")
    }
}

impl std::ops::Deref for Program {
    type Target = Client;

    fn deref(&self) -> &Client {
        &self.client
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn client(address: SocketAddr) -> Client {
    Client::new(address, tokens::token(Role::Admin, "admin"))
}

fn command(arguments: &[&str]) -> Command {
    // It ends with the thread of the test, however that ends.
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "KILL", "--", env!("CARGO_BIN_EXE_wallet-bff")]);
    command.args(arguments).env_clear().stdin(Stdio::null());
    command
}
