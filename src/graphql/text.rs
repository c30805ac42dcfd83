//! Texts, checked when they come in: `String` or `ID` on the wire.

use std::str::FromStr;

use async_graphql::{InputValueResult, Scalar, ScalarType, Value};

/// Longest text, in characters.
const MAX_LENGTH: usize = 500;

/// What a change is for, in the caller's words.
pub struct Description(pub String);

/// Why something out of the ordinary is done; never blank.
pub struct Reason(pub String);

/// An ISO 4217 code.
pub struct Currency(pub String);

/// A word to search by: visible ASCII.
pub struct Word(pub String);

/// Who holds a lock, as `lockStatus` tells.
pub struct Holder(pub String);

/// The id that all lines of an operation share: visible ASCII.
pub struct OperationId(pub String);

/// Why a text is not taken.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct InvalidText(&'static str);

impl FromStr for Description {
    type Err = InvalidText;

    fn from_str(text: &str) -> Result<Self, InvalidText> {
        check(text)?;
        Ok(Self(text.to_owned()))
    }
}

impl FromStr for Reason {
    type Err = InvalidText;

    fn from_str(text: &str) -> Result<Self, InvalidText> {
        check(text)?;
        if text.trim().is_empty() {
            return Err(InvalidText("a reason is needed"));
        }
        Ok(Self(text.to_owned()))
    }
}

impl FromStr for Currency {
    type Err = InvalidText;

    fn from_str(text: &str) -> Result<Self, InvalidText> {
        if text.len() != 3 || !text.bytes().all(|byte| byte.is_ascii_uppercase()) {
            return Err(InvalidText("currency is three capital letters, such as PHP"));
        }
        Ok(Self(text.to_owned()))
    }
}

impl FromStr for Word {
    type Err = InvalidText;

    fn from_str(text: &str) -> Result<Self, InvalidText> {
        if text.len() > 128 || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(InvalidText("at most 128 visible ASCII characters are taken"));
        }
        Ok(Self(text.to_owned()))
    }
}

impl FromStr for Holder {
    type Err = InvalidText;

    fn from_str(text: &str) -> Result<Self, InvalidText> {
        // Ours are shorter.
        if text.len() > 256 {
            return Err(InvalidText("at most 256 bytes are taken"));
        }
        Ok(Self(text.to_owned()))
    }
}

impl FromStr for OperationId {
    type Err = InvalidText;

    fn from_str(text: &str) -> Result<Self, InvalidText> {
        if text.len() > 64 || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(InvalidText("at most 64 visible ASCII characters are taken"));
        }
        Ok(Self(text.to_owned()))
    }
}

fn check(text: &str) -> Result<(), InvalidText> {
    // Bytes first: counting characters reads the whole text.
    if text.len() > 4 * MAX_LENGTH || text.chars().count() > MAX_LENGTH {
        return Err(InvalidText("at most 500 characters are taken"));
    }
    if text.chars().any(char::is_control) {
        return Err(InvalidText("control characters, such as line breaks, are not taken"));
    }
    Ok(())
}

macro_rules! text_scalars {
    ($($text:ident as $name:literal),*) => {$(
        #[Scalar(name = $name)]
        impl ScalarType for $text {
            fn parse(value: Value) -> InputValueResult<Self> {
                super::scalars::text(value)
            }

            fn to_value(&self) -> Value {
                Value::String(self.0.clone())
            }
        }
    )*};
}

text_scalars!(
    Description as "String",
    Reason as "String",
    Currency as "String",
    Word as "String",
    Holder as "String",
    OperationId as "ID"
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_bounded_in_characters_and_plain() {
        assert!("ü".repeat(500).parse::<Description>().is_ok());
        for text in [&"u".repeat(501), "a\nb", "a\0", "\u{7f}", "\u{9b}31m"] {
            assert!(text.parse::<Description>().is_err(), "{text:?}");
            assert!(text.parse::<Reason>().is_err(), "{text:?}");
        }
    }

    #[test]
    fn a_reason_says_something() {
        assert!("".parse::<Description>().is_ok());
        assert!("".parse::<Reason>().is_err() && "  ".parse::<Reason>().is_err());
        assert!("fraud".parse::<Reason>().is_ok());
    }

    #[test]
    fn a_word_is_visible() {
        assert!("".parse::<Word>().is_ok() && "u0001".parse::<Word>().is_ok());
        for text in ["a b", "\0", "ä", &"x".repeat(129)] {
            assert!(text.parse::<Word>().is_err(), "{text:?}");
        }
    }

    #[test]
    fn a_currency_is_a_code() {
        assert!("PHP".parse::<Currency>().is_ok());
        for text in ["", "php", "PH", "PHPP", "P1P", "ÄÖ"] {
            assert!(text.parse::<Currency>().is_err(), "{text:?}");
        }
    }
}
