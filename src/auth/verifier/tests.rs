//! Which tokens count.

use futures::FutureExt;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::{Value, json};

use super::*;
use crate::{
    auth::{
        Role,
        testing::{EC, Pem, RSA, jwk, signed},
    },
    config::testing,
};

const SECRET: &str = "0123456789abcdef0123456789abcdef";

fn verifier(flags: &[&str]) -> Verifier {
    let secret = format!("--jwt-secret={SECRET}");
    let flags: Vec<&str> = std::iter::once(secret.as_str()).chain(flags.iter().copied()).collect();
    let config = testing::parse(&flags).unwrap();
    Verifier::new(Keys::from_config(&config.auth).unwrap()).unwrap()
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
        let identity = verifier.verify(&token).now_or_never().expect("it need not wait").unwrap();
        assert_eq!((identity.uid, identity.role), (uid.clone(), Role::Operator));
    }
}

#[test]
fn the_highest_role_counts_and_unknown_ones_do_not() {
    let role = |claims| {
        verifier(&[])
            .verify(&token(&claims))
            .now_or_never()
            .expect("it need not wait")
            .unwrap()
            .role
    };
    let exp = in_seconds(60);
    assert_eq!(role(json!({"sub": "u1", "exp": exp, "roles": ["USER", "ADMIN"]})), Role::Admin);
    assert_eq!(role(json!({"sub": "u1", "exp": exp, "role": "OPERATOR"})), Role::Operator);
    assert_eq!(role(json!({"sub": "u1", "exp": exp, "role": "admin"})), Role::User);
    assert_eq!(role(json!({"sub": "u1", "exp": exp})), Role::User);
}

#[test]
fn clocks_may_differ_by_the_leeway_only() {
    let verify = |seconds| {
        verifier(&[])
            .verify(&token(&json!({"sub": "u1", "exp": in_seconds(seconds)})))
            .now_or_never()
            .expect("it need not wait")
    };
    assert!(verify(-20).is_ok());
    assert_eq!(verify(-40), Err(InvalidToken::Expired));
}

#[test]
fn a_remembered_token_still_ends() {
    let verifier = verifier(&[]);
    let exp = in_seconds(1 - LEEWAY_SECONDS as i64);
    let token = token(&json!({"sub": "u1", "exp": exp}));
    assert!(verifier.verify(&token).now_or_never().expect("it need not wait").is_ok());
    std::thread::sleep(Duration::from_millis(2_100));
    assert_eq!(
        verifier.verify(&token).now_or_never().expect("it need not wait"),
        Err(InvalidToken::Expired)
    );
}

#[test]
fn strangers_are_refused() {
    let exp = in_seconds(60);
    let good = json!({"sub": "u1", "exp": exp, "iss": "us", "aud": ["wallets", "other"]});
    let strict = verifier(&["--jwt-issuer=us", "--jwt-audience=wallets"]);
    assert!(strict.verify(&token(&good)).now_or_never().expect("it need not wait").is_ok());
    for (name, value) in [("iss", json!("them")), ("aud", json!("others")), ("nbf", json!(exp))] {
        let mut claims = good.clone();
        claims[name] = value;
        assert_eq!(
            strict.verify(&token(&claims)).now_or_never().expect("it need not wait"),
            Err(InvalidToken::Untrusted),
            "{name}"
        );
    }
    for missing in ["iss", "aud", "exp"] {
        let mut claims = good.clone();
        claims.as_object_mut().unwrap().remove(missing);
        assert!(
            strict.verify(&token(&claims)).now_or_never().expect("it need not wait").is_err(),
            "without {missing}"
        );
    }
    let unsigned = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJ1MSIsImV4cCI6OTk5OTk5OTk5OX0.";
    let tampered = format!("{}x", token(&good));
    for text in ["", "a.b.c", unsigned, &tampered, &"x".repeat(5_000)] {
        assert!(strict.verify(text).now_or_never().expect("it need not wait").is_err(), "{text}");
    }
    let odd = json!({"sub": "a b", "exp": exp});
    assert_eq!(
        verifier(&[]).verify(&token(&odd)).now_or_never().expect("it need not wait"),
        Err(InvalidToken::Subject)
    );
}

/// A verifier of a key set in a file, which knows no secret unless a flag says so.
fn with_key_set(folder: &tempfile::TempDir, keys: &[Value], flags: &[&str]) -> Verifier {
    publish(folder, keys);
    let flag = format!("--jwks-url={}", folder.path().join("keys.json").display());
    let flags: Vec<&str> = std::iter::once(flag.as_str()).chain(flags.iter().copied()).collect();
    let config = testing::parse(&flags).unwrap();
    Verifier::new(Keys::from_config(&config.auth).unwrap()).unwrap()
}

fn publish(folder: &tempfile::TempDir, keys: &[Value]) {
    let json = json!({ "keys": keys }).to_string();
    std::fs::write(folder.path().join("keys.json"), json).unwrap();
}

fn claims() -> Value {
    json!({"sub": "u1", "role": "ADMIN", "exp": in_seconds(60)})
}

