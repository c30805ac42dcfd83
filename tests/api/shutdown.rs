//! SIGTERM: what was asked is answered, what was not is not waited for, and it ends in time.

use std::time::{Duration, Instant};

use reqwest::Method;
use sea_orm::{
    ConnectionTrait, Database, DatabaseConnection, DatabaseTransaction, TransactionTrait,
};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::{sleep, timeout},
};

use crate::support::{process::Program, servers::postgres, steps::fresh_key};

const HEAD: &str =
    "POST /graphql HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n";
const BODY: &str = r#"{"query":"{ __typename }"}"#;
const DEPOSIT: &str = "mutation($input: DepositInput!) {
    deposit(input: $input) { wallet { balance } errors { code } } }";
const BALANCES: &str = "subscription { balanceUpdated(uids: [\"ann\"]) { wallet { balance } } }";
/// How long a connection may live on with nothing under way.
const LAST_WORDS: Duration = Duration::from_secs(1);
/// How long requests may go on for, unless a test says otherwise.
const GRACE: Duration = Duration::from_secs(10);

async fn program() -> (TempDir, Program) {
    let folder = tempfile::tempdir().unwrap();
    let database = format!("sqlite://{}/w.db", folder.path().display());
    let program = Program::serve(&["--database-url", &database]).await;
    (folder, program)
}

/// Keeps a wallet's row locked until it is rolled back.
async fn hold(database: &DatabaseConnection, uid: &str) -> DatabaseTransaction {
    let holder = database.begin().await.unwrap();
    let lock = format!("SELECT 1 FROM wallets WHERE uid = '{uid}' FOR UPDATE");
    holder.execute_unprepared(&lock).await.unwrap();
    holder
}

async fn wait_until_blocked(database: &DatabaseConnection) {
    let blocked = "SELECT 1 FROM pg_stat_activity
        WHERE datname = current_database() AND wait_event_type = 'Lock'";
    while database.execute_unprepared(blocked).await.unwrap().rows_affected() == 0 {
        sleep(Duration::from_millis(20)).await;
    }
}

fn deposit(uid: &str) -> Value {
    json!({ "input": { "idempotencyKey": fresh_key(), "uid": uid, "amount": "1" } })
}

async fn begun(program: &Program, beginning: &str) -> TcpStream {
    let mut stream = TcpStream::connect(program.address()).await.unwrap();
    stream.write_all(beginning.as_bytes()).await.unwrap();
    stream
}

/// How much the rest of a request has to tell.
fn with_length() -> String {
    format!("{HEAD}Content-Length: {}\r\n\r\n", BODY.len())
}

/// Half a request is no request, whatever half of it was sent.
#[tokio::test]
async fn half_a_request_holds_up_no_end() {
    let (_folder, mut program) = program().await;
    let mut open = Vec::new();
    for beginning in [
        "",
        "PRI * HT",
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        HEAD,
        &format!("{}{}", with_length(), &BODY[..5]),
        &format!("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n{HEAD}"),
    ] {
        open.push(begun(&program, beginning).await);
    }
    let answered = timeout(GRACE, open[5].read_u8()).await;
    assert!(answered.is_ok_and(|byte| byte.is_ok()), "the first of two was not answered");
    let since = Instant::now();
    program.signal("TERM");
    let status = program.ended().await;
    assert!(status.success(), "{status}: {}", program.log());
    assert!(since.elapsed() < GRACE / 2, "it ended after {:?}", since.elapsed());
    let mut told = String::new();
    open[4].read_to_string(&mut told).await.unwrap();
    assert!(told.starts_with("HTTP/1.1 503") && told.contains("SERVICE_UNAVAILABLE"), "{told}");
}

/// Who is a moment late with the second half is answered.
#[tokio::test]
async fn a_request_on_its_way_is_answered() {
    let (_folder, mut program) = program().await;
    let mut late_head = begun(&program, HEAD).await;
    let mut late_body = begun(&program, &with_length()).await;
    program.signal("TERM");
    while TcpStream::connect(program.address()).await.is_ok() {
        sleep(Duration::from_millis(5)).await;
    }
    let rest = format!("Content-Length: {}\r\n\r\n{BODY}", BODY.len());
    late_head.write_all(rest.as_bytes()).await.unwrap();
    late_body.write_all(BODY.as_bytes()).await.unwrap();
    for stream in [&mut late_head, &mut late_body] {
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 200") && answer.ends_with('}'), "{answer}");
    }
    assert!(program.ended().await.success(), "{}", program.log());
}

