//! Bearer tokens: who sends a request. No token is nobody, a bad one is refused.

use axum::http::{HeaderMap, header};

use super::fault::Fault;
use crate::auth::{Identity, InvalidToken, Verifier};

/// Who sends the request; `None` without a token.
///
/// # Errors
/// 401 when there is a token, and it does not count.
pub async fn identify(verifier: &Verifier, headers: &HeaderMap) -> Result<Option<Identity>, Fault> {
    let Some(value) = headers.get(header::AUTHORIZATION) else { return Ok(None) };
    let token = value.to_str().ok().and_then(bearer).ok_or(InvalidToken::Malformed);
    let identity = match token {
        Ok(token) => verifier.verify(token).await,
        Err(malformed) => Err(malformed),
    };
    identity.map(Some).map_err(|invalid| Fault::unauthorized(invalid.to_string()))
}

/// The token in `Bearer <token>`.
pub fn bearer(text: &str) -> Option<&str> {
    let (scheme, token) = text.trim().split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}
