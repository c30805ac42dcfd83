//! Keys that are published here, and good for nothing else.

use jsonwebtoken::{Algorithm, EncodingKey, Header, encode, jwk::Jwk};
use serde_json::Value;

pub type Pem = (Algorithm, &'static [u8]);

pub const RSA: Pem = (Algorithm::RS256, include_bytes!("fixtures/rsa.pem"));
pub const EC: Pem = (Algorithm::ES256, include_bytes!("fixtures/ec.pem"));

fn key((algorithm, pem): Pem) -> EncodingKey {
    match algorithm {
        Algorithm::ES256 => EncodingKey::from_ec_pem(pem).unwrap(),
        _ => EncodingKey::from_rsa_pem(pem).unwrap(),
    }
}

/// The public half, as providers publish it.
pub fn jwk(pem: Pem, id: &str) -> Value {
    let mut jwk = Jwk::from_encoding_key(&key(pem), pem.0).unwrap();
    jwk.common.key_id = Some(id.to_owned());
    serde_json::to_value(jwk).unwrap()
}

/// Claims, signed.
pub fn signed(pem: Pem, id: Option<&str>, claims: &Value) -> String {
    let header = Header { kid: id.map(str::to_owned), ..Header::new(pem.0) };
    encode(&header, claims, &key(pem)).unwrap()
}
