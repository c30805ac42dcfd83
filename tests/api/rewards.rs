//! Rewards of many users.

use sea_orm::{EntityTrait, IntoActiveModel};
use serde_json::{Value, json};
use wallet_bff::entity::{Money, Uid, wallet};

use crate::support::{
    Backend, Role, TestApp, money, on_every_backend, steps::fresh_key, tests_on, writes::reward,
};

on_every_backend! {
    each_user_is_paid_all_or_nothing,
    a_reward_is_repeated,
    a_large_reward_is_paid_once,
    a_reward_that_ended_half_way_is_resumed,
    a_reward_has_bounds,
}

tests_on! {
    cluster: PostgresCluster;
    each_user_is_paid_all_or_nothing,
}

/// Who has no wallet, or a closed one, gets nothing; the others are paid.
async fn each_user_is_paid_all_or_nothing(app: TestApp) {
    for uid in ["ann", "bob", "full", "closed"] {
        app.given_wallet(uid, "0").await;
    }
    app.deposit("full", "922337203685477.5").await.unwrap();
    app.set_status(&["closed"], "CLOSED").await.unwrap();
    let rewards = [
        reward("ann", "1"),
        reward("nobody", "1"),
        reward("full", "0.05"),
        reward("closed", "1"),
        reward("bob", "2"),
        reward("ann", "3"),
        reward("full", "0.05"),
    ];
    let done = app.reward_once(&fresh_key(), &rewards).await.unwrap();
    let outcomes = done.0["outcomes"].as_array().unwrap();
    let seen: Vec<Value> = outcomes
        .iter()
        .map(|o| json!([o["uid"], o["wallet"]["balance"], o["error"]["code"], lines(o)]))
        .collect();
    let expected = [
        json!(["ann", "4.00", null, 2]),
        json!(["nobody", null, "WALLET_NOT_FOUND", 0]),
        json!(["full", "922337203685477.50", "INVALID_AMOUNT", 0]),
        json!(["closed", "0.00", "WALLET_NOT_ACTIVE", 0]),
        json!(["bob", "2.00", null, 1]),
    ];
    assert_eq!(seen, expected, "{done:?}");
    assert_eq!(outcomes[1]["error"]["path"], json!(["input", "rewards", "1", "uid"]), "{done:?}");
    for uid in ["ann", "bob", "full", "closed"] {
        app.assert_ledger_chain(uid).await;
    }
    app.assert_audit_is_clean().await;
}

fn lines(outcome: &Value) -> usize {
    outcome["transactions"].as_array().map_or(0, Vec::len)
}

/// A repeat tells each user's outcome as it was; other rewards under the key are refused.
async fn a_reward_is_repeated(app: TestApp) {
    app.given_wallet("ann", "0").await;
    let key = fresh_key();
    let rewards = [reward("ann", "1"), reward("bob", "1")];
    let first = app.reward_once(&key, &rewards).await.unwrap();
    app.given_wallet("bob", "0").await;
    app.deposit("ann", "5").await.unwrap();
    let again = app.reward_once(&key, &rewards).await.unwrap();
    assert!(!first.replayed() && again.replayed());
    assert_eq!(again.0["outcomes"], first.0["outcomes"]);
    let other = app.reward_once(&key, &rewards[..1]).await.unwrap_err();
    assert_eq!((&*other.code, &*other.path()), ("IDEMPOTENCY_KEY_REUSED", "input.idempotencyKey"));
    assert_eq!(app.stored_balance("ann").await, money("6"));
    assert_eq!(app.stored_balance("bob").await, money("0"));
}

const MANY: usize = 2_500;

fn many_rewards() -> Vec<Value> {
    (0..MANY).map(|n| reward(&format!("r{n:04}"), "1.25")).collect()
}

/// Wallets `r0000`.. that are empty.
async fn given_many_wallets(app: &TestApp) {
    let now = chrono::DateTime::from_timestamp(1_733_040_000, 0).unwrap();
    let wallet = |n: usize| wallet::Model {
        uid: Uid::stored(format!("r{n:04}")),
        balance: Money::ZERO,
        status: wallet::Status::Active,
        currency: "PHP".to_owned(),
        version: 0,
        created_at: now,
        updated_at: now,
    };
    for start in (0..MANY).step_by(500) {
        let rows = (start..start + 500).map(|n| wallet(n).into_active_model());
        wallet::Entity::insert_many(rows).exec(app.database()).await.unwrap();
    }
}

async fn paid_wallets(app: &TestApp) -> usize {
    let rows = wallet::Entity::find().all(app.database()).await.unwrap();
    rows.iter().filter(|row| row.balance == money("1.25") && row.version == 1).count()
}

