//! The write path beyond single changes, in words.

use std::process::Output;

use sea_orm::ConnectionTrait;
use serde_json::{Value, json};

use super::{
    Client, TestApp,
    process::wallet_bff,
    steps::{Done, Refused, fresh_key},
};

const BATCH: &str = "
    operation { id state replayed error { code } transactions { uid type amount balanceBefore balanceAfter } }
    wallets { uid balance version status }
    errors { __typename code message path }";
const REWARD: &str = "
    operation { id state replayed }
    outcomes { uid wallet { balance version } transactions { type amount balanceAfter } error { code path } }
    errors { code message path }";
const ORDER: &str = "
    operation { id state replayed transactions { type amount orderNo } statusChanges { subject before after } }
    order { orderNo uid periodNumber amount status version expireTime createdAt }
    wallet { uid balance version }
    errors { code message path }";
const RELEASE: &str = "
    operation { id state replayed releasedLock { uid holder reason } }
    lock { held holder }
    errors { code message path }";

/// What a batch does: `ADD` or `WITHDRAW`.
pub fn item(kind: &str, uid: &str, amount: &str) -> Value {
    json!({ "kind": kind, "uid": uid, "amount": amount })
}

/// A reward.
pub fn reward(uid: &str, amount: &str) -> Value {
    json!({ "uid": uid, "amount": amount })
}

impl Client {
    /// `batchBalanceOperation` under this key.
    pub async fn batch_once(&self, key: &str, items: &[Value]) -> Result<Done, Refused> {
        let input = json!({ "idempotencyKey": key, "operations": items });
        self.change("batchBalanceOperation", "BatchBalanceOperationInput", BATCH, input).await
    }

    /// `batchReward` under this key.
    pub async fn reward_once(&self, key: &str, rewards: &[Value]) -> Result<Done, Refused> {
        let input = json!({ "idempotencyKey": key, "rewards": rewards });
        self.change("batchReward", "BatchRewardInput", REWARD, input).await
    }

    /// `setWalletStatus`
    pub async fn set_status(&self, uids: &[&str], status: &str) -> Result<Done, Refused> {
        self.set_status_once(&fresh_key(), uids, status).await
    }

    /// `setWalletStatus` under this key.
    pub async fn set_status_once(
        &self,
        key: &str,
        uids: &[&str],
        status: &str,
    ) -> Result<Done, Refused> {
        let input =
            json!({ "idempotencyKey": key, "uids": uids, "status": status, "reason": "a test" });
        self.change("setWalletStatus", "SetWalletStatusInput", BATCH, input).await
    }

    /// `createOrder`
    pub async fn create_order(&self, uid: &str, amount: &str) -> Result<Done, Refused> {
        self.create_order_once(&fresh_key(), uid, amount).await
    }

    /// `createOrder` under this key.
    pub async fn create_order_once(
        &self,
        key: &str,
        uid: &str,
        amount: &str,
    ) -> Result<Done, Refused> {
        let input = json!({ "idempotencyKey": key, "uid": uid, "amount": amount,
            "periodNumber": "20241201_001" });
        self.change("createOrder", "CreateOrderInput", ORDER, input).await
    }

    /// The number of an order that was just made.
    pub async fn given_order(&self, uid: &str, amount: &str) -> String {
        self.create_order(uid, amount).await.expect("it is made").order_no().to_owned()
    }

    /// `updateOrderStatus`
    pub async fn update_order(&self, order_no: &str, status: &str) -> Result<Done, Refused> {
        self.update_order_once(&fresh_key(), order_no, status, None).await
    }

    /// `updateOrderStatus` under this key, if it has the expected status.
    pub async fn update_order_once(
        &self,
        key: &str,
        order_no: &str,
        status: &str,
        expected: Option<&str>,
    ) -> Result<Done, Refused> {
        let input = json!({ "idempotencyKey": key, "orderNo": order_no, "status": status,
            "expectedStatus": expected });
        self.change("updateOrderStatus", "UpdateOrderStatusInput", ORDER, input).await
    }

    /// `deleteOrder` under this key.
    pub async fn delete_order_once(&self, key: &str, order_no: &str) -> Result<Done, Refused> {
        let input = json!({ "idempotencyKey": key, "orderNo": order_no });
        self.change("deleteOrder", "DeleteOrderInput", ORDER, input).await
    }

    /// `forceReleaseLock` under this key, if the expected one holds it.
    pub async fn force_release_once(
        &self,
        key: &str,
        uid: &str,
        expected: Option<&str>,
    ) -> Result<Done, Refused> {
        let input = json!({ "idempotencyKey": key, "uid": uid, "reason": "its holder hangs",
            "expectedHolder": expected });
        self.change("forceReleaseLock", "ForceReleaseLockInput", RELEASE, input).await
    }
}

impl Done {
    /// The order's number.
    pub fn order_no(&self) -> &str {
        self.0["order"]["orderNo"].as_str().expect("a payload with an order")
    }

    /// The order's status after it.
    pub fn order_status(&self) -> &str {
        self.0["order"]["status"].as_str().expect("a payload with an order")
    }
}

impl Refused {
    /// Where in the input its cause is, with dots.
    pub fn path(&self) -> String {
        let path = self.payload["errors"][0]["path"].as_array();
        let steps = path.into_iter().flatten().filter_map(Value::as_str);
        steps.collect::<Vec<_>>().join(".")
    }
}

impl TestApp {
    /// Changes the database behind the service's back; how many rows that were.
    pub async fn tamper(&self, sql: &str) -> u64 {
        let done = self.database().execute_unprepared(sql).await;
        done.unwrap_or_else(|error| panic!("{sql}: {error}")).rows_affected()
    }

    /// Runs `wallet-bff audit` on its stores.
    pub async fn audit(&self) -> Output {
        self.run_command("audit").await
    }

    /// Runs another command of the program on its stores.
    pub async fn run_command(&self, command: &'static str) -> Output {
        let mut flags = self.store_flags();
        // A busy machine may let Redis wait for longer than a request should.
        flags.extend(["--redis-timeout", "5s"].map(str::to_owned));
        let run = move || {
            let flags = flags.iter().map(String::as_str);
            wallet_bff(&std::iter::once(command).chain(flags).collect::<Vec<_>>())
        };
        tokio::task::spawn_blocking(run).await.expect("it runs")
    }

    /// Everything agrees with everything.
    pub async fn assert_audit_is_clean(&self) {
        let output = self.audit().await;
        assert!(output.status.success(), "{output:?}");
    }
}
