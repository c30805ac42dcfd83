//! What holds for every answer, and for pages.

use axum::{
    http::{HeaderMap, HeaderValue, header},
    response::Response,
};
use tower_http::set_header::SetResponseHeaderLayer;

/// Only this server: no other host's scripts, styles or sockets. Inline styles because
/// GraphiQL's editor positions by them; `connect-src 'self'` covers its WebSocket too.
const PAGE_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
    img-src 'self' data:; font-src 'self' data:; connect-src 'self'; base-uri 'none'; \
    form-action 'none'; frame-ancestors 'none'";
/// For answers that are no pages.
const API_POLICY: &str = "default-src 'none'; frame-ancestors 'none'";

/// For pages. What is not there is none; what the browser has already (304) is.
pub fn policy() -> SetResponseHeaderLayer<fn(&Response) -> Option<HeaderValue>> {
    let policy: fn(&Response) -> Option<HeaderValue> = |response| {
        let page = !response.status().is_client_error();
        page.then(|| HeaderValue::from_static(PAGE_POLICY))
    };
    SetResponseHeaderLayer::if_not_present(header::CONTENT_SECURITY_POLICY, policy)
}

/// What every answer says, where it has not said otherwise. One step rather than a layer each:
/// axum boxes and clones every layer for every request.
pub fn add_defaults(headers: &mut HeaderMap) {
    for (name, value) in [
        (header::CONTENT_SECURITY_POLICY, API_POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::X_FRAME_OPTIONS, "DENY"),
    ] {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
}