/// More users than one transaction takes are one operation, and are paid once.
async fn a_large_reward_is_paid_once(app: TestApp) {
    given_many_wallets(&app).await;
    let (key, rewards) = (fresh_key(), many_rewards());
    let (one, two) = tokio::join!(app.reward_once(&key, &rewards), app.reward_once(&key, &rewards));
    let (one, two) = (one.unwrap(), two.unwrap());
    assert_eq!(one.0["outcomes"], two.0["outcomes"]);
    let outcomes = one.0["outcomes"].as_array().unwrap();
    assert!(outcomes.len() == MANY && outcomes.iter().all(|o| lines(o) == 1));
    assert_eq!(paid_wallets(&app).await, MANY);
    let document = "query($key: IdempotencyKey!) { operation(idempotencyKey: $key) {
        state kind transactions { uid } } }";
    let found = app.query(document, json!({ "key": key })).await;
    assert_eq!(found.data("/operation/state"), "COMMITTED");
    assert_eq!(found.data("/operation/kind"), "reward");
    assert_eq!(found.list("/operation/transactions").len(), MANY);
    app.assert_audit_is_clean().await;
}

/// After a crash between two parts, a repeat pays who was not paid, and nobody twice.
async fn a_reward_that_ended_half_way_is_resumed(app: TestApp) {
    given_many_wallets(&app).await;
    let (key, rewards) = (fresh_key(), many_rewards());
    let whole = app.reward_once(&key, &rewards).await.unwrap();
    // As if the process had died after the first part of 1,000.
    app.tamper("DELETE FROM operations WHERE idempotency_key LIKE '% 000%'").await;
    app.tamper("DELETE FROM wallet_transactions WHERE uid >= 'r1000'").await;
    // Anew, because a wallet that others change gets another version.
    let emptied = "INSERT INTO wallets (uid, currency) SELECT uid, currency FROM emptied";
    app.tamper("CREATE TABLE emptied AS SELECT * FROM wallets WHERE uid >= 'r1000'").await;
    app.tamper("DELETE FROM wallets WHERE uid >= 'r1000'").await;
    app.tamper(emptied).await;
    assert_eq!(paid_wallets(&app).await, 1_000);

    let document = "query($key: IdempotencyKey!) { operation(idempotencyKey: $key) { state } }";
    let half = app.query(document, json!({ "key": key })).await;
    assert_eq!(half.data("/operation/state"), "IN_PROGRESS", "{half}");
    let resumed = app.reward_once(&key, &rewards).await.unwrap();
    assert!(!resumed.replayed(), "it did something");
    assert_eq!(resumed.0["operation"]["id"], whole.0["operation"]["id"]);
    assert_eq!(resumed.0["outcomes"].as_array().unwrap().len(), MANY);
    assert_eq!(paid_wallets(&app).await, MANY);
    let done = app.query(document, json!({ "key": key })).await;
    assert_eq!(done.data("/operation/state"), "COMMITTED", "{done}");
    app.assert_audit_is_clean().await;
}

/// None, an amount that is none, and a user's wish are refused whole.
async fn a_reward_has_bounds(app: TestApp) {
    app.given_wallet("ann", "0").await;
    let zero = [reward("ann", "1"), reward("ann", "0")];
    let refused = app.reward_once(&fresh_key(), &zero).await.unwrap_err();
    assert_eq!((&*refused.code, &*refused.path()), ("INVALID_AMOUNT", "input.rewards.1.amount"));
    let (name, kind) = ("batchReward", "BatchRewardInput");
    let input = |rewards: &[Value]| json!({ "idempotencyKey": fresh_key(), "rewards": rewards });
    let none = app.mutate(name, kind, "errors { code }", input(&[])).await;
    assert_eq!(none.error_code(), Some("BAD_USER_INPUT"), "{none}");
    let ann = app.as_role(Role::User, "ann");
    let own = ann.mutate(name, kind, "errors { code }", input(&zero[..1])).await;
    assert_eq!(own.error_code(), Some("FORBIDDEN"), "{own}");
    assert_eq!(app.stored_balance("ann").await, money("0"));
}

/// How many one call takes is a setting of its own.
#[tokio::test]
async fn the_number_of_rewards_is_a_setting() {
    let app = TestApp::start_with(Backend::Embedded, &["--max-rewards", "2"]).await;
    let rewards = vec![reward("ann", "1"); 3];
    let input = json!({ "idempotencyKey": fresh_key(), "rewards": rewards });
    let reply = app.mutate("batchReward", "BatchRewardInput", "errors { code }", input).await;
    assert!(reply.error_message().contains("1 to 2"), "{reply}");
}
