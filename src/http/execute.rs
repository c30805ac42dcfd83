//! Executing what a client asks for, on whatever transport it came.

use std::time::{Duration, Instant};

use async_graphql::{Request, Response, ServerError, Value, parser::types::OperationType};
use axum::http::StatusCode;
use futures::stream::BoxStream;
use metrics::{counter, histogram};
use tracing::{Instrument, Span, field::Empty};

use super::{
    Caller, Edge,
    document::{operation_name, selected},
    fault::Fault,
    params::Params,
    variables,
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
    let kind = kind_name(kind);
    let span = operation_span(kind, name.as_deref());
    let execution = edge.engine.execute(request, caller).instrument(span.clone());
    let outcome = tokio::time::timeout(edge.limits.operation_timeout, execution).await;
    let took = started.elapsed();
    histogram!("graphql_operation_duration_seconds", "kind" => kind).record(took.as_secs_f64());
    let result = match &outcome {
        Ok(response) if response.is_ok() => "ok",
        Ok(response) if response.errors.iter().any(is_our_fault) => "error",
        Ok(_) => "refused",
        Err(_) => "timeout",
    };
    if matches!(result, "error" | "timeout") {
        span.record("otel.status_code", "ERROR");
    }
    if known && result == "ok" {
        edge.names.learn(name.as_deref());
    }
    let label = edge.names.label(name.as_deref());
    if took > edge.limits.slow_operation {
        let ms = took.as_secs_f64() * 1_000.0;
        tracing::warn!(%request_id, kind, name = label, ms, outcome = result, "a slow operation");
    }
    count(kind, label, result);
    outcome.map_err(|_| {
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
    count(kind_name(operation.kind), edge.names.label(operation.name.as_deref()), "started");
    edge.engine.subscribe(operation.request, caller)
}

/// Whether an error is not the caller's doing.
fn is_our_fault(error: &ServerError) -> bool {
    let code = error.extensions.as_ref().and_then(|extensions| extensions.get("code"));
    matches!(code, Some(Value::String(code))
        if matches!(code.as_str(), "INTERNAL_SERVER_ERROR" | "SERVICE_UNAVAILABLE" | "REQUEST_TIMEOUT"))
}

fn count(kind: &'static str, name: String, outcome: &'static str) {
    counter!("graphql_operations_total", "kind" => kind, "name" => name, "outcome" => outcome)
        .increment(1);
}

fn kind_name(kind: OperationType) -> &'static str {
    match kind {
        OperationType::Query => "query",
        OperationType::Mutation => "mutation",
        OperationType::Subscription => "subscription",
    }
}
