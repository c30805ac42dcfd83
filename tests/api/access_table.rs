//! Who may ask for what: every field of the schema, asked for by everybody.
//!
//! A field that is in no row fails the first test: say there who may see it, before it is shipped.

use std::{collections::BTreeSet, time::Duration};

use graphql_parser::schema::{
    Definition, Document, Field, ObjectType, TypeDefinition, parse_schema,
};
use serde_json::{Value, json};

use crate::support::{Backend, Client, Reply, Role, TestApp, steps::fresh_key};
use Audience::{Admins, Known, Operators, Owner};

/// Who gets an answer; everybody else is refused, or sees nothing there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Audience {
    /// Whoever has a token.
    Known,
    /// The user whose it is, OPERATOR and ADMIN.
    Owner,
    /// OPERATOR and ADMIN.
    Operators,
    /// ADMIN.
    Admins,
}

/// Fields on an operation's first level: how to ask for each about ann's wallet and order, or
/// about what is the asker's own. `KEY` is a fresh idempotency key, `DONE` one that they used.
const ROOT: &[(&str, Audience, &str)] = &[
    ("Query.node", Owner, "node(id: \"WALLET_ID\") { id }"),
    ("Query.nodes", Owner, "nodes(ids: [\"WALLET_ID\"]) { id }"),
    ("Query.viewer", Known, "viewer { uid }"),
    ("Query.wallet", Owner, "wallet(uid: \"ann\") { uid }"),
    ("Query.walletsByUid", Owner, "walletsByUid(uids: [\"ann\"]) { uid }"),
    ("Query.wallets", Operators, "wallets { totalCount }"),
    ("Query.balanceSufficient", Owner, "balanceSufficient(uid: \"ann\", amount: \"1\")"),
    ("Query.transaction", Owner, "transaction(transactionNo: \"LINE_NO\") { amount }"),
    ("Query.order", Owner, "order(by: { orderNo: \"ORDER_20241201_001_0001\" }) { uid }"),
    (
        "Query.ordersByPeriod",
        Operators,
        "ordersByPeriod(periodNumber: \"20241201_001\") { totalCount }",
    ),
    ("Query.orderCount", Operators, "orderCount(periodNumber: \"20241201_001\")"),
    ("Query.operation", Known, "operation(idempotencyKey: \"DONE\") { state }"),
    ("Query.cacheStats", Admins, "cacheStats { hits }"),
    (
        "Mutation.openWallet",
        Operators,
        "openWallet(input: { idempotencyKey: \"KEY\", uid: \"ann\" }) { wallet { uid } }",
    ),
    (
        "Mutation.deposit",
        Operators,
        "deposit(input: { idempotencyKey: \"KEY\", uid: \"ann\", amount: \"1\" }) { wallet { uid } }",
    ),
    (
        "Mutation.withdraw",
        Owner,
        "withdraw(input: { idempotencyKey: \"KEY\", uid: \"ann\", amount: \"0.01\" }) { wallet { uid } }",
    ),
    (
        "Mutation.transfer",
        Owner,
        "transfer(input: { idempotencyKey: \"KEY\", fromUid: \"ann\", toUid: \"bob\", amount: \"0.01\" }) \
         { fromWallet { uid } }",
    ),
    (
        "Mutation.batchBalanceOperation",
        Owner,
        "batchBalanceOperation(input: { idempotencyKey: \"KEY\", \
         operations: [{ uid: \"ann\", kind: WITHDRAW, amount: \"0.01\" }] }) { errors { code } }",
    ),
    (
        "Mutation.batchReward",
        Operators,
        "batchReward(input: { idempotencyKey: \"KEY\", rewards: [{ uid: \"ann\", amount: \"0.01\" }] }) \
         { errors { code } }",
    ),
    (
        "Mutation.setWalletStatus",
        Operators,
        "setWalletStatus(input: { idempotencyKey: \"KEY\", uids: [\"ann\"], status: ACTIVE, reason: \"x\" }) \
         { errors { code } }",
    ),
    (
        "Mutation.createOrder",
        Owner,
        "createOrder(input: { idempotencyKey: \"KEY\", uid: \"ann\", periodNumber: \"20241201_002\", \
         amount: \"0.01\" }) { errors { code } }",
    ),
    (
        "Mutation.updateOrderStatus",
        Owner,
        "updateOrderStatus(input: { idempotencyKey: \"KEY\", orderNo: \"ORDER_20241201_001_0001\", \
         status: CANCELLED }) { errors { code } }",
    ),
    (
        "Mutation.deleteOrder",
        Operators,
        "deleteOrder(input: { idempotencyKey: \"KEY\", orderNo: \"ORDER_20241201_001_0002\" }) \
         { errors { code } }",
    ),
    (
        "Mutation.forceReleaseLock",
        Admins,
        "forceReleaseLock(input: { idempotencyKey: \"KEY\", uid: \"ann\", reason: \"x\" }) \
         { errors { code } }",
    ),
    ("Query.lockStatus", Operators, "lockStatus(uid: \"ann\") { held }"),
    ("Query.lockStats", Admins, "lockStats { acquired }"),
    ("Query.operationLog", Admins, "operationLog(first: 1) { totalCount }"),
    ("Subscription.balanceUpdated", Owner, "balanceUpdated(uids: [\"ann\"]) { snapshot }"),
    ("Subscription.adminBalanceFeed", Operators, "adminBalanceFeed { snapshot }"),
    (
        "Subscription.orderUpdated",
        Owner,
        "orderUpdated(periodNumber: \"20241201_001\") { snapshot }",
    ),
    ("Subscription.cacheStats", Admins, "cacheStats(intervalMs: 100) { hits }"),
];

