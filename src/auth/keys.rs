//! Keys that tokens are signed with. Today one HS256 secret; key sets with RS256 and ES256
//! belong here too, chosen by the token's `kid`.

use std::time::Duration;

use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, encode};

use super::{Role, claims::Claims};
use crate::{
    config::{AuthConfig, Secret},
    entity::{Uid, clock},
};

/// How far clocks may be apart, in seconds.
pub const LEEWAY_SECONDS: u64 = 30;

/// Whose tokens count.
pub struct Keys {
    decoding: DecodingKey,
    encoding: EncodingKey,
    validation: Validation,
    issuer: Option<String>,
    audience: Option<String>,
}

/// A token could not be signed.
#[derive(Debug, thiserror::Error)]
#[error("a token could not be signed: {0}")]
pub struct SignError(#[from] jsonwebtoken::errors::Error);

impl Keys {
    /// From configuration; `None` when it names no key.
    pub fn from_config(config: &AuthConfig) -> Option<Self> {
        config.jwt_secret.as_ref().map(|secret| Self::hs256(secret, config))
    }

    fn hs256(secret: &Secret, config: &AuthConfig) -> Self {
        let bytes = secret.expose().as_bytes();
        let mut validation = Validation::new(Algorithm::HS256);
        validation.leeway = LEEWAY_SECONDS;
        validation.validate_nbf = true;
        // A claim that is to be checked is also required: a token without it is not for us.
        let mut required = vec!["exp", "sub"];
        validation.validate_aud = config.jwt_audience.is_some();
        if let Some(audience) = &config.jwt_audience {
            validation.set_audience(&[audience]);
            required.push("aud");
        }
        if let Some(issuer) = &config.jwt_issuer {
            validation.set_issuer(&[issuer]);
            required.push("iss");
        }
        validation.set_required_spec_claims(&required);
        Self {
            decoding: DecodingKey::from_secret(bytes),
            encoding: EncodingKey::from_secret(bytes),
            validation,
            issuer: config.jwt_issuer.clone(),
            audience: config.jwt_audience.clone(),
        }
    }

    pub(super) fn decode(&self, token: &str) -> jsonwebtoken::errors::Result<Claims> {
        jsonwebtoken::decode(token, &self.decoding, &self.validation).map(|data| data.claims)
    }

    /// A token for `uid` that ends `ttl` from now.
    ///
    /// # Errors
    /// When the key cannot sign.
    pub fn sign(&self, uid: &Uid, role: Role, ttl: Duration) -> Result<String, SignError> {
        let ttl = i64::try_from(ttl.as_secs()).unwrap_or(i64::MAX);
        self.sign_until(uid, role, clock::now().timestamp().saturating_add(ttl))
    }

    /// A token for `uid` that ends at `exp`, in seconds since 1970, which may be past.
    ///
    /// # Errors
    /// When the key cannot sign.
    pub fn sign_until(&self, uid: &Uid, role: Role, exp: i64) -> Result<String, SignError> {
        let claims = Claims {
            sub: uid.to_string(),
            iat: Some(clock::now().timestamp()),
            exp,
            iss: self.issuer.clone(),
            aud: self.audience.clone().map(Into::into),
            role: Some(role_name(role).to_owned()),
            roles: Vec::new(),
        };
        Ok(encode(&Header::new(Algorithm::HS256), &claims, &self.encoding)?)
    }
}

fn role_name(role: Role) -> &'static str {
    match role {
        Role::User => "USER",
        Role::Operator => "OPERATOR",
        Role::Admin => "ADMIN",
    }
}
