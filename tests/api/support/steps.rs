//! What tests do again and again, in words.

use serde_json::{Value, json};
use ulid::Ulid;

use super::{Client, Reply};

const CHANGE: &str = "
    operation { id state replayed idempotencyKey }
    wallet { uid balance version source }
    transaction { transactionNo type amount balanceBefore balanceAfter walletVersion }
    errors { __typename code message path }";
const TRANSFER: &str = "
    operation { id state replayed transactions { uid amount type counterpartyUid operationId } }
    fromWallet { uid balance version }
    toWallet { uid balance version }
    errors { __typename code message path }";

/// A change that was made: the mutation's payload.
#[derive(Clone, Debug, PartialEq)]
pub struct Done(pub Value);

/// A change that was refused.
#[derive(Clone, Debug, PartialEq)]
pub struct Refused {
    /// Such as `INSUFFICIENT_FUNDS`.
    pub code: String,
    /// The payload.
    pub payload: Value,
}

impl Done {
    /// The wallet's balance after it.
    pub fn balance(&self) -> &str {
        self.0["wallet"]["balance"].as_str().expect("a payload with a wallet")
    }

    /// The wallet's version after it.
    pub fn version(&self) -> i64 {
        self.0["wallet"]["version"].as_i64().expect("a payload with a wallet")
    }

    /// Whether it repeats an earlier answer.
    pub fn replayed(&self) -> bool {
        self.0["operation"]["replayed"].as_bool().expect("a payload with an operation")
    }
}

/// A key that was never used.
pub fn fresh_key() -> String {
    Ulid::new().to_string()
}

impl Client {
    /// An open wallet that holds `balance`.
    pub async fn given_wallet(&self, uid: &str, balance: &str) {
        self.open_wallet(uid, "PHP").await.expect("a wallet can be opened");
        if !balance.bytes().all(|b| b == b'0' || b == b'.') {
            self.deposit(uid, balance).await.expect("money can be put into it");
        }
    }

    /// `openWallet`
    pub async fn open_wallet(&self, uid: &str, currency: &str) -> Result<Done, Refused> {
        let input = json!({ "idempotencyKey": fresh_key(), "uid": uid, "currency": currency });
        self.change("openWallet", "OpenWalletInput", CHANGE, input).await
    }

    /// `deposit`
    pub async fn deposit(&self, uid: &str, amount: &str) -> Result<Done, Refused> {
        self.deposit_once(&fresh_key(), uid, amount).await
    }

    /// `deposit` under this key.
    pub async fn deposit_once(&self, key: &str, uid: &str, amount: &str) -> Result<Done, Refused> {
        let input = json!({ "idempotencyKey": key, "uid": uid, "amount": amount });
        self.change("deposit", "DepositInput", CHANGE, input).await
    }

    /// `withdraw`
    pub async fn withdraw(&self, uid: &str, amount: &str) -> Result<Done, Refused> {
        self.withdraw_once(&fresh_key(), uid, amount).await
    }

    /// `withdraw` under this key.
    pub async fn withdraw_once(&self, key: &str, uid: &str, amount: &str) -> Result<Done, Refused> {
        let input = json!({ "idempotencyKey": key, "uid": uid, "amount": amount });
        self.change("withdraw", "WithdrawInput", CHANGE, input).await
    }

    /// `transfer`
    pub async fn transfer(&self, from: &str, to: &str, amount: &str) -> Result<Done, Refused> {
        let key = fresh_key();
        let input =
            json!({ "idempotencyKey": key, "fromUid": from, "toUid": to, "amount": amount });
        self.change("transfer", "TransferInput", TRANSFER, input).await
    }

    /// The mutation's raw reply, for inputs that are refused before they get anywhere.
    pub async fn send_deposit(&self, uid: &str, amount: Value) -> Reply {
        let input = json!({ "idempotencyKey": fresh_key(), "uid": uid, "amount": amount });
        self.mutate("deposit", "DepositInput", CHANGE, input).await
    }

    /// A mutation that is done, or refused with a code.
    pub async fn change(
        &self,
        name: &str,
        kind: &str,
        fields: &str,
        input: Value,
    ) -> Result<Done, Refused> {
        let reply = self.mutate(name, kind, fields, input).await;
        let payload = reply.data(&format!("/{name}")).clone();
        match payload["errors"][0]["code"].as_str().map(str::to_owned) {
            None => Ok(Done(payload)),
            Some(code) => Err(Refused { code, payload }),
        }
    }

    /// A mutation's raw reply.
    pub async fn mutate(&self, name: &str, kind: &str, fields: &str, input: Value) -> Reply {
        let document =
            format!("mutation($input: {kind}!) {{ {name}(input: $input) {{ {fields} }} }}");
        self.query(&document, json!({ "input": input })).await
    }

    /// A wallet's balance, as a client reads it.
    pub async fn balance(&self, uid: &str) -> String {
        let reply = self
            .query("query($uid: ID!) { wallet(uid: $uid) { balance } }", json!({ "uid": uid }))
            .await;
        reply.text("/wallet/balance").to_owned()
    }
}
