//! What clients see: the schema file, and what becomes of a failing field.

use std::{fs, path::Path};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// `schema.graphql` is printed from the code, and reviewed as what clients see.
#[test]
fn schema_file_is_what_the_code_says() {
    let printed = wallet_bff::graphql::sdl();
    let stored = fs::read_to_string(root().join("schema.graphql")).unwrap_or_default();
    let differs =
        stored.lines().zip(printed.lines()).position(|(stored, printed)| stored != printed);
    let line = differs.unwrap_or_else(|| stored.lines().count().min(printed.lines().count())) + 1;
    assert!(
        stored == printed,
        "schema.graphql is not what the code says, from line {line} on; \
         if the change is meant, run `make schema` and commit the file"
    );
}

/// `Result<Option<T>>` nulls the parent of a nullable field that fails, and everything beside
/// it; `Option<Result<T>>` nulls the field.
#[test]
fn a_nullable_field_fails_alone() {
    let mut wrong = Vec::new();
    let mut folders = vec![root().join("src/graphql")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let code = fs::read_to_string(&path).unwrap();
            let fields =
                code.split("async fn ").skip(1).filter_map(|rest| rest.split(" {\n").next());
            let fields = fields.filter(|field| field.contains("&self"));
            let failing = fields.filter(|field| field.contains("-> Result<Option<"));
            wrong.extend(failing.map(|field| format!("{}: {field}", path.display())));
        }
    }
    assert!(wrong.is_empty(), "write Option<Result<T>> here:\n{}", wrong.join("\n"));
}