#[tokio::test]
async fn keys_come_and_go_by_their_id() {
    let folder = tempfile::tempdir().unwrap();
    for pem in [RSA, EC] {
        let verifier = with_key_set(&folder, &[jwk(pem, "old")], &[]);
        let [old, new] = ["old", "new"].map(|id| signed(pem, Some(id), &claims()));
        for _ in 0..2 {
            assert_eq!(verifier.verify(&old).await.unwrap().role, Role::Admin);
        }
        publish(&folder, &[jwk(pem, "old"), jwk(pem, "new")]);
        verifier.refresh().await.unwrap();
        assert!(verifier.verify(&new).await.is_ok() && verifier.verify(&old).await.is_ok());
        publish(&folder, &[jwk(pem, "new")]);
        verifier.refresh().await.unwrap();
        assert_eq!(verifier.verify(&old).await, Err(InvalidToken::Untrusted));
        // What cannot be read changes nothing.
        std::fs::write(folder.path().join("keys.json"), "{").unwrap();
        assert!(verifier.refresh().await.is_err());
        assert!(verifier.verify(&new).await.is_ok());
    }
}

#[tokio::test]
async fn who_was_let_in_by_a_key_leaves_with_it() {
    let folder = tempfile::tempdir().unwrap();
    let verifier = with_key_set(&folder, &[jwk(EC, "a")], &[&format!("--jwt-secret={SECRET}")]);
    let by_key = verifier.verify(&signed(EC, Some("a"), &claims())).await.unwrap();
    let by_secret = verifier.verify(&token(&claims())).await.unwrap();
    assert_eq!(verifier.check_again(&by_key), Ok(()));
    // Its id alone is not the key.
    publish(&folder, &[jwk(RSA, "a")]);
    verifier.refresh().await.unwrap();
    assert_eq!(verifier.check_again(&by_key), Err(InvalidToken::Untrusted));
    assert_eq!(verifier.check_again(&by_secret), Ok(()));
}

#[tokio::test]
async fn an_unknown_key_is_looked_for_but_not_for_every_token() {
    let folder = tempfile::tempdir().unwrap();
    let verifier = with_key_set(&folder, &[jwk(EC, "a")], &[]);
    assert!(verifier.verify(&signed(EC, Some("a"), &claims())).await.is_ok(), "looked at once");
    publish(&folder, &[jwk(EC, "a"), jwk(EC, "b")]);
    let soon = verifier.verify(&signed(EC, Some("b"), &claims())).await;
    assert_eq!(soon, Err(InvalidToken::Untrusted), "looked again too soon");
}

#[tokio::test]
async fn one_algorithm_does_not_pass_for_another() {
    let folder = tempfile::tempdir().unwrap();
    let keys = [jwk(RSA, "rsa"), jwk(EC, "ec")];
    let verifier = with_key_set(&folder, &keys, &["--jwt-issuer=us"]);
    verifier.refresh().await.unwrap();
    let mut good = claims();
    good["iss"] = "us".into();
    for (pem, id) in [(RSA, Some("rsa")), (EC, Some("ec")), (RSA, None), (EC, None)] {
        assert!(verifier.verify(&signed(pem, id, &good)).await.is_ok(), "{id:?}");
    }
    // A public key as if it were a secret, which is what anybody has.
    let public = [keys[0]["n"].as_str().unwrap().as_bytes(), keys[0].to_string().as_bytes()]
        .map(|secret| encode(&hs256("rsa"), &good, &EncodingKey::from_secret(secret)).unwrap());
    let crossed = |pem: Pem, id| signed(pem, Some(id), &good);
    let other_issuer = signed(RSA, Some("rsa"), &claims());
    let unsigned = "eyJhbGciOiJub25lIiwia2lkIjoicnNhIn0.eyJzdWIiOiJ1MSIsImV4cCI6OTk5OTk5OTk5OX0.";
    for text in [
        &public[0],
        &public[1],
        &crossed(RSA, "ec"),
        &crossed(EC, "rsa"),
        &other_issuer,
        unsigned,
        &token(&good),
    ] {
        assert!(verifier.verify(text).await.is_err(), "{text}");
    }
}

fn hs256(id: &str) -> Header {
    Header { kid: Some(id.to_owned()), ..Header::new(Algorithm::HS256) }
}

#[tokio::test]
async fn a_secret_and_a_provider_count_side_by_side() {
    let folder = tempfile::tempdir().unwrap();
    let secret = format!("--jwt-secret={SECRET}");
    let verifier = with_key_set(&folder, &[jwk(EC, "a")], &[&secret]);
    assert!(verifier.verify(&token(&claims())).await.is_ok());
    assert!(verifier.verify(&signed(EC, Some("a"), &claims())).await.is_ok());
}

#[tokio::test]
async fn a_provider_is_asked_and_its_redirects_are_not_followed() {
    use axum::{Json, Router, response::Redirect, routing::get};
    let keys = json!({ "keys": [jwk(RSA, "a")] });
    let router = Router::new()
        .route("/keys", get(move || async move { Json(keys) }))
        .route("/moved", get(|| async { Redirect::temporary("/keys") }))
        .route("/large", get(|| async { "x".repeat(1_000_000) }));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async { axum::serve(listener, router).await });
    let at = |path: &str| {
        let config = testing::parse(&[&format!("--jwks-url=http://{address}/{path}")]).unwrap();
        Verifier::new(Keys::from_config(&config.auth).unwrap()).unwrap()
    };
    assert!(at("keys").verify(&signed(RSA, Some("a"), &claims())).await.is_ok());
    for path in ["moved", "large", "gone"] {
        assert!(at(path).refresh().await.is_err(), "{path}");
    }
}
