//! The dashboard: the files that Vite built, and the tokens that its sign-in offers in a demo.

use std::{path::PathBuf, sync::Arc};

use axum::{
    Json,
    body::Body,
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, Method, StatusCode, header},
    response::{IntoResponse, Response},
};
use tower::ServiceExt;
use tower_http::services::{ServeDir, ServeFile};

use super::Edge;

/// Vite puts a hash of the content into the names of what is below.
const HASHED: &str = "/assets/";

/// `GET /demo/tokens`: a list of `{role, uid, token}`, which is empty unless this is a demo.
pub async fn tokens(State(edge): State<Arc<Edge>>) -> Response {
    ([(header::CACHE_CONTROL, "no-store")], Json(&edge.offered_tokens)).into_response()
}

/// A file of `folder`, or, where a browser asks for a page, the page that shows them all.
pub async fn file(folder: Arc<PathBuf>, request: Request) -> Response {
    let kept = cache_control(request.uri().path());
    let page = wants_page(&request).then(|| Request::new(Body::empty()));
    // Nothing here is a folder's page, and `//somewhere` with a slash more is another site's address.
    let files = ServeDir::new(&*folder).redirect_to_trailing_slash(false);
    let Ok(mut response) = files.oneshot(request).await;
    if let (Some(request), StatusCode::NOT_FOUND) = (page, response.status()) {
        let Ok(index) = ServeFile::new(folder.join("index.html")).oneshot(request).await;
        response = index;
    }
    if response.status().is_success() {
        response.headers_mut().insert(header::CACHE_CONTROL, kept);
    }
    response.into_response()
}

/// Pages have addresses of their own, which are no files. A script that asks for a path that is
/// not there must hear so, rather than get a page.
fn wants_page(request: &Request) -> bool {
    request.method() == Method::GET && accepts_html(request.headers())
}

fn accepts_html(headers: &HeaderMap) -> bool {
    let accept = headers.get(header::ACCEPT).and_then(|accept| accept.to_str().ok());
    accept.is_some_and(|accept| accept.contains("text/html"))
}

fn cache_control(path: &str) -> HeaderValue {
    HeaderValue::from_static(if path.starts_with(HASHED) {
        "public, max-age=31536000, immutable"
    } else {
        "no-cache"
    })
}
