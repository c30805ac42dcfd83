//! A Redis: 20 ms to start, so that each test has its own and may kill it.

use std::process::Command;

use super::{Server, folder, free_port};

const ATTEMPTS: usize = 5;

/// A Redis on a port that stays its own over restarts.
#[derive(Debug)]
pub struct Redis {
    port: u16,
    server: Option<Server>,
}

impl Redis {
    /// Starts one on a free port.
    pub fn start() -> Self {
        let mut redis = Self::stopped();
        for _ in 0..ATTEMPTS {
            match serve(redis.port, &[]) {
                Ok(server) => return Self { server: Some(server), ..redis },
                Err(log) if log.contains("in use") => redis.port = free_port(),
                Err(log) => panic!("Redis does not start:\n{log}"),
            }
        }
        panic!("no free port for Redis in {ATTEMPTS} attempts");
    }

    /// One that is not started yet: a port that refuses connections.
    pub fn stopped() -> Self {
        Self { port: free_port(), server: None }
    }

    /// Where it is.
    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// Ends it as a crash would; what it held is gone.
    pub fn kill(&mut self) {
        self.server().signal("KILL");
        self.server = None;
    }

    /// Starts it again, empty, where it was.
    pub fn restart(&mut self) {
        assert!(self.server.is_none(), "Redis runs already");
        self.server = Some(serve(self.port, &[]).expect("Redis starts again"));
    }

    /// Lets it hang: connections stay open and nothing answers.
    pub fn pause(&self) {
        self.server().signal("STOP");
    }

    /// Ends a [`Self::pause`].
    pub fn resume(&self) {
        self.server().signal("CONT");
    }

    /// Throws away all that it holds.
    pub fn flush(&self) {
        self.cli(&["flushall"]);
    }

    /// Breaks every connection to it.
    pub fn cut_clients(&self) {
        self.cli(&["client", "kill", "type", "normal", "skipme", "yes"]);
    }

    fn cli(&self, words: &[&str]) {
        let output =
            Command::new("redis-cli").args(["-p", &self.port.to_string()]).args(words).output();
        assert!(output.is_ok_and(|output| output.status.success()), "redis-cli {words:?}");
    }

    /// Whether it was started, and not killed since.
    pub fn runs(&self) -> bool {
        self.server.is_some()
    }

    fn server(&self) -> &Server {
        self.server.as_ref().expect("Redis runs")
    }
}

/// A server without persistence; `more` goes to its command line.
pub(super) fn serve(port: u16, more: &[&str]) -> Result<Server, String> {
    let (folder, port) = (folder("redis"), port.to_string());
    let place = folder.display().to_string();
    let mut command = vec!["redis-server", "--port", &port, "--bind", "127.0.0.1", "--dir", &place];
    command.extend(["--save", "", "--appendonly", "no"]);
    command.extend(more);
    Server::start(folder, "KILL", &command)
}
