//! graphql-transport-ws, spoken to a running edge.

use std::time::Duration;

use futures::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::{net::TcpStream, time::timeout};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{self, Message, client::IntoClientRequest, protocol::CloseFrame},
};

use crate::{
    auth::testing::{EC, Pem, RSA, jwk, signed},
    entity::clock,
    http::testing::Server,
};

struct Client(WebSocketStream<MaybeTlsStream<TcpStream>>);

/// Anything that takes longer hangs.
const PATIENCE: Duration = Duration::from_secs(5);

impl Client {
    async fn open_with(
        server: &Server,
        headers: &[(&'static str, &str)],
    ) -> Result<Self, tungstenite::Error> {
        let url = format!("ws://{}/graphql", server.address);
        let mut request = url.into_client_request().unwrap();
        for (name, value) in headers {
            request.headers_mut().insert(*name, value.parse().unwrap());
        }
        connect_async(request).await.map(|(stream, _)| Self(stream))
    }

    async fn open(server: &Server) -> Self {
        let protocol = [("sec-websocket-protocol", "graphql-transport-ws")];
        Self::open_with(server, &protocol).await.unwrap()
    }

    /// Open and acknowledged.
    async fn connect(server: &Server, payload: Value) -> Self {
        let mut client = Self::open(server).await;
        client.send(json!({"type": "connection_init", "payload": payload})).await;
        assert_eq!(client.receive().await, json!({"type": "connection_ack"}));
        client
    }

    async fn send(&mut self, message: Value) {
        self.send_text(message.to_string()).await;
    }

    async fn send_text(&mut self, text: String) {
        self.0.send(Message::text(text)).await.unwrap();
    }

    async fn subscribe(&mut self, id: &str, query: &str) {
        self.send(json!({"type": "subscribe", "id": id, "payload": {"query": query}})).await;
    }

    async fn next(&mut self) -> Option<Message> {
        loop {
            let message = timeout(PATIENCE, self.0.next()).await.expect("in time");
            match message.and_then(Result::ok) {
                Some(Message::Ping(_) | Message::Pong(_)) => {}
                other => return other,
            }
        }
    }

    async fn receive(&mut self) -> Value {
        match self.next().await {
            Some(Message::Text(text)) => serde_json::from_str(&text).unwrap(),
            other => panic!("a message was expected, got {other:?}"),
        }
    }

    /// The code that the server closes with, whatever it sends before.
    async fn closed(&mut self) -> (u16, String) {
        loop {
            match self.next().await {
                Some(Message::Close(Some(CloseFrame { code, reason }))) => {
                    return (code.into(), reason.to_string());
                }
                Some(Message::Text(_)) => {}
                other => panic!("a close was expected, got {other:?}"),
            }
        }
    }
}

#[tokio::test]
async fn a_query_and_a_subscription_run_to_their_end() {
    let server = Server::start(&[]).await;
    let mut client = Client::connect(&server, json!({})).await;
    client.subscribe("q", "{ hello }").await;
    let next = json!({"type": "next", "id": "q", "payload": {"data": {"hello": "nobody"}}});
    assert_eq!(client.receive().await, next);
    assert_eq!(client.receive().await, json!({"type": "complete", "id": "q"}));
    client.subscribe("s", "subscription { ticks(n: 2, ms: 1) }").await;
    for tick in 1..=2 {
        assert_eq!(client.receive().await["payload"]["data"]["ticks"], tick);
    }
    assert_eq!(client.receive().await["type"], "complete");
    // An id may be used again once its operation is over.
    client.subscribe("s", "{ hello }").await;
    assert_eq!(client.receive().await["type"], "next");
}

#[tokio::test]
async fn each_breach_has_its_close_code() {
    let server = Server::start(&["--socket-message-bytes=2000"]).await;
    let subscribe =
        json!({"type": "subscribe", "id": "1", "payload": {"query": "{ wait(ms: 900) }"}});
    let init = json!({"type": "connection_init"});
    for (code, messages) in [
        (4400, vec!["{".to_owned()]),
        (4400, vec![json!({"type": "dance"}).to_string()]),
        (4400, vec![json!({"type": "connection_init", "payload": 1}).to_string()]),
        (4400, vec![init.to_string(), json!({"type": "subscribe", "id": ""}).to_string()]),
        (
            4400,
            vec![
                init.to_string(),
                json!({"type": "subscribe", "id": "1", "payload": {}}).to_string(),
            ],
        ),
        (4401, vec![subscribe.to_string()]),
        (4403, vec![json!({"type": "connection_init", "payload": {"token": "x"}}).to_string()]),
        (4409, vec![init.to_string(), subscribe.to_string(), subscribe.to_string()]),
        (4429, vec![init.to_string(), init.to_string()]),
        (1009, vec![json!({"type": "ping", "payload": {"x": "x".repeat(3_000)}}).to_string()]),
    ] {
        let mut client = Client::open(&server).await;
        for message in &messages {
            client.send_text(message.clone()).await;
        }
        assert_eq!(client.closed().await.0, code, "{messages:?}");
    }
}

#[tokio::test]
async fn a_goodbye_is_answered() {
    let server = Server::start(&[]).await;
    let mut client = Client::connect(&server, json!({})).await;
    let goodbye = CloseFrame { code: 1000.into(), reason: "bye".into() };
    client.0.close(Some(goodbye)).await.unwrap();
    assert_eq!(client.closed().await.0, 1000);
}

#[tokio::test]
async fn another_protocol_or_origin_does_not_connect() {
    let server = Server::start(&[]).await;
    let mut client = Client::open_with(&server, &[]).await.unwrap();
    assert_eq!(client.closed().await.0, 4406);
    let evil =
        [("origin", "https://evil.example"), ("sec-websocket-protocol", "graphql-transport-ws")];
    match Client::open_with(&server, &evil).await {
        Err(tungstenite::Error::Http(response)) => assert_eq!(response.status(), 403),
        other => panic!("403 was expected, got {:?}", other.err()),
    }
}

#[tokio::test]
async fn who_says_nothing_is_sent_away() {
    let server = Server::start(&["--socket-init-timeout=50ms"]).await;
    assert_eq!(Client::open(&server).await.closed().await.0, 4408);
}

#[tokio::test]
async fn a_client_that_hears_no_pings_is_dropped() {
    let server = Server::start(&["--socket-keep-alive=50ms"]).await;
    let mut client = Client::connect(&server, json!({})).await;
    // As long as it reads it pongs, and lives.
    let pings = async {
        while let Some(Ok(message)) = client.0.next().await {
            assert!(message.is_ping(), "{message:?}");
        }
    };
    let dropped = timeout(Duration::from_millis(400), pings).await.is_ok();
    assert!(!dropped, "it was dropped though it answered");
    tokio::time::sleep(Duration::from_millis(400)).await;
    let rest = async { while let Some(Ok(_)) = client.0.next().await {} };
    timeout(PATIENCE, rest).await.expect("it was not dropped though it was silent");
}

#[tokio::test]
async fn a_token_is_taken_from_the_payload_or_the_header() {
    let server = Server::start(&[]).await;
    let bearer = format!("Bearer {}", server.token("u1", 60));
    let token = server.token("u1", 60);
    for payload in [
        json!({"authorization": bearer}),
        json!({"Authorization": bearer}),
        json!({"token": token}),
    ] {
        let mut client = Client::connect(&server, payload).await;
        client.subscribe("q", "{ hello }").await;
        assert_eq!(client.receive().await["payload"]["data"]["hello"], "u1");
    }
    let headers =
        [("authorization", bearer.as_str()), ("sec-websocket-protocol", "graphql-transport-ws")];
    let mut client = Client::open_with(&server, &headers).await.unwrap();
    client.send(json!({"type": "connection_init"})).await;
    client.subscribe("q", "{ hello }").await;
    client.receive().await;
    assert_eq!(client.receive().await["payload"]["data"]["hello"], "u1");
}

#[tokio::test]
async fn a_socket_ends_with_its_token() {
    let server = Server::start(&[]).await;
    // Signed with an end so far back that of the leeway only a second is left.
    let token = server.token("u1", 1 - 30);
    let mut client = Client::connect(&server, json!({"token": token})).await;
    client.subscribe("s", "subscription { ticks(n: 1, ms: 60000) }").await;
    let (code, reason) = client.closed().await;
    assert_eq!(code, 4403);
    assert!(reason.contains("expired"), "{reason}");
}

#[tokio::test]
async fn a_socket_ends_with_the_key_that_let_it_in() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("keys.json");
    let publish = |pem: Pem| std::fs::write(&file, json!({ "keys": [jwk(pem, "a")] }).to_string());
    publish(EC).unwrap();
    let keys = format!("--jwks-url={}", file.display());
    let server = Server::start(&[&keys, "--socket-keep-alive=50ms"]).await;
    let claims = json!({"sub": "u1", "exp": clock::now().timestamp() + 60});
    let token = signed(EC, Some("a"), &claims);
    let mut client = Client::connect(&server, json!({"token": token})).await;
    client.subscribe("s", "subscription { ticks(n: 1, ms: 60000) }").await;
    publish(RSA).unwrap();
    server.edge.verifier.refresh().await.unwrap();
    let (code, reason) = client.closed().await;
    assert_eq!(code, 4403, "{reason}");
}

#[tokio::test]
async fn what_cannot_be_executed_is_one_error() {
    let server = Server::start(&["--socket-operations=1"]).await;
    let mut client = Client::connect(&server, json!({})).await;
    for query in
        ["{ nope }", "{ hello", "{ ...a } fragment a on Query { ...a }", "{ panic(ms: 0) }"]
    {
        client.subscribe("x", query).await;
        let message = client.receive().await;
        assert_eq!((&message["type"], &message["id"]), (&json!("error"), &json!("x")), "{query}");
        assert!(message["payload"].is_array(), "{message}");
    }
    client.subscribe("a", "{ wait(ms: 500) }").await;
    client.subscribe("b", "{ hello }").await;
    let refused = client.receive().await;
    assert_eq!(refused["id"], "b");
    assert_eq!(refused["payload"][0]["extensions"]["code"], "RATE_LIMITED");
}

#[tokio::test]
async fn a_shutdown_says_goodbye() {
    let server = Server::start(&[]).await;
    let mut client = Client::connect(&server, json!({})).await;
    let (closed, ()) = tokio::join!(client.closed(), server.edge.shut_down());
    assert_eq!(closed.0, 1001);
}

/// What has one result is waited for; what goes on is not, and nothing new is begun.
#[tokio::test]
async fn a_shutdown_waits_for_results() {
    let server = Server::start(&[]).await;
    let mut client = Client::connect(&server, json!({})).await;
    client.subscribe("s", "subscription { ticks(n: 1, ms: 60000) }").await;
    client.subscribe("q", "{ wait(ms: 300) }").await;
    client.subscribe("h", "{ hello }").await;
    assert_eq!(client.receive().await["id"], "h", "the others are under way");
    assert_eq!(client.receive().await["type"], "complete");
    let ending = async {
        let shut_down = server.edge.shut_down();
        tokio::join!(shut_down, client.subscribe("late", "{ hello }"));
    };
    timeout(PATIENCE, ending).await.expect("it waits for no subscription");
    let next = json!({"type": "next", "id": "q", "payload": {"data": {"wait": true}}});
    assert_eq!(client.receive().await, next);
    assert_eq!(client.receive().await, json!({"type": "complete", "id": "q"}));
    match client.next().await {
        Some(Message::Close(Some(CloseFrame { code, .. }))) => assert_eq!(u16::from(code), 1001),
        other => panic!("nothing else is answered, but {other:?} was"),
    }
}

/// What takes longer than there is time is left with a goodbye, too.
#[tokio::test]
async fn what_is_cut_off_is_told() {
    let server = Server::start(&[]).await;
    let mut client = Client::connect(&server, json!({})).await;
    client.subscribe("q", "{ wait(ms: 60000) }").await;
    client.subscribe("h", "{ hello }").await;
    assert_eq!(client.receive().await["id"], "h", "the other is under way");
    let ending = timeout(Duration::from_millis(100), server.edge.shut_down()).await;
    assert!(ending.is_err(), "the query was not waited for");
    let (closed, ()) = tokio::join!(client.closed(), server.edge.cut_off());
    assert_eq!(closed.0, 1001);
}

#[tokio::test]
async fn sockets_are_counted() {
    let server = Server::start(&["--max-sockets=1"]).await;
    let _first = Client::connect(&server, json!({})).await;
    let protocol = [("sec-websocket-protocol", "graphql-transport-ws")];
    match Client::open_with(&server, &protocol).await {
        Err(tungstenite::Error::Http(response)) => assert_eq!(response.status(), 503),
        other => panic!("503 was expected, got {:?}", other.err()),
    }
}

#[tokio::test]
async fn a_client_has_its_share_on_all_its_sockets() {
    let server = Server::start(&["--concurrent-operations=1"]).await;
    let payload = json!({"token": server.token("ann", 60)});
    let mut first = Client::connect(&server, payload.clone()).await;
    let mut second = Client::connect(&server, payload).await;
    first.subscribe("s", "subscription { ticks(n: 2, ms: 100) }").await;
    first.receive().await;
    second.subscribe("q", "{ hello }").await;
    let refused = second.receive().await;
    assert_eq!(refused["payload"][0]["extensions"]["code"], "RATE_LIMITED", "{refused}");
    while first.receive().await["type"] != "complete" {}
    second.subscribe("q", "{ hello }").await;
    assert_eq!(second.receive().await["type"], "next");
}
