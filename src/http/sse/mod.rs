//! graphql-sse at `/graphql/stream`, as
//! <https://github.com/enisdenjo/graphql-sse/blob/master/PROTOCOL.md> has it: a stream for each
//! operation (GET, POST), or one for all (PUT reserves it, GET opens it, POST starts operations
//! and DELETE ends them).
//!
//! A stream without `complete` was cut: by a shutdown (which waits for queries and mutations), the
//! end of its token, or a reader who does not read. Clients come back: for graphql-sse that is a lost connection, and `EventSource` asks
//! again after any end. A `complete` would end a subscription for good, and a `next` with an error
//! would be shown as a result of it; so a comment says why, to people and in logs.

mod event;
mod request;
mod reservation;
mod stream;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use async_graphql::parser::types::OperationType;
use axum::{
    body::Body,
    extract::State,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
    routing::{MethodRouter, get},
};

pub use self::{request::TOKEN_HEADER, reservation::Reservations};
use self::{
    request::{Asked, accepts_events},
    reservation::Command,
    stream::open,
};
use super::{
    Edge,
    execute::prepare,
    fault::Fault,
    graphql::params,
    media::Media,
    operation::{refusal, start, start_prepared},
    params::Params,
};

/// All that can be asked of `/graphql/stream`.
pub fn routes() -> MethodRouter<Arc<Edge>> {
    // A HEAD would be taken for a GET: it would run an operation, or use up what was reserved.
    get(get_stream).post(post).put(reserve).delete(end).head(not_allowed).fallback(not_allowed)
}

async fn not_allowed() -> Response {
    let message = "streams know GET, POST, PUT and DELETE";
    let fault = Fault::new(StatusCode::METHOD_NOT_ALLOWED, message);
    let methods = HeaderValue::from_static("GET, POST, PUT, DELETE");
    fault.with_header(header::ALLOW, methods).into_response(Media::Json)
}

type Answer = Result<Response, Fault>;

/// A stream of its own for the operation in the query string; with a token, the reserved one.
async fn get_stream(State(edge): State<Arc<Edge>>, asked: Asked) -> Response {
    let answer = async {
        accepts_events(&asked.headers)?;
        let identity = asked.identity(&edge).await?;
        if let Some(token) = asked.token() {
            let reservation = edge.reservations.find(&token)?;
            // An `EventSource` sends no headers: the stream's token has to do.
            let unnamed = identity.is_none();
            let identity = if unnamed { reservation.identity().cloned() } else { identity };
            reservation.require(identity.as_ref())?;
            let commands = reservation.open()?;
            return Ok(open(
                edge,
                asked.caller(identity),
                stream::Source::Commands(reservation, commands),
            ));
        }
        let params = Params::from_query(asked.query())?;
        distinct(edge, &asked, identity, params, false)
    };
    respond(answer.await)
}

/// A stream of its own for the operation in the body; with a token, on the reserved one.
async fn post(State(edge): State<Arc<Edge>>, asked: Asked, body: Body) -> Response {
    let answer = async {
        let token = asked.token();
        if token.is_none() {
            accepts_events(&asked.headers)?;
        }
        let identity = asked.identity(&edge).await?;
        let mut params = params(&edge, &asked.headers, body).await?;
        let Some(token) = token else { return distinct(edge, &asked, identity, params, true) };
        let reservation = edge.reservations.find(&token)?;
        reservation.require(identity.as_ref())?;
        let Some(async_graphql::Value::String(id)) = params.extensions.remove("operationId") else {
            return Err(Fault::bad_request("extensions.operationId must be a text"));
        };
        reservation.enter(&id, edge.config.socket_operations as usize)?;
        let started = edge.clients.admit(identity.as_ref(), asked.peer).and_then(|permit| {
            let operation = start(Arc::clone(&edge), params, asked.caller(identity), permit);
            reservation.send(Command::Start(id.clone(), operation))
        });
        if let Err(fault) = started {
            reservation.leave(&id);
            return Err(fault);
        }
        Ok(StatusCode::ACCEPTED.into_response())
    };
    respond(answer.await)
}

/// Reserves a stream for many operations, and answers its token.
async fn reserve(State(edge): State<Arc<Edge>>, asked: Asked) -> Response {
    let answer = async {
        let identity = asked.identity(&edge).await?;
        let permit = edge.clients.admit(identity.as_ref(), asked.peer)?;
        let token = reservation::reserve(&edge, identity, permit)?;
        Ok((StatusCode::CREATED, token).into_response())
    };
    respond(answer.await)
}

/// Ends an operation of a reserved stream.
async fn end(State(edge): State<Arc<Edge>>, asked: Asked) -> Response {
    let answer = async {
        let identity = asked.identity(&edge).await?;
        let token = asked.token().ok_or_else(|| Fault::bad_request("which stream?"))?;
        let reservation = edge.reservations.find(&token)?;
        reservation.require(identity.as_ref())?;
        let id = asked.parameter("operationId");
        let id = id.ok_or_else(|| Fault::bad_request("operationId is missing"))?;
        reservation.stop(id)?;
        Ok(StatusCode::OK.into_response())
    };
    respond(answer.await)
}

fn distinct(
    edge: Arc<Edge>,
    asked: &Asked,
    identity: Option<crate::auth::Identity>,
    params: Params,
    may_mutate: bool,
) -> Answer {
    let permit = edge.clients.admit(identity.as_ref(), asked.peer)?;
    let caller = asked.caller(identity);
    let operation = match prepare(&edge, params) {
        Ok(operation) if operation.kind == OperationType::Mutation && !may_mutate => {
            return Err(Fault::post_only("send mutations by POST"));
        }
        Ok(operation) => start_prepared(Arc::clone(&edge), operation, caller.clone(), permit),
        // Said on the stream: an `EventSource` does not show the body of another answer.
        Err(refused) => refusal(refused.errors),
    };
    Ok(open(edge, caller, stream::Source::One(operation)))
}

fn respond(answer: Answer) -> Response {
    answer.unwrap_or_else(|fault| fault.into_response(Media::Json))
}
