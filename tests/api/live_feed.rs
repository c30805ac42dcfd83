//! The feed of all wallets.

use serde_json::{Value, json};

use crate::support::{
    Backend, Client, TestApp, on_every_backend, socket::Watch, tests_on, writes::reward,
};

on_every_backend! {
    the_feed_begins_with_the_last_wallet_and_tells_of_all,
    the_feed_resumes_after_a_cursor,
    small_changes_are_left_out,
    a_line_that_came_late_is_made_good,
    a_cursor_expires,
}

tests_on! {
    cluster: PostgresCluster;
    the_feed_begins_with_the_last_wallet_and_tells_of_all,
}

const FEED: &str = "subscription($after: String, $least: Decimal) {
    adminBalanceFeed(afterCursor: $after, minAmount: $least) {
        cursor snapshot skipped
        wallet { uid balance version }
        transaction { amount balanceAfter walletVersion } } }";

impl Client {
    async fn feed(&self, after: Option<&str>) -> Watch {
        self.watch(FEED, json!({ "after": after })).await
    }
}

/// Whose, which version, and whether it is a snapshot.
fn told(event: &Value) -> (&str, i64, bool) {
    let wallet = &event["wallet"];
    let uid = wallet["uid"].as_str().expect("a uid");
    (uid, wallet["version"].as_i64().expect("a version"), event["snapshot"] == true)
}

fn cursor(event: &Value) -> String {
    event["cursor"].as_str().expect("a cursor").to_owned()
}

async fn the_feed_begins_with_the_last_wallet_and_tells_of_all(app: TestApp) {
    for uid in ["ann", "bob"] {
        app.given_wallet(uid, "10").await;
    }
    let mut feed = app.feed(None).await;
    assert_eq!(told(&feed.next().await), ("bob", 1, true));
    app.transfer("ann", "bob", "4").await.unwrap();
    app.deposit("ann", "1").await.unwrap();
    for (uid, version, balance) in [("ann", 2, "6.00"), ("bob", 2, "14.00"), ("ann", 3, "7.00")] {
        let event = feed.next().await;
        assert_eq!(told(&event), (uid, version, false), "{event}");
        assert_eq!(event["wallet"]["balance"], balance, "{event}");
        assert_eq!(event["transaction"]["balanceAfter"], balance, "{event}");
    }
}

/// What was missed is sent singly, in order, each once, and then what happens.
async fn the_feed_resumes_after_a_cursor(app: TestApp) {
    for uid in ["ann", "bob"] {
        app.given_wallet(uid, "10").await;
    }
    let mut feed = app.feed(None).await;
    let mut place = cursor(&feed.next().await);
    for version in [2, 3, 4] {
        drop(feed);
        app.deposit("ann", "1").await.unwrap();
        app.deposit("bob", "1").await.unwrap();
        feed = app.feed(Some(&place)).await;
        for uid in ["ann", "bob"] {
            let event = feed.next().await;
            assert_eq!(told(&event), (uid, version, false), "{event}");
            place = cursor(&event);
        }
    }
    // With rewards, many lines of one batch: it is left in the middle.
    let rewards: Vec<Value> = (0..40).map(|_| reward("ann", "0.01")).collect();
    app.reward_once("many-rewards", &rewards).await.unwrap();
    let mut version = 4;
    let last = app.stored_wallet("ann").await.version;
    assert!(last > 4, "rewards make lines");
    while version < last {
        let event = feed.next().await;
        version += 1;
        assert_eq!(told(&event), ("ann", version, false), "{event}");
        if version % 10 == 0 {
            feed = app.feed(Some(&cursor(&event))).await;
        }
    }
}

