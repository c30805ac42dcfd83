//! Real servers, each on a free port and in a temporary folder, as an unprivileged user, and
//! stopped whatever happens to the tests.

pub mod cluster;
pub mod postgres;
pub mod redis;

use std::{
    fs,
    io::{BufRead, BufReader},
    net::TcpListener,
    os::unix::{fs::MetadataExt, process::CommandExt},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::atomic::{AtomicU32, Ordering},
    thread::sleep,
    time::{Duration, Instant},
};

/// Debian's `nobody`: PostgreSQL refuses to run as root.
const NOBODY: u32 = 65_534;
const START_LIMIT: Duration = Duration::from_secs(30);

/// A running server. Dropping it stops it; so does the end of this process, even by SIGKILL.
#[derive(Debug)]
pub struct Server {
    pid: u32,
    supervisor: Child,
    folder: PathBuf,
}

impl Server {
    /// Starts what `command` says in `folder`, and waits until it says in its log that it is
    /// ready. `Err` holds the log of a server that gave up instead.
    fn start(folder: PathBuf, stop_signal: &str, command: &[&str]) -> Result<Self, String> {
        let mut supervisor = Command::new("sh")
            .args(["-c", include_str!("supervise.sh"), "supervise"])
            .arg(&folder)
            .arg(stop_signal)
            .args(unprivileged())
            .args(["--pdeathsig", "KILL", "--"])
            .args(command)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            // A group of its own: Ctrl-C reaches the tests, and their end the supervisor.
            .process_group(0)
            .spawn()
            .expect("sh starts");
        let stdout = supervisor.stdout.take().expect("it was piped");
        let mut pid = String::new();
        BufReader::new(stdout).read_line(&mut pid).expect("the supervisor says the pid");
        let pid = pid.trim().parse().expect("the pid is a number");
        Self { pid, supervisor, folder }.ready()
    }

    fn ready(self) -> Result<Self, String> {
        let started = Instant::now();
        while started.elapsed() < START_LIMIT {
            let log = self.log();
            // Redis and PostgreSQL end their start in the same words.
            if log.contains("eady to accept connections") {
                return Ok(self);
            }
            if self.has_ended() {
                return Err(log);
            }
            sleep(Duration::from_millis(5));
        }
        Err(format!("not ready after {START_LIMIT:?}:\n{}", self.log()))
    }

    /// What it logged so far.
    pub fn log(&self) -> String {
        fs::read_to_string(self.folder.join("log")).unwrap_or_default()
    }

    /// Sends it a signal, such as `KILL` or `STOP`.
    pub fn signal(&self, signal: &str) {
        let status = Command::new("kill").args(["-s", signal, &self.pid.to_string()]).status();
        assert!(status.is_ok_and(|s| s.success()), "kill -s {signal} {}", self.pid);
    }

    /// Ended, and not collected by its supervisor yet.
    fn has_ended(&self) -> bool {
        matches!(self.state(), None | Some('Z'))
    }

    /// Made to hang by a signal.
    fn is_stopped(&self) -> bool {
        self.state() == Some('T')
    }

    /// As the kernel calls it; `None` when there is no such process.
    fn state(&self) -> Option<char> {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.pid)).ok()?;
        stat.rsplit(')').next()?.trim_start().chars().next()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.supervisor.stdin.take());
        // An error would mean that the supervisor is gone already.
        let _ = self.supervisor.wait();
    }
}

/// Runs a command to its end as the servers' user, and fails the test with what it printed.
fn run(command: &[&str]) -> String {
    let output = Command::new(unprivileged()[0])
        .args(&unprivileged()[1..])
        .arg("--")
        .args(command)
        .output()
        .expect("setpriv is part of Debian");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?} failed:\n{text}{errors}");
    text
}

/// What goes before a command so that no server runs as root.
fn unprivileged() -> &'static [&'static str] {
    if is_root() {
        &["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups"]
    } else {
        &["setpriv"]
    }
}

fn is_root() -> bool {
    fs::metadata("/proc/self").is_ok_and(|process| process.uid() == 0)
}

/// A new folder that the servers' user owns. In /tmp, as a TMPDIR may be private to root.
fn folder(name: &str) -> PathBuf {
    let prefix = format!("wallet-bff-{name}-");
    let folder = tempfile::Builder::new().prefix(&prefix).tempdir_in("/tmp").expect("/tmp").keep();
    if is_root() {
        std::os::unix::fs::chown(&folder, Some(NOBODY), Some(NOBODY)).expect("root may chown");
    }
    folder
}

/// A port that nobody listens on. Below the range that outgoing connections are given, so
/// that none of those takes it before the server binds it, nor while a server is restarted.
pub fn free_port() -> u16 {
    const FIRST: u32 = 20_000;
    const COUNT: u32 = 12_000;
    static NEXT: AtomicU32 = AtomicU32::new(0);
    loop {
        let step = NEXT.fetch_add(1, Ordering::Relaxed);
        let port = FIRST + (std::process::id().wrapping_mul(97).wrapping_add(step)) % COUNT;
        let port = u16::try_from(port).expect("it is below 32,000");
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}

/// The newest of Debian's side-by-side versions of a PostgreSQL program.
fn postgres_program(name: &str) -> String {
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let found = versions.map(|v| v.path().join("bin").join(name)).filter(|p| p.exists());
    let version = |path: &PathBuf| -> u32 {
        let folder = path.ancestors().nth(2).and_then(Path::file_name);
        folder.and_then(|v| v.to_str()).and_then(|v| v.parse().ok()).unwrap_or(0)
    };
    let newest = found.max_by_key(version).expect("PostgreSQL is missing; run scripts/deps.sh");
    newest.display().to_string()
}
