//! Which pages may open a socket. Browsers let any page do so, and only tell whose it is.

use axum::http::{HeaderMap, header};

/// Whether there is no `Origin` (no browser), or it is this host's, or allowed by name.
pub fn is_allowed(headers: &HeaderMap, allowed: &[String]) -> bool {
    let Some(origin) = headers.get(header::ORIGIN) else { return true };
    let Ok(origin) = origin.to_str() else { return false };
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    let same = origin.split_once("://").is_some_and(|(_, authority)| {
        host.is_some_and(|host| authority.eq_ignore_ascii_case(host))
    });
    same || allowed.iter().any(|name| name == origin)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_host_and_those_on_the_list_may_connect() {
        let allowed = vec!["https://app.example.org".to_owned()];
        for (origin, expected) in [
            (None, true),
            (Some("http://localhost:8080"), true),
            (Some("https://app.example.org"), true),
            (Some("http://app.example.org"), false),
            (Some("https://evil.example"), false),
            (Some("http://localhost:8080.evil.example"), false),
            (Some("null"), false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::HOST, "localhost:8080".parse().unwrap());
            if let Some(origin) = origin {
                headers.insert(header::ORIGIN, origin.parse().unwrap());
            }
            assert_eq!(is_allowed(&headers, &allowed), expected, "{origin:?}");
        }
    }
}
