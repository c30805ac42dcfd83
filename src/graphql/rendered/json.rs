//! Values as JSON, byte for byte as serde would write what async-graphql makes of them.

use std::fmt::Write as _;

use async_graphql::{EnumType, ID, Name, Value, indexmap::IndexMap};

use super::raw_text;
use crate::{
    entity::{Money, OrderNo, Period, TransactionNo, Uid},
    graphql::scalars::{DateTime, write_rfc3339},
};

/// What is written as a scalar.
pub trait WriteJson {
    /// Appends it.
    fn write_json(&self, json: &mut String);
}

impl<T: WriteJson + ?Sized> WriteJson for &T {
    fn write_json(&self, json: &mut String) {
        (**self).write_json(json);
    }
}

impl<T: WriteJson> WriteJson for Option<T> {
    fn write_json(&self, json: &mut String) {
        match self {
            Some(value) => value.write_json(json),
            None => json.push_str("null"),
        }
    }
}

impl WriteJson for str {
    fn write_json(&self, json: &mut String) {
        // All of them, and not until the first: many bytes are looked at in one go.
        let escaped = |byte| byte < b' ' || byte == b'"' || byte == b'\\';
        if !self.bytes().fold(false, |any, byte| any | escaped(byte)) {
            quoted(json, |json| json.push_str(self));
        } else {
            // A text can always be written.
            json.push_str(&serde_json::to_string(self).unwrap_or_default());
        }
    }
}

/// What is a text.
macro_rules! texts {
    ($($text:ty),*) => {$(
        impl WriteJson for $text {
            fn write_json(&self, json: &mut String) {
                self.as_str().write_json(json);
            }
        }
    )*};
}

texts!(String, ID, Uid, OrderNo, Period, TransactionNo);

/// What JSON has as Rust shows it.
macro_rules! shown {
    ($($value:ty),*) => {$(
        impl WriteJson for $value {
            fn write_json(&self, json: &mut String) {
                // A `String` takes everything.
                let _ = write!(json, "{self}");
            }
        }
    )*};
}

shown!(bool, i32, i64, serde_json::Number);

impl WriteJson for Money {
    fn write_json(&self, json: &mut String) {
        quoted(json, |json| self.append_to(json));
    }
}

impl WriteJson for DateTime {
    fn write_json(&self, json: &mut String) {
        quoted(json, |json| write_rfc3339(self.0, json));
    }
}

fn quoted(json: &mut String, write: impl FnOnce(&mut String)) {
    json.push('"');
    write(json);
    json.push('"');
}

/// Appends the name that an enum's value has in the schema.
pub fn write_enum<T: EnumType>(value: T, json: &mut String) {
    let item = T::items().iter().find(|item| item.value == value);
    item.map(|item| item.name).write_json(json);
}

/// Appends a list.
pub fn write_list<T>(
    items: impl IntoIterator<Item = T>,
    json: &mut String,
    mut write: impl FnMut(T, &mut String),
) {
    json.push('[');
    for (index, item) in items.into_iter().enumerate() {
        if index > 0 {
            json.push(',');
        }
        write(item, json);
    }
    json.push(']');
}

/// Appends what the executor answered. Recurses as deep as documents do.
pub fn write_value(value: &Value, json: &mut String) {
    match value {
        Value::Null => json.push_str("null"),
        Value::Number(number) => number.write_json(json),
        Value::String(text) => text.write_json(json),
        Value::Boolean(truth) => truth.write_json(json),
        Value::Binary(bytes) => {
            write_list(bytes, json, |byte, json| i32::from(*byte).write_json(json));
        }
        Value::Enum(name) => name.as_str().write_json(json),
        Value::List(items) => write_list(items, json, write_value),
        Value::Object(fields) => match raw_text(fields) {
            Some(text) => json.push_str(text),
            None => write_object(fields, json),
        },
    }
}

fn write_object(fields: &IndexMap<Name, Value>, json: &mut String) {
    json.push('{');
    for (index, (name, value)) in fields.iter().enumerate() {
        if index > 0 {
            json.push(',');
        }
        name.as_str().write_json(json);
        json.push(':');
        write_value(value, json);
    }
    json.push('}');
}
