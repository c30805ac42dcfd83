//! Which path does what.

use std::sync::Arc;

use axum::{
    Extension, Router,
    body::Body,
    extract::{Request, State},
    http::{HeaderName, HeaderValue, Method, header},
    middleware,
    response::{Redirect, Response},
    routing::get,
};
use tower_http::{
    compression::CompressionLayer,
    cors::{AllowOrigin, CorsLayer},
};

use super::{
    Edge, RequestId, assets, clients::Peer, dashboard, graphql, health, page, playground,
    request_id, sse, websocket,
};
use crate::telemetry;

/// All paths of the service.
pub fn router(edge: Arc<Edge>) -> Router {
    let (mut graphql, mut stream) = (get(graphql_get).post(graphql::post), sse::routes());
    if !edge.config.allow_origins.is_empty() {
        let cors = cors(&edge.config.allow_origins);
        (graphql, stream) = (graphql.layer(cors.clone()), stream.layer(cors));
    }
    let router = Router::new()
        .route("/graphql", graphql)
        .route("/graphql/stream", stream)
        .route("/healthz", get(health::live))
        .route("/readyz", get(health::ready))
        .route("/metrics", get(telemetry::render_metrics))
        .merge(pages(&edge))
        .with_state(edge);
    router.layer(middleware::from_fn(request_id::layer))
}

/// Pages and their files: compressed, because they are large and hold no secrets that an
/// attacker's input could be mixed with.
fn pages(edge: &Edge) -> Router<Arc<Edge>> {
    let mut router = Router::new();
    if !edge.config.no_playground {
        router = router
            .route("/playground", get(playground::page))
            .route("/playground/tabs", get(playground::tabs))
            .route("/playground/{name}", get(assets::playground));
    }
    if edge.config.has_dashboard() {
        let folder = Arc::new(edge.config.dashboard.clone());
        router = router
            .route("/demo/tokens", get(dashboard::tokens))
            .fallback(move |request| dashboard::file(Arc::clone(&folder), request));
    } else if !edge.config.no_playground {
        router = router.route("/", get(|| async { Redirect::temporary("/playground") }));
    }
    router.layer(CompressionLayer::new()).layer(page::policy())
}

/// A GET is a query, or wants to become a socket.
async fn graphql_get(
    State(edge): State<Arc<Edge>>,
    Extension(request_id): Extension<RequestId>,
    Extension(peer): Extension<Peer>,
    request: Request<Body>,
) -> Response {
    let (parts, _) = request.into_parts();
    if websocket::is_upgrade(&parts.headers) {
        return websocket::upgrade(edge, (request_id, peer), parts).await;
    }
    graphql::get(&edge, (request_id, peer), &parts.uri, &parts.headers).await
}

/// Pages of these origins may read the answers; others see none.
fn cors(origins: &[String]) -> CorsLayer {
    let origins = origins.iter().filter_map(|origin| HeaderValue::from_str(origin).ok());
    CorsLayer::new()
        .allow_origin(AllowOrigin::list(origins))
        .allow_methods([Method::GET, Method::POST, Method::PUT, Method::DELETE])
        .allow_headers([
            header::AUTHORIZATION,
            header::CONTENT_TYPE,
            HeaderName::from_static("x-request-id"),
            sse::TOKEN_HEADER,
        ])
        .expose_headers([HeaderName::from_static("x-request-id")])
}
