//! What is let through, and what is validated again.

use async_graphql::parser::{parse_query, types::TypeKind};
use serde_json::{Value as Json, json};

use super::*;

const SDL: &str =
    "input One @oneOf { uid: ID color: Color } scalar Decimal scalar IdempotencyKey enum Color { RED GREEN } input Filter { a: Int }
    input Payment { key: IdempotencyKey uid: ID! parts: [Part!] } input Part { amount: Decimal! }
    type Query { a(uid: ID, uids: [ID!], amount: Decimal, one: One): Int b: Query }
    type OrderConnection { a: Int }
    type Mutation { pay(input: Payment!): Int page(first: Int, last: Int, after: String): OrderConnection }";
const BOUNDS: Bounds =
    Bounds { max_page_size: 100, max_list_argument: 3, suggestions: true, max_rewards: 10 };

fn check(text: &str, variables: Json) -> Result<Checked, ServerError> {
    Types::of(SDL, BOUNDS).check(
        &parse_query(text).unwrap(),
        None,
        &Variables::from_json(variables),
    )
}

fn verdict(text: &str) -> Verdict {
    verdict_with(text, json!({}))
}

fn verdict_with(text: &str, variables: Json) -> Verdict {
    let verdict = Verdict::default();
    let checked = check(text, variables).unwrap_or_else(|error| panic!("{}", error.message));
    verdict.decide(checked, &Response::new(Value::Boolean(true)));
    verdict
}

fn covers(text: &str, variables: Json) -> bool {
    verdict(text).covers(&Variables::from_json(variables))
}

#[test]
fn plain_values_of_the_declared_kind_are_covered() {
    let text = "query($a: ID!, $b: Int, $c: [Decimal!]!, $d: Color = RED, $e: Boolean!) { a }";
    let good = json!({"a": "x", "b": 1, "c": ["1", "2"], "d": "GREEN", "e": true});
    assert!(covers(text, good.clone()));
    for (name, values) in [
        ("a", json!([null, 1, true, ["x"], {"x": 1}])),
        ("b", json!(["1", 1.5, 3_000_000_000_i64, true, [1]])),
        ("c", json!([null, "1", [null], [1], [["1"]], {"x": "1"}])),
        ("d", json!([null, "BLUE", 1])),
        ("e", json!([null, "true", 1, []])),
    ] {
        for value in values.as_array().unwrap() {
            let mut wrong = good.clone();
            wrong[name] = value.clone();
            assert!(!covers(text, wrong), "${name} = {value}");
        }
    }
    let without = |name: &str| {
        let mut some = good.clone();
        some.as_object_mut().unwrap().remove(name);
        covers(text, some)
    };
    assert_eq!(["a", "b", "c", "d", "e"].map(without), [false, true, false, true, false]);
}

