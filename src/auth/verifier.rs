//! Verification, with a memory: the signature of a token that was good is not checked again.

use std::sync::Arc;

use chrono::TimeDelta;
use jsonwebtoken::errors::{Error, ErrorKind};
use moka::sync::Cache;

use super::{Identity, Keys, claims::Claims, keys::LEEWAY_SECONDS};
use crate::entity::clock;

/// Tokens that are remembered. A few hundred bytes each.
const REMEMBERED: u64 = 10_000;
/// Longest token that is looked at, in bytes.
const MAX_TOKEN_BYTES: usize = 4_096;

/// Verifies tokens; cheap to clone.
#[derive(Clone)]
pub struct Verifier {
    keys: Arc<Keys>,
    /// By the whole token: only the very text that was verified is let through again.
    verified: Cache<Box<str>, Identity>,
}

/// Why a token does not count. The text is for the caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidToken {
    /// Not a token.
    #[error("the token is malformed; send `Authorization: Bearer <token>`")]
    Malformed,
    /// Signed by somebody else, for somebody else, or not yet valid.
    #[error("the token is not signed by, or not meant for, this service")]
    Untrusted,
    /// Ended.
    #[error("the token has expired; get a new one")]
    Expired,
    /// Its `sub` is no uid.
    #[error("the token's subject must be 1 to 64 letters, digits or _ - . : @")]
    Subject,
}

impl Verifier {
    /// Accepts what `keys` signed.
    pub fn new(keys: Keys) -> Self {
        Self { keys: Arc::new(keys), verified: Cache::new(REMEMBERED) }
    }

    /// The keys, to sign with.
    pub fn keys(&self) -> &Keys {
        &self.keys
    }

    /// Who holds this token.
    ///
    /// # Errors
    /// When it is not one of ours, or has ended; also when it was remembered and has ended since.
    pub fn verify(&self, token: &str) -> Result<Identity, InvalidToken> {
        if token.len() > MAX_TOKEN_BYTES {
            return Err(InvalidToken::Malformed);
        }
        if let Some(identity) = self.verified.get(token) {
            return if identity.has_expired() { Err(InvalidToken::Expired) } else { Ok(identity) };
        }
        let claims: Claims = self.keys.decode(token).map_err(|error| reason(&error))?;
        let identity = Identity::try_from(claims)?;
        self.verified.insert(token.into(), identity.clone());
        Ok(identity)
    }
}

impl Identity {
    /// Whether the token has ended, with the leeway that was granted when it was verified.
    pub fn has_expired(&self) -> bool {
        self.remaining() == TimeDelta::zero()
    }

    /// How long the token still counts, leeway included; zero when it has ended.
    pub fn remaining(&self) -> TimeDelta {
        let end = self.expires_at + TimeDelta::seconds(LEEWAY_SECONDS as i64);
        (end - clock::now()).max(TimeDelta::zero())
    }
}

fn reason(error: &Error) -> InvalidToken {
    match error.kind() {
        ErrorKind::ExpiredSignature => InvalidToken::Expired,
        ErrorKind::InvalidToken
        | ErrorKind::Base64(_)
        | ErrorKind::Json(_)
        | ErrorKind::Utf8(_) => InvalidToken::Malformed,
        _ => InvalidToken::Untrusted,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
    use serde_json::{Value, json};

    use super::*;
    use crate::{auth::Role, config::testing};

    const SECRET: &str = "0123456789abcdef0123456789abcdef";

    fn verifier(flags: &[&str]) -> Verifier {
        let secret = format!("--jwt-secret={SECRET}");
        let flags: Vec<&str> =
            std::iter::once(secret.as_str()).chain(flags.iter().copied()).collect();
        let config = testing::parse(&flags).unwrap();
        Verifier::new(Keys::from_config(&config.auth).unwrap())
    }

    fn token(claims: &Value) -> String {
        let key = EncodingKey::from_secret(SECRET.as_bytes());
        encode(&Header::new(Algorithm::HS256), claims, &key).unwrap()
    }

    fn in_seconds(seconds: i64) -> i64 {
        clock::now().timestamp() + seconds
    }

    #[test]
    fn what_was_signed_is_verified() {
        let verifier = verifier(&["--jwt-issuer=us", "--jwt-audience=wallets"]);
        let uid = "u000001".parse().unwrap();
        let token = verifier.keys().sign(&uid, Role::Operator, Duration::from_secs(60)).unwrap();
        for _ in 0..2 {
            let identity = verifier.verify(&token).unwrap();
            assert_eq!((identity.uid, identity.role), (uid.clone(), Role::Operator));
        }
    }

    #[test]
    fn the_highest_role_counts_and_unknown_ones_do_not() {
        let role = |claims| verifier(&[]).verify(&token(&claims)).unwrap().role;
        let exp = in_seconds(60);
        assert_eq!(role(json!({"sub": "u1", "exp": exp, "roles": ["USER", "ADMIN"]})), Role::Admin);
        assert_eq!(role(json!({"sub": "u1", "exp": exp, "role": "OPERATOR"})), Role::Operator);
        assert_eq!(role(json!({"sub": "u1", "exp": exp, "role": "admin"})), Role::User);
        assert_eq!(role(json!({"sub": "u1", "exp": exp})), Role::User);
    }

    #[test]
    fn clocks_may_differ_by_the_leeway_only() {
        let verify = |seconds| {
            verifier(&[]).verify(&token(&json!({"sub": "u1", "exp": in_seconds(seconds)})))
        };
        assert!(verify(-20).is_ok());
        assert_eq!(verify(-40), Err(InvalidToken::Expired));
    }

    #[test]
    fn a_remembered_token_still_ends() {
        let verifier = verifier(&[]);
        let exp = in_seconds(1 - LEEWAY_SECONDS as i64);
        let token = token(&json!({"sub": "u1", "exp": exp}));
        assert!(verifier.verify(&token).is_ok());
        std::thread::sleep(Duration::from_millis(2_100));
        assert_eq!(verifier.verify(&token), Err(InvalidToken::Expired));
    }

    #[test]
    fn strangers_are_refused() {
        let exp = in_seconds(60);
        let good = json!({"sub": "u1", "exp": exp, "iss": "us", "aud": ["wallets", "other"]});
        let strict = verifier(&["--jwt-issuer=us", "--jwt-audience=wallets"]);
        assert!(strict.verify(&token(&good)).is_ok());
        for (name, value) in [("iss", json!("them")), ("aud", json!("others")), ("nbf", json!(exp))]
        {
            let mut claims = good.clone();
            claims[name] = value;
            assert_eq!(strict.verify(&token(&claims)), Err(InvalidToken::Untrusted), "{name}");
        }
        for missing in ["iss", "aud", "exp"] {
            let mut claims = good.clone();
            claims.as_object_mut().unwrap().remove(missing);
            assert!(strict.verify(&token(&claims)).is_err(), "without {missing}");
        }
        let unsigned = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJ1MSIsImV4cCI6OTk5OTk5OTk5OX0.";
        let tampered = format!("{}x", token(&good));
        for text in ["", "a.b.c", unsigned, &tampered, &"x".repeat(5_000)] {
            assert!(strict.verify(text).is_err(), "{text}");
        }
        let odd = json!({"sub": "a b", "exp": exp});
        assert_eq!(verifier(&[]).verify(&token(&odd)), Err(InvalidToken::Subject));
    }
}
