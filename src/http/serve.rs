//! Connections: taken, bounded, and let go. axum's own loop sets no timeouts and no bounds.

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use axum::{Router, body::Body, extract::Request};
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::{conn::auto::Builder, graceful::GracefulShutdown},
    service::TowerToHyperService,
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore},
};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

use super::{clients::Peer, forwarded::Proxies, prompt::Prompt};
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
pub async fn serve(listener: TcpListener, router: Router, bounds: Bounds, stop: CancellationToken) {
    let builder = builder(bounds.header_timeout);
    let graceful = GracefulShutdown::new();
    let permits = Arc::new(Semaphore::new(bounds.max_connections));
    let proxies = Arc::new(bounds.proxies);
    while let Some((stream, peer, permit)) = next(&listener, &permits, &stop).await {
        let (router, proxies) = (router.clone(), Arc::clone(&proxies));
        let service = tower::service_fn(move |mut request: Request<hyper::body::Incoming>| {
            let origin = proxies.origin(peer, request.headers());
            request.extensions_mut().insert(origin);
            router.clone().oneshot(request.map(Body::new))
        });
        let stream = TokioIo::new(Prompt::new(stream, bounds.header_timeout));
        let service = TowerToHyperService::new(service);
        let connection = builder.serve_connection_with_upgrades(stream, service).into_owned();
        let connection = graceful.watch(connection);
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, "a connection broke");
            }
            drop(permit);
        });
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