/// A row that somebody holds in the database makes it no later than the grace and a second.
#[tokio::test]
async fn a_row_held_by_others_holds_up_no_end() {
    let url = postgres::database().await;
    let grace = Duration::from_secs(2);
    let mut program =
        Program::serve(&["--database-url", &url, "--shutdown-grace", "2s", "--migrate"]).await;
    program.given_wallet("ann", "5").await;
    let database = Database::connect(&url).await.unwrap();
    let holder = hold(&database, "ann").await;
    let client = program.clone();
    let waiting = tokio::spawn(async move { client.deposit_once(&fresh_key(), "ann", "1").await });
    let mut socket = program.socket().await;
    socket.subscribe("1", DEPOSIT, deposit("ann")).await;
    wait_until_blocked(&database).await;
    let since = Instant::now();
    program.signal("TERM");
    assert_eq!(socket.close_code().await, 1001, "also who is cut off hears a goodbye");
    program.ended().await;
    let most = grace + Duration::from_millis(1_900);
    assert!(since.elapsed() < most, "it ended after {:?}: {}", since.elapsed(), program.log());
    waiting.abort();
    holder.rollback().await.unwrap();
}

/// Mutations on sockets and streams are answered as those over plain HTTP are; subscriptions beside
/// them end at once.
#[tokio::test]
async fn mutations_under_way_are_answered() {
    let url = postgres::database().await;
    let mut program = Program::serve(&["--database-url", &url, "--migrate"]).await;
    program.given_wallet("ann", "5").await;
    let mut watch = program.watch_balances(&["ann"]).await;
    watch.next().await;
    let database = Database::connect(&url).await.unwrap();
    let holder = hold(&database, "ann").await;
    let mut socket = program.socket().await;
    socket.subscribe("1", DEPOSIT, deposit("ann")).await;
    wait_until_blocked(&database).await;
    let body = json!({ "query": DEPOSIT, "variables": deposit("ann") });
    let stream = program.request(Method::POST, "/graphql/stream").json(&body);
    let stream = stream.send().await.expect("it is begun");
    let since = Instant::now();
    program.signal("TERM");
    assert_eq!(watch.close_code().await, 1001);
    socket.subscribe("late", DEPOSIT, deposit("ann")).await;
    sleep((LAST_WORDS + Duration::from_millis(300)).saturating_sub(since.elapsed())).await;
    holder.rollback().await.unwrap();

    let reply = socket.receive().await;
    assert_eq!((&reply["type"], &reply["id"]), (&json!("next"), &json!("1")), "{reply}");
    let payload = &reply["payload"]["data"]["deposit"];
    assert_eq!(payload["errors"], json!([]), "{reply}");
    let done = json!({ "type": "complete", "id": "1" });
    assert_eq!(socket.receive().await, done);
    assert_eq!(socket.close_code().await, 1001);
    let events = stream.text().await.expect("the stream ends in order");
    assert!(events.contains("event: next") && events.contains("event: complete"), "{events}");
    assert!(events.contains(r#""errors":[]"#), "{events}");
    let status = program.ended().await;
    assert!(status.success() && since.elapsed() < GRACE, "{status}: {}", program.log());
    let again = Program::serve(&["--database-url", &url]).await;
    assert_eq!(again.balance("ann").await, "7.00", "two deposits were begun in time");
}

/// Subscriptions are not waited for.
#[tokio::test]
async fn subscriptions_hold_up_no_end() {
    let (_folder, mut program) = program().await;
    program.given_wallet("ann", "5").await;
    let mut watch = program.watch_balances(&["ann"]).await;
    watch.next().await;
    let body = json!({ "query": BALANCES });
    let stream = program.request(Method::POST, "/graphql/stream").json(&body);
    let mut stream = stream.send().await.unwrap();
    let mut events = String::new();
    while !events.contains("event: next") {
        let chunk = stream.chunk().await.unwrap().expect("it goes on");
        events.push_str(std::str::from_utf8(&chunk).unwrap());
    }
    let since = Instant::now();
    program.signal("TERM");
    assert_eq!(watch.close_code().await, 1001);
    let rest = stream.text().await.expect("the stream ends in order");
    assert!(rest.ends_with(": going away\n\n"), "{rest}");
    assert!(program.ended().await.success(), "{}", program.log());
    assert!(since.elapsed() < GRACE / 2, "it ended after {:?}", since.elapsed());
}
