//! Bearer tokens: who sends a request. No token is nobody, a bad one is refused.

use axum::http::{HeaderMap, header};

use super::{Edge, clients::Peer, fault::Fault};
use crate::auth::{Identity, InvalidToken};

/// Who sends the request; `None` without a token.
///
/// # Errors
/// 401 when there is a token, and it does not count; 429 when there are too many of those.
pub async fn identify(
    edge: &Edge,
    headers: &HeaderMap,
    peer: Peer,
) -> Result<Option<Identity>, Fault> {
    let Some(value) = headers.get(header::AUTHORIZATION) else { return Ok(None) };
    let token = value.to_str().ok().and_then(bearer).ok_or(InvalidToken::Malformed);
    let identity = match token {
        Ok(token) => edge.verifier.verify(token).await,
        Err(malformed) => Err(malformed),
    };
    match identity {
        Ok(identity) => Ok(Some(identity)),
        Err(invalid) => {
            edge.clients.count_stranger(peer)?;
            Err(Fault::unauthorized(invalid.to_string()))
        }
    }
}

/// The token in `Bearer <token>`.
pub fn bearer(text: &str) -> Option<&str> {
    let (scheme, token) = text.trim().split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}
