//! Where a key set is read.

use std::{path::PathBuf, time::Duration};

use futures::StreamExt;
use tokio::io::AsyncReadExt;

use super::key_set::{InvalidKeySet, KeySet};
use crate::config::KeySetLocation;

/// Largest key set that is read, in bytes.
const MAX_BYTES: usize = 256 * 1_024;
/// How long a provider may take.
const TIMEOUT: Duration = Duration::from_secs(5);

/// Where a key set is read.
pub enum Source {
    /// A file, which somebody else replaces.
    File(PathBuf),
    /// A provider's address.
    Url(reqwest::Client, url::Url),
}

/// A key set could not be loaded.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// No file, or none that may be read.
    #[error("cannot read the key set: {0}")]
    File(#[from] std::io::Error),
    /// The provider did not answer with one.
    #[error("cannot fetch the key set: {0}")]
    Url(#[from] reqwest::Error),
    /// More than a key set should have.
    #[error("the key set has more than {MAX_BYTES} bytes")]
    TooLarge,
    /// Something else was there.
    #[error("the key set cannot be used: {0}")]
    Invalid(#[from] InvalidKeySet),
}

impl Source {
    /// From configuration.
    ///
    /// # Errors
    /// When no client can be made.
    pub fn new(location: &KeySetLocation) -> Result<Self, LoadError> {
        Ok(match location {
            KeySetLocation::File(path) => Self::File(path.clone()),
            KeySetLocation::Url(url) => {
                // It fails where somebody installed another, which is as well.
                let _ = rustls::crypto::ring::default_provider().install_default();
                let client = reqwest::Client::builder()
                    .timeout(TIMEOUT)
                    .redirect(reqwest::redirect::Policy::none())
                    .build()?;
                Self::Url(client, url.clone())
            }
        })
    }

    /// The text of the set, and its keys.
    ///
    /// # Errors
    /// When there is none now.
    pub async fn load(&self) -> Result<(Vec<u8>, KeySet), LoadError> {
        let text = match self {
            Self::File(path) => {
                let mut text = Vec::new();
                let file = tokio::fs::File::open(path).await?;
                file.take(MAX_BYTES as u64 + 1).read_to_end(&mut text).await?;
                text
            }
            Self::Url(client, url) => {
                let answer = client.get(url.clone()).send().await?.error_for_status()?;
                let (mut text, mut parts) = (Vec::new(), answer.bytes_stream());
                while let Some(part) = parts.next().await {
                    text.extend_from_slice(&part?);
                    if text.len() > MAX_BYTES {
                        break;
                    }
                }
                text
            }
        };
        if text.len() > MAX_BYTES {
            return Err(LoadError::TooLarge);
        }
        let keys = KeySet::parse(&text)?;
        Ok((text, keys))
    }
}
