//! Results as server-sent events.

use async_graphql::{Response, ServerError};
use axum::body::Bytes;
use serde::Serialize;

/// A comment, which keeps the connection, and what is in between, awake.
pub const KEEP_ALIVE: Bytes = Bytes::from_static(b":\n\n");

/// A comment that says why the stream ends.
pub fn farewell(why: &str) -> Bytes {
    format!(": {why}\n\n").into()
}

/// What a result is of: on a stream of many operations each is named.
pub type Id<'a> = Option<&'a str>;

#[derive(Serialize)]
struct Named<'a, T> {
    id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    payload: Option<T>,
}

/// A response that is nothing but errors.
#[derive(Serialize)]
struct Errors<'a> {
    errors: &'a [ServerError],
}

/// A result; `None` when it cannot be written, which only a faulty scalar brings about.
pub fn next(id: Id<'_>, response: &Response) -> Option<Bytes> {
    payload(id, response)
}

/// That it was not executed, as a result.
pub fn errors(id: Id<'_>, errors: &[ServerError]) -> Option<Bytes> {
    payload(id, Errors { errors })
}

/// The end of an operation. `data` is there even without an id: an `EventSource` passes on no
/// event without.
pub fn complete(id: Id<'_>) -> Option<Bytes> {
    let data = match id {
        Some(id) => serde_json::to_string(&Named::<()> { id, payload: None }).ok()?,
        None => String::new(),
    };
    Some(format!("event: complete\ndata: {data}\n\n").into())
}

fn payload(id: Id<'_>, payload: impl Serialize) -> Option<Bytes> {
    // One line: JSON escapes the line ends in texts, and has no others here.
    let data = match id {
        Some(id) => serde_json::to_string(&Named { id, payload: Some(payload) }),
        None => serde_json::to_string(&payload),
    };
    Some(format!("event: next\ndata: {}\n\n", data.ok()?).into())
}
