//! Connections: taken, bounded, and let go. axum's own loop sets no timeouts and no bounds.

use std::{convert::Infallible, io, net::SocketAddr, pin::pin, sync::Arc, time::Duration};

use axum::{body::Body, extract::Request};
use http_body_util::BodyExt;
use hyper::{
    body::{Body as _, Incoming},
    service::service_fn,
};
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::conn::auto::Builder,
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore},
    time::timeout,
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{
    clients::Peer,
    forwarded::Proxies,
    prompt::Prompt,
    router::Endpoints,
    stake::{Asked, Stake},
    workers::Workers,
};
use crate::config::HttpConfig;

/// How often an HTTP/2 connection must show that it lives.
const PING_INTERVAL: Duration = Duration::from_secs(20);
/// Most requests under way on one HTTP/2 connection.
const MAX_STREAMS: u32 = 200;
/// How long to wait when no connection can be taken, as when files run out.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
/// How long a request that was begun may take to arrive once there is to be an end.
pub(super) const LAST_WORDS: Duration = Duration::from_secs(1);

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
/// their requests. Those without one that was sent to its end are cut off soon.
pub async fn serve(
    listener: TcpListener,
    (endpoints, workers): (Endpoints, Arc<Workers>),
    bounds: Bounds,
    stop: CancellationToken,
) {
    let builder = Arc::new(builder(bounds.header_timeout));
    let open = TaskTracker::new();
    let permits = Arc::new(Semaphore::new(bounds.max_connections));
    let proxies = Arc::new(bounds.proxies);
    while let Some((stream, peer, permit)) = next(&listener, &permits, &stop).await {
        // One of the connection's own: each request takes another handle on it, and on what all
        // connections share that is what their threads wait for each other for.
        let endpoints = Arc::new(endpoints.clone());
        let proxies = Arc::clone(&proxies);
        let stake = Arc::new(Stake::default());
        let staked = Arc::clone(&stake);
        let service = service_fn(move |request: Request<Incoming>| {
            let origin = proxies.origin(peer, request.headers());
            let (endpoints, stake) = (Arc::clone(&endpoints), Arc::clone(&staked));
            async move {
                let asked = stake.ask(request.version());
                let response = endpoints.answer(origin, request.map(Body::new)).await;
                Ok::<_, Infallible>(response.map(|body| held_until_made(body, asked)))
            }
        });
        // Each has its own: they would wait for each other, all the time.
        let (builder, stop) = (Arc::clone(&builder), stop.child_token());
        let (header_timeout, is_open) = (bounds.header_timeout, open.token());
        let serving = workers.serve(stream, move |stream| async move {
            let stream = TokioIo::new(Prompt::new(stream, header_timeout, Arc::clone(&stake)));
            let mut connection = pin!(builder.serve_connection_with_upgrades(stream, service));
            let ended = tokio::select! {
                biased;
                ended = connection.as_mut() => ended,
                () = stop.cancelled() => {
                    connection.as_mut().graceful_shutdown();
                    match timeout(LAST_WORDS, connection.as_mut()).await {
                        Ok(ended) => ended,
                        Err(_) if stake.is_nothing() => Ok(()),
                        Err(_) => connection.await,
                    }
                }
            };
            if let Err(error) = ended {
                tracing::debug!(%error, "a connection broke");
            }
            drop((permit, is_open));
        });
        if let Err(error) = serving {
            tracing::debug!(%error, "a connection broke");
        }
    }
    drop(listener);
    open.close();
    open.wait().await;
}

/// An answer whose body is made bit by bit is under way until its end.
fn held_until_made(body: Body, asked: Asked) -> Body {
    if body.size_hint().exact().is_some() {
        return body;
    }
    Body::new(body.map_frame(move |frame| {
        let _held = &asked;
        frame
    }))
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
