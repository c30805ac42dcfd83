//! A plugin's settings, fit to be shown. When in doubt, a value is blotted out.

use serde_json::Value;

/// What stands for a secret.
const BLOT: &str = "***";

/// Parts of names, without case and punctuation, that go with secrets.
const SECRET_NAMES: [&str; 19] = [
    "secret", "key", "token", "pass", "pwd", "pin", "cred", "auth", "priv", "sign", "salt", "cert",
    "pem", "hmac", "bearer", "session", "cookie", "cipher", "otp",
];
/// Longest word that may be shown: what is longer may be a key under a harmless name.
const LONGEST_WORD: usize = 31;

/// The settings with their secrets blotted out; nothing is shown of what is no JSON.
pub fn without_secrets(settings: &str) -> String {
    match serde_json::from_str(settings) {
        Ok(value) => redacted(value).to_string(),
        Err(_) => Value::from(BLOT).to_string(),
    }
}

fn redacted(value: Value) -> Value {
    match value {
        Value::Object(fields) => {
            // Some name a setting beside its value: { "name": "apiKey", "value": "…" }.
            let names_a_secret = fields.values().filter_map(Value::as_str).any(is_secret_name);
            let shown = |(name, value): (String, Value)| {
                let is_secret = is_secret_name(&name) || (names_a_secret && name == "value");
                let value = if is_secret { blotted(value) } else { redacted(value) };
                (name, value)
            };
            fields.into_iter().map(shown).collect()
        }
        Value::Array(items) => items.into_iter().map(redacted).collect(),
        Value::String(text) if is_secret_text(&text) => BLOT.into(),
        other => other,
    }
}

/// Nothing of it but whether it is set.
fn blotted(value: Value) -> Value {
    match value {
        Value::Null | Value::Bool(_) => value,
        Value::String(text) if text.is_empty() => Value::String(text),
        _ => BLOT.into(),
    }
}

fn is_secret_name(name: &str) -> bool {
    let letters = name.chars().filter(char::is_ascii_alphanumeric);
    let plain: String = letters.map(|c| c.to_ascii_lowercase()).collect();
    SECRET_NAMES.iter().any(|part| plain.contains(part))
}

fn is_secret_text(text: &str) -> bool {
    let text = text.trim();
    // Settings may hold settings.
    let is_structured = text.starts_with(['{', '[']);
    // An address may hold a password before its host, or a token after it.
    let is_address = text.contains("://");
    let longest = text.split_whitespace().map(str::len).max().unwrap_or(0);
    match is_address {
        true => text.contains(['@', '?', '#']),
        false => is_structured || text.starts_with("-----") || longest > LONGEST_WORD,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(settings: &str) -> Value {
        serde_json::from_str(&without_secrets(settings)).unwrap()
    }

    #[test]
    fn secrets_are_blotted_out_however_they_are_named_or_nested() {
        for (settings, hidden) in [
            (r#"{"apiKey": "hunter2"}"#, "hunter2"),
            (r#"{"API_KEY": "hunter2"}"#, "hunter2"),
            (r#"{"api-key": 12345}"#, "12345"),
            (r#"{"client": {"secret": {"value": "hunter2"}}}"#, "hunter2"),
            (r#"{"hooks": [{"passphrase": ["hunter2"]}]}"#, "hunter2"),
            (r#"{"Authorization": "Bearer hunter2"}"#, "hunter2"),
            (r#"{"url": "https://ann:hunter2@example.org"}"#, "hunter2"),
            (r#"{"url": "https://example.org/?t=hunter2"}"#, "hunter2"),
            (r#"{"id": "0123456789abcdef0123456789abcdef"}"#, "0123456789abcdef"),
            (r#"{"text": "-----BEGIN X-----\nhunter2"}"#, "hunter2"),
            (r#"{"more": "{\"password\": \"hunter2\"}"}"#, "hunter2"),
            (r#"["eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhbm4ifQ.hunter2"]"#, "hunter2"),
            (r#"{"headers": [{"name": "X-Api-Key", "value": "hunter2"}]}"#, "hunter2"),
            ("password=hunter2", "hunter2"),
        ] {
            let text = without_secrets(settings);
            assert!(!text.contains(hidden) && text.contains(BLOT), "{settings} is shown as {text}");
        }
    }

    #[test]
    fn the_rest_is_shown() {
        let settings = r#"{"timeoutSeconds": 30, "apiKey": "not-a-real-key", "retry": true,
            "url": "https://pay.example.org/v2", "secret": null, "password": ""}"#;
        let expected = serde_json::json!({"timeoutSeconds": 30, "apiKey": "***", "retry": true,
            "url": "https://pay.example.org/v2", "secret": null, "password": ""});
        assert_eq!(shown(settings), expected);
    }
}