/// All other types: the way to one, where `#` is for its field; who gets there; its fields, which
/// all have that audience.
const TYPES: &[(&str, Audience, &str, &str)] = &[
    (
        "Wallet",
        Owner,
        "{ wallet(uid: \"ann\") { # } }",
        "id uid balance currency status version createdAt updatedAt source asOf transactions orders",
    ),
    ("Wallet", Operators, "{ wallet(uid: \"ann\") { # } }", "lock"),
    (
        "LockStatus",
        Operators,
        "{ lockStatus(uid: \"ann\") { # } }",
        "uid held holder ttlMs acquiredAt waiters",
    ),
    (
        "LockStats",
        Admins,
        "{ lockStats { # } }",
        "acquired contended timeouts timeoutsByPolicy averageRetries retries waitP50Ms waitP99Ms \
         holdP50Ms holdP99Ms",
    ),
    ("LockRetryStats", Admins, "{ lockStats { retries { # } } }", "retries orMore waiters"),
    ("LockTimeoutStats", Admins, "{ lockStats { timeoutsByPolicy { # } } }", "policy count"),
    (
        "OperationConnection",
        Admins,
        "{ operationLog(first: 1) { # } }",
        "edges pageInfo totalCount",
    ),
    ("OperationEdge", Admins, "{ operationLog(first: 1) { edges { # } } }", "cursor node"),
    (
        "BatchBalanceOperationPayload",
        Owner,
        "mutation { batchBalanceOperation(input: { idempotencyKey: \"KEY\", \
         operations: [{ uid: \"ann\", kind: WITHDRAW, amount: \"0.01\" }] }) { # } }",
        "operation errors wallets",
    ),
    (
        "OrderPayload",
        Owner,
        "mutation { createOrder(input: { idempotencyKey: \"KEY\", uid: \"ann\", \
         periodNumber: \"20241201_002\", amount: \"0.01\" }) { # } }",
        "operation errors order wallet",
    ),
    (
        "BatchRewardPayload",
        Operators,
        "mutation { batchReward(input: { idempotencyKey: \"KEY\", \
         rewards: [{ uid: \"ann\", amount: \"0.01\" }] }) { # } }",
        "operation errors outcomes",
    ),
    (
        "RewardOutcome",
        Operators,
        "mutation { batchReward(input: { idempotencyKey: \"KEY\", \
         rewards: [{ uid: \"ann\", amount: \"0.01\" }] }) { outcomes { # } } }",
        "uid wallet transactions error",
    ),
    (
        "StatusChangeEvent",
        Operators,
        "mutation { setWalletStatus(input: { idempotencyKey: \"KEY\", uids: [\"ann\"], status: ACTIVE, \
         reason: \"x\" }) { operation { statusChanges { # } } } }",
        "subject before after",
    ),
    (
        "ForceReleaseLockPayload",
        Admins,
        "mutation { forceReleaseLock(input: { idempotencyKey: \"KEY\", uid: \"ann\", reason: \"x\" }) \
         { # } }",
        "operation errors lock",
    ),
    (
        "LockReleaseEvent",
        Admins,
        "mutation { forceReleaseLock(input: { idempotencyKey: \"KEY\", uid: \"ann\", reason: \"x\" }) \
         { operation { releasedLock { # } } } }",
        "uid holder reason",
    ),
    ("WalletConnection", Operators, "{ wallets(first: 1) { # } }", "edges pageInfo totalCount"),
    ("WalletEdge", Operators, "{ wallets(first: 1) { edges { # } } }", "cursor node"),
    (
        "PageInfo",
        Operators,
        "{ wallets(first: 1) { pageInfo { # } } }",
        "hasPreviousPage hasNextPage startCursor endCursor",
    ),
    (
        "TransactionConnection",
        Owner,
        "{ wallet(uid: \"ann\") { transactions(first: 1) { # } } }",
        "edges pageInfo totalCount",
    ),
    (
        "TransactionEdge",
        Owner,
        "{ wallet(uid: \"ann\") { transactions(first: 1) { edges { # } } } }",
        "cursor node",
    ),
    (
        "Transaction",
        Owner,
        "{ wallet(uid: \"ann\") { transactions(first: 1) { edges { node { # } } } } }",
        "id transactionNo uid type amount balanceBefore balanceAfter walletVersion operationId \
         counterpartyUid orderNo status description createdAt",
    ),
    (
        "OrderConnection",
        Owner,
        "{ wallet(uid: \"ann\") { orders(first: 1) { # } } }",
        "edges pageInfo totalCount",
    ),
    (
        "OrderEdge",
        Owner,
        "{ wallet(uid: \"ann\") { orders(first: 1) { edges { # } } } }",
        "cursor node",
    ),
    (
        "Order",
        Owner,
        "{ order(by: { orderNo: \"ORDER_20241201_001_0001\" }) { # } }",
        "id orderNo uid periodNumber amount profitAmount likeCount shareCount followCount \
         favoriteCount status version expireTime createdAt updatedAt source asOf",
    ),
    (
        "Operation",
        Known,
        "{ operation(idempotencyKey: \"DONE\") { # } }",
        "id idempotencyKey state replayed committedAt transactions caller kind requestId error order \
         statusChanges releasedLock",
    ),
    ("Viewer", Known, "{ viewer { # } }", "uid roles permissions tokenExpiresAt wallet"),
    (
        "CacheStats",
        Admins,
        "{ cacheStats { # } }",
        "at hits misses hitRatio keys memoryBytes evictions writeFailures negativeHits p50Ms p99Ms \
         degraded namespaces",
    ),
    (
        "CacheNamespaceStats",
        Admins,
        "{ cacheStats { namespaces { # } } }",
        "name keys bytes hits misses errors fills rejectedStale negativeHits hitRatio ttlSeconds \
         p50Ms p99Ms",
    ),
    (
        "WalletMutationPayload",
        Owner,
        "mutation { withdraw(input: { idempotencyKey: \"KEY\", uid: \"ann\", amount: \"0.01\" }) { # } }",
        "operation errors wallet transaction",
    ),
    (
        "TransferPayload",
        Owner,
        "mutation { transfer(input: { idempotencyKey: \"KEY\", fromUid: \"ann\", toUid: \"bob\", \
         amount: \"0.01\" }) { # } }",
        "operation errors fromWallet toWallet",
    ),
    (
        "InsufficientFundsError",
        Owner,
        "mutation { withdraw(input: { idempotencyKey: \"KEY\", uid: \"ann\", amount: \"9999\" }) \
         { errors { ... on InsufficientFundsError { # } } } }",
        "code message path available requested",
    ),
    (
        "InputError",
        Owner,
        "mutation { withdraw(input: { idempotencyKey: \"KEY\", uid: \"ann\", amount: \"0\" }) \
         { errors { ... on InputError { # } } } }",
        "code message path",
    ),
    (
        "BusyError",
        Owner,
        "mutation { withdraw(input: { idempotencyKey: \"KEY\", uid: \"ann\", amount: \"0\" }) \
         { errors { ... on BusyError { # } } } }",
        "code message path retryAfterMs",
    ),
    (
        "BalanceEvent",
        Owner,
        "subscription { balanceUpdated(uids: [\"ann\"]) { # } }",
        "cursor wallet transaction snapshot skipped",
    ),
    (
        "OrderEvent",
        Owner,
        "subscription { orderUpdated(periodNumber: \"20241201_001\") { # } }",
        "cursor order snapshot deleted",
    ),
];

