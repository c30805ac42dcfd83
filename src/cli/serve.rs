//! `serve`.

use tokio::{
    net::TcpListener,
    signal::unix::{SignalKind, signal},
};

use super::Failure;
use crate::{app::App, config::Config, demo};

/// Serves until SIGTERM or SIGINT.
pub async fn run(config: Config) -> Result<(), Failure> {
    let address = config.listen;
    let has_dashboard = config.http.has_dashboard();
    let listener = TcpListener::bind(address).await.map_err(|error| {
        Failure::while_doing(&format!("cannot listen on {address}; choose another --listen"), error)
    })?;
    let shutdown = shutdown_signal()?;
    let app = App::build(config).await.map_err(|error| Failure(error.to_string()))?;
    let address = listener.local_addr().unwrap_or(address);
    tracing::info!(%address, "serving");
    if let Some(tokens) = app.demo_tokens() {
        println!("{}", demo::banner(address, tokens, has_dashboard));
    }
    app.serve(listener, shutdown)
        .await
        .map_err(|error| Failure::while_doing("serving ended early", error))
}

/// Ends with the first SIGTERM or SIGINT.
fn shutdown_signal() -> Result<impl Future<Output = ()> + Send + 'static, Failure> {
    let listen = |kind| {
        signal(kind).map_err(|error| Failure::while_doing("cannot listen for signals", error))
    };
    let (mut terminate, mut interrupt) =
        (listen(SignalKind::terminate())?, listen(SignalKind::interrupt())?);
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        tracing::info!("shutting down");
    })
}
