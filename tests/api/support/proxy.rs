//! A network between an instance and its database, which may go silent.

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::watch,
};

/// Forwards connections to a port of this machine, until it is dropped.
pub struct Proxy {
    port: u16,
    stalled: watch::Sender<bool>,
    cut: watch::Sender<bool>,
}

impl Proxy {
    /// On a free port.
    pub async fn to(target: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let port = listener.local_addr().expect("it is bound").port();
        let (stalled, watched) = watch::channel(false);
        let (cut, severed) = watch::channel(false);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                if *severed.borrow() {
                    continue;
                }
                let Ok(server) = TcpStream::connect(("127.0.0.1", target)).await else { continue };
                let ((read, write), (from, to)) = (client.into_split(), server.into_split());
                let both = futures::future::join(
                    forward(read, to, watched.clone()),
                    forward(from, write, watched.clone()),
                );
                let mut severed = severed.clone();
                tokio::spawn(async move {
                    tokio::select! {
                        _ = both => {}
                        _ = severed.wait_for(|cut| *cut) => {}
                    }
                });
            }
        });
        Self { port, stalled, cut }
    }

    /// Where it listens.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Nothing gets through, and nobody is told.
    pub fn stall(&self) {
        self.stalled.send_replace(true);
    }

    /// Every connection breaks, and so does every new one.
    pub fn cut(&self) {
        self.cut.send_replace(true);
    }

    /// What was held back gets through, and what follows.
    pub fn mend(&self) {
        self.stalled.send_replace(false);
        self.cut.send_replace(false);
    }
}

async fn forward(
    mut from: impl AsyncReadExt + Unpin,
    mut to: impl AsyncWriteExt + Unpin,
    mut stalled: watch::Receiver<bool>,
) {
    let mut buffer = vec![0; 16_384];
    while let Ok(count @ 1..) = from.read(&mut buffer).await {
        if stalled.wait_for(|stalled| !stalled).await.is_err() {
            return;
        }
        if to.write_all(&buffer[..count]).await.is_err() {
            return;
        }
    }
}
