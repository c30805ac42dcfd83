//! `frontend-examples`: what it shows is true.

use std::{
    collections::BTreeSet,
    fs,
    io::{BufRead, BufReader},
    net::SocketAddr,
    path::Path,
    process::{Child, Command, ExitStatus, Stdio},
    sync::{
        Once,
        mpsc::{Receiver, channel},
    },
    time::{Duration, Instant},
};

use async_graphql::parser::{
    parse_query, parse_schema,
    types::{OperationType, Selection, TypeKind, TypeSystemDefinition},
};
use serde_json::{Value, json};
use tempfile::NamedTempFile;

use crate::support::{Client, Role, process::Program, servers::free_port, tokens};

const PATIENCE: Duration = Duration::from_secs(20);
/// What the service refuses to do, as an example of a refusal.
const REFUSED: [&str; 2] = ["WithdrawTooMuch", "WithdrawFromFrozen"];

/// A demo of its own.
async fn demo(folder: &tempfile::TempDir) -> Program {
    let database = format!("sqlite://{}/demo.db", folder.path().display());
    Program::serve(&["--demo", "--database-url", &database]).await
}

/// The documents of the playground's tabs.
async fn tabs(client: &Client) -> Vec<String> {
    let (status, tabs) = client.get("/playground/tabs").await;
    assert_eq!(status, 200, "{tabs}");
    serde_json::from_str(&tabs).unwrap()
}

/// An operation of a document: its name, its kind and what it asks for.
struct Example {
    name: String,
    kind: OperationType,
    fields: Vec<String>,
}

/// In the order in which they stand.
fn examples(document: &str) -> Vec<Example> {
    let parsed = parse_query(document).unwrap_or_else(|e| panic!("{e}:\n{document}"));
    let mut operations: Vec<_> = parsed.operations.iter().collect();
    operations.sort_by_key(|(_, operation)| (operation.pos.line, operation.pos.column));
    let fields = |items: &[async_graphql::Positioned<Selection>]| {
        let field = |item: &async_graphql::Positioned<Selection>| match &item.node {
            Selection::Field(field) => Some(field.node.name.node.to_string()),
            _ => None,
        };
        items.iter().filter_map(field).collect()
    };
    let example =
        |(name, operation): (Option<&async_graphql::Name>, &async_graphql::Positioned<_>)| {
            let operation: &async_graphql::parser::types::OperationDefinition = &operation.node;
            Example {
                name: name.expect("each has a name, by which it is chosen").to_string(),
                kind: operation.ty,
                fields: fields(&operation.selection_set.node.items),
            }
        };
    operations.into_iter().map(example).collect()
}

/// Every operation of the playground does on a demo what it says.
#[tokio::test]
async fn operations_of_the_playground_work() {
    let folder = tempfile::tempdir().unwrap();
    let program = demo(&folder).await;
    for document in tabs(&program).await {
        for Example { name, kind, .. } in examples(&document) {
            if kind == OperationType::Subscription {
                watch(&program, &document, &name).await;
                continue;
            }
            let body = json!({ "query": document, "operationName": name });
            let request = program.request(reqwest::Method::POST, "/graphql").json(&body);
            let reply: Value = request.send().await.unwrap().json().await.unwrap();
            assert!(reply.get("errors").is_none(), "{name}: {reply:#}");
            if kind == OperationType::Mutation {
                let payload = &reply["data"].as_object().unwrap().values().next().unwrap();
                let refused = payload["errors"] != json!([]);
                assert_eq!(refused, REFUSED.contains(&&*name), "{name}: {reply:#}");
            }
        }
    }
}

/// A subscription's first event comes, as money moves.
async fn watch(program: &Program, document: &str, name: &str) {
    let mut socket = program.socket().await;
    let payload = json!({ "query": document, "operationName": name });
    socket.send(json!({ "type": "subscribe", "id": name, "payload": payload })).await;
    program.deposit("u000001", "15.00").await.unwrap();
    let message = socket.receive().await;
    assert_eq!(message["type"], "next", "{name}: {message:#}");
    assert!(message["payload"].get("errors").is_none(), "{name}: {message:#}");
}

/// Whatever the schema has to ask for is shown in a tab.
#[tokio::test]
async fn the_playground_shows_everything() {
    let folder = tempfile::tempdir().unwrap();
    let program = demo(&folder).await;
    let tabs = tabs(&program).await;
    let shown: BTreeSet<_> =
        tabs.iter().flat_map(|tab| examples(tab)).flat_map(|e| e.fields).collect();
    let schema = parse_schema(wallet_bff::graphql::sdl()).unwrap();
    for definition in schema.definitions {
        let TypeSystemDefinition::Type(ty) = definition else { continue };
        let root = ["Query", "Mutation", "Subscription"].contains(&&*ty.node.name.node);
        let TypeKind::Object(object) = ty.node.kind else { continue };
        for field in object.fields.iter().filter(|_| root) {
            let name = field.node.name.node.as_str();
            assert!(shown.contains(name), "no tab of frontend-examples/playground shows {name}");
        }
    }
}

