//! Which path does what.

use std::sync::Arc;

use axum::{
    Extension, Router,
    body::Body,
    extract::{Request, State},
    http::{HeaderName, HeaderValue, Method, header},
    response::{Redirect, Response},
    routing::get,
};
use tower::ServiceExt;
use tower_http::{
    compression::CompressionLayer,
    cors::{AllowOrigin, CorsLayer},
};

use super::{
    Edge, RequestId, assets, clients::Peer, dashboard, graphql, health, page, playground,
    request_id, sse, websocket,
};
use crate::telemetry;

/// Where GraphQL is spoken over HTTP.
const GRAPHQL: &str = "/graphql";

/// All paths of the service; cheap to clone.
#[derive(Clone)]
pub struct Endpoints {
    edge: Arc<Edge>,
    router: Router,
}

impl Endpoints {
    /// Those that are configured.
    pub fn new(edge: Arc<Edge>) -> Self {
        Self { router: router(Arc::clone(&edge)), edge }
    }

    /// Answers a request that came from there.
    pub async fn answer(&self, peer: Peer, request: Request) -> Response {
        request_id::named(request, |id, request| self.dispatch((id, peer), request)).await
    }

    /// Nearly all requests are posts to one path. They are spared the router, which boxes, clones
    /// and remembers things for each.
    async fn dispatch(&self, (id, peer): (RequestId, Peer), mut request: Request) -> Response {
        let cross_origin = !self.edge.config.allow_origins.is_empty();
        if request.method() == Method::POST && request.uri().path() == GRAPHQL && !cross_origin {
            return graphql::post(&self.edge, (id, peer), request).await;
        }
        request.extensions_mut().insert(id);
        request.extensions_mut().insert(peer);
        self.router.clone().oneshot(request).await.unwrap_or_else(|never| match never {})
    }
}

fn router(edge: Arc<Edge>) -> Router {
    let (mut graphql, mut stream) = (get(graphql_get).post(graphql_post), sse::routes());
    if !edge.config.allow_origins.is_empty() {
        let cors = cors(&edge.config.allow_origins);
        (graphql, stream) = (graphql.layer(cors.clone()), stream.layer(cors));
    }
    Router::new()
        .route(GRAPHQL, graphql)
        .route("/graphql/stream", stream)
        .route("/healthz", get(health::live))
        .route("/readyz", get(health::ready))
        .route("/metrics", get(telemetry::render_metrics))
        .merge(pages(&edge))
        .with_state(edge)
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

async fn graphql_post(
    State(edge): State<Arc<Edge>>,
    Extension(request_id): Extension<RequestId>,
    Extension(peer): Extension<Peer>,
    request: Request<Body>,
) -> Response {
    graphql::post(&edge, (request_id, peer), request).await
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
