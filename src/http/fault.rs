//! Why a request was not executed, as HTTP and GraphQL both say it.

use std::time::Duration;

use async_graphql::ServerError;
use axum::{
    http::{HeaderName, HeaderValue, StatusCode, header},
    response::Response,
};

use metrics::counter;

use super::{RequestId, media::Media};

/// A request that was not executed: a status, and one coded GraphQL error.
/// Boxed, because it travels in many a `Result` that is mostly fine.
#[derive(Debug)]
pub struct Fault(Box<Inner>);

#[derive(Debug)]
struct Inner {
    status: StatusCode,
    error: ServerError,
    header: Option<(HeaderName, HeaderValue)>,
}

impl Fault {
    /// With the code that fits the status, and a text for the caller.
    pub fn new(status: StatusCode, message: impl Into<String>) -> Self {
        let code = match status {
            StatusCode::UNAUTHORIZED => "UNAUTHENTICATED",
            StatusCode::FORBIDDEN => "FORBIDDEN",
            StatusCode::REQUEST_TIMEOUT | StatusCode::GATEWAY_TIMEOUT => "REQUEST_TIMEOUT",
            StatusCode::TOO_MANY_REQUESTS => "RATE_LIMITED",
            StatusCode::SERVICE_UNAVAILABLE => "SERVICE_UNAVAILABLE",
            status if status.is_server_error() => "INTERNAL_SERVER_ERROR",
            _ => "BAD_USER_INPUT",
        };
        counter!("graphql_requests_refused_total", "code" => code).increment(1);
        let mut error = ServerError::new(message, None);
        error.extensions.get_or_insert_default().set("code", code);
        Self(Box::new(Inner { status, error, header: None }))
    }

    /// 400: the request is malformed.
    pub fn bad_request(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, message)
    }

    /// 401, with the challenge that HTTP wants.
    pub fn unauthorized(message: impl Into<String>) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, message).with_header(
            header::WWW_AUTHENTICATE,
            HeaderValue::from_static("Bearer error=\"invalid_token\""),
        )
    }

    /// 429, with when to try again.
    pub fn rate_limited(message: impl Into<String>, wait: Duration) -> Self {
        Self::new(StatusCode::TOO_MANY_REQUESTS, message).with_wait(wait)
    }

    /// 503, with when to try again.
    pub fn overloaded(message: impl Into<String>, wait: Duration) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, message).with_wait(wait)
    }

    fn with_wait(self, wait: Duration) -> Self {
        let millis = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX).max(1);
        let mut fault = self.with_header(header::RETRY_AFTER, millis.div_ceil(1_000).into());
        fault.0.error.extensions.get_or_insert_default().set("retryAfterMs", millis);
        fault
    }

    /// 405: only POST would do.
    pub fn post_only(message: impl Into<String>) -> Self {
        Self::new(StatusCode::METHOD_NOT_ALLOWED, message)
            .with_header(header::ALLOW, HeaderValue::from_static("POST"))
    }

    /// The same with a header.
    pub fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.0.header = Some((name, value));
        self
    }

    /// The same with the id that its cause is logged under.
    pub fn with_request_id(mut self, id: &RequestId) -> Self {
        self.0.error.extensions.get_or_insert_default().set("requestId", id.to_string());
        self
    }

    /// The GraphQL error alone, for a socket.
    pub fn into_error(self) -> ServerError {
        self.0.error
    }

    /// The whole answer.
    pub fn into_response(self, media: Media) -> Response {
        let Inner { status, error, header } = *self.0;
        let mut response = media.respond_with_errors(status, &[error]);
        if let Some((name, value)) = header {
            response.headers_mut().insert(name, value);
        }
        response
    }
}
