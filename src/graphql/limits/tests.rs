//! What is let through, and what is not.

use std::time::{Duration, Instant};

use async_graphql::parser::parse_query;

use super::*;
use crate::config;

fn limits() -> LimitsConfig {
    LimitsConfig { introspection: true, ..config::testing::defaults().limits }
}

fn verdict(text: &str) -> Result<(), Exceeded> {
    check_text(text, &limits())?;
    check(&parse_query(text).expect("a document that parses"), &limits())
}

fn flag(text: &str) -> &'static str {
    match verdict(text) {
        Err(Exceeded::Count { flag, .. }) => flag,
        other => panic!("a limit should have refused it: {other:?}"),
    }
}

/// `levels` fragments, each of which spreads the next one twice.
fn bomb(levels: usize) -> String {
    let fragments = (0..levels)
        .map(|n| format!("fragment f{n} on Query {{ ...f{} ...f{} }} ", n + 1, n + 1))
        .collect::<String>();
    format!("{{ ...f0 }} {fragments} fragment f{levels} on Query {{ __typename }}")
}

#[test]
fn a_fragment_bomb_is_refused_before_it_goes_off() {
    for levels in [25, 200, 1_000] {
        let text = bomb(levels);
        let document = parse_query(&text).unwrap();
        let started = Instant::now();
        let verdict = check(&document, &limits());
        let took = started.elapsed();
        assert!(matches!(verdict, Err(Exceeded::Count { flag: "--max-nodes", .. })));
        // Going off, it would take minutes; a busy machine may be late by some milliseconds.
        assert!(took < Duration::from_millis(500), "{levels} levels took {took:?}");
    }
}

#[test]
fn a_fragment_that_spreads_itself_is_refused() {
    for text in [
        "{ ...a } fragment a on Query { ...a }",
        "{ ...a } fragment a on Query { x { ...b } } fragment b on X { y { ...a } }",
        "{ x } fragment a on Query { ... on Query { ...b } } fragment b on X { ...a }",
    ] {
        assert!(matches!(verdict(text), Err(Exceeded::Cycle { .. })), "{text}");
    }
}

#[test]
fn one_fragment_in_many_places_is_no_cycle() {
    let text = "{ a { ...f } b { ...f } ...g } fragment f on X { id } fragment g on Query { c { ...f ...f } }";
    assert_eq!(verdict(text), Ok(()));
}

#[test]
fn each_limit_names_its_flag() {
    let many = |part: &str, n: usize| {
        (0..n).map(|i| part.replace('#', &i.to_string())).collect::<String>()
    };
    assert_eq!(flag(&format!("{{ x {{ {} }} }}", many("a#: y ", 101))), "--max-aliases");
    assert_eq!(flag(&format!("{{ {} }}", many("f# ", 51))), "--max-root-fields");
    assert_eq!(flag(&format!("{{ x {{ {} }} }}", many("f# ", 2_500))), "--max-nodes");
    assert_eq!(flag(&format!("{{ {}x{} }}", many("x { ", 21), many("} ", 21))), "--max-depth");
    assert_eq!(flag(&format!("{{ x {} }}", many("@a# ", 101))), "--max-directives");
    assert_eq!(flag(&many("query q# { x } ", 11)), "--max-operations");
    assert_eq!(flag(&format!("{{ x }} #{}", "x".repeat(70_000))), "--max-document-bytes");
}

#[test]
fn aliases_of_a_fragment_count_wherever_it_is_spread() {
    let spreads = (0..21).map(|n| format!("f{n} {{ ...f }} ")).collect::<String>();
    let text = format!("{{ {spreads} }} fragment f on X {{ a: x b: x c: x d: x e: x }}");
    assert_eq!(flag(&text), "--max-aliases");
}

#[test]
fn introspection_is_off_unless_it_is_asked_for() {
    let off = LimitsConfig { introspection: false, ..limits() };
    for text in [
        "{ __schema { types { name } } }",
        "{ a: __type(name: \"Wallet\") { name } }",
        "{ ...f } fragment f on Query { ... { __schema { description } } }",
    ] {
        assert_eq!(verdict(text), Ok(()), "{text}");
        assert_eq!(check(&parse_query(text).unwrap(), &off), Err(Exceeded::IntrospectionOff));
    }
    assert_eq!(check(&parse_query("{ __typename }").unwrap(), &off), Ok(()));
}

#[test]
fn introspection_does_not_multiply() {
    let once = "{ __schema { types { fields { args { type { ofType { name } } } } } } }";
    assert_eq!(verdict(once), Ok(()));
    for text in [
        "{ __schema { types { fields { type { fields { type { fields { name } } } } } } } }",
        "{ __type(name: \"a\") { ...f } } \
         fragment f on __Type { fields { type { interfaces { ...g } } } } \
         fragment g on __Type { possibleTypes { name } }",
    ] {
        assert_eq!(verdict(text), Err(Exceeded::Introspection), "{text}");
    }
    // Elsewhere these are names like others.
    assert_eq!(verdict("{ fields { fields { fields { fields { a } } } } }"), Ok(()));
}

#[test]
fn nesting_is_bounded_before_the_parser_recurses() {
    for open in ["{a", "{a(b:[", "{a(b:{c:", "{...{", "[", "query($a:["] {
        assert_eq!(verdict(&open.repeat(5_000)), Err(Exceeded::Nesting), "{open}");
    }
    let deepest = format!("{{a(b:{}1{})}}", "[".repeat(98), "]".repeat(98));
    assert_eq!(check_text(&deepest, &limits()), Ok(()));
    // What is let through must not overflow the parser, on a worker's 2 MB of stack.
    let parse = move || drop(parse_query(deepest));
    std::thread::Builder::new().stack_size(2 << 20).spawn(parse).unwrap().join().unwrap();
}

#[test]
fn names_are_counted_before_the_parser_takes_memory_for_them() {
    assert_eq!(flag(&format!("{{ {} }}", "a ".repeat(4_001))), "--max-nodes");
    assert_eq!(flag(&format!("{{ {} }}", "a:b ".repeat(2_001))), "--max-nodes");
    // Values are bounded by the bytes alone.
    let list = format!("{{ a(b: [{}]) }} # {}", "c ".repeat(5_000), "d ".repeat(5_000));
    assert_eq!(check_text(&list, &limits()), Ok(()));
}

#[test]
fn brackets_in_strings_and_comments_do_not_nest() {
    let open = "[{(".repeat(100);
    for text in [
        format!("{{ a(b: \"{open}\\\"{open}\") }}"),
        format!("{{ a(b: \"\"\"{open} \\\"\"\" \" {open}\"\"\") }}"),
        format!("{{ a }} # {open}\n{{ b }}"),
    ] {
        assert_eq!(check_text(&text, &limits()), Ok(()), "{text}");
    }
    // A string ends with its line, so what follows counts.
    assert_eq!(check_text(&format!("\"\n{open}"), &limits()), Err(Exceeded::Nesting));
}

/// An alias stands in the answer as often as there are rows.
#[test]
fn names_are_bounded() {
    for (length, expected) in [(128, Ok(())), (129, Err(Exceeded::Name))] {
        let name = "a".repeat(length);
        assert_eq!(check_text(&format!("{{ {name}: x }}"), &limits()), expected);
    }
    let value = "1".repeat(1_000);
    assert_eq!(check_text(&format!("{{ x(n: {value}) }}"), &limits()), Ok(()), "no name");
}