/// The table and the schema name the same fields.
#[test]
fn every_field_is_in_a_row() {
    let sdl = wallet_bff::graphql::sdl();
    let schema = schema(&sdl);
    let stands: BTreeSet<String> = objects(&schema)
        .flat_map(|object| {
            object.fields.iter().map(|field| format!("{}.{}", object.name, field.name))
        })
        .collect();
    let root = ROOT.iter().map(|(field, ..)| (*field).to_owned());
    let nested = TYPES.iter().flat_map(|(name, _, _, fields)| {
        fields.split_whitespace().map(move |field| format!("{name}.{field}"))
    });
    let rows: BTreeSet<String> = root.chain(nested).collect();
    let missing: Vec<_> = stands.difference(&rows).collect();
    assert!(missing.is_empty(), "say in tests/api/access_table.rs who may see {missing:?}");
    let gone: Vec<_> = rows.difference(&stands).collect();
    assert!(gone.is_empty(), "these rows have no field any more: {gone:?}");
}

/// Every field, asked for with no token and in every role, is answered to its audience only.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_field_is_answered_to_its_audience_only() {
    let stage = Stage::set().await;
    let sdl = wallet_bff::graphql::sdl();
    let schema = schema(&sdl);
    for (field, audience, selection) in ROOT {
        let kind = field.split('.').next().unwrap_or_default().to_lowercase();
        stage.assert_audience(field, *audience, &format!("{kind} {{ {selection} }}")).await;
    }
    for (name, audience, way, fields) in TYPES {
        let object = objects(&schema).find(|object| object.name == *name);
        let object = object.unwrap_or_else(|| panic!("the schema has no type {name}"));
        for field in fields.split_whitespace() {
            let selection =
                object.fields.iter().find(|f| f.name == field).map(|f| select(f, &schema));
            let document =
                way.replace('#', &selection.unwrap_or_else(|| panic!("no {name}.{field}")));
            stage.assert_audience(&format!("{name}.{field}"), *audience, &document).await;
        }
    }
}

