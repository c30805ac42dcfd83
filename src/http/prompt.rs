//! Connections that say nothing. hyper's own time limit begins when it knows which version of
//! HTTP it speaks, and for that it waits as long as one likes.

use std::{
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::Sleep,
};

use super::stake::Stake;

/// Bytes that tell the version: those that HTTP/2 begins with.
const TELLING: usize = 24;

/// A connection that must begin in time.
pub struct Prompt<S> {
    stream: S,
    /// Bytes that are still wanted, and until when; `None` when they are there.
    wanted: Option<(usize, Pin<Box<Sleep>>)>,
    /// Is told whether there is more to write than the client reads.
    stake: Arc<Stake>,
}

impl<S> Prompt<S> {
    /// Which has this long to begin.
    pub fn new(stream: S, limit: Duration, stake: Arc<Stake>) -> Self {
        Self { stream, wanted: Some((TELLING, Box::pin(tokio::time::sleep(limit)))), stake }
    }

    fn wrote(&self, written: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        self.stake.set_unwritten(written.is_pending());
        written
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Prompt<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(context, buffer);
        let Some((wanted, limit)) = &mut self.wanted else { return read };
        match read {
            Poll::Ready(done) => {
                *wanted = wanted.saturating_sub(buffer.filled().len() - before);
                if *wanted == 0 {
                    self.wanted = None;
                }
                Poll::Ready(done)
            }
            Poll::Pending => match limit.as_mut().poll(context) {
                Poll::Ready(()) => Poll::Ready(Err(io::ErrorKind::TimedOut.into())),
                Poll::Pending => Poll::Pending,
            },
        }
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Prompt<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.wrote(written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(context, parts);
        self.wrote(written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
