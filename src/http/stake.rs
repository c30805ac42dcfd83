//! What would be lost if a connection were cut: an answer that is being made, or written. Of a
//! request that was not sent to its end nothing is done yet.

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicUsize, Ordering},
};

use axum::http::Version;

/// What one connection is about. Its task and those of its requests tell, and one looks, once.
#[derive(Default)]
pub struct Stake {
    /// Requests whose heads were read, and that are not answered yet.
    asked: AtomicUsize,
    /// The client does not read as fast as there is to write.
    unwritten: AtomicBool,
}

impl Stake {
    /// A request that is being answered, until this is dropped.
    pub fn ask(self: Arc<Self>, version: Version) -> Asked {
        // HTTP/2 keeps answers that the client has no room for, where they cannot be seen: once it was
        // asked anything, a connection is at stake to its end.
        let count = if version == Version::HTTP_2 { 2 } else { 1 };
        self.asked.fetch_add(count, Ordering::Relaxed);
        Asked(self)
    }

    /// Whether something had to wait to be written.
    pub fn set_unwritten(&self, unwritten: bool) {
        self.unwritten.store(unwritten, Ordering::Relaxed);
    }

    /// Whether nothing is lost with the connection.
    pub fn is_nothing(&self) -> bool {
        self.asked.load(Ordering::Relaxed) == 0 && !self.unwritten.load(Ordering::Relaxed)
    }
}

/// A request that is being answered.
pub struct Asked(Arc<Stake>);

impl Drop for Asked {
    fn drop(&mut self) {
        self.0.asked.fetch_sub(1, Ordering::Relaxed);
    }
}
