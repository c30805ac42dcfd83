//! One operation of a socket or event stream, as the stream of what is sent of it.

use std::{
    panic::AssertUnwindSafe,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use async_graphql::{Response, ServerError, parser::types::OperationType};
use axum::http::StatusCode;
use futures::{
    FutureExt, Stream, StreamExt,
    stream::{self, BoxStream},
};
use tokio_stream::StreamMap;

use super::{
    Caller, Edge,
    clients::Permit,
    execute::{Operation, execute, prepare, subscribe},
    fault::Fault,
    media::is_request_error,
    params::Params,
};

/// What is sent of an operation. After `Errors` or `Complete` there is nothing more.
pub enum Frame {
    /// A result.
    Next(Box<Response>),
    /// It was not executed.
    Errors(Vec<ServerError>),
    /// It is over.
    Complete,
}

/// An operation under way: its frames. Dropping it ends the operation, and returns its permit.
pub struct Running {
    /// Whether somebody has to end it: a subscription. Others have one result.
    lasting: bool,
    frames: BoxStream<'static, Frame>,
}

impl Stream for Running {
    type Item = Frame;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Frame>> {
        self.frames.poll_next_unpin(context)
    }
}

/// What is under way on a socket or stream, by its ids.
pub type Operations = StreamMap<String, Running>;

/// Ends what does not end by itself.
pub fn end_subscriptions(operations: &mut Operations) {
    let lasting = operations.iter().filter(|(_, operation)| operation.lasting);
    let ids: Vec<_> = lasting.map(|(id, _)| id.clone()).collect();
    for id in ids {
        operations.remove(&id);
    }
}

/// Starts an operation.
pub fn start(edge: Arc<Edge>, params: Params, caller: Caller, permit: Permit) -> Running {
    match prepare(&edge, params) {
        Ok(operation) => start_prepared(edge, operation, caller, permit),
        Err(refused) => refusal(refused.errors),
    }
}

/// One that is not executed.
pub fn refusal(errors: Vec<ServerError>) -> Running {
    Running { lasting: false, frames: one(Frame::Errors(errors)) }
}

/// Starts an operation that passed the document guard.
pub fn start_prepared(
    edge: Arc<Edge>,
    operation: Operation,
    caller: Caller,
    permit: Permit,
) -> Running {
    let lasting = operation.kind == OperationType::Subscription;
    let request_id = caller.request_id.clone();
    let frames = AssertUnwindSafe(run(edge, operation, caller)).catch_unwind().map(move |frame| {
        frame.unwrap_or_else(|_| {
            tracing::error!(%request_id, "an operation of a stream panicked");
            let fault = Fault::new(StatusCode::INTERNAL_SERVER_ERROR, "internal error");
            Frame::Errors(vec![fault.with_request_id(&request_id).into_error()])
        })
    });
    let hold = move |_: &Frame| {
        let _held = &permit;
    };
    Running { lasting, frames: frames.inspect(hold).boxed() }
}

fn run(edge: Arc<Edge>, operation: Operation, caller: Caller) -> BoxStream<'static, Frame> {
    if operation.kind == OperationType::Subscription {
        let responses = subscribe(&edge, operation, caller);
        return completed(responses).boxed();
    }
    let execution = async move {
        match execute(&edge, operation, caller).await {
            Ok(response) => completed(stream::iter([response])).boxed(),
            Err(fault) => one(Frame::Errors(vec![fault.into_error()])),
        }
    };
    execution.flatten_stream().boxed()
}

fn one(frame: Frame) -> BoxStream<'static, Frame> {
    stream::iter([frame]).boxed()
}

/// Results and their end. A stream that begins with a request error has not been started.
fn completed(
    responses: impl StreamExt<Item = Response> + Send + 'static,
) -> impl StreamExt<Item = Frame> + Send + 'static {
    async_stream::stream! {
        let mut responses = std::pin::pin!(responses);
        let mut started = false;
        while let Some(response) = responses.next().await {
            if !started && is_request_error(&response) {
                yield Frame::Errors(response.errors);
                return;
            }
            started = true;
            yield Frame::Next(Box::new(response));
        }
        yield Frame::Complete;
    }
}
