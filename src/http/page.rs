//! What holds for every answer, and for pages.

use axum::{
    http::{HeaderMap, HeaderName, HeaderValue, header},
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
    set_default(headers, header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    // No browser takes that for a page, so it needs no rules for pages.
    if !is_json(headers) {
        set_default(headers, header::CONTENT_SECURITY_POLICY, API_POLICY);
        set_default(headers, header::REFERRER_POLICY, "no-referrer");
        set_default(headers, header::X_FRAME_OPTIONS, "DENY");
    }
}

fn set_default(headers: &mut HeaderMap, name: HeaderName, value: &'static str) {
    headers.entry(name).or_insert(HeaderValue::from_static(value));
}

fn is_json(headers: &HeaderMap) -> bool {
    let media = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    media.is_some_and(|media| media.contains("json"))
}