#[test]
fn only_one_query_or_mutation_without_input_objects_is_covered() {
    assert!(covers("{ a }", json!({})));
    assert!(covers("query q { a }", json!({})));
    let pay = "mutation($k: IdempotencyKey!, $a: Decimal!) {
        pay(input: { uid: \"a\", key: $k, parts: [{ amount: $a }] }) }";
    let given = |amount: &str| json!({"k": "key-00001", "a": amount});
    let passed = verdict_with(pay, given("1"));
    let covers_too = |variables| passed.covers(&Variables::from_json(variables));
    assert!(covers_too(given("1.50")));
    assert!(!covers_too(given("1.50001")), "refused before anything is done");
    assert!(!covers_too(json!({"a": "1"})));
    for text in [
        "mutation($i: Payment!) { pay(input: $i) }",
        "subscription { a }",
        "query a { a } query b { a }",
        "query($f: Filter) { a }",
        "query($f: [[Int]]) { a }",
        "query($f: Unknown) { a }",
    ] {
        let verdict = verdict_with(text, json!({"i": {}}));
        assert!(!verdict.covers(&Variables::default()), "{text}");
    }
}

#[test]
fn what_was_not_executed_has_not_passed() {
    let verdict = Verdict::default();
    let checked = || check("{ a }", json!({})).unwrap_or_else(|error| panic!("{}", error.message));
    verdict.decide(checked(), &Response::from_errors(vec![ServerError::new("no", None)]));
    assert!(!verdict.covers(&Variables::default()));
    verdict.decide(checked(), &Response::new(Value::Boolean(true)));
    assert!(verdict.covers(&Variables::default()));
}

#[test]
fn a_malformed_value_is_told_by_its_place() {
    let pay = "mutation($i: Payment!) { pay(input: $i) }";
    for (text, variables, place, words) in [
        ("{ a(uid: \"{a}\") }", json!({}), "uid", "uid must be"),
        ("{ b { b { a(uids: [\"a\", \"{a}\"]) } } }", json!({}), "uids.1", "uid must be"),
        (
            "{ ...f } fragment f on Query { a(amount: \"x\") }",
            json!({}),
            "amount",
            "an amount is digits",
        ),
        ("{ ... { a(amount: 1.5) } }", json!({}), "amount", "an amount is a string"),
        ("{ a(amount: FOO) }", json!({}), "amount", "a string is wanted"),
        (
            "query($u: [ID!]) { a(uids: $u) }",
            json!({"u": ["a", "b", "c d"]}),
            "uids.2",
            "uid must be",
        ),
        (pay, json!({"i": {"key": "short"}}), "input.key", "8 to 128"),
        (pay, json!({"i": {"key": ["key-00001"]}}), "input.key", "not a list"),
        (pay, json!({"i": [{"uid": "a"}]}), "input", "not a list"),
        (pay, json!({"i": 5}), "input", "an object is wanted"),
        (pay, json!({"i": {"parts": ["1"]}}), "input.parts.0", "an object is wanted"),
        ("query($c: Color) { a(one: { color: $c }) }", json!({}), "one.color", "a value is wanted"),
        ("{ a(uid: 1) }", json!({}), "uid", "a string is wanted"),
        ("{ a(amount: [\"1\"]) }", json!({}), "amount", "not a list"),
        ("{ a(uids: [[\"a\"]]) }", json!({}), "uids.0", "not a list"),
        (
            "mutation($u: ID) { pay(input: { uid: $u, parts: [] }) }",
            json!({}),
            "input.uid",
            "a value is wanted",
        ),
        (
            pay,
            json!({"i": {"parts": [{"amount": "1"}, {"amount": "1.00001"}]}}),
            "input.parts.1.amount",
            "at most 4 decimal places",
        ),
        (
            "mutation($a: Decimal!) { pay(input: { uid: \"a\", parts: [{ amount: $a }] }) }",
            json!({"a": {"long": "x"}}),
            "input.parts.0.amount",
            "a string is wanted",
        ),
    ] {
        let Err(error) = check(text, variables) else { panic!("{text} was taken") };
        let extensions = serde_json::to_value(&error.extensions).unwrap();
        assert_eq!(extensions, json!({"code": "BAD_USER_INPUT", "argument": place}), "{text}");
        let said = error.message.strip_prefix(&format!("{place}: ")).unwrap_or_default();
        assert!(said.contains(words), "{}", error.message);
        assert_eq!(error.locations.len(), 1, "{text}");
    }
}

/// What else is wrong, validation says in its own words.
#[test]
fn nothing_else_is_looked_at() {
    for (text, variables) in [
        ("{ nonsense(uid: \"{a}\") { a } }", json!({})),
        ("{ a(nonsense: \"{a}\") }", json!({})),
        ("{ a(uid: null, uids: [null], amount: null) }", json!({})),
        ("{ ...f } fragment f on Nonsense { a(uid: \"{a}\") }", json!({})),
        ("query($u: ID) { a(uid: $u) }", json!({})),
        ("query($u: ID) { a(uid: $other) }", json!({"u": "{a}"})),
        ("mutation($i: Payment!) { pay(input: $i) }", json!({"i": {"nonsense": "{a}"}})),
    ] {
        assert!(check(text, variables).is_ok(), "{text}");
    }
}

/// Pages and lists have bounds, whichever way they are written, and in later requests too.
#[test]
fn what_is_too_much_is_told_by_its_place() {
    for (text, variables, place, words) in [
        ("mutation { page(first: -1) { a } }", json!({}), "first", "from 0 to 100"),
        ("mutation { page(last: 101) { a } }", json!({}), "last", "from 0 to 100"),
        ("mutation($n: Int) { page(first: $n) { a } }", json!({"n": 101}), "first", "from 0 to"),
        ("mutation { page(first: 1, last: 1) { a } }", json!({}), "last", "not both"),
        (
            "mutation($n: Int) { page(first: $n, last: 1) { a } }",
            json!({"n": 0}),
            "last",
            "not both",
        ),
        (
            "mutation { page(after: \"bm9uZQ\") { a } }",
            json!({}),
            "after",
            "no cursor of this list",
        ),
        (
            "mutation($c: String) { page(after: $c) { a } }",
            json!({"c": "*"}),
            "after",
            "no cursor of this list",
        ),
        ("{ a(uids: [\"a\", \"b\", \"c\", \"d\"]) }", json!({}), "uids", "0 to 3 are taken"),
        (
            "query($u: [ID!]) { a(uids: $u) }",
            json!({"u": ["a", "b", "c", "d"]}),
            "uids",
            "it holds 4",
        ),
        (
            "mutation($i: Payment!) { pay(input: $i) }",
            json!({"i": {"parts": [{}, {}, {}, {}]}}),
            "input.parts",
            "it holds 4",
        ),
    ] {
        let Err(error) = check(text, variables) else { panic!("{text} was taken") };
        assert!(error.message.starts_with(place) && error.message.contains(words), "{error:?}");
    }
    let page = verdict_with("mutation($n: Int) { page(first: $n) { a } }", json!({"n": 1}));
    let uids = verdict_with("query($u: [ID!]!) { a(uids: $u) }", json!({"u": []}));
    for (verdict, variables, fits) in [
        (&page, json!({"n": 100}), true),
        (&page, json!({"n": 101}), false),
        (&page, json!({"n": -1}), false),
        (&uids, json!({"u": ["a", "b", "c"]}), true),
        (&uids, json!({"u": ["a", "b", "c", "d"]}), false),
    ] {
        assert_eq!(verdict.covers(&Variables::from_json(variables.clone())), fits, "{variables}");
    }
    let either = "mutation($f: Int, $l: Int) { page(first: $f, last: $l) { a } }";
    assert!(check(either, json!({"f": 1})).is_ok() && check(either, json!({"l": 1})).is_ok());
    assert!(!covers(either, json!({"f": 1})), "it depends on both");
}

/// A value that would be refused is not covered by what the document was sent with before.
#[test]
fn values_are_looked_at_where_they_stand() {
    let text = "query($u: ID!, $l: [ID!]!) { a(uid: $u, uids: $l) b { a(uid: $u) } }";
    assert!(covers(text, json!({"u": "a", "l": ["b", "c"]})));
    for wrong in [json!({"u": "{a}", "l": []}), json!({"u": "a", "l": ["b", "c d"]})] {
        assert!(!covers(text, wrong.clone()), "{wrong}");
    }
}

/// What has to be there, or has to be no list, has to be so in later requests too.
#[test]
fn a_variable_is_no_looser_than_its_place() {
    let text = "mutation($u: ID) { pay(input: { uid: $u, parts: [] }) }";
    let passed = verdict_with(text, json!({"u": "a"}));
    assert!(passed.covers(&Variables::from_json(json!({"u": "b"}))));
    for without in [json!({}), json!({"u": null})] {
        assert!(!passed.covers(&Variables::from_json(without.clone())), "{without}");
    }
    assert!(!covers("query($l: [Decimal]) { a(amount: $l) }", json!({"l": ["1"]})));
}

/// Every name and text that comes in is known here: as one that is looked at, or as one that may
/// be anything.
#[test]
fn every_text_that_comes_in_is_known() {
    const ANYTHING: [&str; 5] = ["id", "ids", "afterCursor", "name", "settings"];
    let sdl = crate::graphql::sdl();
    let definitions = parse_schema(sdl).unwrap().definitions;
    let mut unknown = std::collections::BTreeSet::new();
    for definition in definitions {
        let TypeSystemDefinition::Type(definition) = definition else { continue };
        let place = definition.node.name.node;
        let inputs: Vec<_> = match definition.node.kind {
            TypeKind::InputObject(object) => {
                object.fields.into_iter().map(|field| (place.clone(), field)).collect()
            }
            TypeKind::Object(object) => {
                let fields = object.fields.into_iter();
                let arguments = fields.flat_map(|field| {
                    let place = shapes::innermost(&field.node.ty.node).clone();
                    field.node.arguments.into_iter().map(move |argument| (place.clone(), argument))
                });
                arguments.collect()
            }
            _ => continue,
        };
        for (place, input) in inputs {
            let (name, kind) = (&input.node.name.node, shapes::innermost(&input.node.ty.node));
            let text = matches!(kind.as_str(), "ID" | "String");
            let known = leaf::check(kind, &place, name).is_some();
            if text && !known && !ANYTHING.contains(&name.as_str()) {
                unknown.insert(format!("{name}: {kind}"));
            }
        }
    }
    assert!(
        unknown.is_empty(),
        "say in validation/leaf.rs how {unknown:?} are checked, or here that they are not"
    );
}
