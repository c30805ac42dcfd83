//! The token in `connection_init`: browsers cannot set headers on a socket.

use serde_json::{Map, Value};

use crate::{
    auth::{Identity, InvalidToken, Verifier},
    http::auth::bearer,
};

/// Who opens the connection: `{"authorization": "Bearer …"}` in any case, or `{"token": "…"}`.
/// `None` when the payload holds neither.
///
/// # Errors
/// When it holds a token that does not count.
pub async fn identify(
    verifier: &Verifier,
    payload: &Map<String, Value>,
) -> Result<Option<Identity>, InvalidToken> {
    let header = payload.iter().find(|(name, _)| name.eq_ignore_ascii_case("authorization"));
    let token = match (header.map(|(_, value)| value), payload.get("token")) {
        (None | Some(Value::Null), None | Some(Value::Null)) => return Ok(None),
        (Some(Value::String(text)), _) => bearer(text),
        (_, Some(Value::String(text))) => Some(text.as_str()),
        _ => None,
    };
    verifier.verify(token.ok_or(InvalidToken::Malformed)?).await.map(Some)
}
