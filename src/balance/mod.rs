//! The one door for money.

pub mod command;
pub mod outcome;

pub use command::{Command, OrderChange, Request};
pub use outcome::{Outcome, OutcomeState};

use crate::error::Result;

/// Handle to the write path; cheap to clone.
#[derive(Clone)]
pub struct Balance {}

impl Balance {
    /// Does what is asked, once for a key; see [`Outcome`] for what comes back.
    ///
    /// # Errors
    /// `Refused` with `SystemBusy` or `IdempotencyKeyReused` (not stored); a fault when the
    /// database cannot be reached.
    pub async fn execute(&self, request: Request, command: Command) -> Result<Outcome> {
        let _ = (request, command);
        todo!("balance")
    }
}
