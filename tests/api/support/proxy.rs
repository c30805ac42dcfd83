//! A network between an instance and its database, which may go silent.

use std::{sync::Arc, time::Duration};

use parking_lot::Mutex;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::{Notify, watch},
};

/// How long an answer that is to be held back may take to come.
const PATIENCE: Duration = Duration::from_secs(15);

/// Forwards connections to a port of this machine, until it is dropped.
pub struct Proxy {
    port: u16,
    stalled: watch::Sender<bool>,
    cut: watch::Sender<bool>,
    held: Arc<Mutex<Option<Held>>>,
}

/// An answer that is to be held back.
#[derive(Clone)]
pub struct Held {
    text: String,
    is_here: Arc<Notify>,
    goes_on: Arc<Notify>,
}

impl Held {
    /// Waits until the database has given that answer.
    pub async fn is_here(&self) {
        let wait = tokio::time::timeout(PATIENCE, self.is_here.notified()).await;
        assert!(wait.is_ok(), "no answer with {:?} came in {PATIENCE:?}", self.text);
    }

    /// Lets it through.
    pub fn let_go(&self) {
        self.goes_on.notify_one();
    }
}

impl Proxy {
    /// On a free port.
    pub async fn to(target: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let port = listener.local_addr().expect("it is bound").port();
        let (stalled, watched) = watch::channel(false);
        let (cut, severed) = watch::channel(false);
        let held = Arc::<Mutex<Option<Held>>>::default();
        let holds = held.clone();
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                if *severed.borrow() {
                    continue;
                }
                let Ok(server) = TcpStream::connect(("127.0.0.1", target)).await else { continue };
                let ((read, write), (from, to)) = (client.into_split(), server.into_split());
                let both = futures::future::join(
                    forward(read, to, watched.clone(), None),
                    forward(from, write, watched.clone(), Some(holds.clone())),
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
        Self { port, stalled, cut, held }
    }

    /// Where it listens.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Nothing gets through, and nobody is told.
    pub fn stall(&self) {
        self.stalled.send_replace(true);
    }

    /// Holds back the next answer with this text, and what follows it on that connection; others
    /// go on.
    pub fn hold(&self, text: &str) -> Held {
        let (is_here, goes_on) = (Arc::default(), Arc::default());
        let held = Held { text: text.to_owned(), is_here, goes_on };
        *self.held.lock() = Some(held.clone());
        held
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
    held: Option<Arc<Mutex<Option<Held>>>>,
) {
    let mut buffer = vec![0; 16_384];
    while let Ok(count @ 1..) = from.read(&mut buffer).await {
        if stalled.wait_for(|stalled| !stalled).await.is_err() {
            return;
        }
        let is_meant = |held: &mut Held| contains(&buffer[..count], held.text.as_bytes());
        let held = held.as_ref().and_then(|held| held.lock().take_if(is_meant));
        if let Some(held) = held {
            held.is_here.notify_one();
            held.goes_on.notified().await;
        }
        if to.write_all(&buffer[..count]).await.is_err() {
            return;
        }
    }
}

fn contains(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len()).any(|window| window == part)
}
