//! Sockets, one subscription each.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicI64, AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use chrono::{DateTime, Utc};
use futures::{SinkExt, StreamExt};
use hdrhistogram::Histogram;
use parking_lot::Mutex;
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, client_async_with_config,
    tungstenite::{Message, client::IntoClientRequest, protocol::WebSocketConfig},
};
use wallet_bff::entity::clock;

use super::changes::uid;

const WATCH: &str = "subscription($uids: [ID!]!) { balanceUpdated(uids: $uids) {
    snapshot skipped wallet { version } transaction { createdAt } } }";

/// What all sockets saw.
#[derive(Default)]
pub struct Seen {
    /// From commit to here, in microseconds.
    lag: Mutex<Option<Histogram<u64>>>,
    folded: AtomicU64,
}

/// One socket, as far as it is known from outside.
pub struct Watcher {
    wallet: usize,
    version: Arc<AtomicI64>,
}

impl Seen {
    pub fn lag(&self) -> Histogram<u64> {
        self.lag.lock().clone().unwrap_or_else(histogram)
    }

    pub fn folded(&self) -> u64 {
        self.folded.load(Relaxed)
    }

    /// How many sockets have not seen their wallet's version, after some patience.
    pub async fn wait_for(
        &self,
        watchers: &[Watcher],
        versions: &[i64],
        patience: Duration,
    ) -> usize {
        let started = Instant::now();
        loop {
            let late = |w: &&Watcher| w.version.load(Relaxed) < versions[w.wallet];
            let behind = watchers.iter().filter(late).count();
            if behind == 0 || started.elapsed() > patience {
                return behind;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    fn note(&self, event: &Value) {
        self.folded.fetch_add(event["skipped"].as_u64().unwrap_or_default(), Relaxed);
        let committed = event["transaction"]["createdAt"].as_str();
        let committed = committed.and_then(|text| text.parse::<DateTime<Utc>>().ok());
        if let Some(lag) = committed.and_then(|time| (clock::now() - time).num_microseconds()) {
            let lag = u64::try_from(lag).unwrap_or_default();
            self.lag.lock().get_or_insert_with(histogram).saturating_record(lag);
        }
    }
}

fn histogram() -> Histogram<u64> {
    Histogram::new_with_bounds(1, 60_000_000, 3).expect("valid bounds")
}

/// Opens a socket on a wallet; returns when it has its first event, and reads on.
pub async fn watch(address: SocketAddr, token: String, wallet: usize, seen: Arc<Seen>) -> Watcher {
    let mut socket = open(address).await;
    send(&mut socket, json!({ "type": "connection_init", "payload": { "token": token } })).await;
    let payload = json!({ "query": WATCH, "variables": { "uids": [uid(wallet)] } });
    send(&mut socket, json!({ "type": "subscribe", "id": "1", "payload": payload })).await;
    // None yet: a wallet that never changed is at 0.
    let version = Arc::new(AtomicI64::new(-1));
    while version.load(Relaxed) < 0 {
        assert!(receive(&mut socket, &version, &seen).await, "the socket was closed");
    }
    let reading = version.clone();
    tokio::spawn(async move { while receive(&mut socket, &reading, &seen).await {} });
    Watcher { wallet, version }
}

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

async fn open(address: SocketAddr) -> Socket {
    let url = format!("ws://{address}/graphql");
    let mut request = url.into_client_request().expect("an address");
    let protocol = "graphql-transport-ws".parse().expect("a header");
    request.headers_mut().insert("sec-websocket-protocol", protocol);
    let stream = TcpStream::connect(address).await.expect("it accepts");
    let config = WebSocketConfig::default().read_buffer_size(2_048).write_buffer_size(0);
    let stream = MaybeTlsStream::Plain(stream);
    client_async_with_config(request, stream, Some(config)).await.expect("it opens").0
}

async fn send(socket: &mut Socket, message: Value) {
    socket.send(Message::text(message.to_string())).await.expect("it is open");
}

/// Reads a message; false at the end.
async fn receive(socket: &mut Socket, version: &AtomicI64, seen: &Seen) -> bool {
    match socket.next().await {
        Some(Ok(Message::Text(text))) => {
            let message: Value = serde_json::from_str(&text).expect("JSON");
            let event = &message["payload"]["data"]["balanceUpdated"];
            if let Some(number) = event["wallet"]["version"].as_i64() {
                version.store(number, Relaxed);
                seen.note(event);
            }
            true
        }
        Some(Ok(_)) => true,
        _ => false,
    }
}
