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
    let page = wants_page(&request).then(|| page_request(request.method().clone()));
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

fn page_request(method: Method) -> Request {
    let mut request = Request::new(Body::empty());
    *request.method_mut() = method;
    request
}

/// Pages have addresses of their own, which are no files. A script that asks for a path that is
/// not there must hear so, rather than get a page.
fn wants_page(request: &Request) -> bool {
    matches!(*request.method(), Method::GET | Method::HEAD) && accepts_html(request.headers())
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

#[cfg(test)]
mod tests {
    use super::*;

    /// A page's head is that of the page, wherever in the dashboard it is.
    #[tokio::test]
    async fn a_page_has_a_head() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("index.html"), "<p>").unwrap();
        let folder = Arc::new(folder.path().to_owned());
        for (path, accept, status) in
            [("/", "*/*", 200), ("/wallets", "text/html", 200), ("/wallets", "*/*", 404)]
        {
            for method in [Method::GET, Method::HEAD] {
                let request = Request::builder().method(&method).uri(path);
                let request = request.header(header::ACCEPT, accept).body(Body::empty()).unwrap();
                let response = file(Arc::clone(&folder), request).await;
                assert_eq!(response.status(), status, "{method} {path} for {accept}");
                let length = axum::body::to_bytes(response.into_body(), 100).await.unwrap().len();
                let expected = if method == Method::GET && status == 200 { 3 } else { 0 };
                assert_eq!(length, expected, "{method} {path} for {accept}");
            }
        }
    }
}
