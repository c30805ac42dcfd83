//! Connections that are slow, or say nothing: they end in time, and others are served meanwhile.

use std::time::{Duration, Instant};

use futures::future::join_all;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

use crate::support::{Backend, TestApp};

/// How long each may take.
const LIMIT: Duration = Duration::from_secs(1);
/// What is lost to a busy machine on top.
const SLACK: Duration = Duration::from_secs(5);
/// How soon others are answered.
const SOON: Duration = Duration::from_millis(if cfg!(debug_assertions) { 1_000 } else { 50 });

/// What is sent of a request, before nothing more comes.
const BEGINNINGS: [(&str, &str); 5] = [
    ("nothing", ""),
    ("half of HTTP/2's beginning", "PRI * HT"),
    ("half a head", "POST /graphql HTTP/1.1\r\nHost: localhost\r\nX-Slow: "),
    (
        "half a body",
        "POST /graphql HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\
         Content-Length: 1000\r\n\r\n{\"query\":",
    ),
    ("one request, and then nothing", "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"),
];

/// How many of each: `SLOW_CONNECTIONS`, 60 by default.
fn of_each() -> usize {
    let wanted = std::env::var("SLOW_CONNECTIONS").ok().and_then(|text| text.parse().ok());
    wanted.unwrap_or(60)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn slow_connections_keep_nobody_from_being_served() {
    let flags = ["--header-timeout=1s", "--operation-timeout=1s"];
    let app = TestApp::start_with(Backend::Embedded, &flags).await;
    app.given_wallet("ann", "5").await;
    let mut slow = Vec::new();
    for (what, beginning) in BEGINNINGS {
        for _ in 0..of_each() {
            let mut stream = TcpStream::connect(app.address()).await.expect("it is taken");
            stream.write_all(beginning.as_bytes()).await.expect("it is sent");
            slow.push((what, stream));
        }
    }
    let since = Instant::now();
    let ending = join_all(slow.into_iter().map(|(what, mut stream)| async move {
        let ended = timeout(LIMIT + SLACK, stream.read_to_end(&mut Vec::new())).await;
        assert!(ended.is_ok(), "a connection that sent {what} is still open");
        what
    }));
    let (mut answered, mut slowest) = (0, Duration::ZERO);
    let others = async {
        loop {
            let started = Instant::now();
            assert_eq!(app.balance("ann").await, "5.00");
            (answered, slowest) = (answered + 1, slowest.max(started.elapsed()));
        }
    };
    tokio::select! { () = others => {}, _ = ending => {} }
    assert!(answered > 10 && slowest < SOON, "{answered} were served, in {slowest:?} at most");
    let took = since.elapsed();
    assert!(took > LIMIT / 2, "they were cut off after {took:?}, though they had {LIMIT:?}");
}

/// While as many connections are open as may be, another waits its turn, and is then served.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_are_bounded() {
    let flags = ["--max-connections=20", "--header-timeout=1s"];
    let app = TestApp::start_with(Backend::Embedded, &flags).await;
    let mut idle = Vec::new();
    for _ in 0..20 {
        idle.push(TcpStream::connect(app.address()).await.expect("it is taken"));
    }
    let mut waiting = TcpStream::connect(app.address()).await.expect("the backlog takes it");
    waiting.write_all(BEGINNINGS[4].1.as_bytes()).await.expect("it is sent");
    let mut answer = [0; 12];
    let early = timeout(LIMIT / 5, waiting.read_exact(&mut answer)).await;
    assert!(early.is_err(), "it was served beyond the limit");
    let late = timeout(LIMIT + SLACK, waiting.read_exact(&mut answer)).await;
    assert!(late.is_ok_and(|read| read.is_ok()), "it was not served when there was room");
    assert_eq!(&answer, b"HTTP/1.1 200");
}
