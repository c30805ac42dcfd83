//! Orders: which status may follow which, and the worker that lapses what nobody paid.

pub mod expire;
pub mod status;
