//! Public keys of an identity provider (RFC 7517). Each key is good for one algorithm, which its
//! type decides: what a token's header says only chooses among them.

use std::sync::Arc;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::{
    Algorithm, DecodingKey,
    jwk::{AlgorithmParameters, EllipticCurve, Jwk, KeyAlgorithm, PublicKeyUse, ThumbprintHash},
};
use serde::Deserialize;

/// Shortest RSA modulus that counts, in bytes.
const MIN_RSA_BYTES: usize = 256;
/// Most keys of a set: providers have a handful.
const MAX_KEYS: usize = 100;

/// Public keys by their ids.
#[derive(Default)]
pub struct KeySet(Vec<PublicKey>);

/// One of them.
pub struct PublicKey {
    id: Option<String>,
    algorithm: Algorithm,
    /// Tells it from others, also from one that has its id later.
    pub thumbprint: Arc<str>,
    /// The key itself.
    pub key: DecodingKey,
}

/// A text that is no key set, or has no key that could be used.
#[derive(Debug, thiserror::Error)]
pub enum InvalidKeySet {
    /// Not JSON, or JSON of something else.
    #[error("it is no JSON Web Key Set ({0})")]
    Malformed(#[from] serde_json::Error),
    /// No key that could be used.
    #[error("it has no key for RS256 (RSA of 2048 bits or more) or ES256 (EC, P-256)")]
    Empty,
}

impl KeySet {
    /// The keys of a set that can be used; others, such as those for encryption, are left out.
    ///
    /// # Errors
    /// When there are none.
    pub fn parse(json: &[u8]) -> Result<Self, InvalidKeySet> {
        #[derive(Deserialize)]
        struct Set {
            keys: Vec<serde_json::Value>,
        }
        let set: Set = serde_json::from_slice(json)?;
        let keys = set.keys.into_iter().take(MAX_KEYS);
        let keys = keys.filter_map(|key| PublicKey::of(&serde_json::from_value(key).ok()?));
        let keys: Vec<_> = keys.collect();
        if keys.is_empty() { Err(InvalidKeySet::Empty) } else { Ok(Self(keys)) }
    }

    /// The key of this id for this algorithm; without an id, the only one for it.
    pub fn find(&self, algorithm: Algorithm, id: Option<&str>) -> Option<&PublicKey> {
        let mut keys = self.0.iter().filter(|key| key.algorithm == algorithm);
        match id {
            Some(id) => keys.find(|key| key.id.as_deref() == Some(id)),
            None => keys.next().filter(|_| keys.next().is_none()),
        }
    }

    /// Whether the key of this thumbprint is one of them.
    pub fn has(&self, thumbprint: &str) -> bool {
        self.0.iter().any(|key| *key.thumbprint == *thumbprint)
    }
}

impl PublicKey {
    fn of(jwk: &Jwk) -> Option<Self> {
        // A symmetric key in a public set is no secret.
        let (algorithm, named) = match &jwk.algorithm {
            AlgorithmParameters::RSA(rsa) if is_long(&rsa.n) => {
                (Algorithm::RS256, KeyAlgorithm::RS256)
            }
            AlgorithmParameters::EllipticCurve(ec) if ec.curve == EllipticCurve::P256 => {
                (Algorithm::ES256, KeyAlgorithm::ES256)
            }
            _ => return None,
        };
        let common = &jwk.common;
        let signs = matches!(common.public_key_use, None | Some(PublicKeyUse::Signature));
        if !signs || common.key_algorithm.is_some_and(|algorithm| algorithm != named) {
            return None;
        }
        let key = DecodingKey::from_jwk(jwk).ok()?;
        let thumbprint = jwk.thumbprint(ThumbprintHash::SHA256).ok()?.into();
        Some(Self { id: common.key_id.clone(), algorithm, thumbprint, key })
    }
}

fn is_long(modulus: &str) -> bool {
    URL_SAFE_NO_PAD.decode(modulus).is_ok_and(|bytes| {
        let leading = bytes.iter().take_while(|byte| **byte == 0).count();
        bytes.len() - leading >= MIN_RSA_BYTES
    })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::auth::testing::{EC, RSA, jwk};

    fn found(keys: &[Value], algorithm: Algorithm, id: Option<&str>) -> bool {
        let json = json!({ "keys": keys }).to_string();
        KeySet::parse(json.as_bytes()).is_ok_and(|set| set.find(algorithm, id).is_some())
    }

    #[test]
    fn a_key_is_good_for_its_own_algorithm_only() {
        use Algorithm::{ES256, HS256, RS256, RS384};
        let keys = [jwk(RSA, "a"), jwk(EC, "b")];
        for (algorithm, id, expected) in [
            (RS256, Some("a"), true),
            (ES256, Some("b"), true),
            (RS256, Some("b"), false),
            (ES256, Some("a"), false),
            (HS256, Some("a"), false),
            (RS384, Some("a"), false),
            (RS256, Some("c"), false),
            (RS256, None, true),
        ] {
            assert_eq!(found(&keys, algorithm, id), expected, "{algorithm:?} {id:?}");
        }
        let two = [jwk(RSA, "a"), jwk(RSA, "b")];
        assert!(!found(&two, RS256, None), "without an id it is not clear which");
    }

    #[test]
    fn keys_that_do_not_sign_or_are_weak_are_left_out() {
        let with = |name: &str, value: &str| {
            let mut key = jwk(RSA, "a");
            key[name] = value.into();
            key
        };
        for key in [
            with("use", "enc"),
            with("alg", "RS512"),
            with("alg", "HS256"),
            with("n", "AQAB"),
            with("n", &URL_SAFE_NO_PAD.encode([0xff; MIN_RSA_BYTES - 1])),
            json!({"kty": "oct", "kid": "a", "k": "MDEyMzQ1Njc4OWFiY2RlZg", "alg": "HS256"}),
            json!({"kty": "new", "kid": "a"}),
            json!(1),
        ] {
            assert!(!found(std::slice::from_ref(&key), Algorithm::RS256, Some("a")), "{key}");
            assert!(found(&[key, jwk(EC, "b")], Algorithm::ES256, Some("b")), "the rest stays");
        }
        assert!(KeySet::parse(b"[]").is_err() && KeySet::parse(b"{").is_err());
    }
}
