//! The dashboard in a browser: `tests/browser` opens its pages on a real service.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use fred::prelude::*;
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
};

use crate::support::{
    Backend, TestApp,
    process::{Program, wallet_bff},
    servers::{free_port, postgres, redis::Redis},
    tokens,
};

/// Enough for a table of ten thousand rows.
const PLAN: [&str; 8] =
    ["--wallets", "10000", "--transactions", "20000", "--periods", "3", "--orders", "150"];

/// Every page and every action, in a browser, on PostgreSQL and Redis; what each needs stands in
/// `tests/browser/scenarios`.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_dashboard_does_what_it_says() {
    run("tests/browser/prepare.sh", &[]);
    let mut service = Service::start().await;
    let control = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let variables = [
        ("BASE", format!("http://{}", service.address)),
        ("SECRET", tokens::SECRET.to_owned()),
        ("CONTROL", control.local_addr().unwrap().to_string()),
        ("PAGE_PORT", service.page_port.to_string()),
    ];
    let browser = tokio::task::spawn_blocking(move || run("tests/browser/run.sh", &variables));
    tokio::select! {
        never = service.obey(&control) => never,
        output = browser => println!("{}", text(&output.unwrap().stdout)),
    }
}

/// Pages have addresses that are no files; a script that asks for what is not there hears so.
#[tokio::test]
async fn browsers_get_the_page_and_scripts_the_truth() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("assets")).unwrap();
    std::fs::write(folder.path().join("index.html"), "<p>the page</p>").unwrap();
    std::fs::write(folder.path().join("assets/app-1a2b.js"), "run()").unwrap();
    let flags = ["--dashboard", &folder.path().display().to_string()];
    let app = TestApp::start_with(Backend::Embedded, &flags).await;
    for (path, accept, status, kept) in [
        ("/", "text/html", 200, "no-cache"),
        ("/wallets/u000001", "text/html,*/*", 200, "no-cache"),
        ("/assets/app-1a2b.js", "*/*", 200, "public, max-age=31536000, immutable"),
        ("/wallets/u000001", "application/json", 404, ""),
        ("/assets/gone.js", "*/*", 404, ""),
        ("/../Cargo.toml", "*/*", 404, ""),
    ] {
        let request = app.request(reqwest::Method::GET, path).header("accept", accept);
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), status, "{path} as {accept}");
        let header = response.headers().get("cache-control");
        assert_eq!(header.map_or("", |header| header.to_str().unwrap()), kept, "{path}");
    }
    // With a slash more at its end, another site's address.
    for path in ["//assets", "//assets/", "/assets"] {
        let mut stream = TcpStream::connect(app.address()).await.unwrap();
        let request =
            format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 404"), "{path}: {answer}");
        assert!(!answer.to_lowercase().contains("location:"), "{path}: {answer}");
        let policy = "content-security-policy: default-src 'none'; frame-ancestors 'none'";
        assert!(answer.contains(policy), "what is not there is no page: {answer}");
    }
    let (status, offered) = app.get("/demo/tokens").await;
    assert_eq!((status, &*offered), (200, "[]"), "only a demo offers tokens");
}

/// The service, and the Redis that it caches in.
struct Service {
    address: SocketAddr,
    /// Of a page that is not the service's own, and that it lets in.
    page_port: u16,
    flags: Vec<String>,
    program: Option<Program>,
    redis: Redis,
}

impl Service {
    /// On stores of its own, with the data that scenarios speak of.
    async fn start() -> Self {
        let (database, redis) = (postgres::database().await, Redis::start());
        let seeded = wallet_bff(&[&["seed", "--database-url", &database], &PLAN[..]].concat());
        assert!(seeded.status.success(), "{}", text(&seeded.stderr));
        let dashboard = root().join("frontend-examples/dashboard/dist").display().to_string();
        let page_port = free_port();
        let origin = format!("http://localhost:{page_port}");
        let flags = ["--database-url", &database, "--redis-url", &redis.url()];
        let flags = [&flags[..], &["--dashboard", &dashboard, "--allow-origin", &origin]].concat();
        let address = SocketAddr::from(([127, 0, 0, 1], free_port()));
        let program = Program::serve_at(address, &flags).await;
        let flags = flags.iter().map(ToString::to_string).collect();
        Self { address, page_port, flags, program: Some(program), redis }
    }

    /// Does what the browser's side asks for, one line a connection.
    async fn obey(&mut self, control: &TcpListener) -> ! {
        loop {
            let (stream, _) = control.accept().await.unwrap();
            let mut stream = BufReader::new(stream);
            let mut command = String::new();
            stream.read_line(&mut command).await.unwrap();
            self.carry_out(command.trim()).await;
            let stream: &mut TcpStream = stream.get_mut();
            stream.write_all(b"ok\n").await.unwrap();
        }
    }

    async fn carry_out(&mut self, command: &str) {
        match command.split(' ').collect::<Vec<_>>()[..] {
            ["stop"] => {
                let mut program = self.program.take().expect("it runs");
                program.signal("TERM");
                program.ended().await;
            }
            ["start"] => {
                let flags: Vec<&str> = self.flags.iter().map(String::as_str).collect();
                self.program = Some(Program::serve_at(self.address, &flags).await);
            }
            ["redis", "stop"] => self.redis.kill(),
            ["redis", "start"] => self.redis.restart(),
            ["lock", uid, holder] => self.hold_lock(uid, holder).await,
            _ => panic!("{command:?} is no command"),
        }
    }

    /// As another service would hold it.
    async fn hold_lock(&self, uid: &str, holder: &str) {
        let client = Builder::from_config(Config::from_url(&self.redis.url()).unwrap()).build();
        let client = client.unwrap();
        client.init().await.unwrap();
        let key = format!("wallet_lock_{uid}");
        let () = client.set(key, holder, Some(Expiration::EX(60)), None, false).await.unwrap();
        client.quit().await.unwrap();
    }
}

/// Runs a script of the project; one that fails shows what it printed.
fn run(script: &str, variables: &[(&str, String)]) -> Output {
    // It ends with this thread, however that ends.
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "TERM", "--"]).arg(root().join(script));
    let output = command.envs(variables.iter().cloned()).output().expect("setpriv is there");
    let (printed, complained) = (text(&output.stdout), text(&output.stderr));
    assert!(output.status.success(), "{script} failed:\n{printed}\n{complained}");
    output
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_owned()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
