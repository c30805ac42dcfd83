//! What a request to `/graphql/stream` says of itself.

use axum::{
    extract::{Extension, FromRequestParts},
    http::{HeaderMap, HeaderName, StatusCode, Uri, header, request::Parts},
};

use crate::{
    auth::Identity,
    http::{Caller, Edge, RequestId, auth::identify, clients::Peer, fault::Fault},
};

/// Names a reserved stream; where headers cannot be set, `?token=` does.
pub const TOKEN_HEADER: HeaderName = HeaderName::from_static("x-graphql-event-stream-token");

/// A request but for its body.
pub struct Asked {
    pub peer: Peer,
    pub headers: HeaderMap,
    request_id: RequestId,
    uri: Uri,
}

impl<S: Send + Sync> FromRequestParts<S> for Asked {
    type Rejection = StatusCode;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, StatusCode> {
        // Both are set for every request by what is around the routes.
        let missing = |_| StatusCode::INTERNAL_SERVER_ERROR;
        let Extension(request_id) =
            Extension::from_request_parts(parts, state).await.map_err(missing)?;
        let Extension(peer) = Extension::from_request_parts(parts, state).await.map_err(missing)?;
        Ok(Self { peer, request_id, headers: parts.headers.clone(), uri: parts.uri.clone() })
    }
}

impl Asked {
    /// Who asks.
    pub async fn identity(&self, edge: &Edge) -> Result<Option<Identity>, Fault> {
        identify(edge, &self.headers, self.peer).await
    }

    /// For executing what they ask.
    pub fn caller(&self, identity: Option<Identity>) -> Caller {
        Caller { identity, request_id: self.request_id.clone() }
    }

    /// The reserved stream that it is about.
    pub fn token(&self) -> Option<String> {
        let header = self.headers.get(TOKEN_HEADER).and_then(|value| value.to_str().ok());
        header.map(str::to_owned).or_else(|| self.parameter("token"))
    }

    /// A parameter of the query string.
    pub fn parameter(&self, wanted: &str) -> Option<String> {
        let mut parameters = url::form_urlencoded::parse(self.query().as_bytes());
        parameters.find(|(name, _)| name == wanted).map(|(_, value)| value.into_owned())
    }

    /// The query string.
    pub fn query(&self) -> &str {
        self.uri.query().unwrap_or_default()
    }
}

/// Refuses who wants no events. Who does not say takes them.
pub fn accepts_events(headers: &HeaderMap) -> Result<(), Fault> {
    let accepted = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
    let mut ranges = accepted.flat_map(|value| value.split(',')).peekable();
    let accepts = |range: &str| {
        let media = range.split(';').next().unwrap_or_default().trim();
        ["text/event-stream", "text/*", "*/*"].iter().any(|own| media.eq_ignore_ascii_case(own))
    };
    if ranges.peek().is_none() || ranges.any(accepts) {
        return Ok(());
    }
    Err(Fault::new(StatusCode::NOT_ACCEPTABLE, "accept text/event-stream"))
}