/// Neither live nor replayed; what is left out is not sent by a resumption either.
async fn small_changes_are_left_out(app: TestApp) {
    app.given_wallet("ann", "10").await;
    let watch = async |after: Option<String>| {
        app.watch(FEED, json!({ "after": after, "least": "5" })).await
    };
    let mut feed = watch(None).await;
    let place = cursor(&feed.next().await);
    app.deposit("ann", "4.9999").await.unwrap();
    app.withdraw("ann", "5").await.unwrap();
    let event = feed.next().await;
    assert_eq!(
        (told(&event), &event["transaction"]["amount"]),
        (("ann", 3, false), &json!("-5.00"))
    );
    assert_eq!(told(&watch(Some(place)).await.next().await), ("ann", 3, false));
    let mut resumed = watch(Some(cursor(&event))).await;
    app.deposit("ann", "5").await.unwrap();
    assert_eq!(told(&resumed.next().await), ("ann", 4, false));
}

/// A line whose number is earlier than those that were sent, as with two instances' commits: what
/// the client has not heard of is in the wallets' states.
async fn a_line_that_came_late_is_made_good(app: TestApp) {
    app.given_wallet("ann", "10").await;
    app.given_wallet("bob", "10").await;
    let mut feed = app.feed(None).await;
    feed.next().await;
    app.deposit("bob", "1").await.unwrap();
    let place = cursor(&feed.next().await);
    drop(feed);
    let newest = app.ledger("bob").await.pop().expect("a line").transaction_no;
    let number = newest.ulid().expect("one of ours");
    let earlier = ulid::Ulid(number.0 - 1);
    app.deposit("ann", "1").await.unwrap();
    let sql = format!(
        "UPDATE wallet_transactions SET transaction_no = 'TX{earlier}' WHERE uid = 'ann' AND version = 2"
    );
    assert_eq!(app.tamper(&sql).await, 1);
    let mut feed = app.feed(Some(&place)).await;
    let mut seen = [feed.next().await, feed.next().await];
    seen.sort_by_key(|event| event["wallet"]["uid"].to_string());
    assert_eq!(told(&seen[0]), ("ann", 2, true), "{}", seen[0]);
    assert_eq!(told(&seen[1]), ("bob", 2, true), "{}", seen[1]);
    app.deposit("ann", "1").await.unwrap();
    assert_eq!(told(&feed.next().await), ("ann", 3, false));
}

/// More than ten thousand changes are not sent again.
async fn a_cursor_expires(app: TestApp) {
    app.given_wallet("ann", "10").await;
    let place = cursor(&app.feed(None).await.next().await);
    let later = ulid::Ulid::new().to_string();
    let sql = format!(
        "INSERT INTO wallet_transactions (transaction_no, uid, type, amount, balance_before,
             balance_after, version)
         WITH RECURSIVE n (i) AS (SELECT 10001 UNION ALL SELECT i + 1 FROM n WHERE i < 20001)
         SELECT 'TX{}' || i, 'eve', 'recharge', 1, 0, 1, i FROM n",
        &later[..21]
    );
    assert_eq!(app.tamper(&sql).await, 10_001);
    for after in [place.as_str(), "nonsense"] {
        let mut socket = app.socket().await;
        socket.subscribe("1", FEED, json!({ "after": after })).await;
        let message = socket.receive().await;
        let code = message.pointer("/payload/0/extensions/code");
        let code = code.or_else(|| message.pointer("/payload/errors/0/extensions/code"));
        let expected = if after == place { "CURSOR_EXPIRED" } else { "BAD_USER_INPUT" };
        assert_eq!(code, Some(&json!(expected)), "{message}");
    }
}

/// Two instances: what both do, each once, wherever the feed is resumed.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_feed_is_resumed_on_another_instance() {
    let app = TestApp::start_on(Backend::PostgresRedis).await;
    let other = app.another_instance().await;
    app.given_wallet("ann", "10").await;
    let place = cursor(&app.feed(None).await.next().await);
    for _ in 0..5 {
        app.deposit("ann", "1").await.unwrap();
        other.deposit("ann", "1").await.unwrap();
    }
    let mut feed = other.feed(Some(&place)).await;
    for version in 2..=11 {
        let event = feed.next().await;
        assert_eq!(told(&event), ("ann", version, false), "{event}");
        feed = if version % 3 == 0 { app.feed(Some(&cursor(&event))).await } else { feed };
    }
}
