//! Scalars: values of the domain as GraphQL writes them.
//!
//! Names of things (`Uid` and its like) are the built-in `ID` and `String` on the wire, and are
//! checked when they come in.

use std::{fmt::Display, str::FromStr};

use async_graphql::{InputType, InputValueError, InputValueResult, Scalar, ScalarType, Value};
use chrono::{Datelike, SecondsFormat, Timelike, Utc};

use crate::entity::{IdempotencyKey, Money, OrderNo, Period, TransactionNo, Uid};

/// Exact base-10 amount as a string, such as `"12.50"`: at most 4 decimal places, up to
/// 922337203685477.5807. Never a JSON number, which clients turn into a float.
#[Scalar(name = "Decimal", specified_by_url = "https://scalars.graphql.org/chillicream/decimal")]
impl ScalarType for Money {
    fn parse(value: Value) -> InputValueResult<Self> {
        match value {
            Value::String(text) => Ok(text.parse()?),
            Value::Number(_) => Err(InputValueError::custom(
                "an amount is a string, such as \"12.50\"; a JSON number may lose digits",
            )),
            other => Err(InputValueError::expected_type(other)),
        }
    }

    fn to_value(&self) -> Value {
        Value::String(self.to_string())
    }
}

/// An instant in UTC, as RFC 3339 writes it: `2024-12-01T08:30:00.123456Z`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DateTime(pub chrono::DateTime<Utc>);

/// An instant, as RFC 3339 writes it: `2024-12-01T08:30:00.123456Z`. Answers are in UTC; input
/// may have any offset.
#[Scalar(name = "DateTime", specified_by_url = "https://scalars.graphql.org/andimarek/date-time")]
impl ScalarType for DateTime {
    fn parse(value: Value) -> InputValueResult<Self> {
        match value {
            Value::String(text) => match chrono::DateTime::parse_from_rfc3339(&text) {
                Ok(instant) => Ok(Self(instant.to_utc())),
                Err(_) => Err(InputValueError::custom(
                    "an instant has a date, a time and an offset, such as 2024-12-01T08:30:00Z",
                )),
            },
            other => Err(InputValueError::expected_type(other)),
        }
    }

    fn to_value(&self) -> Value {
        let mut text = String::with_capacity("0000-00-00T00:00:00.000000000Z".len());
        write_rfc3339(self.0, &mut text);
        Value::String(text)
    }
}

/// By hand, because lists are full of it, and chrono takes five times as long.
pub(super) fn write_rfc3339(instant: chrono::DateTime<Utc>, to: &mut String) {
    let (date, time) = (instant.date_naive(), instant.time());
    let (Ok(year @ 0..=9_999), nanos @ 0..=999_999_999) =
        (u32::try_from(date.year()), time.nanosecond())
    else {
        // Before our era, after it, and leap seconds.
        to.push_str(&instant.to_rfc3339_opts(SecondsFormat::AutoSi, true));
        return;
    };
    let mut text = *b"0000-00-00T00:00:00.000000000Z";
    let seconds = [time.hour(), time.minute(), time.second()];
    for (end, number) in [4, 7, 10, 13, 16, 19, 29]
        .into_iter()
        .zip([year, date.month(), date.day()].into_iter().chain(seconds).chain([nanos]))
    {
        write_digits(&mut text[..end], number);
    }
    let end = match nanos {
        0 => 19,
        nanos if nanos % 1_000_000 == 0 => 23,
        nanos if nanos % 1_000 == 0 => 26,
        _ => 29,
    };
    text[end] = b'Z';
    // Nothing but ASCII.
    to.push_str(str::from_utf8(&text[..=end]).unwrap_or_default());
}

/// The last digits of `text`.
fn write_digits(text: &mut [u8], mut number: u32) {
    for digit in text.iter_mut().rev() {
        if number == 0 {
            return;
        }
        *digit = b'0' + (number % 10) as u8;
        number /= 10;
    }
}

/// A 64-bit count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Long(pub u64);

/// A 64-bit count, as a JSON number.
#[Scalar(name = "Long", specified_by_url = "https://scalars.graphql.org/chillicream/long")]
impl ScalarType for Long {
    fn parse(value: Value) -> InputValueResult<Self> {
        match &value {
            Value::Number(number) => match number.as_u64() {
                Some(count) => Ok(Self(count)),
                None => Err(InputValueError::custom("a count is a whole number, zero or more")),
            },
            _ => Err(InputValueError::expected_type(value)),
        }
    }

