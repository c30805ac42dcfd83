//! Money: exact, bounded, never a float.

use std::{fmt, str::FromStr};

use rust_decimal::Decimal;
use sea_orm::DeriveValueType;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de, ser};
use serde_json::value::RawValue;

/// Decimal places that are stored. More are refused, never rounded.
const SCALE: u32 = 4;
/// Longest text that is looked at: 15 digits, a sign, a point, 4 digits, and some zeros.
const MAX_TEXT: usize = 40;
/// Longest text that is written: a sign, 15 digits, a point, 4 digits.
const MAX_DIGITS: usize = 21;

/// An amount as it is stored: a whole number of ten-thousandths, in a BIGINT.
///
/// Exact on PostgreSQL and on SQLite (whose NUMERIC is a float), up to
/// ±922,337,203,685,477.5807. In JSON it is an exact number (`1000.50`), as the services
/// that share the cache write it; in GraphQL a string.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, DeriveValueType)]
pub struct Money(i64);

impl Money {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// From a count of ten-thousandths.
    pub const fn from_units(units: i64) -> Self {
        Self(units)
    }

    /// The count of ten-thousandths.
    pub const fn units(self) -> i64 {
        self.0
    }

    /// The sum, or `None` beyond what can be stored.
    pub fn checked_add(self, other: Self) -> Option<Self> {
        self.0.checked_add(other.0).map(Self)
    }

    /// The difference, or `None` beyond what can be stored.
    pub fn checked_sub(self, other: Self) -> Option<Self> {
        self.0.checked_sub(other.0).map(Self)
    }

    /// Whether it is below zero.
    pub const fn is_negative(self) -> bool {
        self.0 < 0
    }

    /// Without its sign; the most negative value, which has no counterpart, becomes the largest.
    pub const fn abs(self) -> Self {
        Self(self.0.saturating_abs())
    }

    /// As a [`Decimal`] of scale 4.
    pub fn to_decimal(self) -> Decimal {
        Decimal::new(self.0, SCALE)
    }

    /// From a JSON number of another service: `1000.5`, `1000.50`, `1e3`, and `"1000.50"`,
    /// which Go's usual decimal type writes.
    fn from_json(text: &str) -> Result<Self, InvalidAmount> {
        let text = text.strip_prefix('"').and_then(|t| t.strip_suffix('"')).unwrap_or(text);
        if text.len() > MAX_TEXT {
            return Err(InvalidAmount::OutOfRange);
        }
        let decimal = Decimal::from_str_exact(text)
            .or_else(|_| Decimal::from_scientific(text))
            .map_err(|_| InvalidAmount::NotANumber)?;
        Self::try_from(decimal)
    }
}

impl TryFrom<Decimal> for Money {
    type Error = InvalidAmount;

    fn try_from(decimal: Decimal) -> Result<Self, InvalidAmount> {
        let mut exact = decimal.normalize();
        if exact.scale() > SCALE {
            return Err(InvalidAmount::TooPrecise);
        }
        exact.rescale(SCALE);
        if exact.scale() != SCALE {
            return Err(InvalidAmount::OutOfRange);
        }
        i64::try_from(exact.mantissa()).map(Self).map_err(|_| InvalidAmount::OutOfRange)
    }
}

/// Plain decimal notation only: an optional minus, digits, and at most 4 decimal places.
impl FromStr for Money {
    type Err = InvalidAmount;

    fn from_str(text: &str) -> Result<Self, InvalidAmount> {
        if text.is_empty() {
            return Err(InvalidAmount::Empty);
        }
        if text.len() > MAX_TEXT {
            return Err(InvalidAmount::OutOfRange);
        }
        let digits = text.strip_prefix('-').unwrap_or(text);
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
        let plain = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
        if !plain(whole) || !plain(fraction) {
            return Err(InvalidAmount::NotANumber);
        }
        if fraction.len() > SCALE as usize {
            return Err(InvalidAmount::TooPrecise);
        }
        Self::try_from(Decimal::from_str_exact(text).map_err(|_| InvalidAmount::OutOfRange)?)
    }
}

/// At least two decimal places, at most four: `1000.50`, `0.0001`, `-3.00`.
impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.digits(&mut [b'0'; MAX_DIGITS]))
    }
}

impl Money {
    /// Appends what [`fmt::Display`] shows.
    pub fn append_to(self, text: &mut String) {
        text.push_str(self.digits(&mut [b'0'; MAX_DIGITS]));
    }

