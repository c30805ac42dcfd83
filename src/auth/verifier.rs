//! Verification, with a memory: the signature of a token that was good is not checked again.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use chrono::TimeDelta;
use jsonwebtoken::errors::{Error, ErrorKind};
use parking_lot::RwLock;
use quick_cache::sync::Cache;

use super::{
    Identity, Keys, LoadError,
    key_set::KeySet,
    keys::{LEEWAY_SECONDS, Undecoded},
    source::Source,
};
use crate::entity::clock;

/// Tokens that are remembered. A few hundred bytes each.
const REMEMBERED: usize = 10_000;
/// Longest token that is looked at, in bytes.
const MAX_TOKEN_BYTES: usize = 4_096;

/// Least time between two looks at the key set that tokens of unknown keys bring about.
const PAUSE: Duration = Duration::from_secs(10);

/// Verifies tokens; cheap to clone.
#[derive(Clone)]
pub struct Verifier {
    keys: Arc<Keys>,
    public: Arc<Public>,
    /// By the whole token: only the very text that was verified is let through again, and only
    /// as long as the keys are the same.
    verified: Arc<Cache<Box<str>, (u64, Identity)>>,
}

/// The public keys as they were last read.
struct Public {
    source: Option<Source>,
    current: RwLock<Generation>,
    /// When they were last read. Held while they are, so that it is done once.
    read_at: tokio::sync::Mutex<Option<Instant>>,
}

#[derive(Clone, Default)]
struct Generation {
    number: u64,
    text: Arc<[u8]>,
    keys: Arc<KeySet>,
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
    /// Accepts what `keys` signed. Public keys count once they are read: see
    /// [`Verifier::refresh`].
    ///
    /// # Errors
    /// When public keys are configured, and no client for them can be made.
    pub fn new(keys: Keys) -> Result<Self, LoadError> {
        let source = keys.location.as_ref().map(|(location, _)| Source::new(location));
        let public = Public {
            source: source.transpose()?,
            current: RwLock::default(),
            read_at: tokio::sync::Mutex::default(),
        };
        let verified = Arc::new(Cache::new(REMEMBERED));
        Ok(Self { keys: Arc::new(keys), public: Arc::new(public), verified })
    }

    /// The keys, to sign with.
    pub fn keys(&self) -> &Keys {
        &self.keys
    }

    /// Who holds this token. A key that is not known is looked for, now and then.
    ///
    /// # Errors
    /// When it is not one of ours, or has ended; also when it was remembered and has ended since.
    pub async fn verify(&self, token: &str) -> Result<Identity, InvalidToken> {
        let mut checked = self.check(token);
        if matches!(checked, Err(Undecoded::UnknownKey)) {
            self.look_for_new_keys().await;
            checked = self.check(token);
        }
        match checked {
            Ok(checked) => checked,
            Err(Undecoded::UnknownKey) => Err(InvalidToken::Untrusted),
            Err(Undecoded::Invalid(error)) => Err(reason(&error)),
        }
    }

    fn check(&self, token: &str) -> Result<Result<Identity, InvalidToken>, Undecoded> {
        if token.len() > MAX_TOKEN_BYTES {
            return Ok(Err(InvalidToken::Malformed));
        }
        let number = self.public.current.read().number;
        if let Some((_, identity)) = self.verified.get(token).filter(|(n, _)| *n == number) {
            let expired = identity.has_expired();
            return Ok(if expired { Err(InvalidToken::Expired) } else { Ok(identity) });
        }
        let Generation { number, keys, .. } = self.public.current.read().clone();
        let (claims, key) = self.keys.decode(token, &keys)?;
        let identity = Identity::try_from(claims).map(|identity| Identity { key, ..identity });
        if let Ok(identity) = &identity {
            self.verified.insert(token.into(), (number, identity.clone()));
        }
        Ok(identity)
    }

    /// Whether somebody who was let in may stay: the token has not ended, and its key was not
    /// withdrawn.
    ///
    /// # Errors
    /// Why not.
    pub fn check_again(&self, identity: &Identity) -> Result<(), InvalidToken> {
        if identity.has_expired() {
            return Err(InvalidToken::Expired);
        }
        let keys = || Arc::clone(&self.public.current.read().keys);
        match &identity.key {
            Some(key) if !keys().has(key) => Err(InvalidToken::Untrusted),
            Some(_) | None => Ok(()),
        }
    }

    /// Reads the public keys, where there are any. Those that are gone count no longer.
    ///
    /// # Errors
    /// When they cannot be read; those that were read before go on counting.
    pub async fn refresh(&self) -> Result<(), LoadError> {
        let mut read_at = self.public.read_at.lock().await;
        self.read_keys(&mut read_at).await
    }

    /// Reads the public keys again and again; never returns.
    pub async fn keep_fresh(&self) {
        let Some((_, period)) = self.keys.location else { return std::future::pending().await };
        loop {
            tokio::time::sleep(period.max(PAUSE)).await;
            if let Err(error) = self.refresh().await {
                tracing::warn!(%error, "the key set was not read again; the last one goes on counting");
            }
        }
    }

    async fn look_for_new_keys(&self) {
        let mut read_at = self.public.read_at.lock().await;
        if read_at.is_some_and(|at| at.elapsed() < PAUSE) {
            return;
        }
        if let Err(error) = self.read_keys(&mut read_at).await {
            tracing::warn!(%error, "a token names an unknown key, and the key set was not read again");
        }
    }

    async fn read_keys(&self, read_at: &mut Option<Instant>) -> Result<(), LoadError> {
        let Some(source) = &self.public.source else { return Ok(()) };
        *read_at = Some(Instant::now());
        let (text, keys) = source.load().await?;
        let mut current = self.public.current.write();
        if *current.text != *text {
            let number = current.number + 1;
            *current = Generation { number, text: text.into(), keys: Arc::new(keys) };
            tracing::info!(generation = number, "tokens are verified with new public keys");
        }
        Ok(())
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
mod tests;
