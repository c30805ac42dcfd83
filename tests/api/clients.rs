//! Client libraries that others wrote, against a server that is killed under them.

use std::{
    fs,
    io::{BufRead, BufReader, Write},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::mpsc,
    time::{Duration, Instant},
};

use serde_json::Value;

use crate::support::{Role, process::Program, tokens::token};

const LIBRARIES: [&str; 5] = ["graphql-ws", "graphql-sse", "graphql-sse-single", "apollo", "urql"];
const PATIENCE: Duration = Duration::from_secs(30);

/// Each asks, moves money, and watches a wallet; the server is killed and comes back; each has
/// seen every version that the ledger has since it began, once and in order.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn client_libraries_miss_nothing() {
    let installed = install();
    let folder = tempfile::tempdir().expect("a temporary folder");
    let database = format!("sqlite://{}/wallets.db", folder.path().display());
    let flags = ["--database-url", &database];
    let mut program = Program::serve(&flags).await;
    let address = program.address();
    program.given_wallet("ann", "10").await;
    let mut libraries: Vec<Library> = LIBRARIES
        .iter()
        .map(|library| Library::start(&installed, library, &format!("http://{address}")))
        .collect();
    for library in &mut libraries {
        library.wait_until_it_watches();
    }
    deposit(&program, 10).await;
    program.signal("KILL");
    program.ended().await;
    drop(program);
    let program = Program::serve_at(address, &flags).await;
    deposit(&program, 10).await;
    let version = current(&program).await;
    for library in &mut libraries {
        library.finish(version);
        library.assert_nothing_missed(version);
    }
}

async fn deposit(program: &Program, times: usize) {
    for _ in 0..times {
        program.deposit("ann", "1").await.expect("it is up");
    }
}

async fn current(program: &Program) -> i64 {
    let reply = program.query("{ wallet(uid: \"ann\") { version } }", Value::Null).await;
    reply.data("/wallet/version").as_i64().expect("a version")
}

/// The libraries as the lock file names them, installed once.
fn install() -> PathBuf {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/clients");
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("clients");
    fs::create_dir_all(&target).expect("a folder under target");
    for file in ["package.json", "package-lock.json", "live.mjs", "libraries.mjs"] {
        fs::copy(source.join(file), target.join(file)).expect(file);
    }
    let lock = fs::read(target.join("package-lock.json")).expect("it was copied");
    let done = target.join("node_modules/.installed");
    if fs::read(&done).is_ok_and(|installed| installed == lock) {
        return target;
    }
    let npm = Command::new("npm")
        .args(["ci", "--no-audit", "--no-fund", "--loglevel=error"])
        .current_dir(&target)
        .output()
        .expect("npm: see scripts/deps.sh test");
    assert!(npm.status.success(), "npm ci: {}", String::from_utf8_lossy(&npm.stderr));
    fs::write(done, lock).expect("the folder is ours");
    target
}

/// One library, watching.
struct Library {
    name: &'static str,
    child: Child,
    lines: mpsc::Receiver<String>,
    log: Vec<Value>,
}

impl Library {
    fn start(installed: &Path, name: &'static str, url: &str) -> Self {
        let token = token(Role::Admin, "admin");
        // It ends with the thread of the test, however that ends.
        let mut child = Command::new("setpriv")
            .args(["--pdeathsig", "KILL", "--", "node", "live.mjs", name, url, &token, "ann"])
            .current_dir(installed)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("node: see scripts/deps.sh test");
        let output = BufReader::new(child.stdout.take().expect("it is piped"));
        let (sender, lines) = mpsc::channel();
        std::thread::spawn(move || {
            output.lines().map_while(Result::ok).all(|line| sender.send(line).is_ok())
        });
        Self { name, child, lines, log: Vec::new() }
    }

    /// Reads what it says until then; `None` when it has ended.
    fn read_until(&mut self, done: impl Fn(&Value) -> bool) -> Option<()> {
        let started = Instant::now();
        loop {
            let left = PATIENCE.saturating_sub(started.elapsed());
            let line = match self.lines.recv_timeout(left) {
                Ok(line) => line,
                Err(mpsc::RecvTimeoutError::Disconnected) => return None,
                Err(mpsc::RecvTimeoutError::Timeout) => {
                    panic!("{} says nothing more after {:?}", self.name, self.log)
                }
            };
            let said: Value = serde_json::from_str(&line).expect("a line of JSON");
            let done = done(&said);
            self.log.push(said);
            if done {
                return Some(());
            }
        }
    }

    fn wait_until_it_watches(&mut self) {
        let watches = self.read_until(|said| said["version"].is_i64());
        assert!(watches.is_some(), "{} ended after {:?}", self.name, self.log);
    }

    fn finish(&mut self, version: i64) {
        let mut input = self.child.stdin.take().expect("it is piped");
        writeln!(input, "{version}").expect("it reads");
        self.read_until(|_| false);
        let status = self.child.wait().expect("it is our child");
        assert!(status.success(), "{} ended with {status} after {:?}", self.name, self.log);
    }

    fn assert_nothing_missed(&self, version: i64) {
        let mut seen = self.log.iter().filter(|said| said["version"].is_i64());
        let number = |said: &Value| said["version"].as_i64().unwrap_or_default();
        let mut last = number(seen.next().expect("it has seen something"));
        for event in seen {
            let follows = number(event) == last + 1 && event["snapshot"] == false;
            assert!(follows, "{}: {event} came after {last}: {:?}", self.name, self.log);
            last = number(event);
        }
        assert_eq!(last, version, "{} ends early: {:?}", self.name, self.log);
        let cuts = self.log.iter().filter(|said| said["ended"].is_string()).count();
        assert!(cuts > 0, "{} was not cut: {:?}", self.name, self.log);
    }
}

impl Drop for Library {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