    fn to_value(&self) -> Value {
        Value::Number(self.0.into())
    }
}

/// A name for one operation, 8 to 128 visible ASCII characters, chosen by the caller and used
/// for nothing else. A repeat with the same key and input is answered as the first was, for
/// ever; with another input it is refused.
#[Scalar(
    name = "IdempotencyKey",
    specified_by_url = "https://datatracker.ietf.org/doc/html/draft-ietf-httpapi-idempotency-key-header"
)]
impl ScalarType for IdempotencyKey {
    fn parse(value: Value) -> InputValueResult<Self> {
        text(value)
    }

    fn to_value(&self) -> Value {
        Value::String(self.as_str().to_owned())
    }
}

/// Values that are a built-in scalar on the wire.
macro_rules! built_in {
    ($($value:ty as $name:literal),*) => {$(
        #[Scalar(name = $name)]
        impl ScalarType for $value {
            fn parse(value: Value) -> InputValueResult<Self> {
                text(value)
            }

            fn to_value(&self) -> Value {
                Value::String(self.as_str().to_owned())
            }
        }
    )*};
}

built_in!(Uid as "ID", OrderNo as "String", Period as "String", TransactionNo as "String");

pub(super) fn text<T: InputType + FromStr<Err: Display>>(value: Value) -> InputValueResult<T> {
    match value {
        Value::String(text) => Ok(text.parse()?),
        other => Err(InputValueError::expected_type(other)),
    }
}

#[cfg(test)]
mod tests {
    use async_graphql::value;

    use super::*;

    fn refusal<T: ScalarType + InputType>(value: Value) -> String {
        match <T as ScalarType>::parse(value) {
            Ok(_) => panic!("was taken"),
            Err(error) => error.into_server_error(Default::default()).message,
        }
    }

    #[test]
    fn decimals_are_exact_strings_both_ways() {
        for text in ["1000.50", "0.0001", "922337203685477.5807", "-3.00"] {
            let money = <Money as ScalarType>::parse(value!(text)).unwrap();
            assert_eq!(ScalarType::to_value(&money), value!(text));
        }
    }

    #[test]
    fn decimals_refuse_numbers_and_malformed_texts_in_plain_words() {
        for number in [value!(1), value!(0.1)] {
            assert!(refusal::<Money>(number).contains("an amount is a string"));
        }
        assert!(refusal::<Money>(value!("1.00001")).contains("at most 4 decimal places"));
        assert!(refusal::<Money>(value!("")).contains("an amount is needed"));
        for text in ["1e3", "NaN", " 1", "0x1"] {
            assert!(refusal::<Money>(value!(text)).contains("an amount is digits"), "{text}");
        }
        assert!(refusal::<Money>(Value::Null).contains("found null"));
    }

    #[test]
    fn instants_are_answered_in_utc() {
        let instant =
            <DateTime as ScalarType>::parse(value!("2024-12-01T08:30:00.25+08:00")).unwrap();
        assert_eq!(ScalarType::to_value(&instant), value!("2024-12-01T00:30:00.250Z"));
        assert!(refusal::<DateTime>(value!("2024-12-01")).contains("an offset"));
    }

    #[test]
    fn instants_are_written_as_chrono_writes_them() {
        let times = [
            "2024-12-01T08:30:00Z",
            "2024-12-31T23:59:59.5Z",
            "1999-01-02T03:04:05.000006Z",
            "0007-10-10T10:10:10.000000007Z",
            "2016-12-31T23:59:60.25Z",
            "+12024-12-01T00:00:00Z",
            "-0001-12-01T00:00:00.001Z",
        ];
        for text in times {
            let instant: chrono::DateTime<Utc> = text.parse().unwrap();
            let expected = instant.to_rfc3339_opts(SecondsFormat::AutoSi, true);
            assert_eq!(ScalarType::to_value(&DateTime(instant)), value!(expected), "{text}");
        }
    }

    #[test]
    fn names_are_checked_when_they_come_in() {
        assert!(refusal::<Uid>(value!("{a}")).contains("uid must be"));
        assert!(refusal::<Period>(value!("december")).contains("periodNumber must be"));
        assert!(refusal::<IdempotencyKey>(value!("short")).contains("8 to 128"));
    }
}
