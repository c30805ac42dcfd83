//! The program, as people start it.

use std::process::Output;

use serde_json::json;

use crate::support::{
    Role,
    process::{Program, wallet_bff},
    servers::postgres,
    tokens,
};

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[track_caller]
fn succeeded(output: &Output) -> String {
    assert!(output.status.success(), "{}{}", text(&output.stdout), text(&output.stderr));
    text(&output.stdout)
}

/// `schema` prints the schema that stands in the repository.
#[test]
fn the_schema_is_printed() {
    let printed = succeeded(&wallet_bff(&["schema"]));
    assert!(printed.contains("type Query"), "{printed:.200}");
    assert_eq!(printed, wallet_bff::graphql::sdl());
}

/// `--help` names every setting, its variable, and no secret.
#[test]
fn help_is_the_reference() {
    let help = succeeded(&wallet_bff(&["serve", "--help"]));
    for setting in [
        "--listen",
        "--database-url",
        "DATABASE_URL",
        "--redis-url",
        "REDIS_URL",
        "JWT_SECRET",
        "--demo",
    ] {
        assert!(help.contains(setting), "no {setting} in {help}");
    }
}

/// A wrong value is an error that names the flag and what it wants.
#[test]
fn wrong_values_are_explained() {
    for (flag, value, wants) in [
        ("--listen", "nowhere", "--listen"),
        ("--database-url", "mysql://x", "postgres://"),
        ("--redis-url", "localhost", "redis://"),
        ("--jwt-secret", "short", "32 bytes"),
        ("--write-batch", "0", "1..="),
        ("--redis-timeout", "soon", "--redis-timeout"),
    ] {
        let output = wallet_bff(&["serve", flag, value]);
        let error = text(&output.stderr);
        assert!(!output.status.success(), "{flag} {value} was accepted");
        assert!(error.contains(flag) && error.contains(wants), "{flag} {value}: {error}");
    }
}

/// Without a key there is nobody whose token counts, so it does not start.
#[test]
fn a_service_without_a_key_does_not_start() {
    let folder = tempfile::tempdir().unwrap();
    let database = format!("sqlite://{}/w.db", folder.path().display());
    let output = wallet_bff(&["serve", "--listen", "127.0.0.1:0", "--database-url", &database]);
    assert!(!output.status.success());
    let error = text(&output.stderr);
    assert!(error.contains("--jwt-secret") || error.contains("JWT_SECRET"), "{error}");
}

/// `token` prints one that the service takes.
#[tokio::test]
async fn a_printed_token_is_taken() {
    let folder = tempfile::tempdir().unwrap();
    let database = format!("sqlite://{}/w.db", folder.path().display());
    let program = Program::serve(&["--database-url", &database]).await;
    let arguments = ["token", "--uid", "ann", "--role", "USER", "--jwt-secret", tokens::SECRET];
    let printed = succeeded(&wallet_bff(&arguments));
    let reply =
        program.with_token(printed.trim()).query("{ viewer { uid roles } }", json!({})).await;
    assert_eq!(reply.data("/viewer"), &json!({ "uid": "ann", "roles": ["USER"] }), "{reply}");
}

/// `migrate`, `seed` and `serve` make a service with data on an empty PostgreSQL; a second
/// `seed` changes nothing.
#[tokio::test]
async fn an_empty_database_is_migrated_and_seeded() {
    let database = postgres::blank_database().await;
    let url = ["--database-url", &database];
    succeeded(&wallet_bff(&[&["migrate"], &url[..]].concat()));
    let plan = ["--wallets", "20", "--transactions", "100", "--periods", "2", "--orders", "10"];
    for _ in 0..2 {
        succeeded(&wallet_bff(&[&["seed"], &plan[..], &url[..]].concat()));
    }
    let program = Program::serve(&url).await;
    let document = "{ wallets(first: 1) { totalCount edges { node { uid balance version
            transactions { totalCount } } } }
        orderCount(periodNumber: \"20241201_001\")
        order(by: { orderNo: \"ORDER_20241201_001_0001\" }) { periodNumber } }";
    let reply = program.query(document, json!({})).await;
    assert_eq!(reply.data("/wallets/totalCount"), 20, "{reply}");
    let first = json!({ "uid": "u000001", "balance": "1000.50", "version": 5,
        "transactions": { "totalCount": 5 } });
    assert_eq!(reply.data("/wallets/edges/0/node"), &first, "{reply}");
    assert_eq!(reply.data("/orderCount"), 5, "{reply}");
    assert_eq!(reply.data("/order/periodNumber"), "20241201_001", "{reply}");
}

/// `serve --demo` needs nothing else: data, and tokens on the screen.
#[tokio::test]
async fn a_demo_needs_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let database = format!("sqlite://{}/demo.db", folder.path().display());
    let program = Program::serve(&["--demo", "--database-url", &database]).await;
    let reply = program.query("{ wallets(first: 1) { totalCount } }", json!({})).await;
    assert!(reply.data("/wallets/totalCount").as_u64().unwrap() > 0, "{reply}");
    let screen = program.log();
    for word in ["/graphql", "/playground", "eyJ"] {
        assert!(screen.contains(word), "no {word} in {screen}");
    }
}

/// On SIGTERM it closes sockets with a reason and ends well; what it answered is stored.
#[tokio::test]
async fn sigterm_ends_it_in_order() {
    let folder = tempfile::tempdir().unwrap();
    let database = format!("sqlite://{}/w.db", folder.path().display());
    let mut program = Program::serve(&["--database-url", &database]).await;
    program.given_wallet("ann", "5").await;
    let mut socket = program.socket().await;
    program.signal("TERM");
    assert!([1001, 1012].contains(&socket.close_code().await));
    let status = program.ended().await;
    assert!(status.success(), "{status}: {}", program.log());
    let again = Program::serve(&["--database-url", &database]).await;
    assert_eq!(again.as_role(Role::User, "ann").balance("ann").await, "5.00");
}

/// With a pause to drain it says that it ends, and serves on meanwhile, also on new connections.
#[tokio::test]
async fn it_says_that_it_ends_before_it_does() {
    let folder = tempfile::tempdir().unwrap();
    let database = format!("sqlite://{}/w.db", folder.path().display());
    let mut program =
        Program::serve(&["--database-url", &database, "--drain-pause", "1500ms"]).await;
    program.given_wallet("ann", "5").await;
    program.signal("TERM");
    let (mut status, mut text) = program.get("/readyz").await;
    while status == 200 {
        (status, text) = program.get("/readyz").await;
    }
    assert_eq!(status, 503, "{text}");
    assert!(text.contains("it is shutting down"), "{text}");
    assert_eq!(program.as_role(Role::User, "ann").balance("ann").await, "5.00");
    assert!(reqwest::get(format!("http://{}/healthz", program.address())).await.is_ok());
    assert!(program.ended().await.success(), "{}", program.log());
}

/// What only looks at a database does not make one, and one that is away is told with its cause.
#[test]
fn a_database_that_is_not_there_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let typo = folder.path().join("typo.db");
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    for (url, cause) in [
        (format!("sqlite://{}", typo.display()), "there is no file"),
        (format!("postgres://postgres@{nobody}/wallets"), "Connection refused"),
    ] {
        let output = wallet_bff(&["audit", "--database-url", &url]);
        let error = text(&output.stderr);
        assert!(!output.status.success() && error.contains(cause), "{url}: {error}");
        assert!(error.contains("--database-url"), "{url}: {error}");
    }
    assert!(!typo.exists(), "it was made");
}
