//! How a value that will not do is told.

use std::fmt;

use async_graphql::{Pos, ServerError};

/// A value that will not do.
pub struct Malformed {
    path: String,
    words: String,
}

impl Malformed {
    /// What stands here, and what is wrong with it.
    pub fn new(path: &Path<'_>, words: impl Into<String>) -> Self {
        Self { path: path.to_string(), words: words.into() }
    }

    /// As an error of the argument that begins there.
    pub fn at(self, pos: Pos) -> ServerError {
        let mut error = ServerError::new(format!("{}: {}", self.path, self.words), Some(pos));
        let extensions = error.extensions.get_or_insert_default();
        extensions.set("code", "BAD_USER_INPUT");
        extensions.set("argument", self.path);
        error
    }
}

/// The way to a value, written when it is needed: `input.operations.3.amount`.
pub struct Path<'a> {
    before: Option<&'a Path<'a>>,
    step: Step<'a>,
}

enum Step<'a> {
    Field(&'a str),
    Item(usize),
}

impl<'a> Path<'a> {
    /// The argument itself.
    pub fn root(argument: &'a str) -> Self {
        Self { before: None, step: Step::Field(argument) }
    }

    /// Into an object.
    pub fn field(&'a self, name: &'a str) -> Self {
        Self { before: Some(self), step: Step::Field(name) }
    }

    /// Into a list.
    pub fn item(&'a self, n: usize) -> Self {
        Self { before: Some(self), step: Step::Item(n) }
    }
}

impl fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(before) = self.before {
            write!(f, "{before}.")?;
        }
        match self.step {
            Step::Field(name) => f.write_str(name),
            Step::Item(n) => write!(f, "{n}"),
        }
    }
}
