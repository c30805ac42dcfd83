//! graphql-transport-ws, as <https://github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md>
//! has it. One task a socket: it reads, runs the socket's operations, and writes, so that a
//! reader who is slow holds back only its own operations.

mod auth;
mod origin;
mod protocol;
mod socket;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use axum::{
    extract::{FromRequestParts, WebSocketUpgrade},
    http::{HeaderMap, StatusCode, header, request::Parts},
    response::{IntoResponse, Response},
};

use super::{Edge, RequestId, auth::identify, clients::Peer, fault::Fault, media::Media};
use socket::Socket;

/// The only protocol that is spoken.
const PROTOCOL: &str = "graphql-transport-ws";
/// axum's own is 128 KiB a socket, which idle ones never need.
const READ_BUFFER_BYTES: usize = 4 * 1_024;

/// Whether the request asks to become a socket.
pub fn is_upgrade(headers: &HeaderMap) -> bool {
    headers
        .get(header::UPGRADE)
        .is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"websocket"))
}

/// Makes the request a socket, if it may be one.
pub async fn upgrade(
    edge: Arc<Edge>,
    (request_id, peer): (RequestId, Peer),
    mut parts: Parts,
) -> Response {
    match accept(&edge, (&request_id, peer), &mut parts).await {
        Ok(response) => response,
        Err(Refusal::Fault(fault)) => fault.into_response(Media::Json),
        Err(Refusal::NoSocket(response)) => response,
    }
}

enum Refusal {
    Fault(Fault),
    /// axum says what is wrong with the handshake.
    NoSocket(Response),
}

impl From<Fault> for Refusal {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

async fn accept(
    edge: &Arc<Edge>,
    (request_id, peer): (&RequestId, Peer),
    parts: &mut Parts,
) -> Result<Response, Refusal> {
    if !origin::is_allowed(&parts.headers, &edge.config.allow_origins) {
        return Err(
            Fault::new(StatusCode::FORBIDDEN, "pages of this origin may not connect").into()
        );
    }
    let identity = identify(edge, &parts.headers, peer).await?;
    let permit = Arc::clone(&edge.socket_permits).try_acquire_owned().map_err(|_| {
        Fault::new(StatusCode::SERVICE_UNAVAILABLE, "too many sockets are open; try again later")
    })?;
    let upgrade = WebSocketUpgrade::from_request_parts(parts, &())
        .await
        .map_err(|rejection| Refusal::NoSocket(rejection.into_response()))?;
    let upgrade = upgrade
        .protocols([PROTOCOL])
        .read_buffer_size(READ_BUFFER_BYTES)
        .max_message_size(edge.config.socket_message_bytes as usize)
        .max_frame_size(edge.config.socket_message_bytes as usize);
    let (edge, request_id) = (Arc::clone(edge), request_id.clone());
    let sockets = edge.sockets.clone();
    Ok(upgrade.on_upgrade(move |stream| {
        sockets.track_future(async move {
            Socket::new(edge, (request_id, peer), identity, stream).run().await;
            drop(permit);
        })
    }))
}
