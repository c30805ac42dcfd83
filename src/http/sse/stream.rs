//! One stream: a task that runs its operations and writes, until the client leaves.

use std::{convert::Infallible, ops::ControlFlow, sync::Arc, time::Duration};

use axum::{
    body::{Body, Bytes},
    http::{HeaderName, HeaderValue, header},
    response::{IntoResponse, Response},
};
use metrics::gauge;
use tokio::{
    sync::mpsc,
    time::{Instant, Interval, MissedTickBehavior, interval_at, sleep, timeout},
};
use tokio_stream::{StreamExt, wrappers::ReceiverStream};

use super::{
    event,
    reservation::{Command, Reservation},
};
use crate::{
    auth::Identity,
    http::{
        Caller, Edge, RequestId,
        operation::{Frame, Operations, Running, end_subscriptions},
    },
};

/// How long a client may take to read before it counts as gone.
const WRITE_TIMEOUT: Duration = Duration::from_secs(10);
/// Events on their way to the connection, which holds back more itself.
const BUFFER: usize = 4;
/// A token may live longer than a timer; it is looked at again then.
const LONGEST_SLEEP: Duration = Duration::from_secs(24 * 3_600);
/// Where the one operation of a distinct stream stands.
const ONLY: &str = "";

/// What a stream carries.
pub enum Source {
    /// One operation; it ends with it.
    One(Running),
    /// Whatever is asked for.
    Commands(Arc<Reservation>, mpsc::Receiver<Command>),
}

/// A stream, as an answer.
pub fn open(edge: Arc<Edge>, caller: Caller, source: Source) -> Response {
    let (sink, events) = mpsc::channel(BUFFER);
    let period = edge.config.socket_keep_alive.max(Duration::from_millis(10));
    let mut keep_alive = interval_at(Instant::now(), period);
    keep_alive.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut operations = Operations::new();
    let shared = match source {
        Source::One(operation) => {
            operations.insert(ONLY.to_owned(), operation);
            None
        }
        Source::Commands(reservation, commands) => Some((reservation, commands)),
    };
    let tasks = edge.sockets.clone();
    let Caller { identity, request_id } = caller;
    let leaving = false;
    let stream =
        Stream { edge, identity, request_id, sink, keep_alive, operations, shared, leaving };
    tasks.spawn(stream.run());
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream; charset=utf-8")),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-cache, no-transform")),
        // nginx would otherwise collect events before it passes them on.
        (HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no")),
    ];
    (headers, Body::from_stream(ReceiverStream::new(events))).into_response()
}

struct Stream {
    edge: Arc<Edge>,
    identity: Option<Identity>,
    request_id: RequestId,
    sink: mpsc::Sender<Result<Bytes, Infallible>>,
    keep_alive: Interval,
    operations: Operations,
    /// Of a stream that was reserved.
    shared: Option<(Arc<Reservation>, mpsc::Receiver<Command>)>,
    /// It ends with the operations that are under way.
    leaving: bool,
}

type Step = ControlFlow<()>;

impl Stream {
    async fn run(mut self) {
        gauge!("sse_connections").increment(1.0);
        while self.step().await.is_continue() {}
        if let Some((reservation, _)) = &self.shared {
            self.edge.reservations.forget(reservation);
        }
        gauge!("sse_connections").decrement(1.0);
    }

    async fn step(&mut self) -> Step {
        if self.leaving && self.operations.is_empty() {
            return self.leave("going away");
        }
        let expiry = self
            .identity
            .as_ref()
            .map(|identity| identity.remaining().to_std().unwrap_or_default().min(LONGEST_SLEEP));
        let commands = self.shared.as_mut().map(|(_, commands)| commands);
        tokio::select! {
            () = self.edge.shutdown.cancelled(), if !self.leaving => {
                self.prepare_to_leave();
                ControlFlow::Continue(())
            }
            () = self.edge.cut_off.cancelled(), if self.leaving => self.leave("going away"),
            () = self.sink.closed() => ControlFlow::Break(()),
            () = sleep(expiry.unwrap_or_default()), if expiry.is_some() => self.check_token(),
            _ = self.keep_alive.tick() => {
                self.check_token()?;
                self.send(Some(event::KEEP_ALIVE)).await
            }
            Some(command) = next(commands) => {
                self.obey(command);
                ControlFlow::Continue(())
            }
            Some((id, frame)) = self.operations.next() => self.forward(&id, frame).await,
        }
    }

    fn check_token(&self) -> Step {
        let check = |identity| self.edge.verifier.check_again(identity);
        match self.identity.as_ref().map(check) {
            Some(Err(invalid)) => self.leave(&format!("forbidden: {invalid}")),
            Some(Ok(())) | None => ControlFlow::Continue(()),
        }
    }

    /// Starts what was accepted, and nothing after that; only what has one result goes on.
    fn prepare_to_leave(&mut self) {
        self.leaving = true;
        if let Some((_, commands)) = &mut self.shared {
            commands.close();
        }
        while let Some(command) = self.shared.as_mut().and_then(|(_, c)| c.try_recv().ok()) {
            self.obey(command);
        }
        end_subscriptions(&mut self.operations);
    }

    /// Ends the stream, and says why to who has kept up with it.
    fn leave(&self, why: &str) -> Step {
        // It ends either way.
        let _ = self.sink.try_send(Ok(event::farewell(why)));
        ControlFlow::Break(())
    }

    fn obey(&mut self, command: Command) {
        match command {
            Command::Start(id, operation) => drop(self.operations.insert(id, operation)),
            Command::Stop(id) => drop(self.operations.remove(&id)),
        }
    }

    async fn forward(&mut self, id: &str, frame: Frame) -> Step {
        let name = self.shared.is_some().then_some(id);
        match frame {
            Frame::Next(response) => self.send(event::next(name, &response)).await,
            Frame::Errors(errors) => {
                self.send(event::errors(name, &errors)).await?;
                self.complete(id).await
            }
            Frame::Complete => self.complete(id).await,
        }
    }

    async fn complete(&mut self, id: &str) -> Step {
        self.operations.remove(id);
        match &self.shared {
            Some((reservation, _)) => {
                reservation.leave(id);
                self.send(event::complete(Some(id))).await
            }
            None => {
                self.send(event::complete(None)).await?;
                ControlFlow::Break(())
            }
        }
    }

    async fn send(&mut self, event: Option<Bytes>) -> Step {
        let Some(event) = event else {
            tracing::error!(request_id = %self.request_id, "an event could not be written");
            return ControlFlow::Break(());
        };
        match timeout(WRITE_TIMEOUT, self.sink.send(Ok(event))).await {
            Ok(Ok(())) => ControlFlow::Continue(()),
            Ok(Err(_)) | Err(_) => ControlFlow::Break(()),
        }
    }
}

/// The next command; of a stream that takes none, never.
async fn next(commands: Option<&mut mpsc::Receiver<Command>>) -> Option<Command> {
    commands?.recv().await
}
