//! Where a key set is read.

use std::{path::PathBuf, sync::Arc, time::Duration};

use bytes::Bytes;
use http_body_util::{BodyExt, Empty, LengthLimitError, Limited};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
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
    /// A provider's address. Redirects are not followed: keys come from there, or not at all.
    Url(Box<Client<HttpsConnector<HttpConnector>, Empty<Bytes>>>, hyper::Uri),
}

/// A key set could not be loaded.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// No file, or none that may be read; or no certificates to know a provider by.
    #[error("cannot read the key set: {0}")]
    File(#[from] std::io::Error),
    /// The provider cannot be reached, or says something that is no answer.
    #[error("cannot fetch the key set: {0}")]
    Url(Box<dyn std::error::Error + Send + Sync>),
    /// The provider refuses.
    #[error("cannot fetch the key set: the provider answers {0}")]
    Status(hyper::StatusCode),
    /// The provider does not answer in time.
    #[error("cannot fetch the key set: no answer within {TIMEOUT:?}")]
    Timeout,
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
    /// When this host has no certificates to know a provider by.
    pub fn new(location: &KeySetLocation) -> Result<Self, LoadError> {
        Ok(match location {
            KeySetLocation::File(path) => Self::File(path.clone()),
            KeySetLocation::Url(url) => {
                // Named, because it is not for a library to choose one for the whole process.
                let provider = Arc::new(rustls::crypto::ring::default_provider());
                let connector = HttpsConnectorBuilder::new()
                    .with_provider_and_native_roots(provider)?
                    .https_or_http()
                    .enable_http1()
                    .build();
                let uri = url.as_str().parse::<hyper::Uri>();
                let uri = uri.map_err(|error| LoadError::Url(error.into()))?;
                Self::Url(Box::new(Client::builder(TokioExecutor::new()).build(connector)), uri)
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
            Self::Url(client, uri) => {
                let fetched = tokio::time::timeout(TIMEOUT, fetch(client, uri)).await;
                fetched.map_err(|_| LoadError::Timeout)??
            }
        };
        if text.len() > MAX_BYTES {
            return Err(LoadError::TooLarge);
        }
        let keys = KeySet::parse(&text)?;
        Ok((text, keys))
    }
}

async fn fetch(
    client: &Client<HttpsConnector<HttpConnector>, Empty<Bytes>>,
    uri: &hyper::Uri,
) -> Result<Vec<u8>, LoadError> {
    let answer = client.get(uri.clone()).await.map_err(|error| LoadError::Url(error.into()))?;
    if !answer.status().is_success() {
        return Err(LoadError::Status(answer.status()));
    }
    let body = Limited::new(answer.into_body(), MAX_BYTES).collect().await;
    body.map(|body| body.to_bytes().into()).map_err(|error| match error.is::<LengthLimitError>() {
        true => LoadError::TooLarge,
        false => LoadError::Url(error),
    })
}
