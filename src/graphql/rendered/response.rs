//! A response as JSON, with what is rendered already put in as it is.

use async_graphql::Response;

use super::json::write_value;

/// What serde would write, which would copy and parse again what is [`super::Rendered`].
///
/// # Errors
/// When an error's extensions cannot be written, which only a faulty scalar brings about.
pub fn to_json(response: &Response) -> serde_json::Result<String> {
    let mut json = String::from("{");
    if !response.errors.is_empty() {
        json.push_str("\"errors\":");
        json.push_str(&serde_json::to_string(&response.errors)?);
        json.push(',');
    }
    json.push_str("\"data\":");
    write_value(&response.data, &mut json);
    if !response.extensions.is_empty() {
        json.push_str(",\"extensions\":");
        json.push_str(&serde_json::to_string(&response.extensions)?);
    }
    json.push('}');
    Ok(json)
}
