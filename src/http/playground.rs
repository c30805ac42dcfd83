//! GraphiQL, from this binary alone.

use std::sync::Arc;

use axum::{
    Json,
    extract::State,
    http::header,
    response::{Html, IntoResponse, Response},
};

use super::Edge;
use crate::auth::Role;

const PAGE: &str = include_str!("../../assets/playground.html");

macro_rules! tabs {
    ($($name:literal),* $(,)?) => {
        [$(include_str!(concat!("../../frontend-examples/playground/", $name, ".graphql"))),*]
    };
}

/// What the tabs hold, in their order.
const TABS: [&str; 8] = tabs![
    "1-wallets",
    "2-ledger",
    "3-money",
    "4-wallet-status",
    "5-orders",
    "6-live",
    "7-cache",
    "8-locks-and-hot-data",
];

/// `GET /playground`.
pub async fn page(State(edge): State<Arc<Edge>>) -> Response {
    // A token is base64url and dots: nothing in it means anything in HTML.
    let offered = edge.offered_tokens.iter().find(|offered| offered.role == Role::Admin);
    let page = PAGE.replace("{{token}}", offered.map_or("", |offered| &offered.token));
    ([(header::CACHE_CONTROL, "no-store")], Html(page)).into_response()
}

/// `GET /playground/tabs`: a list of documents.
pub async fn tabs() -> Json<[&'static str; TABS.len()]> {
    Json(TABS)
}
