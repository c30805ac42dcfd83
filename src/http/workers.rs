//! Threads that serve connections, each connection on one of them from its first byte to its last.
//!
//! The threads of Tokio's usual runtime share all tasks, and wake each other for every few requests so
//! that none is idle while another has work. With small requests on many connections none is idle
//! anyway, and what the waking costs is a seventh of all that can be served.

use std::{
    io,
    sync::atomic::{AtomicUsize, Ordering},
    thread,
};

use tokio::{
    net::TcpStream,
    runtime::{Builder, Handle},
};
use tokio_util::sync::CancellationToken;

/// Threads with a runtime each, until they are dropped.
///
/// What a request opens, such as a connection to the database, belongs to the thread that served it,
/// and can be used from elsewhere only as long as that lives. So they go last.
pub struct Workers {
    threads: Vec<Handle>,
    next: AtomicUsize,
    stop: CancellationToken,
}

impl Workers {
    /// So many threads; without a number, one a processor.
    ///
    /// # Errors
    /// When one cannot be started.
    pub fn start(count: Option<usize>) -> io::Result<Self> {
        let count = match count {
            Some(count) => count,
            None => thread::available_parallelism()?.get(),
        };
        let mut workers = Self {
            threads: Vec::with_capacity(count),
            next: AtomicUsize::new(0),
            stop: CancellationToken::new(),
        };
        for number in 0..count {
            let runtime = Builder::new_current_thread().enable_all().build()?;
            workers.threads.push(runtime.handle().clone());
            let stop = workers.stop.clone();
            let run = move || runtime.block_on(stop.cancelled_owned());
            thread::Builder::new().name(format!("http-{number}")).spawn(run)?;
        }
        Ok(workers)
    }

    /// Serves a connection on one of the threads, on each in turn.
    ///
    /// # Errors
    /// When the connection is gone already.
    pub fn serve<F>(
        &self,
        stream: TcpStream,
        connection: impl FnOnce(TcpStream) -> F + Send + 'static,
    ) -> io::Result<()>
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let turn = self.next.fetch_add(1, Ordering::Relaxed) % self.threads.len();
        let stream = stream.into_std()?;
        self.threads[turn].spawn(async move {
            // From now on the thread's own poller looks after it.
            match TcpStream::from_std(stream) {
                Ok(stream) => connection(stream).await,
                Err(error) => tracing::debug!(%error, "a connection broke"),
            }
        });
        Ok(())
    }
}

impl Drop for Workers {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use tokio::{net::TcpListener, sync::mpsc};

    use super::*;

    #[tokio::test]
    async fn connections_are_served_by_all_threads_in_turn() {
        let workers = Workers::start(Some(2)).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (served, mut serving) = mpsc::unbounded_channel();
        let mut clients = Vec::new();
        for _ in 0..4 {
            clients.push(TcpStream::connect(address).await.unwrap());
            let (stream, _) = listener.accept().await.unwrap();
            let served = served.clone();
            let connection = move |stream: TcpStream| async move {
                stream.writable().await.unwrap();
                served.send(thread::current().id()).unwrap();
            };
            workers.serve(stream, connection).unwrap();
        }
        let mut threads = Vec::new();
        while threads.len() < clients.len() {
            threads.push(serving.recv().await.unwrap());
        }
        let distinct: HashSet<_> = threads.iter().collect();
        assert_eq!(distinct.len(), 2, "{threads:?}");
        assert!(!distinct.contains(&thread::current().id()));
    }
}
