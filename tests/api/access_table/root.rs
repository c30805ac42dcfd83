//! Fields on an operation's first level.

use super::Audience::{self, Admins, Known, Operators, Owner};

/// Fields on an operation's first level: how to ask for each about ann's wallet and order, or
/// about what is the asker's own. `KEY` is a fresh idempotency key, `DONE` one that they used.
pub const ROOT: &[(&str, Audience, &str)] = &[
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
    ("Query.hotData", Operators, "hotData(kind: MERCHANT) { totalCount }"),
    ("Query.refreshStatus", Operators, "refreshStatus { kind }"),
    (
        "Mutation.warmCache",
        Admins,
        "warmCache(input: { idempotencyKey: \"KEY\", target: { walletUids: [\"ann\"] } }) { skippedKeys }",
    ),
    (
        "Mutation.refreshCache",
        Admins,
        "refreshCache(input: { idempotencyKey: \"KEY\", target: { walletUids: [\"ann\"] } }) { skippedKeys }",
    ),
    (
        "Mutation.invalidateCache",
        Admins,
        "invalidateCache(input: { idempotencyKey: \"KEY\", target: { walletUids: [\"ann\"] } }) { skippedKeys }",
    ),
    ("Query.cacheEntries", Admins, "cacheEntries(target: { walletUids: [\"ann\"] }) { key }"),
    ("Subscription.adminBalanceFeed", Operators, "adminBalanceFeed { snapshot }"),
    (
        "Subscription.orderUpdated",
        Owner,
        "orderUpdated(periodNumber: \"20241201_001\") { snapshot }",
    ),
    ("Subscription.cacheStats", Admins, "cacheStats(intervalMs: 100) { hits }"),
];
