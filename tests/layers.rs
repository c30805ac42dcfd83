//! Who may use whom: the table of ARCHITECTURE.md, held against the sources.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

/// What a module may use of this crate, and which crates it must never name.
struct Layer {
    module: &'static str,
    may_use: &'static [&'static str],
    must_never_name: &'static [&'static str],
    because: &'static str,
}

/// What everybody may use: rows and values, errors, settings.
const COMMON: [&str; 3] = ["entity", "error", "config"];
/// These put the parts together, and may use all of them.
const WIRING: [&str; 7] = ["app", "cli", "demo", "lib", "main", "seed", "telemetry"];

const LAYERS: &[Layer] = &[
    Layer {
        module: "http",
        may_use: &["graphql", "auth", "telemetry"],
        must_never_name: &["sea_orm", "fred", "sqlx"],
        because: "the edge runs no SQL and no Redis commands: it speaks to the schema",
    },
    Layer {
        module: "graphql",
        may_use: &["loaders", "balance", "orders", "events", "auth", "refresh"],
        must_never_name: &["sea_orm", "fred", "sqlx", "axum"],
        because: "resolvers read through loaders and write through balance; a transaction that \
                  begins here would bypass the one door for money",
    },
    Layer {
        module: "loaders",
        may_use: &["cache", "store"],
        must_never_name: &["fred", "async_graphql", "axum"],
        because: "reading neither writes to the database nor publishes, and knows no API",
    },
    Layer {
        module: "balance",
        may_use: &["orders", "lock", "store", "cache", "events"],
        must_never_name: &["fred", "async_graphql", "axum"],
        because: "money moves the same whoever asks, and never by what a loader remembers",
    },
    Layer {
        module: "orders",
        may_use: &["balance", "lock", "store", "cache", "events"],
        must_never_name: &["fred", "async_graphql", "axum"],
        because: "orders move money, under the same rules as the balance",
    },
    Layer {
        module: "audit",
        may_use: &["balance", "orders", "cache", "store"],
        must_never_name: &["fred", "async_graphql", "axum"],
        because: "it holds what is stored and cached against the rules, and asks no API",
    },
    Layer {
        module: "refresh",
        may_use: &["store", "cache", "redis"],
        must_never_name: &["async_graphql", "axum"],
        because: "it copies rows to the cache, in the background",
    },
    Layer {
        module: "cache",
        may_use: &["redis"],
        must_never_name: &["sea_orm", "sqlx", "async_graphql", "axum"],
        because: "a cache that could read the database could fail",
    },
    Layer {
        module: "lock",
        may_use: &["redis"],
        must_never_name: &["sea_orm", "sqlx", "async_graphql", "axum"],
        because: "correctness rests on row locks; these only order work",
    },
    Layer {
        module: "events",
        may_use: &["redis"],
        must_never_name: &["sea_orm", "sqlx", "async_graphql", "axum"],
        because: "events are told what was committed, they do not look",
    },
    Layer {
        module: "redis",
        may_use: &[],
        must_never_name: &["sea_orm", "sqlx", "async_graphql", "axum"],
        because: "it makes connections for cache, lock and events",
    },
    Layer {
        module: "store",
        may_use: &[],
        must_never_name: &["fred", "async_graphql", "axum"],
        because: "it is SQL on the connection it is handed, and no business rule",
    },
    Layer {
        module: "auth",
        may_use: &[],
        must_never_name: &["sea_orm", "fred", "async_graphql", "axum"],
        because: "who somebody is depends on their token alone",
    },
    Layer {
        module: "entity",
        may_use: &[],
        must_never_name: &["fred", "async_graphql", "axum"],
        because: "rows are data: no logic, and no API types",
    },
    Layer {
        module: "error",
        may_use: &[],
        must_never_name: &["fred", "async_graphql", "axum"],
        because: "errors know nothing of HTTP or GraphQL until the last step",
    },
    Layer {
        module: "config",
        may_use: &[],
        must_never_name: &["sea_orm", "fred", "async_graphql", "axum"],
        because: "settings are values",
    },
];

/// Every module uses only what the table lets it use.
#[test]
fn modules_use_only_what_they_may() {
    let mut broken = Vec::new();
    for file in sources() {
        let Some(layer) = layer_of(&file) else { continue };
        for used in crate_modules_in(&file.code) {
            let own = used == layer.module || COMMON.contains(&&*used);
            if !own && !layer.may_use.contains(&&*used) {
                broken.push(file.breaks(layer, &format!("uses crate::{used}")));
            }
        }
    }
    assert_none(&broken);
}

/// Each backend's and each framework's crate is named in its own modules only.
#[test]
fn modules_never_name_what_is_hidden_from_them() {
    let mut broken = Vec::new();
    for file in sources() {
        let Some(layer) = layer_of(&file) else { continue };
        for name in layer.must_never_name {
            if words(&file.code).any(|word| word == *name) {
                broken.push(file.breaks(layer, &format!("names {name}")));
            }
        }
    }
    assert_none(&broken);
}

/// The store's nouns work in whatever transaction they are handed; `connect` is where callers
/// get one from.
#[test]
fn the_store_neither_begins_nor_commits() {
    let calls = [".begin(", ".begin_with", ".commit(", ".transaction(", "TransactionTrait"];
    let nouns = sources().into_iter().filter(|file| file.module == "store");
    let broken: Vec<_> = nouns
        .filter(|file| file.path != Path::new("store/connect.rs"))
        .filter(|file| calls.iter().any(|call| file.code.contains(call)))
        .map(|file| format!("{} begins or ends a transaction: its caller does", file.shown()))
        .collect();
    assert_none(&broken);
}

