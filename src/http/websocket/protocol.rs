//! The protocol's messages, and the codes that sockets close with.

use async_graphql::{Response, ServerError};
use axum::extract::ws::{CloseFrame, Message};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// What a client sends.
#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ClientMessage {
    /// The first message; its payload may hold a token.
    ConnectionInit {
        #[serde(default)]
        payload: Option<Map<String, Value>>,
    },
    /// Wants a pong.
    Ping {
        #[serde(default)]
        #[expect(dead_code, reason = "read so that another type is refused")]
        payload: Option<Map<String, Value>>,
    },
    /// Answers a ping, or just so.
    Pong {
        #[serde(default)]
        #[expect(dead_code, reason = "read so that another type is refused")]
        payload: Option<Map<String, Value>>,
    },
    /// Starts an operation.
    Subscribe { id: String, payload: Value },
    /// Ends one.
    Complete { id: String },
}

/// What the server sends.
#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ServerMessage<'a> {
    /// The client may begin.
    ConnectionAck,
    /// Answers a ping.
    Pong,
    /// One result.
    Next { id: &'a str, payload: &'a Response },
    /// The operation was not executed, and is over.
    Error { id: &'a str, payload: &'a [ServerError] },
    /// The operation is over.
    Complete { id: &'a str },
}

impl ServerMessage<'_> {
    /// As a frame; `None` when it cannot be written, which only a faulty scalar brings about.
    pub fn frame(&self) -> Option<Message> {
        serde_json::to_string(self).ok().map(Message::text)
    }
}

/// Why the server closes a socket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Close {
    /// A shutdown.
    GoingAway,
    /// A message beyond the size that is allowed.
    TooBig,
    /// A message that is none.
    InvalidMessage(String),
    /// An operation before `connection_ack`.
    Unauthorized,
    /// A token that does not count, or no longer does; the text says why.
    Forbidden(String),
    /// Another protocol, or none.
    Protocol,
    /// No `connection_init` in time.
    InitTimeout,
    /// An id that is in use.
    DuplicateId(String),
    /// A second `connection_init`.
    InitTwice,
}

impl Close {
    /// As a frame. Its text may have 123 bytes at most.
    pub fn frame(self) -> Message {
        let (code, mut reason) = match self {
            Self::GoingAway => (1001, "Going away".to_owned()),
            Self::TooBig => (1009, "Message too big".to_owned()),
            Self::InvalidMessage(reason) => (4400, reason),
            Self::Unauthorized => (4401, "Unauthorized".to_owned()),
            Self::Forbidden(reason) => (4403, format!("Forbidden: {reason}")),
            Self::Protocol => (4406, "Subprotocol not acceptable".to_owned()),
            Self::InitTimeout => (4408, "Connection initialisation timeout".to_owned()),
            Self::DuplicateId(id) => (4409, format!("Subscriber for {id} already exists")),
            Self::InitTwice => (4429, "Too many initialisation requests".to_owned()),
        };
        reason.truncate(reason.floor_char_boundary(123));
        Message::Close(Some(CloseFrame { code, reason: reason.into() }))
    }
}
