//! Executing what a client asks for, on whatever transport it came.

use std::time::{Duration, Instant};

use async_graphql::{Request, Response, ServerError, Value, parser::types::OperationType};
use axum::http::StatusCode;
use futures::stream::BoxStream;
use tracing::{Instrument, Span, field::Empty};

use super::{
    Caller, Edge,
    document::{operation_name, selected},
    fault::Fault,
    params::Params,
    tally::{Outcome, kind_name},
    variables,
    within::within,
};
use crate::graphql::limits;

/// When to try again while as much is under way as may be.
const RETRY_WHEN_FULL: Duration = Duration::from_millis(500);
/// Longest part of an operation's name that a trace shows.
const MAX_NAME_BYTES: usize = 64;

/// An operation that passed the document guard.
pub struct Operation {
    /// Query, mutation or subscription.
    pub kind: OperationType,
    /// Its name, as the client wrote it.
    name: Option<String>,
    request: Request,
}

/// Parses, and checks against the limits.
///
/// # Errors
/// A request error, when the document may not be executed.
pub fn prepare(edge: &Edge, params: Params) -> Result<Operation, Box<Response>> {
    let refused = |error| Box::new(Response::from_errors(vec![error]));
    let resolved = edge.persisted.resolve(params.query, &params.extensions).map_err(refused)?;
    let document = edge.documents.parse(&resolved.text).map_err(refused)?;
    if let Some(hash) = resolved.register {
        edge.persisted.remember(hash, &resolved.text);
    }
    let operation =
        selected(&document.parsed, params.operation_name.as_deref()).map_err(refused)?;
    let kind = operation.ty;
    let name = operation_name(&document.parsed, params.operation_name.as_deref());
    let name = name.map(str::to_owned);
    let variables = variables::bind(operation, params.variables).map_err(refused)?;
    limits::check_cost(&document.parsed, operation, &variables, &edge.limits)
        .map_err(|exceeded| refused(exceeded.into()))?;
    let mut request =
        Request::new(resolved.text).variables(variables).data(document.verdict.clone());
    request.operation_name = params.operation_name;
    request.extensions.extend(params.extensions);
    request.set_parsed_query(document.parsed.clone());
    Ok(Operation { kind, name, request })
}

/// Executes a query or mutation.
///
/// # Errors
/// When as many as there may be are under way: nothing was done. Or when it takes longer than an
/// operation may; a mutation may then have been done, or not: repeating it with its idempotency
/// key tells.
pub async fn execute(edge: &Edge, operation: Operation, caller: Caller) -> Result<Response, Fault> {
    let Ok(_permit) = edge.operation_permits.try_acquire() else {
        let most = edge.limits.operations_at_once;
        let text =
            format!("{most} operations are under way (--operations-at-once); try again later");
        return Err(Fault::overloaded(text, RETRY_WHEN_FULL));
    };
    let started = Instant::now();
    let Operation { kind, name, request } = operation;
    let (known, request_id) = (caller.identity.is_some(), caller.request_id.clone());
    let span = operation_span(kind_name(kind), name.as_deref());
    let execution = edge.engine.execute(request, caller).instrument(span.clone());
    let executed = within(edge.limits.operation_timeout, execution).await;
    let took = started.elapsed();
    edge.tallies.time(kind, took);
    let outcome = match &executed {
        Ok(response) if response.is_ok() => Outcome::Ok,
        Ok(response) if response.errors.iter().any(is_our_fault) => Outcome::Error,
        Ok(_) => Outcome::Refused,
        Err(_) => Outcome::Timeout,
    };
    if matches!(outcome, Outcome::Error | Outcome::Timeout) {
        span.record("otel.status_code", "ERROR");
    }
    if known && outcome == Outcome::Ok {
        edge.tallies.learn(name.as_deref());
    }
    edge.tallies.of(name.as_deref(), |tally| {
        tally.count(kind, outcome);
        if took > edge.limits.slow_operation {
            let (kind, outcome, name) = (kind_name(kind), outcome.name(), &tally.label);
            let ms = took.as_secs_f64() * 1_000.0;
            tracing::warn!(%request_id, kind, name, ms, outcome, "a slow operation");
        }
    });
    executed.map_err(|_| {
        let message = "the operation took too long; repeat a mutation with its idempotency key";
        Fault::new(StatusCode::GATEWAY_TIMEOUT, message)
    })
}

/// What a trace shows of an operation; nothing where there are none.
fn operation_span(kind: &'static str, name: Option<&str>) -> Span {
    let name = name.map(|name| &name[..name.floor_char_boundary(MAX_NAME_BYTES)]);
    tracing::debug_span!(
        "operation",
        otel.name = kind,
        otel.status_code = Empty,
        graphql.operation.r#type = kind,
        graphql.operation.name = name,
    )
}

/// Starts a subscription (or, over a stream, anything else).
pub fn subscribe(
    edge: &Edge,
    operation: Operation,
    caller: Caller,
) -> BoxStream<'static, Response> {
    edge.tallies.of(operation.name.as_deref(), |t| t.count(operation.kind, Outcome::Started));
    edge.engine.subscribe(operation.request, caller)
}

/// Whether an error is not the caller's doing.
fn is_our_fault(error: &ServerError) -> bool {
    let code = error.extensions.as_ref().and_then(|extensions| extensions.get("code"));
    matches!(code, Some(Value::String(code))
        if matches!(code.as_str(), "INTERNAL_SERVER_ERROR" | "SERVICE_UNAVAILABLE" | "REQUEST_TIMEOUT"))
}
