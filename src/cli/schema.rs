//! `schema`.

use super::Failure;
use crate::graphql;

/// Prints the schema as it is served.
pub fn run() -> Result<(), Failure> {
    print!("{}", graphql::sdl());
    Ok(())
}
