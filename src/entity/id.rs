//! Names of things, valid by construction: they become parts of Redis keys, so what they may
//! hold is narrow.

use std::{fmt, str::FromStr};

use chrono::{DateTime, Utc};
use parking_lot::Mutex;
use sea_orm::DeriveValueType;
use serde::{Deserialize, Serialize};
use ulid::Ulid;

/// Why a text is no identifier.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what} must be {rule}")]
pub struct InvalidId {
    what: &'static str,
    rule: &'static str,
}

/// Defines a string newtype that is checked when parsed from outside, and taken as it is from
/// the database and the cache, which other services write too.
macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident, $what:literal, $rule:literal, $valid:expr) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, DeriveValueType)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// A value that was checked when it was stored.
            pub fn stored(text: impl Into<String>) -> Self {
                Self(text.into())
            }

            /// The text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;

            fn from_str(text: &str) -> Result<Self, InvalidId> {
                let valid: fn(&str) -> bool = $valid;
                if valid(text) {
                    Ok(Self(text.to_owned()))
                } else {
                    Err(InvalidId { what: $what, rule: $rule })
                }
            }
        }

        /// sea-orm asks this of a primary key; no text is made of a row number.
        impl sea_orm::TryFromU64 for $name {
            fn try_from_u64(_: u64) -> Result<Self, sea_orm::DbErr> {
                Err(sea_orm::DbErr::ConvertFromU64(stringify!($name)))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

/// 1-64 letters, digits and `_ - . : @`: no braces (they choose a cluster slot), no spaces.
fn is_name(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-.:@".contains(&b))
}

fn is_period(text: &str) -> bool {
    let digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
    text.split_once('_').is_some_and(|(day, run)| {
        day.len() == 8 && digits(day) && (1..=6).contains(&run.len()) && digits(run)
    })
}

text_id!(
    /// Whose wallet it is.
    Uid, "uid", "1 to 64 letters, digits or _ - . : @", is_name
);
text_id!(
    /// An order's number, such as `ORDER_20241201_001_0001`.
    OrderNo, "orderNo", "1 to 64 letters, digits or _ - . : @", is_name
);
text_id!(
    /// A ledger line's number; those of this service sort by time.
    TransactionNo, "transactionNo", "1 to 64 letters, digits or _ - . : @", is_name
);
text_id!(
    /// A period of orders: day and run, such as `20241201_001`.
    Period, "periodNumber", "a day and a run, such as 20241201_001", is_period
);
text_id!(
    /// A caller's name for one operation, which makes its retry safe.
    IdempotencyKey, "idempotencyKey", "8 to 128 visible ASCII characters",
    |text| (8..=128).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic())
);

impl TransactionNo {
    /// The next line's number: unique among instances, and rising within one, so that the
    /// lines of an operation sort as they were made.
    pub fn generate() -> Self {
        Self::of(next_ulid())
    }

    /// The number that is made of this.
    pub fn of(ulid: Ulid) -> Self {
        Self(format!("TX{ulid}"))
    }

    /// What it is made of; `None` for those of other services.
    pub fn ulid(&self) -> Option<Ulid> {
        Ulid::from_string(self.0.strip_prefix("TX")?).ok()
    }
}

impl OrderNo {
    /// A new order's number in its period: unique among instances, sorts by time in the period.
    pub fn generate(period: &Period) -> Self {
        Self(format!("ORDER_{period}_{}", next_ulid()))
    }
}

/// A new operation's id: unique among instances, sorts by time.
pub fn operation_id() -> String {
    format!("OP{}", next_ulid())
}

/// An id that comes before those of all operations from this time on, and after earlier ones.
pub fn first_operation_id(since: DateTime<Utc>) -> String {
    let millis = u64::try_from(since.timestamp_millis()).unwrap_or_default();
    format!("OP{}", Ulid::from_parts(millis, 0))
}

fn next_ulid() -> Ulid {
    static GENERATOR: Mutex<ulid::Generator> = Mutex::new(ulid::Generator::new());
    // The generator only fails after 2^80 numbers in one millisecond.
    GENERATOR.lock().generate().unwrap_or_else(|_| Ulid::new())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_narrow() {
        assert!("u000001".parse::<Uid>().is_ok());
        for text in ["", "a b", "{a}", "ä", "a\0", &"x".repeat(65)] {
            assert!(text.parse::<Uid>().is_err(), "{text:?}");
        }
    }

    #[test]
    fn operations_sort_by_time() {
        let before = first_operation_id(super::super::clock::now());
        let [first, second] = [operation_id(), operation_id()];
        let after = first_operation_id(super::super::clock::now() + chrono::TimeDelta::seconds(1));
        assert!(before < first && first < second && second < after);
    }

    #[test]
    fn periods_are_day_and_run() {
        assert!("20241201_001".parse::<Period>().is_ok());
        for text in ["", "20241201", "2024_001", "20241201_", "20241201_0000001", "2024120a_001"] {
            assert!(text.parse::<Period>().is_err(), "{text:?}");
        }
    }

    #[test]
    fn keys_are_visible_ascii() {
        assert!("12345678".parse::<IdempotencyKey>().is_ok());
        for text in ["1234567", "1234 5678", &"k".repeat(129)] {
            assert!(text.parse::<IdempotencyKey>().is_err(), "{text:?}");
        }
    }
}