    /// By hand: lists are full of it, and the machinery of `write!` takes four times as long.
    fn digits(self, text: &mut [u8; MAX_DIGITS]) -> &str {
        let (mut at, mut units, mut places) = (text.len(), self.0.unsigned_abs(), SCALE);
        for _ in 0..2 {
            if units % 10 == 0 {
                (units, places) = (units / 10, places - 1);
            } else {
                break;
            }
        }
        // All places, the point, and one digit before it, even if they are zeros.
        while units > 0 || places > 0 || text[at..].first().is_none_or(|byte| *byte == b'.') {
            at -= 1;
            text[at] = b'0' + (units % 10) as u8;
            units /= 10;
            if places > 0 {
                places -= 1;
                if places == 0 {
                    at -= 1;
                    text[at] = b'.';
                }
            }
        }
        if self.0 < 0 {
            at -= 1;
            text[at] = b'-';
        }
        // Nothing but ASCII.
        str::from_utf8(&text[at..]).unwrap_or_default()
    }
}

impl Serialize for Money {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        RawValue::from_string(self.to_string()).map_err(ser::Error::custom)?.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Money {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = <&RawValue>::deserialize(deserializer)?;
        Self::from_json(raw.get()).map_err(de::Error::custom)
    }
}

/// What somebody asks to be moved: more than zero, at most 4 decimal places, and no more
/// than a wallet can hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Amount(Decimal);

impl Amount {
    /// As it is stored.
    pub fn money(self) -> Money {
        Money::try_from(self.0).unwrap_or_default()
    }

    /// The exact decimal.
    pub const fn decimal(self) -> Decimal {
        self.0
    }
}

impl TryFrom<Money> for Amount {
    type Error = InvalidAmount;

    fn try_from(money: Money) -> Result<Self, InvalidAmount> {
        if money <= Money::ZERO {
            return Err(InvalidAmount::NotPositive);
        }
        Ok(Self(money.to_decimal()))
    }
}

impl FromStr for Amount {
    type Err = InvalidAmount;

    fn from_str(text: &str) -> Result<Self, InvalidAmount> {
        text.parse::<Money>()?.try_into()
    }
}

/// As its text: the digits that an idempotency fingerprint is taken of.
impl Serialize for Amount {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.money().fmt(f)
    }
}

/// Why a text is no amount.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidAmount {
    /// The empty string.
    #[error("an amount is needed, such as \"12.50\"; got an empty string")]
    Empty,
    /// Not plain decimal notation.
    #[error("an amount is digits with at most 4 decimal places, such as \"12.50\"")]
    NotANumber,
    /// Would have to be rounded.
    #[error("an amount has at most 4 decimal places; it is never rounded")]
    TooPrecise,
    /// Zero or less.
    #[error("an amount must be more than zero")]
    NotPositive,
    /// Does not fit.
    #[error("an amount is at most 922337203685477.5807")]
    OutOfRange,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(text: &str) -> Result<Money, serde_json::Error> {
        serde_json::from_str(text)
    }

    #[test]
    fn keeps_every_digit_through_text_and_json() {
        for text in [
            "0.00",
            "0.30",
            "10.00",
            "100000.00",
            "123456789012345.1234",
            "922337203685477.5807",
            "-922337203685477.5807",
            "0.0001",
            "-0.01",
            "-7.125",
            "-1000.05",
        ] {
            let money: Money = text.parse().unwrap();
            assert_eq!(money.to_string(), text);
            let json = serde_json::to_string(&money).unwrap();
            assert_eq!(json, text, "a JSON number has the same digits");
            assert_eq!(serde_json::from_str::<Money>(&json).unwrap(), money);
        }
    }

    #[test]
    fn reads_what_go_services_write() {
        let expected = Money::from_units(10_005_000);
        for text in ["1000.5", "1000.50", "1000.500000", "\"1000.5\"", "1.0005e3", "1.0005E+3"] {
            assert_eq!(json(text).unwrap(), expected, "{text}");
        }
        assert_eq!(json("1e3").unwrap(), Money::from_units(10_000_000));
    }

    #[test]
    fn refuses_what_it_would_have_to_round_or_cannot_hold() {
        for text in ["0.30000000000000004", "1e30", "922337203685477.5808", "null", "true", "{}"] {
            assert!(json(text).is_err(), "{text} became {:?}", json(text));
        }
    }

    #[test]
    fn parses_plain_notation_only() {
        let parse = |text: &str| text.parse::<Amount>().unwrap_err();
        assert_eq!(parse(""), InvalidAmount::Empty);
        assert_eq!(parse("0"), InvalidAmount::NotPositive);
        assert_eq!(parse("-1"), InvalidAmount::NotPositive);
        assert_eq!(parse("1.00000"), InvalidAmount::TooPrecise);
        for text in ["1e3", "NaN", "Infinity", "+1", " 1", "1.", ".5", "1_000", "1,5", "١"] {
            assert_eq!(parse(text), InvalidAmount::NotANumber, "{text}");
        }
        assert_eq!(parse("922337203685477.5808"), InvalidAmount::OutOfRange);
        assert_eq!(parse(&"9".repeat(1_000)), InvalidAmount::OutOfRange);
    }
}
