//! GraphiQL, from this binary alone.

use std::sync::Arc;

use axum::{
    extract::State,
    http::header,
    response::{Html, IntoResponse, Response},
};

use super::Edge;

const PAGE: &str = include_str!("../../assets/playground.html");

/// `GET /playground`.
pub async fn page(State(edge): State<Arc<Edge>>) -> Response {
    // A token is base64url and dots: nothing in it means anything in HTML.
    let page = PAGE.replace("{{token}}", edge.playground_token.as_deref().unwrap_or_default());
    ([(header::CACHE_CONTROL, "no-store")], Html(page)).into_response()
}
