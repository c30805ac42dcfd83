//! What holds for every answer, and for pages.

use axum::http::{HeaderName, HeaderValue, header};
use tower_http::set_header::SetResponseHeaderLayer;

/// Only this server: no other host's scripts, styles or sockets. Inline styles because
/// GraphiQL's editor positions by them; `connect-src 'self'` covers its WebSocket too.
const PAGE_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
    img-src 'self' data:; font-src 'self' data:; connect-src 'self'; base-uri 'none'; \
    form-action 'none'; frame-ancestors 'none'";
/// For answers that are no pages.
const API_POLICY: &str = "default-src 'none'; frame-ancestors 'none'";

/// For pages.
pub fn policy() -> SetResponseHeaderLayer<HeaderValue> {
    set(header::CONTENT_SECURITY_POLICY, PAGE_POLICY)
}

/// For every answer, where it has not said otherwise.
pub fn defaults() -> [SetResponseHeaderLayer<HeaderValue>; 4] {
    [
        set(header::CONTENT_SECURITY_POLICY, API_POLICY),
        set(header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        set(header::REFERRER_POLICY, "no-referrer"),
        set(header::X_FRAME_OPTIONS, "DENY"),
    ]
}

fn set(name: HeaderName, value: &'static str) -> SetResponseHeaderLayer<HeaderValue> {
    SetResponseHeaderLayer::if_not_present(name, HeaderValue::from_static(value))
}
