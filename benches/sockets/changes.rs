//! Balance changes at a fixed rate.

use std::{
    fmt,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use futures::{StreamExt, stream};
use serde_json::{Value, json};
use tokio::{
    sync::Semaphore,
    time::{Instant, MissedTickBehavior, interval},
};

/// Changes that may be under way; with one more it is dropped, and said so.
const UNDER_WAY: usize = 2_000;
/// A change that starts so much later than it should is counted.
const LATE: Duration = Duration::from_millis(20);

pub struct Changes {
    addresses: Vec<SocketAddr>,
    token: String,
    http: reqwest::Client,
}

/// What became of the changes.
#[derive(Default)]
pub struct Sent {
    done: AtomicU64,
    failed: AtomicU64,
    dropped: u64,
    late: u64,
}

impl fmt::Display for Sent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (done, failed) = (self.done.load(Relaxed), self.failed.load(Relaxed));
        let Self { dropped, late, .. } = self;
        write!(f, "{done} done, {failed} failed, {dropped} dropped, {late} sent late")
    }
}

impl Changes {
    pub fn new(addresses: Vec<SocketAddr>, token: String) -> Self {
        Self { addresses, token, http: reqwest::Client::new() }
    }

    pub async fn open_wallets(&self, wallets: usize) {
        const OPEN: &str = "mutation($input: OpenWalletInput!) { openWallet(input: $input) \
                            { errors { code } } }";
        let opened = stream::iter(0..wallets).map(|wallet| async move {
            let input = json!({ "uid": uid(wallet), "idempotencyKey": key("open", wallet as u64) });
            self.ask(wallet, OPEN, json!({ "input": input })).await.expect("a wallet opens")
        });
        opened.buffer_unordered(64).for_each(|_| async {}).await;
    }

    /// Starts one on time, every time, whatever became of those before.
    pub async fn run(&self, rate: u64, time: Duration, wallets: usize) -> Sent {
        const DEPOSIT: &str = "mutation($input: DepositInput!) { deposit(input: $input) \
                               { errors { code } } }";
        let mut sent = Sent::default();
        let permits = Arc::new(Semaphore::new(UNDER_WAY));
        let (done, failed) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
        let mut ticks = interval(Duration::from_secs(1) / u32::try_from(rate).expect("a rate"));
        ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
        let count = rate * time.as_secs();
        for number in 0..count {
            let due = ticks.tick().await;
            sent.late += u64::from(Instant::now() - due > LATE);
            let Ok(permit) = Arc::clone(&permits).try_acquire_owned() else {
                sent.dropped += 1;
                continue;
            };
            let one = Self {
                addresses: self.addresses.clone(),
                token: self.token.clone(),
                http: self.http.clone(),
            };
            let (done, failed) = (done.clone(), failed.clone());
            tokio::spawn(async move {
                // A step that shares no factor with the wallets' number, so that all have a turn.
                let wallet = usize::try_from(number * 7_919).expect("it is small") % wallets;
                let input = json!({ "uid": uid(wallet), "amount": "0.01", "idempotencyKey": key("deposit", number) });
                let answer = one
                    .ask(
                        usize::try_from(number).unwrap_or_default(),
                        DEPOSIT,
                        json!({ "input": input }),
                    )
                    .await;
                let fine = answer.is_some_and(|answer| answer["deposit"]["errors"] == json!([]));
                if fine { &done } else { &failed }.fetch_add(1, Relaxed);
                drop(permit);
            });
        }
        // All places are free again once the last one is answered.
        let _ = permits.acquire_many(UNDER_WAY as u32).await;
        sent.done = done.load(Relaxed).into();
        sent.failed = failed.load(Relaxed).into();
        sent
    }

    /// Where each wallet stands in the database.
    pub async fn versions(&self, wallets: usize) -> Vec<i64> {
        let asked = stream::iter(0..wallets).map(|wallet| async move {
            let document =
                "query($uid: ID!) { wallet(uid: $uid, consistency: LATEST) { version } }";
            let answer = self.ask(0, document, json!({ "uid": uid(wallet) })).await;
            answer.and_then(|answer| answer["wallet"]["version"].as_i64()).expect("a version")
        });
        asked.buffered(64).collect().await
    }

    async fn ask(&self, nth: usize, document: &str, variables: Value) -> Option<Value> {
        let url = format!("http://{}/graphql", self.addresses[nth % self.addresses.len()]);
        let body = json!({ "query": document, "variables": variables });
        let request = self.http.post(url).bearer_auth(&self.token).json(&body);
        let mut answer: Value = request.send().await.ok()?.json().await.ok()?;
        Some(answer["data"].take())
    }
}

pub fn uid(wallet: usize) -> String {
    format!("watched{wallet}")
}

fn key(what: &str, number: u64) -> String {
    format!("sockets-{what}-{number}")
}
