//! GraphQL over HTTP, as <https://graphql.github.io/graphql-over-http/draft> has it: JSON by
//! POST for everything but subscriptions, GET for queries, no batches.
//!
//! A request is checked in this order: size, token, the client's share, parameters, document,
//! limits.

use std::time::Duration;

use async_graphql::parser::types::OperationType;
use axum::{
    body::{Body, Bytes},
    http::{HeaderMap, Request, StatusCode, Uri, header, request::Parts},
    response::Response,
};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use tracing::Instrument;

use super::{
    Caller, Edge, RequestId,
    auth::identify,
    clients::Peer,
    execute::{execute, prepare},
    fault::Fault,
    media::Media,
    params::Params,
    values,
    within::within,
};
use crate::telemetry::request_span;

/// How much of a body is read, and thrown away, after it was refused.
const MAX_DISCARDED_BYTES: usize = 64 * 1_024 * 1_024;
/// For how long.
const MAX_DISCARDING: Duration = Duration::from_secs(1);

/// `POST /graphql`.
pub async fn post(
    edge: &Edge,
    (request_id, peer): (RequestId, Peer),
    request: Request<Body>,
) -> Response {
    let (Parts { headers, .. }, body) = request.into_parts();
    let Some(media) = Media::accepted(&headers) else { return not_acceptable() };
    let span = request_span("POST /graphql", &request_id, &headers);
    let answer = async {
        let limit = edge.limits.max_body_bytes;
        if let Err(too_large) = check_announced_size(&headers, limit) {
            discard(body).await;
            return Err(too_large);
        }
        let identity = identify(edge, &headers, peer).await?;
        let _permit = edge.clients.admit(identity.as_ref(), peer)?;
        let params = params(edge, &headers, body).await?;
        run(edge, media, Method::Post, params, Caller { identity, request_id }).await
    };
    answer.instrument(span).await.unwrap_or_else(|fault: Fault| fault.into_response(media))
}

/// `GET /graphql`, for queries.
pub async fn get(
    edge: &Edge,
    (request_id, peer): (RequestId, Peer),
    uri: &Uri,
    headers: &HeaderMap,
) -> Response {
    let Some(media) = Media::accepted(headers) else { return not_acceptable() };
    let span = request_span("GET /graphql", &request_id, headers);
    let answer = async {
        let identity = identify(edge, headers, peer).await?;
        let _permit = edge.clients.admit(identity.as_ref(), peer)?;
        let params = Params::from_query(uri.query().unwrap_or_default())?;
        run(edge, media, Method::Get, params, Caller { identity, request_id }).await
    };
    answer.instrument(span).await.unwrap_or_else(|fault: Fault| fault.into_response(media))
}

/// The parameters in a body of JSON.
///
/// # Errors
/// 4xx, when it is not one, too large, or too slow.
pub async fn params(edge: &Edge, headers: &HeaderMap, body: Body) -> Result<Params, Fault> {
    require_json(headers)?;
    let reading = read(body, edge.limits.max_body_bytes);
    let body = tokio::select! {
        biased;
        body = within(edge.limits.operation_timeout, reading) => body.map_err(|_| {
            Fault::new(StatusCode::REQUEST_TIMEOUT, "the body took too long to arrive")
        })??,
        () = edge.out_of_time() => {
            let message = "this server is shutting down; ask again";
            return Err(Fault::new(StatusCode::SERVICE_UNAVAILABLE, message));
        }
    };
    values::check(&body, &edge.limits)?;
    Params::from_body(&body)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Method {
    Get,
    Post,
}

async fn run(
    edge: &Edge,
    media: Media,
    method: Method,
    params: Params,
    caller: Caller,
) -> Result<Response, Fault> {
    let operation = match prepare(edge, params) {
        Ok(operation) => operation,
        Err(refused) => return Ok(media.respond(*refused)),
    };
    match (operation.kind, method) {
        (OperationType::Subscription, _) => Err(Fault::bad_request(
            "subscribe over a WebSocket (graphql-transport-ws), or at /graphql/stream",
        )),
        (OperationType::Mutation, Method::Get) => Err(Fault::post_only("send mutations by POST")),
        _ => execute(edge, operation, caller).await.map(|response| media.respond(response)),
    }
}

fn not_acceptable() -> Response {
    let message = "accept application/graphql-response+json or application/json";
    Fault::new(StatusCode::NOT_ACCEPTABLE, message).into_response(Media::Json)
}

/// JSON in UTF-8, said so: what a page on another site can send without being asked is not.
fn require_json(headers: &HeaderMap) -> Result<(), Fault> {
    let value = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let mut parts = value.unwrap_or_default().split(';').map(str::trim);
    let json = parts.next().is_some_and(|media| media.eq_ignore_ascii_case("application/json"));
    let charset = parts.find_map(|part| {
        let (name, value) = part.split_once('=')?;
        name.trim().eq_ignore_ascii_case("charset").then(|| value.trim().trim_matches('"'))
    });
    if json && charset.is_none_or(|charset| charset.eq_ignore_ascii_case("utf-8")) {
        return Ok(());
    }
    let message = "send Content-Type: application/json";
    Err(Fault::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, message))
}

/// Refuses by the announced length before a byte is read.
fn check_announced_size(headers: &HeaderMap, limit: usize) -> Result<(), Fault> {
    let announced = headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok());
    match announced.and_then(|text| text.parse::<usize>().ok()) {
        Some(length) if length > limit => Err(too_large(limit)),
        _ => Ok(()),
    }
}

/// Reads on what was refused, for a moment: who is cut off while sending does not see why.
async fn discard(body: Body) {
    let mut body = Limited::new(body, MAX_DISCARDED_BYTES);
    let discarding = async { while let Some(Ok(_)) = body.frame().await {} };
    // Whoever sends more, or slowly, is cut off after all.
    let _ = tokio::time::timeout(MAX_DISCARDING, discarding).await;
}

/// Keeps no more than the limit, whatever was announced.
async fn read(mut body: Body, limit: usize) -> Result<Bytes, Fault> {
    match Limited::new(&mut body, limit).collect().await {
        Ok(read) => Ok(read.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => {
            discard(body).await;
            Err(too_large(limit))
        }
        Err(_) => Err(Fault::bad_request("the body ended early")),
    }
}

fn too_large(limit: usize) -> Fault {
    let message = format!("the body may have at most {limit} bytes (--max-body-bytes)");
    Fault::new(StatusCode::PAYLOAD_TOO_LARGE, message)
}
