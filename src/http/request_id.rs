//! A request's id: taken from the client where it is sane, made where not, given back in the
//! answer, and part of every log line. Panics end here too, because the answer names the id.

use std::{fmt, panic::AssertUnwindSafe, sync::Arc};

use axum::{
    extract::Request,
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode},
    response::Response,
};
use futures::FutureExt;
use tracing::Instrument;

use super::{fault::Fault, media::Media, page};

const HEADER: HeaderName = HeaderName::from_static("x-request-id");
/// Longest id that is taken from a client.
const MAX_BYTES: usize = 64;

/// Names one request in answers and logs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestId(Arc<str>);

impl RequestId {
    fn generate() -> Self {
        Self((*ulid::Ulid::new().array_to_str(&mut [0; ulid::ULID_LEN])).into())
    }

    /// The client's own, if it is 1 to 64 visible ASCII characters: it goes into logs.
    fn from_headers(headers: &HeaderMap) -> Option<Self> {
        let text = headers.get(HEADER)?.to_str().ok()?;
        let sane =
            (1..=MAX_BYTES).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic());
        sane.then(|| Self(text.into()))
    }
}

impl From<RequestId> for Arc<str> {
    fn from(id: RequestId) -> Self {
        id.0
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Gives the request its id and its log span, turns a panic into an answer, and adds what every
/// answer says.
pub async fn named<F: Future<Output = Response>>(
    request: Request,
    answer: impl FnOnce(RequestId, Request) -> F,
) -> Response {
    let id = RequestId::from_headers(request.headers()).unwrap_or_else(RequestId::generate);
    let media = Media::accepted(request.headers()).unwrap_or(Media::Json);
    let span = tracing::info_span!(
        "request", id = %id, method = %request.method(), path = request.uri().path()
    );
    let answer = answer(id.clone(), request);
    let answer = AssertUnwindSafe(answer).catch_unwind().instrument(span).await;
    let mut response = answer.unwrap_or_else(|_| {
        tracing::error!(request_id = %id, "a handler panicked");
        let fault = Fault::new(StatusCode::INTERNAL_SERVER_ERROR, "internal error");
        fault.with_request_id(&id).into_response(media)
    });
    if let Ok(value) = HeaderValue::from_str(&id.0) {
        response.headers_mut().insert(HEADER, value);
    }
    page::add_defaults(response.headers_mut());
    response
}
