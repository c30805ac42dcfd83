//! Files that pages are made of, embedded in the binary.

use axum::{
    extract::Path,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};

/// One embedded file.
struct Asset {
    name: &'static str,
    media_type: &'static str,
    content: &'static [u8],
}

macro_rules! asset {
    ($name:literal, $path:literal, $media_type:literal) => {
        Asset {
            name: $name,
            media_type: $media_type,
            content: include_bytes!(concat!("../../assets/", $path)),
        }
    };
}

const PLAYGROUND: [Asset; 6] = [
    asset!("playground.js", "playground.js", "text/javascript; charset=utf-8"),
    asset!("playground.css", "playground.css", "text/css; charset=utf-8"),
    asset!("graphiql.min.js", "graphiql/graphiql.min.js", "text/javascript; charset=utf-8"),
    asset!("graphiql.min.css", "graphiql/graphiql.min.css", "text/css; charset=utf-8"),
    asset!(
        "react.production.min.js",
        "graphiql/react.production.min.js",
        "text/javascript; charset=utf-8"
    ),
    asset!(
        "react-dom.production.min.js",
        "graphiql/react-dom.production.min.js",
        "text/javascript; charset=utf-8"
    ),
];

/// `GET /playground/{name}`.
pub async fn playground(Path(name): Path<String>) -> Response {
    let Some(asset) = PLAYGROUND.iter().find(|asset| asset.name == name) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let headers = [
        (header::CONTENT_TYPE, asset.media_type),
        // Short: the files change with the binary, and their names do not.
        (header::CACHE_CONTROL, "public, max-age=3600"),
    ];
    (headers, asset.content).into_response()
}