/// One who may watch one wallet gets no events of another by naming both.
#[tokio::test]
async fn a_list_is_refused_for_one_of_its_wallets() {
    let stage = Stage::set().await;
    let both = "subscription { balanceUpdated(uids: [\"bob\", \"ann\"]) { snapshot } }";
    stage.assert_audience("both", Operators, both).await;
}

/// A server with ann's wallet and order, and all who ask.
struct Stage {
    _app: TestApp,
    askers: Vec<Asker>,
    /// What stands for what in documents.
    names: Vec<(&'static str, String)>,
}

struct Asker {
    who: &'static str,
    client: Client,
    audiences: &'static [Audience],
    /// The key of something that they did.
    done: String,
}

impl Stage {
    async fn set() -> Self {
        let app = TestApp::start_with(Backend::Embedded, &["--rate-limit=100000"]).await;
        for uid in ["ann", "bob"] {
            app.given_wallet(uid, "500").await;
        }
        app.given_orders("ann", "20241201_001", 2).await;
        let ids =
            "{ wallet(uid: \"ann\") { id transactions { edges { node { transactionNo } } } } }";
        let ids = app.query(ids, json!({})).await;
        let names = vec![
            ("WALLET_ID", ids.text("/wallet/id").to_owned()),
            ("LINE_NO", ids.text("/wallet/transactions/edges/0/node/transactionNo").to_owned()),
        ];
        let mut askers = vec![Asker {
            who: "nobody",
            client: app.anonymous(),
            audiences: &[],
            done: fresh_key(),
        }];
        for (who, role, uid, wallet, audiences) in [
            ("a stranger", Role::User, "bob", "bob", &[Known][..]),
            ("the owner", Role::User, "ann", "ann", &[Known, Owner]),
            ("an operator", Role::Operator, "op", "ann", &[Known, Owner, Operators]),
            ("an admin", Role::Admin, "root", "ann", &[Known, Owner, Operators, Admins]),
        ] {
            let (client, done) = (app.as_role(role, uid), fresh_key());
            client.withdraw_once(&done, wallet, "0.01").await.expect("they may");
            askers.push(Asker { who, client, audiences, done });
        }
        Self { _app: app, askers, names }
    }

