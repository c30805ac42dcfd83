//! What is let through, and what is validated again.

use async_graphql::parser::{parse_query, types::TypeKind};
use serde_json::{Value as Json, json};

use super::*;

const SDL: &str =
    "input One @oneOf { uid: ID color: Color } scalar Decimal scalar IdempotencyKey enum Color { RED GREEN } input Filter { a: Int }
    input Payment { key: IdempotencyKey uid: ID! parts: [Part!] } input Part { amount: Decimal! }
    input Filing { colors: [Color!] count: Int! = 1 note: String payments: [Payment!] }
    type Query { a(uid: ID, uids: [ID!], amount: Decimal, one: One): Int b: Query file(filing: Filing): Int }
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

fn covers_with(text: &str, variables: Json) -> bool {
    verdict_with(text, variables.clone()).covers(&Variables::from_json(variables))
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
}

/// What an item, a field with a default and a condition have to be, they have to be in the first
/// request and in later ones.
#[test]
fn what_is_not_null_where_it_stands_is_not_null_as_a_variable() {
    let items = "query($u: ID) { a(uids: [\"a\", $u]) }";
    let enums = "query($c: Color) { file(filing: { colors: [RED, $c] }) }";
    let payments = "query($p: Payment) { file(filing: { payments: [$p] }) }";
    let default = "query($n: Int) { file(filing: { count: $n }) }";
    let skip = "query($s: Boolean) { a @skip(if: $s) b { a } }";
    let include = "query($s: Boolean) { a ... @include(if: $s) { b { a } } }";
    let spread = "query($s: Boolean) { a ...f @skip(if: $s) } fragment f on Query { b { a } }";
    for (text, given, wrong) in [
        (items, json!({"u": "b"}), vec![json!({}), json!({"u": null})]),
        (enums, json!({"c": "RED"}), vec![json!({}), json!({"c": null})]),
        (payments, json!({"p": {"uid": "a", "parts": []}}), vec![json!({}), json!({"p": null})]),
        (default, json!({"n": 2}), vec![json!({"n": null})]),
        (skip, json!({"s": true}), vec![json!({}), json!({"s": null})]),
        (include, json!({"s": true}), vec![json!({}), json!({"s": null})]),
        (spread, json!({"s": true}), vec![json!({}), json!({"s": null})]),
    ] {
        let passed = verdict_with(text, given.clone());
        assert_eq!(passed.covers(&Variables::from_json(given)), text != payments, "{text}");
        for wrong in wrong {
            let Err(error) = check(text, wrong.clone()) else { panic!("{text} took {wrong}") };
            assert!(error.message.ends_with(": a value is wanted"), "{}", error.message);
            assert!(!passed.covers(&Variables::from_json(wrong.clone())), "{text} took {wrong}");
        }
    }
    assert!(check(default, json!({})).is_ok(), "it has a default");
    let passed = verdict_with(default, json!({}));
    assert!(passed.covers(&Variables::default()));
    assert!(!passed.covers(&Variables::from_json(json!({"n": null}))));
}

/// Of others there may be variables by the same name, or none at all.
#[test]
fn only_what_the_operation_comes_to_is_looked_at() {
    let text = "query A { a } query B($u: ID!, $n: Int) { ...F }
        fragment F on Query { ...G } fragment G on Query { a(uids: [$u]) b { ...F } }
        query C($u: [ID!]) { a(uids: $u) }";
    let document = parse_query(text).unwrap();
    let check = |operation, variables| {
        let types = Types::of(SDL, BOUNDS);
        types.check(&document, Some(operation), &Variables::from_json(variables)).map(drop)
    };
    assert!(check("A", json!({})).is_ok() && check("A", json!({"u": "{a}"})).is_ok());
    assert!(check("B", json!({"u": "a"})).is_ok() && check("C", json!({"u": ["a"]})).is_ok());
    assert!(check("B", json!({})).is_err() && check("B", json!({"u": "{a}"})).is_err());
}

/// The types of the specification, but that what is written as a string goes for another: its
/// value is looked at where it stands.
#[test]
fn a_variable_is_of_the_type_that_is_wanted() {
    for text in [
        "query($u: ID!) { a(uids: $u) }",
        "query($l: [Decimal]) { a(amount: $l) }",
        "query($l: [ID!]!) { a(uid: $l) }",
        "query($n: String) { file(filing: { count: $n }) }",
        "query($n: Int) { a(uid: $n) }",
        "query($c: String) { a(one: { color: $c }) }",
        "query($f: Filter) { file(filing: $f) }",
        "query($s: Int) { a @skip(if: $s) }",
    ] {
        let Err(error) = check(text, json!({})) else { panic!("{text} was taken") };
        assert!(error.message.contains("a variable of type"), "{}", error.message);
        assert!(error.extensions.is_none(), "it is the document that is not valid");
    }
    let text = "query($u: String!, $a: ID!, $k: String!, $l: [String!]!) { a(uid: $u, amount: $a) b { a(uids: $l) } }";
    assert!(covers_with(text, json!({"u": "a", "a": "1", "k": "key-00001", "l": ["a"]})));
    let quoted = check("{ file(filing: { colors: [\"RED\"] }) }", json!({}));
    assert!(quoted.is_err_and(|error| error.message.contains("without quotes")));
    assert!(
        check("query($c: [Color!]) { file(filing: { colors: $c }) }", json!({"c": ["RED"]}))
            .is_ok()
    );
}

/// async-graphql does not look at an argument in which a variable was left out.
#[test]
fn the_rest_of_what_lacks_a_variable_is_looked_at() {
    let of = |payment: &str| {
        format!("query($s: String) {{ file(filing: {{ note: $s, payments: [{payment}] }}) }}")
    };
    for (payment, place, words) in [
        ("{ parts: [] }", "filing.payments.0.uid", "a value is wanted"),
        ("{ uid: null, parts: [] }", "filing.payments.0.uid", "a value is wanted"),
        ("{ uid: \"a\", parts: [null] }", "filing.payments.0.parts.0", "a value is wanted"),
        ("{ uid: \"a\", parts: [], no: 1 }", "filing.payments.0", "not known"),
        ("5", "filing.payments.0", "an object is wanted"),
    ] {
        let Err(error) = check(&of(payment), json!({})) else { panic!("{payment} was taken") };
        assert!(error.message.starts_with(place), "{}", error.message);
        assert!(error.message.contains(words), "{}", error.message);
    }
    for filing in
        ["colors: [PINK]", "colors: RED, count: \"1\"", "colors: [1]", "note: {}", "count: null"]
    {
        let text =
            format!("query($p: [Payment!]) {{ file(filing: {{ payments: $p, {filing} }}) }}");
        assert!(check(&text, json!({})).is_err(), "{filing}");
    }
    let good =
        "{ uid: \"a\", parts: [{ amount: \"1\" }] }, { uid: \"b\", parts: { amount: \"1\" } }";
    assert!(check(&of(good), json!({})).is_ok());
    let two = "query($u: ID) { a(one: { uid: $u, color: RED }) }";
    assert!(check(two, json!({})).is_err());
    let other = "query($s: String, $p: Payment!) { file(filing: { note: $s, colors: RED, payments: [$p] }) }";
    assert!(check(other, json!({"p": {"uid": "a", "parts": []}})).is_ok());
    assert!(check(other, json!({"p": {"parts": []}})).is_err());
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
