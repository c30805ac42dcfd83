//! Subscribers, while Redis, instances and connections are killed.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
    time::Duration,
};

use futures::{SinkExt, StreamExt, future::join_all};
use rand::Rng;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep, timeout};
use tokio_tungstenite::{
    connect_async,
    tungstenite::{Message, client::IntoClientRequest},
};

use crate::support::{
    Backend, Client, Role, TestApp, load::seconds, process::Program, steps::fresh_key, tokens,
};

const WALLETS: [&str; 3] = ["ann", "bob", "eve"];
const WATCHERS: usize = 6;
/// How long a subscriber may take to be up to date once nothing breaks any more.
const PATIENCE: Duration = Duration::from_secs(20);

/// What a subscriber was sent: versions, and which of them as snapshots.
type Log = Vec<(i64, bool)>;

/// Each subscriber's log rises strictly, has gaps only where a snapshot says so, and ends where the
/// ledger does.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn subscribers_outlive_what_breaks() {
    let hasty = ["--redis-timeout", "50ms"];
    let mut app = TestApp::start_with(Backend::PostgresRedis, &hasty).await;
    let stores = app.store_flags();
    let flags: Vec<&str> = stores.iter().map(String::as_str).chain(hasty).collect();
    let mut programs = [Program::serve(&flags).await, Program::serve(&flags).await];
    let addresses: Vec<SocketAddr> = programs.iter().map(|program| program.address()).collect();
    for uid in WALLETS {
        app.given_wallet(uid, "10").await;
    }
    let stop = Arc::new(AtomicBool::new(false));
    let subscribers: Vec<_> = (0..WATCHERS)
        .map(|nth| {
            let uid = WALLETS[nth % WALLETS.len()];
            tokio::spawn(Subscriber::new(uid, &addresses, nth).run(stop.clone()))
        })
        .collect();
    let money = join_all((0..3).map(|nth| {
        let doors = addresses.iter().map(|address| app.at(*address)).chain([(*app).clone()]);
        tokio::spawn(move_money(doors.collect(), nth, stop.clone()))
    }));
    let until = Instant::now() + seconds();
    while Instant::now() < until {
        let pause = rand::rng().random_range(300..900);
        sleep(Duration::from_millis(pause)).await;
        if rand::rng().random_bool(0.5) {
            app.redis().kill();
            sleep(Duration::from_millis(pause / 3)).await;
            app.redis().restart();
        } else {
            let nth = rand::rng().random_range(0..programs.len());
            programs[nth].signal("KILL");
            programs[nth].ended().await;
            programs[nth] = Program::serve_at(addresses[nth], &flags).await;
        }
    }
    stop.store(true, SeqCst);
    for done in money.await {
        done.unwrap();
    }
    for (nth, subscriber) in subscribers.into_iter().enumerate() {
        let uid = WALLETS[nth % WALLETS.len()];
        let mut subscriber = subscriber.await.unwrap();
        subscriber.catch_up(app.stored_wallet(uid).await.version).await;
        assert_sound(uid, &subscriber.log);
    }
}

fn assert_sound(uid: &str, log: &Log) {
    let mut last = None;
    for &(version, snapshot) in log {
        let follows = last.is_none_or(|last| version == last + 1 || snapshot && version > last);
        assert!(follows, "{uid}: {version} after {last:?} in {log:?}");
        last = Some(version);
    }
}

/// Deposits at any door; what is not answered is repeated, with the same key, at another.
async fn move_money(doors: Vec<Client>, nth: usize, stop: Arc<AtomicBool>) {
    const DEPOSIT: &str =
        "mutation($input: DepositInput!) { deposit(input: $input) { errors { code } } }";
    let mut door = nth;
    while !stop.load(SeqCst) {
        let uid = WALLETS[rand::rng().random_range(0..WALLETS.len())];
        let input = json!({ "idempotencyKey": fresh_key(), "uid": uid, "amount": "0.01" });
        loop {
            let variables = json!({ "input": input });
            let asked = doors[door % doors.len()].try_query(DEPOSIT, variables).await;
            if asked.is_ok_and(|reply| reply.body["data"]["deposit"]["errors"] == json!([])) {
                break;
            }
            door += 1;
            sleep(Duration::from_millis(20)).await;
        }
        sleep(Duration::from_millis(5)).await;
    }
}

/// A client that comes back, to whichever instance, with the last version it saw.
struct Subscriber {
    uid: &'static str,
    addresses: Vec<SocketAddr>,
    next: usize,
    log: Log,
}

impl Subscriber {
    fn new(uid: &'static str, addresses: &[SocketAddr], nth: usize) -> Self {
        Self { uid, addresses: addresses.to_vec(), next: nth, log: Vec::new() }
    }

    async fn run(mut self, stop: Arc<AtomicBool>) -> Self {
        while !stop.load(SeqCst) {
            // Now and then the connection is cut by the client's end.
            let lasts = Duration::from_millis(rand::rng().random_range(200..2_000));
            // A lost connection is what this is about: the next one goes on.
            let _ = timeout(lasts, self.watch(i64::MAX)).await;
            self.next += 1;
            sleep(Duration::from_millis(10)).await;
        }
        self
    }

    /// Reads on until this version.
    async fn catch_up(&mut self, version: i64) {
        let reading = async {
            while self.last() != Some(version) {
                self.watch(version).await;
                self.next += 1;
            }
        };
        let in_time = timeout(PATIENCE, reading).await.is_ok();
        assert!(in_time, "{} is not at {version}: {:?}", self.uid, self.log);
    }

    fn last(&self) -> Option<i64> {
        self.log.last().map(|(version, _)| *version)
    }

    /// Subscribes after the last version that was seen, until the connection ends; `None` then.
    async fn watch(&mut self, until: i64) -> Option<()> {
        const WATCH: &str = "subscription($uids: [ID!]!, $after: [Int!]) {
            balanceUpdated(uids: $uids, afterVersions: $after) { snapshot wallet { version } } }";
        let address = self.addresses[self.next % self.addresses.len()];
        let mut request = format!("ws://{address}/graphql").into_client_request().ok()?;
        let protocol = "graphql-transport-ws".parse().ok()?;
        request.headers_mut().insert("sec-websocket-protocol", protocol);
        let (mut socket, _) = connect_async(request).await.ok()?;
        let token = tokens::token(Role::User, self.uid);
        let init = json!({ "type": "connection_init", "payload": { "token": token } });
        socket.send(Message::text(init.to_string())).await.ok()?;
        let after = self.last().map(|last| [last]);
        let payload =
            json!({ "query": WATCH, "variables": { "uids": [self.uid], "after": after } });
        let subscribe = json!({ "type": "subscribe", "id": "1", "payload": payload });
        socket.send(Message::text(subscribe.to_string())).await.ok()?;
        while let Some(Ok(message)) = socket.next().await {
            let Message::Text(text) = message else { continue };
            let message: Value = serde_json::from_str(&text).expect("JSON");
            let event = &message["payload"]["data"]["balanceUpdated"];
            let Some(version) = event["wallet"]["version"].as_i64() else { continue };
            self.log.push((version, event["snapshot"] == true));
            if version >= until {
                return Some(());
            }
        }
        None
    }
}
