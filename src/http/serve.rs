//! Connections: taken, bounded, and let go. axum's own loop sets no timeouts and no bounds.

use std::{convert::Infallible, io, net::SocketAddr, sync::Arc, time::Duration};

use axum::{body::Body, extract::Request};
use hyper::{body::Incoming, service::service_fn};
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::{conn::auto::Builder, graceful::GracefulShutdown},
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore},
};
use tokio_util::sync::CancellationToken;

use super::{
    clients::Peer, forwarded::Proxies, prompt::Prompt, router::Endpoints, workers::Workers,
};
use crate::config::HttpConfig;

/// How often an HTTP/2 connection must show that it lives.
const PING_INTERVAL: Duration = Duration::from_secs(20);
/// Most requests under way on one HTTP/2 connection.
const MAX_STREAMS: u32 = 200;
/// How long to wait when no connection can be taken, as when files run out.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// What connections may do, and who may speak for others.
pub struct Bounds {
    max_connections: usize,
    header_timeout: Duration,
    proxies: Proxies,
}

impl Bounds {
    /// As configured.
    pub fn new(config: &HttpConfig) -> Self {
        Self {
            max_connections: config.max_connections as usize,
            header_timeout: config.header_timeout,
            proxies: Proxies::new(config.trusted_proxies.clone()),
        }
    }
}

/// Serves until `stop`; then takes no more, and returns when those that are open have ended
/// their requests.
pub async fn serve(
    listener: TcpListener,
    (endpoints, workers): (Endpoints, Arc<Workers>),
    bounds: Bounds,
    stop: CancellationToken,
) {
    let builder = Arc::new(builder(bounds.header_timeout));
    let graceful = GracefulShutdown::new();
    let permits = Arc::new(Semaphore::new(bounds.max_connections));
    let proxies = Arc::new(bounds.proxies);
    while let Some((stream, peer, permit)) = next(&listener, &permits, &stop).await {
        // One of the connection's own: each request takes another handle on it, and on what all
        // connections share that is what their threads wait for each other for.
        let endpoints = Arc::new(endpoints.clone());
        let proxies = Arc::clone(&proxies);
        let service = service_fn(move |request: Request<Incoming>| {
            let origin = proxies.origin(peer, request.headers());
            let endpoints = Arc::clone(&endpoints);
            async move { Ok::<_, Infallible>(endpoints.answer(origin, request.map(Body::new)).await) }
        });
        let (builder, watcher) = (Arc::clone(&builder), graceful.watcher());
        let header_timeout = bounds.header_timeout;
        let serving = workers.serve(stream, move |stream| async move {
            let stream = TokioIo::new(Prompt::new(stream, header_timeout));
            let connection = builder.serve_connection_with_upgrades(stream, service).into_owned();
            if let Err(error) = watcher.watch(connection).await {
                tracing::debug!(%error, "a connection broke");
            }
            drop(permit);
        });
        if let Err(error) = serving {
            tracing::debug!(%error, "a connection broke");
        }
    }
    drop(listener);
    graceful.shutdown().await;
}

fn builder(header_timeout: Duration) -> Builder<TokioExecutor> {
    let mut builder = Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(header_timeout);
    builder
        .http2()
        .timer(TokioTimer::new())
        .keep_alive_interval(PING_INTERVAL)
        .max_concurrent_streams(MAX_STREAMS);
    builder
}

/// The next connection, once there is room for it; `None` when serving should stop.
async fn next(
    listener: &TcpListener,
    permits: &Arc<Semaphore>,
    stop: &CancellationToken,
) -> Option<(TcpStream, Peer, OwnedSemaphorePermit)> {
    let accepted = async {
        let permit = Arc::clone(permits).acquire_owned().await.ok()?;
        loop {
            match listener.accept().await.and_then(without_delay) {
                Ok((stream, peer)) => return Some((stream, peer, permit)),
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be taken");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    };
    stop.run_until_cancelled(accepted).await.flatten()
}

/// Answers are written whole; waiting for more to send would only delay them.
fn without_delay((stream, peer): (TcpStream, SocketAddr)) -> io::Result<(TcpStream, Peer)> {
    stream.set_nodelay(true)?;
    Ok((stream, Peer(peer.ip())))
}
