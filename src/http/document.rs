//! From a document's text to a parsed document that may be executed. Parsing is two thirds of
//! a small query's cost, so the documents that passed are remembered by their text, and with
//! them whether they need to be validated again.

use std::sync::Arc;

use async_graphql::{
    ServerError,
    parser::{
        Error, parse_query,
        types::{DocumentOperations, ExecutableDocument, OperationDefinition},
    },
};
use metrics::counter;
use quick_cache::sync::Cache;

use crate::{
    config::LimitsConfig,
    graphql::{Verdict, limits},
};

/// Documents that are remembered.
const REMEMBERED: usize = 1_000;
/// Largest document that is remembered; with the count above, what bounds the memory.
const MAX_REMEMBERED_BYTES: usize = 8 * 1_024;
/// Longest part of the parser's words that is passed on.
const MAX_EXPECTATION_CHARS: usize = 200;

/// Parses documents and checks them against the limits.
pub struct Documents {
    limits: LimitsConfig,
    parsed: Cache<Arc<str>, Arc<Document>>,
}

/// A document within the limits.
pub struct Document {
    /// Parsed.
    pub parsed: ExecutableDocument,
    /// Whether it is valid, once that is known, and what else is asked of it each time.
    pub verdict: Verdict,
}

impl Documents {
    /// With nothing remembered.
    pub fn new(limits: LimitsConfig) -> Self {
        Self { limits, parsed: Cache::new(REMEMBERED) }
    }

    /// The document, if it is within the limits.
    ///
    /// # Errors
    /// When it does not parse, or asks for more than one may.
    pub fn parse(&self, text: &str) -> Result<Arc<Document>, ServerError> {
        if let Some(document) = self.parsed.get(text) {
            return Ok(document);
        }
        limits::check_text(text, &self.limits)?;
        let parsed = parse_query(text).map_err(|error| syntax_error(&error))?;
        limits::check(&parsed, &self.limits)?;
        let verdict = Verdict::of(&parsed);
        let document = Arc::new(Document { parsed, verdict });
        if text.len() <= MAX_REMEMBERED_BYTES {
            self.parsed.insert(text.into(), Arc::clone(&document));
        }
        Ok(document)
    }
}

/// The operation that `name` chooses.
///
/// # Errors
/// When it chooses none.
pub fn selected<'a>(
    document: &'a ExecutableDocument,
    name: Option<&str>,
) -> Result<&'a OperationDefinition, ServerError> {
    let operation = match (&document.operations, name) {
        (DocumentOperations::Single(operation), None) => Some(operation),
        (DocumentOperations::Multiple(operations), None) if operations.len() == 1 => {
            operations.values().next()
        }
        (DocumentOperations::Multiple(operations), Some(name)) => operations.get(name),
        (DocumentOperations::Single(_), Some(_)) | (DocumentOperations::Multiple(_), None) => None,
    };
    operation.map(|operation| &operation.node).ok_or_else(|| match name {
        Some(_) => coded("the document has no operation of that name", "BAD_USER_INPUT"),
        None => coded("the document has several operations; name one", "BAD_USER_INPUT"),
    })
}

/// The name of the operation that `name` chooses, if it has one.
pub fn operation_name<'a>(
    document: &'a ExecutableDocument,
    name: Option<&'a str>,
) -> Option<&'a str> {
    name.or_else(|| document.operations.iter().next()?.0.map(|name| name.as_str()))
}

/// Where the parser stopped and what it expected; its own text repeats the document's lines.
fn syntax_error(error: &Error) -> ServerError {
    let message = match error {
        Error::Syntax { message, .. } => {
            let expected = message.lines().rev().find_map(|line| line.trim().strip_prefix("= "));
            let expected: String =
                expected.unwrap_or("not GraphQL").chars().take(MAX_EXPECTATION_CHARS).collect();
            format!("syntax error: {expected}")
        }
        other => other.to_string(),
    };
    let mut coded = coded(message, "GRAPHQL_PARSE_FAILED");
    coded.locations = error.positions().collect();
    coded
}

/// An error about the request, with a code.
pub fn coded(message: impl Into<String>, code: &'static str) -> ServerError {
    counter!("graphql_requests_refused_total", "code" => code).increment(1);
    let mut error = ServerError::new(message, None);
    error.extensions.get_or_insert_default().set("code", code);
    error
}

#[cfg(test)]
mod tests {
    use async_graphql::parser::types::OperationType;

    use super::*;
    use crate::config::testing;

    fn documents() -> Documents {
        Documents::new(testing::defaults().limits)
    }

    #[test]
    fn syntax_errors_say_where_and_do_not_repeat_the_document() {
        let error = documents().parse("{ secretName(").err().unwrap();
        assert!(!error.message.contains("secretName"), "{}", error.message);
        assert!(error.message.starts_with("syntax error: expected"), "{}", error.message);
        assert_eq!((error.locations[0].line, error.locations[0].column), (1, 14));
    }

    #[test]
    fn only_small_documents_that_passed_are_remembered() {
        let documents = documents();
        let large = format!("{{ a }} # {}", "x".repeat(MAX_REMEMBERED_BYTES));
        for text in ["{ a }", "{", &large] {
            let _ = documents.parse(text);
        }
        assert_eq!(documents.parsed.len(), 1);
    }

    #[test]
    fn the_operation_is_the_one_that_is_named() {
        let kind = |text: &str, name| {
            selected(&parse_query(text).unwrap(), name).map(|operation| operation.ty).ok()
        };
        let several = "query a { x } mutation b { y }";
        assert_eq!(kind(several, Some("b")), Some(OperationType::Mutation));
        assert_eq!(kind(several, None), None);
        assert_eq!(kind(several, Some("c")), None);
        assert_eq!(kind("{ x }", None), Some(OperationType::Query));
        assert_eq!(kind("{ x }", Some("a")), None);
        assert_eq!(kind("subscription s { x }", None), Some(OperationType::Subscription));
    }
}
