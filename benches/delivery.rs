//! How events get from one instance to another: Redis pub/sub, or a Redis stream.
//!
//! ```text
//! cargo bench --bench delivery
//! ```
//!
//! Starts a Redis, sends messages of a batch's size at a steady rate and then as fast as it goes,
//! and says how long they were on their way, and what Redis spent on them.

#![allow(clippy::print_stdout, reason = "this is a program that prints a table")]
#![allow(
    missing_docs,
    dead_code,
    reason = "nothing here is an API; the servers are the tests' own"
)]

#[path = "../tests/api/support/servers/mod.rs"]
mod servers;

use std::time::{Duration, Instant};

use fred::{
    clients::Client,
    interfaces::{ClientLike, EventInterface, PubsubInterface},
    types::{Builder, ClusterHash, CustomCommand, InfoKind, Value, config::Config},
};
use hdrhistogram::Histogram;
use tokio::{sync::mpsc, time::interval};

/// What an event with its wallet and its line takes as JSON.
const BYTES: usize = 800;
const PLACE: &str = "events";
const RATE: u32 = 200;
const STEADY: u32 = 2_000;
const BURST: u32 = 100_000;
/// Messages on their way at once in a burst.
const WINDOW: u32 = 256;

#[derive(Clone, Copy, Debug)]
enum Way {
    PubSub,
    /// Kept for who comes late, and read by who waits.
    Stream,
    /// Kept, and published as well.
    Both,
}

#[tokio::main]
async fn main() {
    let redis = servers::redis::Redis::start();
    println!(
        "{:<8} {:>12} {:>12} {:>14} {:>16}",
        "", "p50", "p99", "messages/s", "Redis us/message"
    );
    for way in [Way::PubSub, Way::Stream, Way::Both] {
        let [sender, reader, asker] =
            [connect(&redis.url()).await, connect(&redis.url()).await, connect(&redis.url()).await];
        let _: Value = command(&asker, "DEL", vec![PLACE.into()]).await;
        let (heard, mut messages) = mpsc::unbounded_channel();
        let reading = tokio::spawn(read(way, reader, heard));
        tokio::time::sleep(Duration::from_millis(200)).await;
        let start = Instant::now();
        let mut lag = Histogram::<u64>::new(3).expect("valid digits");
        let mut ticks = interval(Duration::from_secs(1) / RATE);
        for _ in 0..STEADY {
            ticks.tick().await;
            send(way, &sender, start).await;
            let sent: u64 = messages.recv().await.expect("it reads");
            lag.record(micros(start) - sent).expect("in range");
        }
        let spent = cpu(&asker).await;
        let began = Instant::now();
        for _ in 0..BURST / WINDOW {
            let window = (0..WINDOW).map(|_| send(way, &sender, start));
            let read = async {
                for _ in 0..WINDOW {
                    messages.recv().await;
                }
            };
            tokio::join!(futures::future::join_all(window), read);
        }
        let count = f64::from(BURST / WINDOW * WINDOW);
        let (rate, cost) =
            (count / began.elapsed().as_secs_f64(), (cpu(&asker).await - spent) / count);
        let (p50, p99) = (lag.value_at_quantile(0.5), lag.value_at_quantile(0.99));
        println!(
            "{:<8} {p50:>9} us {p99:>9} us {rate:>14.0} {:>16.1}",
            format!("{way:?}"),
            cost * 1e6
        );
        reading.abort();
    }
}

async fn connect(url: &str) -> Client {
    let config = Config::from_url(url).expect("our own URL");
    let client = Builder::from_config(config).build().expect("a client");
    client.init().await.expect("Redis accepts");
    client
}

async fn command(client: &Client, name: &'static str, arguments: Vec<Value>) -> Value {
    let custom = CustomCommand::new(name, ClusterHash::FirstKey, false);
    client.custom(custom, arguments).await.expect(name)
}

async fn send(way: Way, client: &Client, start: Instant) {
    let text = format!("{:<BYTES$}", micros(start));
    if !matches!(way, Way::PubSub) {
        let kept = ["MAXLEN", "~", "100000", "*", "m", &text].map(Value::from);
        command(client, "XADD", std::iter::once(PLACE.into()).chain(kept).collect()).await;
    }
    if !matches!(way, Way::Stream) {
        command(client, "PUBLISH", vec![PLACE.into(), text.into()]).await;
    }
}

/// Passes on when each message was sent.
async fn read(way: Way, client: Client, heard: mpsc::UnboundedSender<u64>) {
    if !matches!(way, Way::Stream) {
        let mut messages = client.message_rx();
        let subscribed: Result<(), _> = client.subscribe(PLACE).await;
        subscribed.expect("it subscribes");
        while let Ok(message) = messages.recv().await {
            tell(&heard, message.value.as_str().as_deref());
        }
        return;
    }
    let mut last = "$".to_owned();
    loop {
        let arguments =
            ["BLOCK", "5000", "COUNT", "1000", "STREAMS", PLACE, &last].map(Value::from);
        let custom = CustomCommand::new("XREAD", ClusterHash::FirstKey, true);
        let reply: Result<Value, _> = client.custom(custom, arguments.to_vec()).await;
        // [[place, [[id, [field, text]], …]]]
        let Ok(Value::Array(places)) = reply else { continue };
        let Some(Value::Array(place)) = places.into_iter().next() else { continue };
        let Some(Value::Array(entries)) = place.into_iter().nth(1) else { continue };
        for entry in entries {
            let Value::Array(entry) = entry else { continue };
            last = entry[0].as_string().expect("an id");
            let Value::Array(fields) = &entry[1] else { continue };
            tell(&heard, fields[1].as_str().as_deref());
        }
    }
}

fn tell(heard: &mpsc::UnboundedSender<u64>, text: Option<&str>) {
    let sent = text.and_then(|text| text.trim().parse().ok()).expect("a time");
    // Nobody listens any more at the end.
    let _ = heard.send(sent);
}

fn micros(start: Instant) -> u64 {
    u64::try_from(start.elapsed().as_micros()).unwrap_or_default()
}

/// Seconds of CPU that Redis has spent.
async fn cpu(client: &Client) -> f64 {
    let info: String = client.info(Some(InfoKind::Cpu)).await.expect("INFO");
    let spent = |name: &str| -> f64 {
        let line = info.lines().find_map(|line| line.strip_prefix(name));
        line.and_then(|number| number.trim().parse().ok()).unwrap_or_default()
    };
    spent("used_cpu_sys:") + spent("used_cpu_user:")
}
