//! Where errors become GraphQL errors: each gets its code, and internals are hidden and logged.
//!
//! Fields answer with [`crate::error::Error`] as it is. What it says reaches a client only
//! through [`present`], which [`super::Schema`] applies to every response.

use async_graphql::{ErrorExtensionValues, Response, ServerError};

use super::{access::Denied, user_error::ErrorCode};
use crate::error::Error;

const BAD_USER_INPUT: &str = "BAD_USER_INPUT";
/// Longest of async-graphql's own messages that is passed on.
const MAX_MESSAGE_BYTES: usize = 500;
const INTERNAL: &str = "INTERNAL_SERVER_ERROR";

/// Gives every error of a response its code, and takes out what is internal.
pub(super) fn present(mut response: Response, request_id: &str) -> Response {
    for error in &mut response.errors {
        present_one(error, request_id);
    }
    response
}

/// The answer to a text that is no GraphQL. The parser's own words echo the text.
pub(super) fn parse_failure(error: ServerError) -> Response {
    let mut error = ServerError { message: "the query is not valid GraphQL".to_owned(), ..error };
    set(&mut error, "GRAPHQL_PARSE_FAILED", None);
    Response::from_errors(vec![error])
}

fn present_one(error: &mut ServerError, request_id: &str) {
    if error.extensions.as_ref().is_some_and(|extensions| extensions.get("code").is_some()) {
        return;
    }
    let known = error.source::<Error>().cloned();
    let denied = error.source::<Denied>().copied();
    match (known, denied) {
        (Some(known), _) => present_known(error, &known, request_id),
        (None, Some(Denied::Unauthenticated)) => set(error, "UNAUTHENTICATED", None),
        (None, Some(Denied::Forbidden)) => set(error, "FORBIDDEN", None),
        (None, None) if error.source.is_some() => hide(error, request_id, &error.message.clone()),
        // Without a source they are async-graphql's own, about the document or its arguments.
        (None, None) => {
            let executed = !error.path.is_empty();
            shorten(&mut error.message);
            set(error, if executed { BAD_USER_INPUT } else { "GRAPHQL_VALIDATION_FAILED" }, None);
        }
    }
}

/// They name what is in the document, which may be as long as the document.
fn shorten(message: &mut String) {
    if message.len() > MAX_MESSAGE_BYTES {
        message.truncate(message.floor_char_boundary(MAX_MESSAGE_BYTES));
        message.push('…');
    }
}

fn present_known(error: &mut ServerError, known: &Error, request_id: &str) {
    match known {
        Error::Refused(refusal) => set(error, ErrorCode::of(refusal).name(), None),
        Error::BadInput(_) => set(error, BAD_USER_INPUT, None),
        Error::CursorExpired => set(error, "CURSOR_EXPIRED", None),
        Error::Timeout => set(error, "REQUEST_TIMEOUT", Some(request_id)),
        Error::Unavailable(_) => set(error, "SERVICE_UNAVAILABLE", Some(request_id)),
        Error::Database(_) if known.is_outage() => {
            tracing::warn!(request_id, error = %known, "the database is away");
            "the database cannot be reached; try again later".clone_into(&mut error.message);
            set(error, "SERVICE_UNAVAILABLE", Some(request_id));
        }
        Error::Database(_) | Error::Internal(_) => hide(error, request_id, &known.to_string()),
    }
}

fn hide(error: &mut ServerError, request_id: &str, cause: &str) {
    tracing::error!(request_id, path = ?error.path, error = cause, "internal error");
    "internal error".clone_into(&mut error.message);
    set(error, INTERNAL, Some(request_id));
}

fn set(error: &mut ServerError, code: &str, request_id: Option<&str>) {
    let extensions = error.extensions.get_or_insert_with(ErrorExtensionValues::default);
    extensions.set("code", code);
    if let Some(request_id) = request_id {
        extensions.set("requestId", request_id);
    }
}

#[cfg(test)]
mod tests {
    use async_graphql::PathSegment;

    use super::*;
    use crate::error::Refusal;

    fn presented(error: async_graphql::Error) -> (String, serde_json::Value) {
        let path = vec![PathSegment::Field("wallet".to_owned())];
        let error = error.into_server_error(Default::default()).with_path(path);
        let mut response = present(Response::from_errors(vec![error]), "request-1");
        let error = response.errors.remove(0);
        (error.message, serde_json::to_value(error.extensions).unwrap())
    }

    #[test]
    fn internal_words_stay_inside() {
        let errors =
            [Error::Internal("secret".into()).into(), std::io::Error::other("secret").into()];
        for error in errors {
            let (message, extensions) = presented(error);
            assert_eq!(message, "internal error");
            assert_eq!(extensions["code"], "INTERNAL_SERVER_ERROR");
            assert_eq!(extensions["requestId"], "request-1");
        }
    }

    #[test]
    fn what_the_caller_can_act_on_is_said() {
        let (message, extensions) = presented(Error::BadInput("no".into()).into());
        assert_eq!((message.as_str(), &extensions["code"]), ("no", &"BAD_USER_INPUT".into()));
        let (_, extensions) = presented(Denied::Forbidden.into());
        assert_eq!(extensions["code"], "FORBIDDEN");
        let refusal = Refusal::SystemBusy { retry_after_ms: 5 };
        let (_, extensions) = presented(Error::from(refusal).into());
        assert_eq!(extensions["code"], "SYSTEM_BUSY");
    }
}
