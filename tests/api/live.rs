//! Live balances over a WebSocket.

use serde_json::{Value, json};

use crate::support::{Backend, Role, TestApp, on_every_backend, tests_on};

on_every_backend! {
    a_watch_begins_with_the_present_and_goes_on,
    a_watch_hears_of_its_own_wallets_only,
    a_watch_resumes_after_a_version,
    a_watch_that_begins_among_changes_misses_none,
    a_watch_is_for_who_may,
    a_socket_answers_queries,
    a_socket_is_closed_with_a_reason,
}

tests_on! {
    cluster: PostgresCluster;
    a_watch_begins_with_the_present_and_goes_on,
    a_watch_resumes_after_a_version,
    a_watch_that_begins_among_changes_misses_none,
}

/// First the current state, then every change in order, nothing twice.
async fn a_watch_begins_with_the_present_and_goes_on(app: TestApp) {
    app.given_wallet("ann", "10").await;
    let mut watch = app.watch_balances(&["ann"]).await;
    let first = watch.next().await;
    assert_eq!(first["snapshot"], true, "{first}");
    assert_eq!(first["wallet"], json!({ "uid": "ann", "balance": "10.00", "version": 1 }));
    app.deposit("ann", "5").await.unwrap();
    app.withdraw("ann", "1").await.unwrap();
    let second = watch.next().await;
    assert_eq!((&second["snapshot"], &second["skipped"]), (&json!(false), &json!(0)), "{second}");
    let line = json!({ "amount": "5.00", "balanceAfter": "15.00", "walletVersion": 2 });
    assert_eq!(second["transaction"], line, "{second}");
    assert_eq!(watch.next_balances(1).await, [("14.00".to_owned(), 3)]);
}

/// One subscription may watch several wallets, and hears of no others.
async fn a_watch_hears_of_its_own_wallets_only(app: TestApp) {
    for uid in ["ann", "bob", "eve"] {
        app.given_wallet(uid, "10").await;
    }
    let mut watch = app.watch_balances(&["ann", "bob"]).await;
    watch.next_balances(2).await;
    app.deposit("eve", "1").await.unwrap();
    app.transfer("ann", "bob", "4").await.unwrap();
    let mut events = [watch.next().await, watch.next().await].map(|event| event["wallet"].clone());
    events.sort_by_key(|wallet| wallet["uid"].to_string());
    assert_eq!(events[0], json!({ "uid": "ann", "balance": "6.00", "version": 2 }));
    assert_eq!(events[1], json!({ "uid": "bob", "balance": "14.00", "version": 2 }));
}

/// Who comes back with the version they last saw gets what they missed, and no snapshot.
async fn a_watch_resumes_after_a_version(app: TestApp) {
    app.given_wallet("ann", "1").await;
    for amount in ["2", "3"] {
        app.deposit("ann", amount).await.unwrap();
    }
    let mut watch = app.resume_balances(&["ann"], &[1]).await;
    let missed = watch.next().await;
    assert_eq!(missed["snapshot"], false, "{missed}");
    assert_eq!(missed["transaction"]["amount"], "2.00", "{missed}");
    assert_eq!(watch.next().await["transaction"]["amount"], "3.00");
    app.deposit("ann", "4").await.unwrap();
    assert_eq!(watch.next_balances(1).await, [("10.00".to_owned(), 4)]);
}

/// Changes that race with the start of a watch arrive once, in order, to the last one.
async fn a_watch_that_begins_among_changes_misses_none(app: TestApp) {
    app.given_wallet("ann", "1").await;
    let client = (*app).clone();
    let deposits = tokio::spawn(async move {
        for _ in 0..30 {
            client.deposit("ann", "1").await.unwrap();
        }
    });
    let mut watch = app.watch_balances(&["ann"]).await;
    let mut version = 0;
    while version < 31 {
        let event = watch.next().await;
        let next = event["wallet"]["version"].as_i64().unwrap();
        let follows = next == version + 1 || (event["snapshot"] == true && next > version);
        assert!(follows, "{next} came after {version}: {event}");
        version = next;
    }
    deposits.await.unwrap();
}

