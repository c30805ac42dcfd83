//! Executing what a client asks for, on whatever transport it came.

use std::time::Instant;

use async_graphql::{Request, Response, parser::types::OperationType};
use axum::http::StatusCode;
use futures::stream::BoxStream;
use metrics::{counter, histogram};

use super::{Caller, Edge, document::selected, fault::Fault, params::Params, variables};

/// An operation that passed the document guard.
pub struct Operation {
    /// Query, mutation or subscription.
    pub kind: OperationType,
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
    let variables = variables::bind(operation, params.variables).map_err(refused)?;
    let mut request =
        Request::new(resolved.text).variables(variables).data(document.verdict.clone());
    request.operation_name = params.operation_name;
    request.extensions.extend(params.extensions);
    request.set_parsed_query(document.parsed.clone());
    Ok(Operation { kind, request })
}

/// Executes a query or mutation.
///
/// # Errors
/// When it takes longer than an operation may. A mutation may then have been done, or not:
/// repeating it with its idempotency key tells.
pub async fn execute(edge: &Edge, operation: Operation, caller: Caller) -> Result<Response, Fault> {
    let started = Instant::now();
    let kind = kind_name(operation.kind);
    let execution = edge.engine.execute(operation.request, caller);
    let outcome = tokio::time::timeout(edge.limits.operation_timeout, execution).await;
    histogram!("graphql_operation_duration_seconds", "kind" => kind)
        .record(started.elapsed().as_secs_f64());
    let result = match &outcome {
        Ok(response) if response.is_ok() => "ok",
        Ok(_) => "error",
        Err(_) => "timeout",
    };
    counter!("graphql_operations_total", "kind" => kind, "result" => result).increment(1);
    outcome.map_err(|_| {
        let message = "the operation took too long; repeat a mutation with its idempotency key";
        Fault::new(StatusCode::GATEWAY_TIMEOUT, message)
    })
}

/// Starts a subscription (or, over a stream, anything else).
pub fn subscribe(
    edge: &Edge,
    operation: Operation,
    caller: Caller,
) -> BoxStream<'static, Response> {
    counter!("graphql_operations_total", "kind" => kind_name(operation.kind), "result" => "started")
        .increment(1);
    edge.engine.subscribe(operation.request, caller)
}

fn kind_name(kind: OperationType) -> &'static str {
    match kind {
        OperationType::Query => "query",
        OperationType::Mutation => "mutation",
        OperationType::Subscription => "subscription",
    }
}
