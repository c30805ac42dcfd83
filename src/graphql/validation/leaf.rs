//! Values without parts, each checked by the type that will take it.

use async_graphql::{InputType, Pos, ScalarType, Value};

use super::super::{
    connection::{Cursor, Listed},
    hot::HotRecord,
    operation::Operation,
    order::Order,
    scalars::DateTime,
    text::{Currency, Description, Holder, OperationId, Reason, Word},
    transaction::Transaction,
    wallet::Wallet,
};
use crate::entity::{IdempotencyKey, Money, OrderNo, Period, TransactionNo, Uid};

/// Says what is wrong with a value.
pub type Check = fn(&Value) -> Result<(), String>;

/// The check of what is of this scalar and goes by this name. Names of things and texts are `ID`
/// and `String` in the schema: which of them it is, is told by what the field or argument is
/// called, everywhere alike. A cursor is one of the list that its field answers with.
pub fn check(scalar: &str, place: &str, name: &str) -> Option<Check> {
    Some(match (scalar, name) {
        ("String", "after" | "before") => match place {
            "WalletConnection" => cursor::<Wallet>,
            "TransactionConnection" => cursor::<Transaction>,
            "OrderConnection" => cursor::<Order>,
            "OperationConnection" => cursor::<Operation>,
            "HotRecordConnection" => cursor::<HotRecord>,
            _ => return None,
        },
        ("Decimal", _) => parses::<Money>,
        ("DateTime", _) => parses::<DateTime>,
        ("IdempotencyKey", _) => parses::<IdempotencyKey>,
        ("ID", "uid" | "uids" | "walletUids" | "fromUid" | "toUid" | "caller") => named::<Uid>,
        ("String", "orderNo") => named::<OrderNo>,
        ("String", "periodNumber") => named::<Period>,
        ("String", "transactionNo") => named::<TransactionNo>,
        ("String", "description") => named::<Description>,
        ("String", "reason") => named::<Reason>,
        ("String", "currency") => named::<Currency>,
        ("String", "uidPrefix" | "kind") => named::<Word>,
        ("String", "expectedHolder") => named::<Holder>,
        ("ID", "operationId") => named::<OperationId>,
        _ => return None,
    })
}

/// A scalar of ours. What is of another type altogether is not repeated: it may be long.
fn parses<T: ScalarType + InputType>(value: &Value) -> Result<(), String> {
    match value {
        Value::String(_) | Value::Number(_) => {}
        _ => return Err("a string is wanted".to_owned()),
    }
    let Err(error) = <T as ScalarType>::parse(value.clone()) else { return Ok(()) };
    let text = error.into_server_error(Pos::default()).message;
    // What async-graphql puts before the scalar's own words.
    let words = text.strip_prefix("Failed to parse ").and_then(|text| text.split_once(": "));
    Err(words.map_or("a string is wanted", |(_, words)| words).to_owned())
}

/// A built-in scalar. Of an `ID` async-graphql takes numbers too, and refuses them when the fields
/// before are done.
fn named<T: ScalarType + InputType>(value: &Value) -> Result<(), String> {
    match value {
        Value::String(_) => parses::<T>(value),
        _ => Err("a string is wanted".to_owned()),
    }
}

/// A place in a list of these.
fn cursor<T: Listed>(value: &Value) -> Result<(), String> {
    match value {
        Value::String(text) => {
            T::Cursor::decode(text).map(drop).map_err(|malformed| malformed.to_string())
        }
        _ => Err("a string is wanted".to_owned()),
    }
}