/// A USER watches their own wallet, and nobody else's.
async fn a_watch_is_for_who_may(app: TestApp) {
    app.given_wallet("ann", "1").await;
    let ann = app.as_role(Role::User, "ann");
    ann.watch_balances(&["ann"]).await.next_balances(1).await;
    for other in [app.as_role(Role::User, "bob"), app.anonymous()] {
        let mut socket = other.socket().await;
        let document = "subscription { balanceUpdated(uids: [\"ann\"]) { cursor } }";
        socket.subscribe("1", document, Value::Null).await;
        let reply = socket.receive().await;
        let code = reply.pointer("/payload/0/extensions/code");
        let code = code.or_else(|| reply.pointer("/payload/errors/0/extensions/code"));
        let refused = ["FORBIDDEN", "UNAUTHENTICATED"].map(Value::from);
        assert!(code.is_some_and(|code| refused.contains(code)), "{reply}");
    }
}

/// Queries and mutations go over the socket too.
async fn a_socket_answers_queries(app: TestApp) {
    app.given_wallet("ann", "3").await;
    let mut socket = app.socket().await;
    socket.subscribe("q", "{ wallet(uid: \"ann\") { balance } }", Value::Null).await;
    let reply = socket.receive().await;
    assert_eq!(reply.pointer("/payload/data/wallet/balance"), Some(&json!("3.00")), "{reply}");
    assert_eq!(socket.receive().await, json!({ "type": "complete", "id": "q" }));
}

/// What a client says out of turn closes the socket, with the protocol's code.
async fn a_socket_is_closed_with_a_reason(app: TestApp) {
    let mut early = app.open_socket().await;
    early.subscribe("1", "{ __typename }", Value::Null).await;
    assert_eq!(early.close_code().await, 4401);
    let mut twice = app.socket().await;
    twice.send(json!({ "type": "connection_init" })).await;
    assert_eq!(twice.close_code().await, 4429);
    let mut unknown = app.socket().await;
    unknown.send(json!({ "type": "nonsense" })).await;
    assert_eq!(unknown.close_code().await, 4400);
}

/// A change on one instance reaches who watches on another.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_watch_hears_of_another_instance() {
    let app = TestApp::start_on(Backend::PostgresRedis).await;
    let other = app.another_instance().await;
    app.given_wallet("ann", "10").await;
    let mut watch = other.watch_balances(&["ann"]).await;
    watch.next_balances(1).await;
    for _ in 0..5 {
        app.deposit("ann", "1").await.unwrap();
        other.deposit("ann", "1").await.unwrap();
    }
    let expected: Vec<_> = (1..=10).map(|n| (format!("{}.00", 10 + n), 1 + n)).collect();
    assert_eq!(watch.next_balances(10).await, expected);
}

/// A watch outlives the loss of Redis: what was missed is made good by a snapshot.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_watch_outlives_redis() {
    let flags = ["--redis-timeout", "50ms"];
    let mut app = TestApp::start_with(Backend::PostgresRedis, &flags).await;
    let other = app.another_instance().await;
    app.given_wallet("ann", "10").await;
    let mut watch = other.watch_balances(&["ann"]).await;
    watch.next_balances(1).await;
    app.redis().kill();
    app.deposit("ann", "1").await.unwrap();
    app.redis().restart();
    let (mut balance, mut version) = (String::new(), 1);
    while balance != "11.00" {
        let event = watch.next().await;
        let next = event["wallet"]["version"].as_i64().unwrap();
        assert!(next >= version, "it goes back: {event}");
        version = next;
        balance = event["wallet"]["balance"].as_str().unwrap().to_owned();
    }
}

/// Who hears of a change on another instance than the one that made it reads nothing older there,
/// though that instance holds the wallet near, and Redis tells of changes on a connection of its own.
#[tokio::test]
async fn what_is_heard_of_can_be_read_on_every_instance() {
    let app = TestApp::start_on(Backend::PostgresRedis).await;
    let other = app.another_instance().await;
    app.given_wallet("ann", "0").await;
    let mut watch = other.watch_balances(&["ann"]).await;
    for _ in 0..100 {
        let told = watch.next().await["wallet"]["version"].as_i64().expect("a version");
        let reply = other.query("{ wallet(uid: \"ann\") { version } }", json!({})).await;
        let read = reply.body["data"]["wallet"]["version"].as_i64().expect("a version");
        assert!(read >= told, "version {told} was told of, and {read} is read");
        app.deposit("ann", "1").await.expect("it is open");
    }
}
