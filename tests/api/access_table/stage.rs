//! Those who ask, and what they get.

use std::time::Duration;

use serde_json::{Value, json};

use super::Audience::{self, Admins, Known, Operators, Owner};
use crate::support::{Backend, Client, Reply, Role, TestApp, steps::fresh_key};

/// A server with ann's wallet and order, and all who ask.
pub struct Stage {
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
    pub async fn set() -> Self {
        let app = TestApp::start_with(Backend::Embedded, &["--rate-limit=100000"]).await;
        for uid in ["ann", "bob"] {
            app.given_wallet(uid, "500").await;
        }
        app.given_orders("ann", "20241201_001", 2).await;
        app.given_hot_data().await;
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

    pub async fn assert_audience(&self, field: &str, audience: Audience, document: &str) {
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

/// Whether the first field has a value, other than nothing for each that was asked for, or that there
/// is no such order.
fn is_shown(answer: &Value) -> bool {
    let data = answer.get("data").and_then(Value::as_object);
    data.and_then(|data| data.values().next()).is_some_and(|value| {
        let nothing = value.as_array().is_some_and(|all| all.contains(&Value::Null));
        !value.is_null() && !nothing && value["errors"][0]["code"] != "ORDER_NOT_FOUND"
    })
}
