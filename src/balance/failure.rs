//! Why a batch was not committed, and what follows from that.

use std::borrow::Cow;

use sea_orm::{DbErr, sqlx::error::DatabaseError};

use super::dispatch::busy;
use crate::error::Error;

/// Why a batch was not committed, as far as is known.
#[derive(Debug)]
pub struct Failure {
    /// What went wrong.
    pub error: Error,
    /// Whether it may have been committed all the same: the commit itself was not answered.
    pub in_doubt: bool,
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self { error, in_doubt: false }
    }
}

impl From<DbErr> for Failure {
    fn from(error: DbErr) -> Self {
        Error::from(error).into()
    }
}

impl Failure {
    /// A key that was thought new is not (or a wallet that was not there is): nothing was done, and
    /// whoever looks finds it.
    pub(super) fn is_known_key(&self) -> bool {
        matches!(&self.error, Error::Database(error) if matches!(**error, DbErr::RecordNotInserted))
    }

    /// Once, whatever it was, unless it took seconds to fail. Again where connections broke: that
    /// is known at once, and others in the pool may be as broken.
    pub(super) fn is_worth_another_attempt(&self, attempts: u32) -> bool {
        let took_seconds =
            self.is_exhausted() || self.is_locked_out() || matches!(self.error, Error::Timeout);
        !took_seconds && (attempts == 1 || self.error.is_outage())
    }

    /// No connection could be had in the time that is given for it.
    fn is_exhausted(&self) -> bool {
        matches!(&self.error, Error::Database(error) if matches!(**error, DbErr::ConnectionAcquire(_)))
    }

    /// A row's lock (on SQLite, the file's) could not be had in the time that is given for it.
    fn is_locked_out(&self) -> bool {
        self.database_code().is_some_and(|code| matches!(&*code, "55P03" | "5"))
    }

    /// PostgreSQL waited in vain for a row that somebody holds.
    pub(super) fn is_row_held(&self) -> bool {
        self.database_code().as_deref() == Some("55P03")
    }

    /// The reason lies in the connection, not in the rows: smaller batches do not help.
    pub(super) fn is_unreachable(&self) -> bool {
        match &self.error {
            Error::Database(error) => !self.is_known_key() && database_error(error).is_none(),
            _ => false,
        }
    }

    /// What the database says is the matter, if it answered at all.
    fn database_code(&self) -> Option<Cow<'_, str>> {
        let Error::Database(error) = &self.error else { return None };
        database_error(error)?.code()
    }

    /// What the caller is told.
    pub(super) fn answer(&self) -> Error {
        if self.in_doubt || self.is_unreachable() {
            return Error::Unavailable(
                "the database did not answer; repeat with the same idempotency key",
            );
        }
        match self.database_code().as_deref() {
            // Another transaction held the rows (or the file) for too long, or the other way
            // round: nothing was done, and it may work the next time.
            Some("55P03" | "40P01" | "40001" | "25P03" | "5") => busy(),
            _ => self.error.clone(),
        }
    }
}

fn database_error(error: &DbErr) -> Option<&dyn DatabaseError> {
    use sea_orm::RuntimeErr::SqlxError;
    match error {
        DbErr::Exec(SqlxError(error)) | DbErr::Query(SqlxError(error)) => error.as_database_error(),
        _ => None,
    }
}