    async fn assert_audience(&self, field: &str, audience: Audience, document: &str) {
        for asker in &self.askers {
            let document = self.fill_in(document, asker);
            let may_see = asker.audiences.contains(&audience);
            let (answer, code) = asker.ask(&document, may_see).await;
            let context = || format!("{field} asked by {}: {document}\n{answer}", asker.who);
            if may_see {
                assert!(code.is_none() && is_shown(&answer), "is refused: {}", context());
            } else if asker.audiences.is_empty() {
                assert_eq!(code.as_deref(), Some("UNAUTHENTICATED"), "{}", context());
            } else {
                let refused = code.as_deref() == Some("FORBIDDEN");
                assert!(refused || code.is_none() && !is_shown(&answer), "is shown: {}", context());
            }
        }
    }

    fn fill_in(&self, document: &str, asker: &Asker) -> String {
        let filled = document.replace("KEY", &fresh_key()).replace("DONE", &asker.done);
        self.names.iter().fold(filled, |text, (name, value)| text.replace(name, value))
    }
}

impl Asker {
    /// What they get, or the first event of it, and the first error's code.
    /// Who may not see it may hear nothing at all, and is not waited for as long.
    async fn ask(&self, document: &str, may_see: bool) -> (Value, Option<String>) {
        if !document.starts_with("subscription") {
            let reply: Reply = self.client.query(document, json!({})).await;
            return (reply.body.clone(), reply.error_code().map(str::to_owned));
        }
        let mut socket = self.client.socket().await;
        socket.subscribe("1", document, json!({})).await;
        let patience = Duration::from_millis(if may_see { 10_000 } else { 300 });
        let Ok(message) = tokio::time::timeout(patience, socket.receive()).await else {
            return (Value::Null, None);
        };
        let errors = if message["type"] == "error" {
            message["payload"].clone()
        } else {
            message["payload"]["errors"].clone()
        };
        let code = errors.pointer("/0/extensions/code").and_then(Value::as_str).map(str::to_owned);
        (message["payload"].clone(), code)
    }
}

/// Whether the first field has a value, other than that there is no such order.
fn is_shown(answer: &Value) -> bool {
    let data = answer.get("data").and_then(Value::as_object);
    data.and_then(|data| data.values().next())
        .is_some_and(|value| !value.is_null() && value["errors"][0]["code"] != "ORDER_NOT_FOUND")
}

/// The field with what selecting it takes.
fn select(field: &Field<'_, String>, schema: &Document<'_, String>) -> String {
    let name = innermost(&field.field_type);
    let composite = schema.definitions.iter().any(|definition| match definition {
        Definition::TypeDefinition(TypeDefinition::Object(object)) => object.name == name,
        Definition::TypeDefinition(TypeDefinition::Interface(interface)) => interface.name == name,
        Definition::TypeDefinition(TypeDefinition::Union(union)) => union.name == name,
        _ => false,
    });
    if composite { format!("{} {{ __typename }}", field.name) } else { field.name.clone() }
}

fn innermost<'a>(kind: &'a graphql_parser::schema::Type<'_, String>) -> &'a str {
    use graphql_parser::schema::Type;
    match kind {
        Type::NamedType(name) => name,
        Type::ListType(inner) | Type::NonNullType(inner) => innermost(inner),
    }
}

fn schema(sdl: &str) -> Document<'_, String> {
    parse_schema(sdl).expect("our own schema")
}

fn objects<'a>(
    schema: &'a Document<'a, String>,
) -> impl Iterator<Item = &'a ObjectType<'a, String>> {
    schema.definitions.iter().filter_map(|definition| match definition {
        Definition::TypeDefinition(TypeDefinition::Object(object)) => Some(object),
        _ => None,
    })
}
