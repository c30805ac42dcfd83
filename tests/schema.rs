//! `schema.graphql` is printed from the code, and reviewed as what clients see.

use std::{env, fs, path::Path};

/// With `UPDATE_SCHEMA=1` it is written instead: `make schema`.
#[test]
fn schema_file_is_what_the_code_says() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("schema.graphql");
    let printed = wallet_bff::graphql::sdl();
    if env::var_os("UPDATE_SCHEMA").is_some() {
        fs::write(&path, printed).unwrap();
        return;
    }
    let stored = fs::read_to_string(&path).unwrap_or_default();
    let differs =
        stored.lines().zip(printed.lines()).position(|(stored, printed)| stored != printed);
    assert!(
        stored == printed,
        "schema.graphql is not what the code says (first difference: line {}); \
         if the change is meant, run `make schema` and commit the file",
        differs.map_or(stored.lines().count().min(printed.lines().count()), |line| line) + 1,
    );
}
