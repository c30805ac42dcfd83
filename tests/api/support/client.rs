//! Speaks GraphQL over HTTP to an instance.

use std::{
    fmt,
    net::SocketAddr,
    sync::Arc,
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use tokio::time::sleep;
use wallet_bff::auth::Role;

use super::tokens;

/// How long an instance may take to connect.
const START_LIMIT: Duration = Duration::from_secs(60);

/// Somebody who asks an instance; cheap to clone.
#[derive(Clone)]
pub struct Client {
    address: SocketAddr,
    token: Option<String>,
    http: reqwest::Client,
}

/// What came back, with what was asked, so that a failing test can show both.
pub struct Reply {
    /// HTTP status.
    pub status: u16,
    /// The response's JSON, or its text where it is none.
    pub body: Value,
    asked: Arc<str>,
}

impl Client {
    pub(super) fn new(address: SocketAddr, token: String) -> Self {
        Self { address, token: Some(token), http: reqwest::Client::new() }
    }

    /// The same instance, asked by somebody else.
    pub fn as_role(&self, role: Role, uid: &str) -> Self {
        self.with_token(tokens::token(role, uid))
    }

    /// The same instance, asked with this token.
    pub fn with_token(&self, token: impl Into<String>) -> Self {
        Self { token: Some(token.into()), ..self.clone() }
    }

    /// The same instance, asked by nobody.
    pub fn anonymous(&self) -> Self {
        Self { token: None, ..self.clone() }
    }

    /// The same, asking another instance.
    pub fn at(&self, address: SocketAddr) -> Self {
        Self { address, ..self.clone() }
    }

    /// Host and port.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What it asks with.
    pub fn token(&self) -> Option<&str> {
        self.token.as_deref()
    }

    /// Sends a GraphQL document with its variables.
    pub async fn query(&self, document: &str, variables: Value) -> Reply {
        let reply = self.try_query(document, variables).await;
        reply.unwrap_or_else(|lost| panic!("{document}: {lost}"))
    }

    /// The same, of an instance that may be gone: `Err` says what became of the answer.
    pub async fn try_query(&self, document: &str, variables: Value) -> Result<Reply, String> {
        let body = json!({ "query": document, "variables": variables });
        let request = self.request(reqwest::Method::POST, "/graphql").json(&body);
        let response = request.send().await.map_err(lost)?;
        let status = response.status().as_u16();
        let text = response.text().await.map_err(lost)?;
        let body = serde_json::from_str(&text).unwrap_or(Value::String(text));
        Ok(Reply { status, body, asked: format!("{document}\n{variables}").into() })
    }

    /// A plain HTTP request to a path, with this client's token.
    pub fn request(&self, method: reqwest::Method, path: &str) -> reqwest::RequestBuilder {
        let request = self.http.request(method, format!("http://{}{path}", self.address));
        match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }

    /// GETs a path: status and text.
    pub async fn get(&self, path: &str) -> (u16, String) {
        let response = self.request(reqwest::Method::GET, path).send().await.expect("an answer");
        (response.status().as_u16(), response.text().await.expect("a text"))
    }

    /// An instance serves before it is connected to Redis; most tests want both.
    pub async fn wait_until_up(&self) {
        let started = Instant::now();
        loop {
            let (_, health) = self.get("/readyz").await;
            if health.contains(r#"{"status":"up""#) {
                return;
            }
            assert!(started.elapsed() < START_LIMIT, "not up after {START_LIMIT:?}: {health}");
            sleep(Duration::from_millis(5)).await;
        }
    }
}

fn lost(error: reqwest::Error) -> String {
    format!("{:?}", error.without_url())
}

impl Reply {
    /// The data at a JSON pointer such as `/wallet/balance`; a failure shows the whole reply.
    #[track_caller]
    pub fn data(&self, pointer: &str) -> &Value {
        assert!(self.body.get("errors").is_none(), "unexpected errors in {self}");
        let data = self.body.pointer("/data").unwrap_or(&Value::Null);
        data.pointer(pointer).unwrap_or_else(|| panic!("no {pointer} in {self}"))
    }

    /// The text at a JSON pointer.
    #[track_caller]
    pub fn text(&self, pointer: &str) -> &str {
        self.data(pointer).as_str().unwrap_or_else(|| panic!("{pointer} is no text in {self}"))
    }

    /// The list at a JSON pointer.
    #[track_caller]
    pub fn list(&self, pointer: &str) -> &[Value] {
        self.data(pointer).as_array().unwrap_or_else(|| panic!("{pointer} is no list in {self}"))
    }

    /// One field of each element of the list at a JSON pointer.
    #[track_caller]
    pub fn each(&self, list: &str, field: &str) -> Vec<&str> {
        let text = |item: &'_ Value| item.pointer(field).and_then(Value::as_str).is_some();
        let items = self.list(list);
        assert!(items.iter().all(text), "not every {list} has a text {field} in {self}");
        items.iter().filter_map(|item| item.pointer(field)?.as_str()).collect()
    }

    /// The code of the first top-level error, if there is any.
    pub fn error_code(&self) -> Option<&str> {
        self.body.pointer("/errors/0/extensions/code")?.as_str()
    }

    /// The message of the first top-level error.
    #[track_caller]
    pub fn error_message(&self) -> &str {
        let message = self.body.pointer("/errors/0/message").and_then(Value::as_str);
        message.unwrap_or_else(|| panic!("no error in {self}"))
    }
}

impl fmt::Display for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "HTTP {} {:#}\nto {}", self.status, self.body, self.asked)
    }
}
