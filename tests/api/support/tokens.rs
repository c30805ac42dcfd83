//! Tokens, signed here rather than by the service, so that both sides of the contract are held.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use jsonwebtoken::{EncodingKey, Header};
use serde_json::json;
use wallet_bff::auth::Role;

/// The key that the instances under test trust.
pub const SECRET: &str = "a-secret-that-only-the-tests-know-0123456789";

/// A token for an hour.
pub fn token(role: Role, uid: &str) -> String {
    signed(SECRET, &json!({ "sub": uid, "role": role, "exp": seconds_from_now(3600) }))
}

/// A token that ended an hour ago.
pub fn expired_token(role: Role, uid: &str) -> String {
    signed(SECRET, &json!({ "sub": uid, "role": role, "exp": seconds_from_now(-3600) }))
}

/// Any claims, signed with HS256 by any key.
pub fn signed(secret: &str, claims: &serde_json::Value) -> String {
    let key = EncodingKey::from_secret(secret.as_bytes());
    jsonwebtoken::encode(&Header::default(), claims, &key).expect("HS256 signs anything")
}

/// A JWT's time, `offset` seconds from now.
pub fn seconds_from_now(offset: i64) -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
    i64::try_from(since.as_secs()).expect("for some time yet") + offset
}
