//! The schema.

pub mod limits;
