//! How an OpenTelemetry collector is spoken to: by the HTTP client that is there anyway.

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::{Request, Response};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use opentelemetry_http::{HttpClient, HttpError};
use rustls::{ClientConfig, RootCertStore, crypto::ring::default_provider};
use tokio::runtime::Handle;

/// How long a collector may take, an answer included.
const TIMEOUT: Duration = Duration::from_secs(5);
/// Longest answer that is read, in bytes.
const MAX_ANSWER_BYTES: usize = 64 * 1_024;

/// A connection to the collector.
#[derive(Clone, Debug)]
pub struct Collector {
    client: Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
    /// Spans are sent from a thread of their own, and connections live here.
    runtime: Handle,
    /// Whether it was said that it is away.
    away: Arc<AtomicBool>,
}

impl Collector {
    /// Connects when there is something to send. Within a Tokio runtime.
    ///
    /// # Errors
    /// When it speaks TLS, and this host has no certificates to know it by.
    pub fn new(endpoint: &url::Url) -> io::Result<Self> {
        let (builder, provider) = (HttpsConnectorBuilder::new(), Arc::new(default_provider()));
        let builder = match endpoint.scheme() {
            "https" => builder.with_provider_and_native_roots(provider)?,
            // A host without certificates may still have a collector beside it.
            _ => builder.with_tls_config(
                ClientConfig::builder_with_provider(provider)
                    .with_safe_default_protocol_versions()
                    .map_err(io::Error::other)?
                    .with_root_certificates(RootCertStore::empty())
                    .with_no_client_auth(),
            ),
        };
        let connector = builder.https_or_http().enable_http1().build();
        Ok(Self {
            client: Client::builder(TokioExecutor::new()).build(connector),
            runtime: Handle::current(),
            away: Arc::default(),
        })
    }

    async fn send(self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let sending = async {
            let (parts, body) = self.client.request(request.map(Full::new)).await?.into_parts();
            let body = Limited::new(body, MAX_ANSWER_BYTES).collect().await?.to_bytes();
            Ok::<_, HttpError>(Response::from_parts(parts, body))
        };
        let answer = tokio::time::timeout(TIMEOUT, sending).await.unwrap_or_else(|e| Err(e.into()));
        let failure = match &answer {
            Ok(answer) if answer.status().is_success() => None,
            Ok(answer) => Some(format!("it answers {}", answer.status())),
            Err(error) => Some(error.to_string()),
        };
        let was_away = self.away.swap(failure.is_some(), Ordering::Relaxed);
        match failure {
            Some(error) if !was_away => {
                tracing::warn!(error, "traces cannot be sent, and are lost");
            }
            None if was_away => tracing::info!("traces are sent again"),
            Some(_) | None => {}
        }
        answer
    }
}

#[async_trait]
impl HttpClient for Collector {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        self.runtime.spawn(self.clone().send(request)).await?
    }
}
