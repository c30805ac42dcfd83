//! One operation of a socket or event stream, as the stream of what is sent of it.

use std::{panic::AssertUnwindSafe, sync::Arc};

use async_graphql::{Response, ServerError, parser::types::OperationType};
use axum::http::StatusCode;
use futures::{
    FutureExt, StreamExt,
    stream::{self, BoxStream},
};

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

/// The frames of one operation; dropping it ends the operation, and returns its permit.
pub fn frames(
    edge: Arc<Edge>,
    params: Params,
    caller: Caller,
    permit: Permit,
) -> BoxStream<'static, Frame> {
    match prepare(&edge, params) {
        Ok(operation) => frames_of(edge, operation, caller, permit),
        Err(refused) => refusal(refused.errors),
    }
}

/// Those of an operation that was not executed.
pub fn refusal(errors: Vec<ServerError>) -> BoxStream<'static, Frame> {
    one(Frame::Errors(errors))
}

/// The frames of an operation that passed the document guard.
pub fn frames_of(
    edge: Arc<Edge>,
    operation: Operation,
    caller: Caller,
    permit: Permit,
) -> BoxStream<'static, Frame> {
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
    frames.inspect(hold).boxed()
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
