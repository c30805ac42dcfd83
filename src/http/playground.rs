//! GraphiQL, from this binary alone.

use std::sync::Arc;

use axum::{
    extract::State,
    http::header,
    response::{Html, IntoResponse, Response},
};

use super::Edge;
use crate::auth::Role;

const PAGE: &str = include_str!("../../assets/playground.html");

/// `GET /playground`.
pub async fn page(State(edge): State<Arc<Edge>>) -> Response {
    // A token is base64url and dots: nothing in it means anything in HTML.
    let offered = edge.offered_tokens.iter().find(|offered| offered.role == Role::Admin);
    let page = PAGE.replace("{{token}}", offered.map_or("", |offered| &offered.token));
    ([(header::CACHE_CONTROL, "no-store")], Html(page)).into_response()
}
