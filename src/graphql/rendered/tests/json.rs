//! What is written is what serde writes.

use async_graphql::{Name, Response, ScalarType, ServerError, Value, value};
use chrono::DateTime;
use proptest::prelude::*;

use crate::{
    entity::Money,
    graphql::{
        rendered::{WriteJson, to_json},
        scalars,
    },
};

#[test]
fn responses_are_written_as_serde_writes_them() {
    let mut response = Response::new(value!({
        "a": { "$b\"": [1, 1.5, -0.0, 1e300, true, null, "\u{1}"], "c": {}, "d": [] },
        "e": (Value::Enum(Name::new("RED"))),
    }));
    let written = |response: &Response| {
        (to_json(response).unwrap(), serde_json::to_string(response).unwrap())
    };
    let (ours, theirs) = written(&response);
    assert_eq!(ours, theirs);
    let mut error = ServerError::new("no\n", Some(Default::default()));
    error.extensions.get_or_insert_default().set("code", "NO");
    response.errors = vec![error];
    response.extensions.insert("x".to_owned(), value!({ "y": [1] }));
    response.data = Value::Binary(vec![0, 255].into());
    let (ours, theirs) = written(&response);
    assert_eq!(ours, theirs);
    let (ours, theirs) = written(&Response::new(Value::Null));
    assert_eq!(ours, theirs);
}

fn written(value: &impl WriteJson) -> String {
    let mut json = String::new();
    value.write_json(&mut json);
    json
}

proptest! {
    #[test]
    fn texts_are_written_as_serde_writes_them(text in any::<String>()) {
        prop_assert_eq!(written(&text), serde_json::to_string(&text).unwrap());
    }

    #[test]
    fn scalars_are_written_as_they_are_resolved(number in any::<i64>(), nanos in 0_u32..2_000_000_000) {
        let money = Money::from_units(number);
        prop_assert_eq!(written(&money), ScalarType::to_value(&money).to_string());
        prop_assert_eq!(written(&number), number.to_string());
        let seconds = number % 400_000_000_000;
        let instant = DateTime::from_timestamp(seconds, nanos).or(DateTime::from_timestamp(0, 0));
        let instant = scalars::DateTime(instant.unwrap());
        prop_assert_eq!(written(&instant), ScalarType::to_value(&instant).to_string());
    }
}
