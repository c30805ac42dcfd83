//! One socket: what it may do when, and what it is told.

use std::{ops::ControlFlow, sync::Arc, time::Duration};

use axum::{
    body::Bytes,
    extract::ws::{Message, WebSocket},
    http::StatusCode,
};
use futures::SinkExt;
use metrics::gauge;
use serde_json::{Map, Value};
use tokio::time::{Instant, Interval, MissedTickBehavior, interval_at, sleep_until, timeout};
use tokio_stream::StreamExt;

use super::{
    PROTOCOL, auth,
    protocol::{ClientMessage, Close, ServerMessage},
};
use crate::{
    auth::Identity,
    http::{
        Caller, Edge, RequestId,
        clients::Peer,
        fault::Fault,
        operation::{Frame, Operations, end_subscriptions, start},
        params::Params,
    },
};

/// How long a client may take to read one message before it counts as gone.
const WRITE_TIMEOUT: Duration = Duration::from_secs(10);
/// A token may live longer than a timer; it is looked at again then.
const LONGEST_SLEEP: Duration = Duration::from_secs(24 * 3_600);

/// One socket and its operations.
pub struct Socket {
    edge: Arc<Edge>,
    request_id: RequestId,
    peer: Peer,
    stream: WebSocket,
    /// From the upgrade's headers, replaced by what `connection_init` says.
    identity: Option<Identity>,
    acknowledged: bool,
    init_deadline: Instant,
    keep_alive: Interval,
    last_heard: Instant,
    operations: Operations,
    /// It ends with the operations that are under way.
    leaving: bool,
}

/// What wakes a socket.
enum Event {
    Message(Option<Result<Message, axum::Error>>),
    Frame(String, Frame),
    KeepAlive,
    InitTimeout,
    TokenExpired,
    Shutdown,
    CutOff,
}

/// Why a socket ends: with a farewell, or because nobody is there to hear one.
type End = Option<Close>;
type Step = ControlFlow<End>;

impl Socket {
    /// A socket that was just opened.
    pub fn new(
        edge: Arc<Edge>,
        (request_id, peer): (RequestId, Peer),
        identity: Option<Identity>,
        stream: WebSocket,
    ) -> Self {
        let now = Instant::now();
        let period = edge.config.socket_keep_alive.max(Duration::from_millis(10));
        let mut keep_alive = interval_at(now + period, period);
        keep_alive.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Self {
            init_deadline: now + edge.config.socket_init_timeout,
            keep_alive,
            last_heard: now,
            acknowledged: false,
            operations: Operations::new(),
            leaving: false,
            edge,
            request_id,
            peer,
            identity,
            stream,
        }
    }

    /// Serves the socket until it ends.
    pub async fn run(mut self) {
        gauge!("websocket_connections").increment(1.0);
        let end = self.serve().await;
        self.operations.clear();
        if let Some(close) = end {
            tracing::debug!(request_id = %self.request_id, reason = ?close, "closing a socket");
            // It ends either way; the client may be gone.
            let _ = timeout(WRITE_TIMEOUT, self.stream.send(close.frame())).await;
        }
        gauge!("websocket_connections").decrement(1.0);
    }

    async fn serve(&mut self) -> End {
        if self.stream.protocol().is_none_or(|protocol| protocol != PROTOCOL) {
            return Some(Close::Protocol);
        }
        loop {
            if self.leaving && self.operations.is_empty() {
                return Some(Close::GoingAway);
            }
            let event = self.next_event().await;
            if let ControlFlow::Break(end) = self.handle(event).await {
                return end;
            }
        }
    }

    async fn next_event(&mut self) -> Event {
        let expiry = self.identity.as_ref().map(sleep_for);
        tokio::select! {
            () = self.edge.shutdown.cancelled(), if !self.leaving => Event::Shutdown,
            () = self.edge.cut_off.cancelled(), if self.leaving => Event::CutOff,
            () = sleep_until(self.init_deadline), if !self.acknowledged => Event::InitTimeout,
            () = tokio::time::sleep(expiry.unwrap_or_default()), if expiry.is_some() => {
                Event::TokenExpired
            }
            _ = self.keep_alive.tick() => Event::KeepAlive,
            Some((id, frame)) = self.operations.next() => Event::Frame(id, frame),
            message = self.stream.recv() => Event::Message(message),
        }
    }

    async fn handle(&mut self, event: Event) -> Step {
        match event {
            Event::Message(Some(Ok(message))) => self.receive(message).await,
            Event::Message(Some(Err(error))) => ControlFlow::Break(farewell(&error)),
            Event::Message(None) => ControlFlow::Break(None),
            Event::Frame(id, frame) => self.forward(&id, frame).await,
            Event::KeepAlive => self.ping().await,
            Event::InitTimeout => ControlFlow::Break(Some(Close::InitTimeout)),
            Event::TokenExpired => self.check_token(),
            Event::Shutdown => {
                self.leaving = true;
                end_subscriptions(&mut self.operations);
                ControlFlow::Continue(())
            }
            Event::CutOff => close(Close::GoingAway),
        }
    }

