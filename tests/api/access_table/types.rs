//! Fields of all other types.

use super::Audience::{self, Admins, Known, Operators, Owner};

/// All other types: the way to one, where `#` is for its field; who gets there; its fields, which
/// all have that audience.
pub const TYPES: &[(&str, Audience, &str, &str)] = &[
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
         degraded namespaces nearHits",
    ),
    (
        "CacheNamespaceStats",
        Admins,
        "{ cacheStats { namespaces { # } } }",
        "name keys bytes hits misses errors fills rejectedStale negativeHits hitRatio ttlSeconds \
         p50Ms p99Ms nearHits",
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
        "HotRecordConnection",
        Operators,
        "{ hotData(kind: TENANT) { # } }",
        "edges pageInfo totalCount",
    ),
    ("HotRecordEdge", Operators, "{ hotData(kind: TENANT) { edges { # } } }", "cursor node"),
    (
        "Merchant",
        Operators,
        "{ hotData(kind: MERCHANT) { edges { node { ... on Merchant { # } } } } }",
        "id key name enabled updatedAt cachedAt tenant",
    ),
    (
        "Tenant",
        Operators,
        "{ hotData(kind: TENANT) { edges { node { ... on Tenant { # } } } } }",
        "id key name enabled updatedAt cachedAt",
    ),
    (
        "Channel",
        Operators,
        "{ hotData(kind: CHANNEL) { edges { node { ... on Channel { # } } } } }",
        "id key name enabled updatedAt cachedAt plugin",
    ),
    (
        "Plugin",
        Operators,
        "{ hotData(kind: PLUGIN) { edges { node { ... on Plugin { # } } } } }",
        "id key name enabled updatedAt cachedAt paymentMethods config",
    ),
    (
        "PluginConfig",
        Operators,
        "{ hotData(kind: PLUGIN_CONFIG) { edges { node { ... on PluginConfig { # } } } } }",
        "id key name enabled updatedAt cachedAt",
    ),
    (
        "PluginPaymentMethod",
        Operators,
        "{ hotData(kind: PLUGIN_PAY_TYPE) { edges { node { ... on PluginPaymentMethod { # } } } } }",
        "id key name enabled updatedAt cachedAt payType",
    ),
    (
        "PluginConfig",
        Admins,
        "{ hotData(kind: PLUGIN_CONFIG) { edges { node { ... on PluginConfig { # } } } } }",
        "settings",
    ),
    (
        "RefreshStatus",
        Operators,
        "{ refreshStatus { # } }",
        "kind lastSuccessAt lagMs intervalMs rows durationMs consecutiveFailures leader",
    ),
    (
        "CacheEntry",
        Admins,
        "{ cacheEntries(target: { walletUids: [\"ann\"] }) { # } }",
        "key exists ttlMs version bytes",
    ),
    (
        "CachePayload",
        Admins,
        "mutation { warmCache(input: { idempotencyKey: \"KEY\", target: { walletUids: [\"ann\"] } }) { # } }",
        "operation errors affectedKeys skippedKeys",
    ),
    (
        "OrderEvent",
        Owner,
        "subscription { orderUpdated(periodNumber: \"20241201_001\") { # } }",
        "cursor order snapshot deleted",
    ),
];
