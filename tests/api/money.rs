//! Money, to the digit: GraphQL -> SQL -> cache -> GraphQL.

use serde_json::json;

use crate::support::{TestApp, money, on_every_backend};

on_every_backend! {
    tenths_add_up,
    every_digit_survives,
    the_largest_balance_is_exact_and_final,
    a_malformed_amount_is_refused,
    an_amount_must_be_positive,
    a_literal_amount_is_a_string_too,
}

/// 0.1 and 0.2 are 0.3.
async fn tenths_add_up(app: TestApp) {
    app.given_wallet("ann", "0.1").await;
    app.deposit("ann", "0.2").await.unwrap();
    assert_eq!(app.balance("ann").await, "0.30");
    assert_eq!(app.stored_balance("ann").await, money("0.3"));
}

/// Amounts that no float can hold survive every way in and out.
async fn every_digit_survives(app: TestApp) {
    for (uid, amount) in [
        ("wide", "123456789012345.1234"),
        ("largest", "922337203685477.5807"),
        ("smallest", "0.0001"),
        ("half", "0.50"),
        ("thousandth", "1.005"),
    ] {
        app.given_wallet(uid, amount).await;
        assert_eq!(app.stored_balance(uid).await, money(amount), "{uid} in the database");
        for read in ["first", "cached"] {
            assert_eq!(app.balance(uid).await, amount, "{uid}, {read} read");
        }
        let latest = format!(
            "{{ wallet(uid: \"{uid}\", consistency: LATEST) {{ balance
            transactions {{ edges {{ node {{ amount balanceAfter }} }} }} }} }}"
        );
        let reply = app.query(&latest, json!({})).await;
        assert_eq!(reply.text("/wallet/balance"), amount, "{reply}");
        let line = json!({ "amount": amount, "balanceAfter": amount });
        assert_eq!(reply.data("/wallet/transactions/edges/0/node"), &line, "{reply}");
    }
}

/// The smallest unit is not lost beside the largest amount, nor does it fit on top of it.
async fn the_largest_balance_is_exact_and_final(app: TestApp) {
    app.given_wallet("ann", "922337203685477.5806").await;
    app.deposit("ann", "0.0001").await.unwrap();
    assert_eq!(app.balance("ann").await, "922337203685477.5807");
    let refused = app.deposit("ann", "0.0001").await.unwrap_err();
    assert_eq!(refused.code, "INVALID_AMOUNT");
    assert_eq!(app.balance("ann").await, "922337203685477.5807");
    app.withdraw("ann", "922337203685477.5807").await.unwrap();
    assert_eq!(app.balance("ann").await, "0.00");
}

/// What is no plain decimal text is refused, and says what is wanted.
async fn a_malformed_amount_is_refused(app: TestApp) {
    app.given_wallet("ann", "1").await;
    let malformed = [
        json!(0.1),
        json!(1),
        json!(1e3),
        json!("1e3"),
        json!("NaN"),
        json!(""),
        json!(" 1"),
        json!("1.23456"),
        json!("1,5"),
        json!("0x10"),
        json!("9".repeat(400)),
        json!(true),
        json!("922337203685477.5808"),
        json!(["1"]),
    ];
    for amount in malformed {
        let reply = app.send_deposit("ann", amount).await;
        assert_eq!(reply.error_code(), Some("BAD_USER_INPUT"), "{reply}");
        assert!(!reply.error_message().contains("999999"), "it echoes the input: {reply}");
    }
    assert_eq!(app.stored_balance("ann").await, money("1"));
}

/// Zero and less are amounts, but none that can be moved.
async fn an_amount_must_be_positive(app: TestApp) {
    app.given_wallet("ann", "1").await;
    for amount in ["0", "0.0000", "-1", "-0.0001"] {
        let refused = app.deposit("ann", amount).await.unwrap_err();
        assert_eq!(refused.code, "INVALID_AMOUNT", "{amount}: {refused:?}");
        let refused = app.withdraw("ann", amount).await.unwrap_err();
        assert_eq!(refused.code, "INVALID_AMOUNT", "{amount}: {refused:?}");
    }
    assert_eq!(app.stored_balance("ann").await, money("1"));
}

/// An amount in the document is under the same rules as one in a variable.
async fn a_literal_amount_is_a_string_too(app: TestApp) {
    app.given_wallet("ann", "1").await;
    for literal in ["0.1", "1", "1e3", "\"1e3\""] {
        let document = format!("{{ balanceSufficient(uid: \"ann\", amount: {literal}) }}");
        let reply = app.query(&document, json!({})).await;
        assert!(reply.error_code().is_some(), "{reply}");
    }
    let reply = app.query("{ balanceSufficient(uid: \"ann\", amount: \"0.1\") }", json!({})).await;
    assert_eq!(reply.data("/balanceSufficient"), true, "{reply}");
}
