//! Connections that are new: behind one may be another server than before, or the same with what
//! it held some time ago.

use fred::{interfaces::EventInterface, types::config::Server};
use parking_lot::Mutex;
use tokio::sync::broadcast::{Receiver, error::TryRecvError};

use super::Redis;

/// What was connected to since somebody looked. It is told before a command can be sent there.
pub struct Arrivals(Mutex<Vec<Receiver<Server>>>);

impl Redis {
    /// New connections from now on.
    pub fn arrivals(&self) -> Arrivals {
        let clients = self.0.pool.clients().iter();
        Arrivals(Mutex::new(clients.map(EventInterface::reconnect_rx).collect()))
    }
}

impl Arrivals {
    /// Whether all connections are those that they were.
    pub fn is_none(&self) -> bool {
        self.0.lock().iter().all(Receiver::is_empty)
    }

    /// Takes note of those that are new.
    pub fn take(&self) {
        for arrivals in self.0.lock().iter_mut() {
            while !matches!(arrivals.try_recv(), Err(TryRecvError::Empty | TryRecvError::Closed)) {}
        }
    }
}
