//! How many values a JSON text has, before memory is taken for them: an empty object of two bytes
//! takes hundreds.

use super::fault::Fault;
use crate::config::LimitsConfig;

/// Values of one item of the longest list, itself included.
const PER_ITEM: usize = 5;
/// Values of all that is not that list.
const BESIDE: usize = 10_000;

/// Whether a body may have so many values as it has.
///
/// # Errors
/// 400 when it has more than any operation takes.
pub fn check(body: &[u8], limits: &LimitsConfig) -> Result<(), Fault> {
    let longest = limits.max_rewards.max(limits.max_list_argument) as usize;
    let most = longest.saturating_mul(PER_ITEM).saturating_add(BESIDE);
    if count(body) > most {
        return Err(Fault::bad_request(format!("the body may have at most {most} JSON values")));
    }
    Ok(())
}

/// Commas and opening brackets outside strings; where it is no JSON, it may be wrong.
fn count(json: &[u8]) -> usize {
    let (mut count, mut in_string, mut escaped) = (1, false, false);
    for byte in json {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = in_string,
            b'"' => in_string = !in_string,
            b',' | b'{' | b'[' if !in_string => count += 1,
            _ => {}
        }
    }
    count
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::testing;

    #[test]
    fn values_are_counted_outside_strings() {
        assert_eq!(count(br#"{"a": [1, 2, {}], "b": ",[{\\\",[{"}"#), 7);
    }

    #[test]
    fn what_no_operation_takes_is_refused() {
        let limits = testing::defaults().limits;
        let items =
            |n: usize| format!("[{}]", r#"{"uid":"a","amount":"1","description":"x"},"#.repeat(n));
        assert!(check(items(10_000).as_bytes(), &limits).is_ok());
        assert!(check("{},".repeat(100_000).as_bytes(), &limits).is_err());
    }
}
