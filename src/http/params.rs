//! The parameters of a GraphQL request, from a body, a query string or a socket's message.

use std::collections::BTreeMap;

use async_graphql::Variables;
use serde_json::{Map, Value};

use super::fault::Fault;

/// What a client asks to be executed.
#[derive(Debug, Default)]
pub struct Params {
    /// The document; left out where the extensions name it by its hash.
    pub query: Option<String>,
    /// Which of its operations.
    pub operation_name: Option<String>,
    /// Values of its variables.
    pub variables: Variables,
    /// What client and server agreed on beyond the specification.
    pub extensions: BTreeMap<String, async_graphql::Value>,
}

impl Params {
    /// From a POST body.
    ///
    /// # Errors
    /// 400 when it is not one JSON object with parameters of the right types.
    pub fn from_body(body: &[u8]) -> Result<Self, Fault> {
        match serde_json::from_slice(body) {
            Ok(Value::Array(_)) => {
                Err(Fault::bad_request("batches are not supported; send one request at a time"))
            }
            Ok(value) => Self::from_json(value),
            Err(error) => Err(Fault::bad_request(format!("the body is not valid JSON: {error}"))),
        }
    }

    /// From a decoded JSON object.
    ///
    /// # Errors
    /// 400 when a parameter has the wrong type, or nothing names a document.
    pub fn from_json(value: Value) -> Result<Self, Fault> {
        let Value::Object(mut object) = value else {
            return Err(Fault::bad_request("a JSON object with a query is wanted"));
        };
        let variables = take_object(&mut object, "variables")?.unwrap_or_default();
        let extensions = take_object(&mut object, "extensions")?.unwrap_or_default();
        let query = take_string(&mut object, "query")?;
        if query.is_none() && !extensions.contains_key("persistedQuery") {
            return Err(Fault::bad_request("query is missing"));
        }
        Ok(Self {
            query,
            operation_name: take_string(&mut object, "operationName")?,
            variables: Variables::from_json(Value::Object(variables)),
            extensions: extensions
                .into_iter()
                .filter_map(|(name, value)| Some((name, value.try_into().ok()?)))
                .collect(),
        })
    }

    /// From a GET's query string, where `variables` and `extensions` are JSON texts.
    ///
    /// # Errors
    /// 400 as above.
    pub fn from_query(query: &str) -> Result<Self, Fault> {
        let mut object = Map::new();
        for (name, text) in url::form_urlencoded::parse(query.as_bytes()) {
            let value = match &*name {
                "query" | "operationName" => Value::String(text.into_owned()),
                "variables" | "extensions" => serde_json::from_str(&text).map_err(|error| {
                    Fault::bad_request(format!("{name} is not valid JSON: {error}"))
                })?,
                _ => continue,
            };
            object.insert(name.into_owned(), value);
        }
        Self::from_json(Value::Object(object))
    }
}

fn take_string(object: &mut Map<String, Value>, name: &str) -> Result<Option<String>, Fault> {
    match object.remove(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(Fault::bad_request(format!("{name} must be a string"))),
    }
}

fn take_object(
    object: &mut Map<String, Value>,
    name: &str,
) -> Result<Option<Map<String, Value>>, Fault> {
    match object.remove(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Object(map)) => Ok(Some(map)),
        Some(_) => Err(Fault::bad_request(format!("{name} must be an object"))),
    }
}