    async fn receive(&mut self, message: Message) -> Step {
        self.last_heard = Instant::now();
        let parsed = match &message {
            Message::Text(text) => serde_json::from_str::<ClientMessage>(text),
            Message::Binary(_) => {
                return close(Close::InvalidMessage("Only text messages are spoken".to_owned()));
            }
            Message::Close(_) => return self.answer_goodbye().await,
            Message::Ping(_) | Message::Pong(_) => return ControlFlow::Continue(()),
        };
        match parsed {
            Err(_) => close(Close::InvalidMessage("Invalid message received".to_owned())),
            Ok(ClientMessage::ConnectionInit { payload }) => {
                self.initialise(payload.unwrap_or_default()).await
            }
            Ok(ClientMessage::Ping { .. }) => self.send(&ServerMessage::Pong).await,
            Ok(ClientMessage::Pong { .. }) => ControlFlow::Continue(()),
            Ok(ClientMessage::Subscribe { id, payload }) => self.subscribe(id, payload).await,
            Ok(ClientMessage::Complete { id }) => {
                self.operations.remove(&id);
                ControlFlow::Continue(())
            }
        }
    }

    /// The answer is made by who reads the frames, and goes out with the next one, of which
    /// there is none: without this, clients take a goodbye for a lost connection.
    async fn answer_goodbye(&mut self) -> Step {
        // Who said goodbye may be gone.
        let _ = timeout(WRITE_TIMEOUT, self.stream.flush()).await;
        ControlFlow::Break(None)
    }

    async fn initialise(&mut self, payload: Map<String, Value>) -> Step {
        if self.acknowledged {
            return close(Close::InitTwice);
        }
        match auth::identify(&self.edge.verifier, &payload).await {
            Err(invalid) => return close(Close::Forbidden(invalid.to_string())),
            Ok(None) => {}
            Ok(identity) => self.identity = identity,
        }
        self.acknowledged = true;
        self.send(&ServerMessage::ConnectionAck).await
    }

    async fn subscribe(&mut self, id: String, payload: Value) -> Step {
        if id.is_empty() {
            return close(Close::InvalidMessage("An id must not be empty".to_owned()));
        }
        let Ok(params) = Params::from_json(payload) else {
            return close(Close::InvalidMessage("Invalid message received".to_owned()));
        };
        if !self.acknowledged {
            return close(Close::Unauthorized);
        }
        if self.edge.shutdown.is_cancelled() {
            // An error would be its end; what was not answered before a goodbye, clients ask again
            // elsewhere.
            return ControlFlow::Continue(());
        }
        if self.operations.contains_key(&id) {
            return close(Close::DuplicateId(id));
        }
        if self.operations.len() >= self.edge.config.socket_operations as usize {
            let most = self.edge.config.socket_operations;
            let message =
                format!("a socket may have {most} operations under way (--socket-operations)");
            return self.refuse(&id, Fault::new(StatusCode::TOO_MANY_REQUESTS, message)).await;
        }
        let permit = match self.edge.clients.admit(self.identity.as_ref(), self.peer) {
            Ok(permit) => permit,
            Err(fault) => return self.refuse(&id, fault).await,
        };
        let caller =
            Caller { identity: self.identity.clone(), request_id: self.request_id.clone() };
        self.operations.insert(id, start(Arc::clone(&self.edge), params, caller, permit));
        ControlFlow::Continue(())
    }

    async fn refuse(&mut self, id: &str, fault: Fault) -> Step {
        self.send(&ServerMessage::Error { id, payload: &[fault.into_error()] }).await
    }

    async fn forward(&mut self, id: &str, frame: Frame) -> Step {
        match frame {
            Frame::Next(response) => {
                self.send(&ServerMessage::Next { id, payload: &response }).await
            }
            Frame::Errors(errors) => {
                self.operations.remove(id);
                self.send(&ServerMessage::Error { id, payload: &errors }).await
            }
            Frame::Complete => {
                self.operations.remove(id);
                self.send(&ServerMessage::Complete { id }).await
            }
        }
    }

    async fn ping(&mut self) -> Step {
        self.check_token()?;
        if self.last_heard.elapsed() > 2 * self.keep_alive.period() {
            return ControlFlow::Break(None);
        }
        self.send_frame(Message::Ping(Bytes::new())).await
    }

    fn check_token(&self) -> Step {
        let check = |identity| self.edge.verifier.check_again(identity);
        match self.identity.as_ref().map(check) {
            Some(Err(invalid)) => close(Close::Forbidden(invalid.to_string())),
            Some(Ok(())) | None => ControlFlow::Continue(()),
        }
    }

    async fn send(&mut self, message: &ServerMessage<'_>) -> Step {
        match message.frame() {
            Some(frame) => self.send_frame(frame).await,
            None => {
                tracing::error!(request_id = %self.request_id, "a message could not be written");
                ControlFlow::Break(None)
            }
        }
    }

    async fn send_frame(&mut self, frame: Message) -> Step {
        match timeout(WRITE_TIMEOUT, self.stream.send(frame)).await {
            Ok(Ok(())) => ControlFlow::Continue(()),
            Ok(Err(_)) | Err(_) => ControlFlow::Break(None),
        }
    }
}

fn close(reason: Close) -> Step {
    ControlFlow::Break(Some(reason))
}

/// How long until the token ends, or until it should be looked at again.
fn sleep_for(identity: &Identity) -> Duration {
    identity.remaining().to_std().unwrap_or_default().min(LONGEST_SLEEP)
}

/// A message that is too large deserves a word; on other errors nobody listens.
fn farewell(error: &axum::Error) -> End {
    use tokio_tungstenite::tungstenite::Error;
    let source = std::error::Error::source(error)?;
    match source.downcast_ref::<Error>()? {
        Error::Capacity(_) => Some(Close::TooBig),
        Error::Utf8(_) => Some(Close::InvalidMessage("Text must be UTF-8".to_owned())),
        _ => None,
    }
}
