//! Content negotiation and what depends on it: the media type and status of an answer, as
//! <https://graphql.github.io/graphql-over-http/draft> has it.

use async_graphql::{Response as GraphqlResponse, ServerError, Value};
use axum::{
    body::Body,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::Response,
};
use serde::Serialize;

use crate::graphql::to_json;

/// How an answer is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Media {
    /// `application/graphql-response+json`: the status says whether it was executed.
    GraphqlResponse,
    /// `application/json`: 200 for every well-formed request.
    Json,
}

impl Media {
    /// What the `Accept` headers ask for; `None` when we have none of it. Without any, and for
    /// `*/*`, plain JSON, as clients from before the new media type expect.
    pub fn accepted(headers: &HeaderMap) -> Option<Self> {
        let mut values = headers.get_all(header::ACCEPT).iter().peekable();
        if values.peek().is_none() {
            return Some(Self::Json);
        }
        let ranges = values.filter_map(|value| value.to_str().ok()).flat_map(|v| v.split(','));
        let mut best = None;
        for (quality, media) in ranges.filter_map(parse_range) {
            if quality > best.map_or(0, |(quality, _)| quality) {
                best = Some((quality, media));
            }
        }
        best.map(|(_, media)| media)
    }

    /// An answer to an executed, or refused, operation.
    pub fn respond(self, response: GraphqlResponse) -> Response {
        if is_request_error(&response) {
            let status = match self {
                Self::GraphqlResponse => StatusCode::BAD_REQUEST,
                Self::Json => StatusCode::OK,
            };
            return self.respond_with_errors(status, &response.errors);
        }
        let mut answer = self.write(StatusCode::OK, to_json(&response));
        answer.headers_mut().extend(response.http_headers);
        answer
    }

    /// An answer without `data`: nothing was executed.
    pub fn respond_with_errors(self, status: StatusCode, errors: &[ServerError]) -> Response {
        #[derive(Serialize)]
        struct Errors<'a> {
            errors: &'a [ServerError],
        }
        self.write(status, serde_json::to_string(&Errors { errors }))
    }

    fn write(self, status: StatusCode, body: serde_json::Result<String>) -> Response {
        let (status, body) = match body {
            Ok(body) => (status, body),
            // Only a custom scalar that does not serialize comes here.
            Err(error) => {
                tracing::error!(%error, "an answer could not be written");
                let text = r#"{"errors":[{"message":"internal error","extensions":{"code":"INTERNAL_SERVER_ERROR"}}]}"#;
                (StatusCode::INTERNAL_SERVER_ERROR, text.into())
            }
        };
        let mut response = Response::new(Body::from(body));
        *response.status_mut() = status;
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(self.content_type()));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        response
    }

    fn content_type(self) -> &'static str {
        match self {
            Self::GraphqlResponse => "application/graphql-response+json; charset=utf-8",
            Self::Json => "application/json; charset=utf-8",
        }
    }
}

/// Whether nothing was executed: no data, and no error that belongs to a field.
pub fn is_request_error(response: &GraphqlResponse) -> bool {
    response.data == Value::Null
        && !response.errors.is_empty()
        && response.errors.iter().all(|error| error.path.is_empty())
}

/// One media range: its quality in thousandths, and what it gets.
fn parse_range(range: &str) -> Option<(u16, Media)> {
    let mut parts = range.split(';').map(str::trim);
    let media = match parts.next()?.to_ascii_lowercase().as_str() {
        "application/graphql-response+json" => Media::GraphqlResponse,
        "application/json" | "application/*" | "*/*" => Media::Json,
        _ => return None,
    };
    let mut quality = 1_000;
    for (name, value) in parts.filter_map(|part| part.split_once('=')) {
        let value = value.trim().trim_matches('"');
        match name.trim().to_ascii_lowercase().as_str() {
            "q" => quality = parse_quality(value)?,
            "charset" if !value.eq_ignore_ascii_case("utf-8") => return None,
            _ => {}
        }
    }
    (quality > 0).then_some((quality, media))
}

fn parse_quality(text: &str) -> Option<u16> {
    let quality = text.parse::<f32>().ok().filter(|q| (0.0..=1.0).contains(q))?;
    Some((quality * 1_000.0) as u16)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accepted(value: &'static str) -> Option<Media> {
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT, HeaderValue::from_static(value));
        Media::accepted(&headers)
    }

    #[test]
    fn the_best_that_we_have_is_chosen() {
        use Media::{GraphqlResponse, Json};
        assert_eq!(Media::accepted(&HeaderMap::new()), Some(Json));
        for (value, media) in [
            ("*/*", Some(Json)),
            ("application/*", Some(Json)),
            ("application/graphql-response+json", Some(GraphqlResponse)),
            ("Application/JSON; charset=UTF-8", Some(Json)),
            ("application/graphql-response+json, application/json;q=0.9", Some(GraphqlResponse)),
            ("application/graphql-response+json;q=0.1, application/json;q=0.9", Some(Json)),
            ("text/html, */*;q=0.1", Some(Json)),
            ("text/html", None),
            ("application/json;q=0", None),
            ("application/json;charset=latin1", None),
            ("application/json;q=nan", None),
        ] {
            assert_eq!(accepted(value), media, "{value}");
        }
    }
}
