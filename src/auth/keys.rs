//! Keys that tokens are signed with: a secret (HS256), public keys of a provider (RS256, ES256),
//! or both.

use std::{sync::Arc, time::Duration};

use jsonwebtoken::{
    Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, decode_header, encode,
    errors::{Error, ErrorKind},
};

use super::{Role, claims::Claims, key_set::KeySet};
use crate::{
    config::{AuthConfig, KeySetLocation, Secret},
    entity::{Uid, clock},
};

/// How far clocks may be apart, in seconds.
pub const LEEWAY_SECONDS: u64 = 30;

/// Whose tokens count.
pub struct Keys {
    secret: Option<SharedSecret>,
    /// Where the public keys are, and how often to look.
    pub(super) location: Option<(KeySetLocation, Duration)>,
    issuer: Option<String>,
    audience: Option<String>,
}

struct SharedSecret {
    decoding: DecodingKey,
    encoding: EncodingKey,
}

/// A token could not be signed.
#[derive(Debug, thiserror::Error)]
pub enum SignError {
    /// Public keys do not sign.
    #[error("there is no secret to sign with; set JWT_SECRET")]
    NoSecret,
    /// The secret cannot.
    #[error("a token could not be signed: {0}")]
    Failed(#[from] Error),
}

/// Why a token was not decoded.
pub(super) enum Undecoded {
    /// No key of its id is known, for its algorithm.
    UnknownKey,
    /// It is not good.
    Invalid(Error),
}

impl From<Error> for Undecoded {
    fn from(error: Error) -> Self {
        Self::Invalid(error)
    }
}

impl Keys {
    /// From configuration; `None` when it names no key.
    pub fn from_config(config: &AuthConfig) -> Option<Self> {
        if config.jwt_secret.is_none() && config.jwks_url.is_none() {
            return None;
        }
        Some(Self {
            secret: config.jwt_secret.as_ref().map(SharedSecret::new),
            location: config.jwks_url.clone().map(|location| (location, config.jwks_refresh)),
            issuer: config.jwt_issuer.clone(),
            audience: config.jwt_audience.clone(),
        })
    }

    /// The claims, and the thumbprint of the public key that vouches for them. The algorithm is the
    /// key's; the token's header says which key.
    pub(super) fn decode(
        &self,
        token: &str,
        public: &KeySet,
    ) -> Result<(Claims, Option<Arc<str>>), Undecoded> {
        let header = decode_header(token)?;
        let (key, thumbprint) = match (header.alg, &self.secret) {
            (Algorithm::HS256, Some(secret)) => (&secret.decoding, None),
            (Algorithm::RS256 | Algorithm::ES256, _) if self.location.is_some() => {
                let id = header.kid.as_deref();
                let public = public.find(header.alg, id).ok_or(Undecoded::UnknownKey)?;
                (&public.key, Some(Arc::clone(&public.thumbprint)))
            }
            _ => return Err(Error::from(ErrorKind::InvalidAlgorithm).into()),
        };
        Ok((decode(token, key, &self.validation(header.alg))?.claims, thumbprint))
    }

    fn validation(&self, algorithm: Algorithm) -> Validation {
        let mut validation = Validation::new(algorithm);
        validation.leeway = LEEWAY_SECONDS;
        validation.validate_nbf = true;
        // A claim that is to be checked is also required: a token without it is not for us.
        let mut required = vec!["exp", "sub"];
        validation.validate_aud = self.audience.is_some();
        if let Some(audience) = &self.audience {
            validation.set_audience(&[audience]);
            required.push("aud");
        }
        if let Some(issuer) = &self.issuer {
            validation.set_issuer(&[issuer]);
            required.push("iss");
        }
        validation.set_required_spec_claims(&required);
        validation
    }

    /// A token for `uid` that ends `ttl` from now.
    ///
    /// # Errors
    /// When there is no secret, or it cannot sign.
    pub fn sign(&self, uid: &Uid, role: Role, ttl: Duration) -> Result<String, SignError> {
        let ttl = i64::try_from(ttl.as_secs()).unwrap_or(i64::MAX);
        self.sign_until(uid, role, clock::now().timestamp().saturating_add(ttl))
    }

    /// A token for `uid` that ends at `exp`, in seconds since 1970, which may be past.
    ///
    /// # Errors
    /// When there is no secret, or it cannot sign.
    pub fn sign_until(&self, uid: &Uid, role: Role, exp: i64) -> Result<String, SignError> {
        let secret = self.secret.as_ref().ok_or(SignError::NoSecret)?;
        let claims = Claims {
            sub: uid.to_string(),
            iat: Some(clock::now().timestamp()),
            exp,
            iss: self.issuer.clone(),
            aud: self.audience.clone().map(Into::into),
            role: Some(role_name(role).to_owned()),
            roles: Vec::new(),
        };
        Ok(encode(&Header::new(Algorithm::HS256), &claims, &secret.encoding)?)
    }
}

impl SharedSecret {
    fn new(secret: &Secret) -> Self {
        let bytes = secret.expose().as_bytes();
        Self {
            decoding: DecodingKey::from_secret(bytes),
            encoding: EncodingKey::from_secret(bytes),
        }
    }
}

fn role_name(role: Role) -> &'static str {
    match role {
        Role::User => "USER",
        Role::Operator => "OPERATOR",
        Role::Admin => "ADMIN",
    }
}
