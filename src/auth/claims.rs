//! What tokens hold.

use chrono::DateTime;
use serde::{Deserialize, Serialize};

use super::{Identity, InvalidToken, Role};
use crate::entity::Uid;

/// A token's claims, as this service writes them, and as others do: one `role`, or `roles` of
/// which some are not ours.
#[derive(Debug, Serialize, Deserialize)]
pub struct Claims {
    pub sub: String,
    pub exp: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub iat: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub iss: Option<String>,
    /// One text or several; only its check looks at it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub aud: Option<serde_json::Value>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub roles: Vec<String>,
}

impl Claims {
    /// The highest role named; somebody without one is a user.
    fn highest_role(&self) -> Role {
        let named = self.role.iter().chain(&self.roles);
        named.filter_map(|name| parse_role(name)).max().unwrap_or(Role::User)
    }
}

fn parse_role(name: &str) -> Option<Role> {
    match name {
        "USER" => Some(Role::User),
        "OPERATOR" => Some(Role::Operator),
        "ADMIN" => Some(Role::Admin),
        _ => None,
    }
}

impl TryFrom<Claims> for Identity {
    type Error = InvalidToken;

    fn try_from(claims: Claims) -> Result<Self, InvalidToken> {
        let uid = claims.sub.parse::<Uid>().map_err(|_| InvalidToken::Subject)?;
        let expires_at = DateTime::from_timestamp(claims.exp, 0).ok_or(InvalidToken::Malformed)?;
        Ok(Self { uid, role: claims.highest_role(), expires_at, key: None })
    }
}