/// Loaders read: what they ask of the store changes nothing, and locks nothing.
#[test]
fn loaders_do_not_write_to_the_database() {
    let nouns = ["wallets", "transactions", "orders", "operations", "users", "hot"];
    let writes = ["insert", "insert_missing", "update", "delete", "lock"];
    let calls = nouns.iter().flat_map(|noun| writes.map(|write| format!("{noun}::{write}(")));
    let calls: Vec<_> = calls.chain([".writer()".to_owned()]).collect();
    let loaders = sources().into_iter().filter(|file| file.module == "loaders");
    let broken: Vec<_> = loaders
        .filter(|file| calls.iter().any(|call| file.code.contains(call)))
        .map(|file| format!("{} writes: only balance and orders do", file.shown()))
        .collect();
    assert_none(&broken);
}

/// `--help` is the reference of what can be set, so nothing else reads the environment.
#[test]
fn only_the_configuration_reads_the_environment() {
    let reads = ["env::var", "env::vars", "var_os(", "from_default_env", "try_from_env("];
    let others = sources().into_iter().filter(|file| file.module != "config");
    let broken: Vec<_> = others
        .filter(|file| reads.iter().any(|read| file.code.contains(read)))
        .map(|file| format!("{} reads the environment: make it a flag in config", file.shown()))
        .collect();
    assert_none(&broken);
}

/// A new module has to say where it stands.
#[test]
fn every_module_is_in_the_table() {
    let known = |module: &str| {
        WIRING.contains(&module) || LAYERS.iter().any(|layer| layer.module == module)
    };
    let modules: BTreeSet<_> = sources().into_iter().map(|file| file.module).collect();
    let unknown: Vec<_> = modules.into_iter().filter(|module| !known(module)).collect();
    assert!(unknown.is_empty(), "say in this table what {unknown:?} may use, and why");
}

/// A file of `src/`.
struct Source {
    path: PathBuf,
    /// The first part of its path: the module of the crate it belongs to.
    module: String,
    /// Without comments, and without its unit tests, which may use anything.
    code: String,
}

impl Source {
    fn breaks(&self, layer: &Layer, what: &str) -> String {
        format!("{} {what}, which {} may not: {}", self.shown(), layer.module, layer.because)
    }

    fn shown(&self) -> String {
        format!("src/{}", self.path.display())
    }
}

fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = Vec::new();
    let mut folders = vec![root.clone()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap_or_else(|e| panic!("{folder:?}: {e}")) {
            let path = entry.expect("a directory entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                found.push(source(&root, &path));
            }
        }
    }
    found.retain(|file| !is_test_file(&file.path));
    assert!(found.len() > 20, "where are the sources? found {}", found.len());
    found
}

fn source(root: &Path, path: &Path) -> Source {
    let text = fs::read_to_string(path).unwrap_or_else(|e| panic!("{path:?}: {e}"));
    let path = path.strip_prefix(root).expect("it was found there").to_owned();
    let first = path.components().next().expect("a file has a name").as_os_str();
    let module = first.to_string_lossy().trim_end_matches(".rs").to_owned();
    Source { path, module, code: code_of(&text) }
}

fn is_test_file(path: &Path) -> bool {
    let named = |name: &str| path.file_stem().is_some_and(|stem| stem == name);
    named("tests") || named("testing") || path.components().any(|part| part.as_os_str() == "tests")
}

fn code_of(text: &str) -> String {
    let lines = text.lines().take_while(|line| !line.starts_with("mod tests {"));
    lines.map(|line| line.split("//").next().unwrap_or("")).collect::<Vec<_>>().join("\n")
}

fn layer_of(file: &Source) -> Option<&'static Layer> {
    LAYERS.iter().find(|layer| layer.module == file.module)
}

/// `x` of each `crate::x`, and of each `crate::{x::…, y}`.
fn crate_modules_in(code: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for (at, prefix) in code.match_indices("crate::") {
        let rest = &code[at + prefix.len()..];
        match rest.strip_prefix('{') {
            Some(group) => found.extend(heads(group)),
            None => found.extend(words(rest).next().map(str::to_owned)),
        }
    }
    // `crate::Thing` names what lib.rs exports, not a module.
    found.retain(|name| name.starts_with(|c: char| c.is_ascii_lowercase()));
    found
}

/// The first word of each entry of a `use` group, up to its closing brace.
fn heads(group: &str) -> Vec<String> {
    let (mut depth, mut start, mut found) = (0_usize, 0, Vec::new());
    for (at, c) in group.char_indices() {
        let ends_entry = depth == 0 && matches!(c, ',' | '}');
        if ends_entry {
            found.extend(words(&group[start..at]).next().map(str::to_owned));
            start = at + 1;
        }
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            _ => {}
        }
    }
    found
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').filter(|word| !word.is_empty())
}

fn assert_none(broken: &[String]) {
    assert!(broken.is_empty(), "{} broken:\n{}", broken.len(), broken.join("\n"));
}

#[test]
fn use_groups_are_read() {
    let code = "use crate::{\n    cache::{Cache, Lookup},\n    store,\n};\nuse crate::lock::Locks;\n\
                fn f() -> crate::Thing { crate::events::x() }";
    let expected = ["cache", "events", "lock", "store"].map(str::to_owned);
    assert_eq!(crate_modules_in(code), BTreeSet::from(expected));
}
