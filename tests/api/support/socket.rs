//! Speaks graphql-transport-ws to an instance.

use std::time::Duration;

use futures::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::{net::TcpStream, time::timeout};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{Message, client::IntoClientRequest, protocol::CloseFrame},
};

use super::Client;

const PATIENCE: Duration = Duration::from_secs(5);
const BALANCES: &str = "subscription($uids: [ID!]!, $after: [Int!]) {
    balanceUpdated(uids: $uids, afterVersions: $after) {
        snapshot skipped cursor
        wallet { uid balance version }
        transaction { amount balanceAfter walletVersion } } }";

/// A socket.
pub struct Socket {
    stream: WebSocketStream<MaybeTlsStream<TcpStream>>,
}

/// One subscription on a socket of its own. Dropping it cuts the connection.
pub struct Watch {
    socket: Socket,
}

impl Client {
    /// Opens a socket and says nothing yet.
    pub async fn open_socket(&self) -> Socket {
        let mut request = format!("ws://{}/graphql", self.address())
            .into_client_request()
            .expect("our own address");
        let protocol = "graphql-transport-ws".parse().expect("a header value");
        request.headers_mut().insert("sec-websocket-protocol", protocol);
        let (stream, _) = connect_async(request).await.expect("the socket opens");
        Socket { stream }
    }

    /// A socket that is acknowledged.
    pub async fn socket(&self) -> Socket {
        let mut socket = self.open_socket().await;
        let token = self.token().map(|token| json!({ "authorization": format!("Bearer {token}") }));
        socket.send(json!({ "type": "connection_init", "payload": token })).await;
        let reply = socket.receive().await;
        assert_eq!(reply["type"], "connection_ack", "{reply}");
        socket
    }

    /// Subscribes to a document.
    pub async fn watch(&self, document: &str, variables: Value) -> Watch {
        let mut socket = self.socket().await;
        socket.subscribe("1", document, variables).await;
        Watch { socket }
    }

    /// `balanceUpdated` from the current state on.
    pub async fn watch_balances(&self, uids: &[&str]) -> Watch {
        self.watch(BALANCES, json!({ "uids": uids })).await
    }

    /// `balanceUpdated` from after these versions on.
    pub async fn resume_balances(&self, uids: &[&str], after: &[i64]) -> Watch {
        self.watch(BALANCES, json!({ "uids": uids, "after": after })).await
    }
}

impl Socket {
    /// Sends a message.
    pub async fn send(&mut self, message: Value) {
        self.stream.send(Message::text(message.to_string())).await.expect("the socket is open");
    }

    /// Sends `subscribe`.
    pub async fn subscribe(&mut self, id: &str, document: &str, variables: Value) {
        let payload = json!({ "query": document, "variables": variables });
        self.send(json!({ "type": "subscribe", "id": id, "payload": payload })).await;
    }

    /// The next message that is no ping.
    pub async fn receive(&mut self) -> Value {
        loop {
            match self.frame().await {
                Message::Text(text) => {
                    let message: Value = serde_json::from_str(&text).expect("JSON");
                    if message["type"] != "ping" {
                        return message;
                    }
                }
                Message::Close(frame) => panic!("the socket was closed: {frame:?}"),
                _ => {}
            }
        }
    }

    /// The code that the server closes it with.
    pub async fn close_code(&mut self) -> u16 {
        loop {
            if let Message::Close(Some(CloseFrame { code, .. })) = self.frame().await {
                return code.into();
            }
        }
    }

    async fn frame(&mut self) -> Message {
        let frame = timeout(PATIENCE, self.stream.next()).await.expect("a message within 5 s");
        frame.expect("the socket is open").expect("a whole frame")
    }
}

impl Watch {
    /// The next event of the subscription: its one root field.
    pub async fn next(&mut self) -> Value {
        let message = self.socket.receive().await;
        assert_eq!(message["type"], "next", "{message}");
        let payload = &message["payload"];
        assert!(payload.get("errors").is_none(), "{message}");
        let root = payload["data"].as_object().and_then(|data| data.values().next());
        root.unwrap_or_else(|| panic!("no root field in {message}")).clone()
    }

    /// The code that the server closes its socket with.
    pub async fn close_code(&mut self) -> u16 {
        self.socket.close_code().await
    }

    /// Balances and versions of the next `count` events.
    pub async fn next_balances(&mut self, count: usize) -> Vec<(String, i64)> {
        let mut seen = Vec::with_capacity(count);
        for _ in 0..count {
            let event = self.next().await;
            let balance = event["wallet"]["balance"].as_str().expect("a balance").to_owned();
            seen.push((balance, event["wallet"]["version"].as_i64().expect("a version")));
        }
        seen
    }
}
