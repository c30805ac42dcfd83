//! Documents by their hash: those that clients registered by sending them once (automatic
//! persisted queries), and those of a manifest, which may be all that are let through.

use std::{
    collections::{BTreeMap, HashMap},
    fs, io,
    path::Path,
    sync::Arc,
};

use async_graphql::{ServerError, Value};
use quick_cache::sync::Cache;
use serde::Deserialize;
use sha2::{Digest, Sha256};

use super::document::coded;

/// Documents that are remembered for clients.
const REMEMBERED: usize = 1_000;
/// Largest document that is remembered; with the count above, what bounds the memory.
const MAX_REMEMBERED_BYTES: usize = 8 * 1_024;
/// Largest manifest, in bytes.
const MAX_MANIFEST_BYTES: u64 = 64 * 1_024 * 1_024;

/// A document's SHA-256.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Hash([u8; 32]);

/// The documents of a manifest: by their hashes, with their texts where it has them.
pub struct TrustedDocuments(HashMap<Hash, Option<Arc<str>>>);

/// A manifest cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ManifestError {
    /// It cannot be read.
    #[error("cannot read it: {0}")]
    Read(#[from] io::Error),
    /// It is too large.
    #[error("it has more than {MAX_MANIFEST_BYTES} bytes")]
    TooLarge,
    /// Something else was there.
    #[error("a JSON object of SHA-256 hashes and documents is wanted, or a list of hashes ({0})")]
    Malformed(#[from] serde_json::Error),
    /// Not a hash.
    #[error("{0:?} is no SHA-256 in hexadecimal")]
    Hash(String),
    /// A hash of something else.
    #[error("the document under {0} has another hash")]
    Mismatch(String),
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Manifest {
    Hashes(Vec<String>),
    Documents(BTreeMap<String, String>),
}

impl Hash {
    /// A document's.
    pub fn of(document: &str) -> Self {
        Self(Sha256::digest(document).into())
    }

    fn parse(hex: &str) -> Option<Self> {
        let mut bytes = [0; 32];
        if hex.len() != 64 || !hex.is_ascii() {
            return None;
        }
        for (at, byte) in bytes.iter_mut().enumerate() {
            *byte = u8::from_str_radix(hex.get(2 * at..2 * at + 2)?, 16).ok()?;
        }
        Some(Self(bytes))
    }
}

impl TrustedDocuments {
    /// From a file.
    ///
    /// # Errors
    /// When it is no manifest.
    pub fn load(path: &Path) -> Result<Self, ManifestError> {
        if fs::metadata(path)?.len() > MAX_MANIFEST_BYTES {
            return Err(ManifestError::TooLarge);
        }
        Self::parse(&fs::read(path)?)
    }

    fn parse(json: &[u8]) -> Result<Self, ManifestError> {
        let hash = |hex: &str| Hash::parse(hex).ok_or_else(|| ManifestError::Hash(hex.to_owned()));
        let documents = match serde_json::from_slice(json)? {
            Manifest::Hashes(hashes) => {
                hashes.iter().map(|hex| Ok((hash(hex)?, None))).collect::<Result<_, _>>()
            }
            Manifest::Documents(documents) => documents
                .into_iter()
                .map(|(hex, text)| match hash(&hex)? {
                    hash if hash == Hash::of(&text) => Ok((hash, Some(Arc::from(text)))),
                    _ => Err(ManifestError::Mismatch(hex)),
                })
                .collect(),
        };
        documents.map(Self)
    }
}

/// Finds documents by their hashes.
pub struct Persisted {
    remembered: Cache<Hash, Arc<str>>,
    /// If there are any, nothing else is let through.
    trusted: Option<TrustedDocuments>,
}

/// A document to execute, and what to remember it under once it has proved good.
#[derive(Debug)]
pub struct Resolved {
    /// Its text.
    pub text: String,
    /// Its hash, when a client registers it.
    pub register: Option<Hash>,
}

impl Persisted {
    /// Those of `trusted` alone, or all.
    pub fn new(trusted: Option<TrustedDocuments>) -> Self {
        Self { remembered: Cache::new(REMEMBERED), trusted }
    }

    /// The document that a request means, by its text, its hash or both.
    ///
    /// # Errors
    /// When it names none, one that is not known, or one that is not let through.
    pub fn resolve(
        &self,
        text: Option<String>,
        extensions: &BTreeMap<String, Value>,
    ) -> Result<Resolved, ServerError> {
        let named = named(extensions)?;
        match (text, named) {
            (None, None) => Err(coded("query is missing", "BAD_USER_INPUT")),
            (None, Some(hash)) => {
                let text = self.find(hash).ok_or_else(not_found)?;
                Ok(Resolved { text: text.as_ref().into(), register: None })
            }
            (Some(text), None) if self.trusted.is_none() => Ok(Resolved { text, register: None }),
            (Some(text), named) => {
                let hash = Hash::of(&text);
                if named.is_some_and(|named| named != hash) {
                    return Err(coded("the hash is not that of the query", "BAD_USER_INPUT"));
                }
                if self.trusted.as_ref().is_some_and(|trusted| !trusted.0.contains_key(&hash)) {
                    return Err(coded("only trusted documents are executed here", "FORBIDDEN"));
                }
                Ok(Resolved { text, register: named })
            }
        }
    }

    /// Remembers a document that a client registered.
    pub fn remember(&self, hash: Hash, text: &str) {
        if text.len() <= MAX_REMEMBERED_BYTES {
            self.remembered.insert(hash, text.into());
        }
    }

    fn find(&self, hash: Hash) -> Option<Arc<str>> {
        let trusted = self.trusted.as_ref().and_then(|trusted| trusted.0.get(&hash).cloned());
        trusted.flatten().or_else(|| self.remembered.get(&hash))
    }
}

/// As clients of automatic persisted queries expect it, to send the text next.
fn not_found() -> ServerError {
    coded("PersistedQueryNotFound", "PERSISTED_QUERY_NOT_FOUND")
}

/// The hash in `{"persistedQuery": {"version": 1, "sha256Hash": "…"}}`.
fn named(extensions: &BTreeMap<String, Value>) -> Result<Option<Hash>, ServerError> {
    let Some(extension) = extensions.get("persistedQuery") else { return Ok(None) };
    let hash = match extension {
        Value::Object(fields) => match (fields.get("version"), fields.get("sha256Hash")) {
            (Some(Value::Number(version)), Some(Value::String(hex)))
                if version.as_u64() == Some(1) =>
            {
                Hash::parse(hex)
            }
            _ => None,
        },
        _ => None,
    };
    let wanted = "persistedQuery wants version 1 and a sha256Hash of 64 hexadecimal digits";
    hash.map(Some).ok_or_else(|| coded(wanted, "BAD_USER_INPUT"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_manifest_is_hashes_or_documents() {
        let hash = "245ec4f3b93ebc6f86a0ae0a6e60c2aa4d25eb3dc5d3b9c5b79a7ee3c8dd9c3a";
        assert!(TrustedDocuments::parse(format!("[\"{hash}\"]").as_bytes()).is_ok());
        let error = |json: &str| TrustedDocuments::parse(json.as_bytes()).err();
        assert!(matches!(error("[\"abc\"]"), Some(ManifestError::Hash(_))));
        assert!(matches!(error("[\"äää\"]"), Some(ManifestError::Hash(_))));
        let other = format!("{{\"{hash}\": \"{{ a }}\"}}");
        assert!(matches!(error(&other), Some(ManifestError::Mismatch(_))));
        assert!(matches!(error("{\"a\": 1}"), Some(ManifestError::Malformed(_))));
    }
}