/// The subscriber scripts tell of each change once, over a restart of the service.
#[tokio::test]
async fn subscribers_go_on_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let database = format!("sqlite://{}/w.db", folder.path().display());
    let flags = ["--database-url", &database];
    let address = SocketAddr::from(([127, 0, 0, 1], free_port()));
    let mut program = Program::serve_at(address, &flags).await;
    program.given_wallet("ann", "10").await;

    let [socket, curl] = [
        ("follow.mjs", format!("ws://{address}/graphql")),
        ("follow.sh", format!("http://{address}/graphql/stream")),
    ]
    .map(|(script, url)| Subscriber::start(script, &url, &tokens::token(Role::User, "ann")));
    for subscriber in [&socket, &curl] {
        subscriber.hears("10.00");
    }
    program.deposit("ann", "1").await.unwrap();
    for subscriber in [&socket, &curl] {
        subscriber.hears("11.00");
    }
    program.signal("TERM");
    program.ended().await;
    let again = Program::serve_at(address, &flags).await;
    for amount in ["2", "4"] {
        again.deposit("ann", amount).await.unwrap();
    }
    for subscriber in [&socket, &curl] {
        subscriber.hears("13.00");
        subscriber.hears("17.00");
    }
}

/// What is refused once is refused the next time too: the scripts say why, and end.
#[tokio::test]
async fn subscribers_end_when_they_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let database = format!("sqlite://{}/w.db", folder.path().display());
    let address = SocketAddr::from(([127, 0, 0, 1], free_port()));
    let program = Program::serve_at(address, &["--database-url", &database]).await;
    program.given_wallet("ann", "10").await;
    for (script, url) in [
        ("follow.mjs", format!("ws://{address}/graphql")),
        ("follow.sh", format!("http://{address}/graphql/stream")),
    ] {
        for (token, reason) in [
            ("nobody's".to_owned(), "token"),
            (tokens::expired_token(Role::User, "ann"), "token"),
            (tokens::token(Role::User, "bob"), "role"),
        ] {
            let (status, said) = Subscriber::start(script, &url, &token).ends();
            assert_eq!(status.code(), Some(1), "{script}: {said}");
            assert!(said.contains(reason), "{script} does not say what is wrong: {said}");
            assert!(!said.contains("again in"), "{script} tried again: {said}");
        }
    }
}

/// A running script, and what it prints. Dropping it kills it.
struct Subscriber {
    child: Child,
    lines: Receiver<String>,
    complaints: NamedTempFile,
}

/// Tests run side by side, and two installations in one folder disturb each other.
static INSTALLED: Once = Once::new();

fn install(folder: &Path) {
    let installed = Command::new("sh")
        .args(["-c", "[ -e node_modules ] || npm ci --no-audit --no-fund --loglevel=error"])
        .current_dir(folder)
        .status();
    assert!(installed.is_ok_and(|status| status.success()), "npm ci in {}", folder.display());
}

impl Subscriber {
    fn start(script: &str, url: &str, token: &str) -> Self {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("frontend-examples/subscriber");
        INSTALLED.call_once(|| install(&folder));
        let program = if script.ends_with(".mjs") { "node" } else { "sh" };
        let complaints = NamedTempFile::new().expect("a temporary file");
        let mut child = Command::new("setpriv")
            .args(["--pdeathsig", "KILL", "--", program, script, "ann"])
            .current_dir(&folder)
            .env("TOKEN", token)
            .env("URL", url)
            .stdout(Stdio::piped())
            .stderr(complaints.reopen().expect("it is there"))
            .spawn()
            .expect("setpriv is there");
        let (sender, lines) = channel();
        let stdout = BufReader::new(child.stdout.take().expect("it was piped"));
        std::thread::spawn(move || {
            stdout.lines().map_while(Result::ok).all(|l| sender.send(l).is_ok())
        });
        Self { child, lines, complaints }
    }

    /// How it ends by itself, and what it complained of.
    #[track_caller]
    fn ends(&mut self) -> (ExitStatus, String) {
        let started = Instant::now();
        loop {
            let ended = self.child.try_wait().expect("it is our child");
            let said = fs::read_to_string(&self.complaints).expect("it is there");
            if let Some(status) = ended {
                return (status, said);
            }
            assert!(started.elapsed() < PATIENCE, "it goes on after {PATIENCE:?}: {said}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// The next line tells of this balance: none is left out, none told twice.
    #[track_caller]
    fn hears(&self, balance: &str) {
        let line = self.lines.recv_timeout(PATIENCE);
        let line = line.unwrap_or_else(|e| panic!("{balance} was not told: {e}"));
        assert!(line.contains(balance), "{balance} was expected: {line}");
    }
}

impl Drop for Subscriber {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
