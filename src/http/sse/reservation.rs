//! Streams that were asked for, and what is to be run on them.

use std::{collections::HashSet, sync::Arc, time::Duration};

use axum::http::StatusCode;
use dashmap::DashMap;
use parking_lot::Mutex;
use tokio::sync::{OwnedSemaphorePermit, mpsc};

use crate::{
    auth::Identity,
    http::{Edge, clients::Permit, fault::Fault, operation::Running},
};

/// How long a stream that was asked for may stay unopened.
const LIFETIME: Duration = Duration::from_secs(10);

/// Streams by their tokens.
#[derive(Default)]
pub struct Reservations(DashMap<String, Arc<Reservation>>);

/// What is to be done on a stream.
pub enum Command {
    /// Run this under its id.
    Start(String, Running),
    /// End what runs under this id.
    Stop(String),
}

/// A stream that was asked for.
pub struct Reservation {
    token: String,
    identity: Option<Identity>,
    /// The ids that are in use.
    operations: Mutex<HashSet<String>>,
    commands: mpsc::Sender<Command>,
    /// Until it is opened.
    unopened: Mutex<Option<mpsc::Receiver<Command>>>,
    /// It counts as an operation of its client, and as a socket.
    _permits: (Permit, OwnedSemaphorePermit),
}

/// Reserves a stream, and answers its token.
pub fn reserve(
    edge: &Arc<Edge>,
    identity: Option<Identity>,
    permit: Permit,
) -> Result<String, Fault> {
    let socket = Arc::clone(&edge.socket_permits).try_acquire_owned().map_err(|_| {
        Fault::new(StatusCode::SERVICE_UNAVAILABLE, "too many streams are open; try again later")
    })?;
    let token = format!("{:032x}", rand::random::<u128>());
    // Each operation may be started and ended before the stream is opened.
    let (commands, unopened) = mpsc::channel(2 * edge.config.socket_operations as usize);
    let reservation = Arc::new(Reservation {
        token: token.clone(),
        identity,
        operations: Mutex::default(),
        commands,
        unopened: Mutex::new(Some(unopened)),
        _permits: (permit, socket),
    });
    edge.reservations.0.insert(token.clone(), Arc::clone(&reservation));
    let edge = Arc::clone(edge);
    tokio::spawn(async move {
        tokio::time::sleep(LIFETIME).await;
        if reservation.unopened.lock().take().is_some() {
            edge.reservations.forget(&reservation);
        }
    });
    Ok(token)
}

impl Reservations {
    /// The stream of a token, or 404.
    pub fn find(&self, token: &str) -> Result<Arc<Reservation>, Fault> {
        let found = self.0.get(token).map(|reservation| Arc::clone(&reservation));
        found.ok_or_else(gone)
    }

    /// It has ended.
    pub fn forget(&self, reservation: &Reservation) {
        self.0.remove(&reservation.token);
    }

    #[cfg(test)]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Reservation {
    /// Who asked for it.
    pub fn identity(&self) -> Option<&Identity> {
        self.identity.as_ref()
    }

    /// Refuses everybody but who asked for it, if with a newer token.
    pub fn require(&self, identity: Option<&Identity>) -> Result<(), Fault> {
        let who = |identity: &Identity| (identity.uid.clone(), identity.role);
        if self.identity.as_ref().map(who) == identity.map(who) {
            return Ok(());
        }
        Err(Fault::new(StatusCode::FORBIDDEN, "this stream is somebody else's"))
    }

    /// What is to be run, for who writes the stream; 409 when somebody does.
    pub fn open(&self) -> Result<mpsc::Receiver<Command>, Fault> {
        let conflict = || Fault::new(StatusCode::CONFLICT, "this stream is open already");
        self.unopened.lock().take().ok_or_else(conflict)
    }

    /// Takes an id; 409 when it is in use, 429 when too many are.
    pub fn enter(&self, id: &str, most: usize) -> Result<(), Fault> {
        let mut operations = self.operations.lock();
        if operations.contains(id) {
            return Err(Fault::new(StatusCode::CONFLICT, "this operationId is in use"));
        }
        if operations.len() >= most {
            let text = format!("at most {most} operations on a stream (--socket-operations)");
            return Err(Fault::new(StatusCode::TOO_MANY_REQUESTS, text));
        }
        operations.insert(id.to_owned());
        Ok(())
    }

    /// Gives an id back.
    pub fn leave(&self, id: &str) {
        self.operations.lock().remove(id);
    }

    /// Has what runs under this id end, if anything does. Its id is given back only then: what could
    /// not be ended can be asked to end again.
    pub fn stop(&self, id: String) -> Result<(), Fault> {
        let mut operations = self.operations.lock();
        if operations.contains(&id) {
            self.send(Command::Stop(id.clone()))?;
            operations.remove(&id);
        }
        Ok(())
    }

    /// Has something done.
    pub fn send(&self, command: Command) -> Result<(), Fault> {
        self.commands.try_send(command).map_err(|error| match error {
            mpsc::error::TrySendError::Closed(_) => gone(),
            mpsc::error::TrySendError::Full(_) => {
                let text = "too much is asked of this stream at once";
                Fault::new(StatusCode::TOO_MANY_REQUESTS, text)
            }
        })
    }
}

fn gone() -> Fault {
    Fault::new(StatusCode::NOT_FOUND, "there is no such stream; reserve one")
}
