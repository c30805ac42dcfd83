//! graphql-sse, spoken to a running edge.

use std::time::Duration;

use reqwest::{Client, Method, RequestBuilder, Response, StatusCode};
use serde_json::{Value, json};
use tokio::time::timeout;

use crate::http::testing::Server;

/// Anything that takes longer hangs.
const PATIENCE: Duration = Duration::from_secs(5);

fn ask(server: &Server, method: Method, query: &str) -> RequestBuilder {
    let url = format!("http://{}/graphql/stream{query}", server.address);
    Client::new().request(method, url).header("accept", "text/event-stream")
}

fn post(server: &Server, document: &str) -> RequestBuilder {
    ask(server, Method::POST, "").json(&json!({ "query": document }))
}

/// The events of a stream, as they come.
struct Events {
    response: Response,
    rest: String,
    /// The last comment that said something.
    comment: String,
}

impl Events {
    async fn of(request: RequestBuilder) -> Self {
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(response.headers()["content-type"], "text/event-stream; charset=utf-8");
        Self { response, rest: String::new(), comment: String::new() }
    }

    /// The next event's name and data; `None` at the end of the stream.
    async fn next(&mut self) -> Option<(String, Value)> {
        loop {
            while let Some((event, rest)) = self.rest.split_once("\n\n") {
                let (event, rest) = (event.to_owned(), rest.to_owned());
                self.rest = rest;
                let Some(named) = event.strip_prefix("event: ") else {
                    if let Some(comment) = event.strip_prefix(": ") {
                        comment.clone_into(&mut self.comment);
                    }
                    continue;
                };
                let (name, data) = named.split_once("\ndata: ").unwrap();
                return Some((name.to_owned(), serde_json::from_str(data).unwrap_or_default()));
            }
            let chunk = timeout(PATIENCE, self.response.chunk()).await.expect("in time");
            // An end without the last chunk is one, too.
            self.rest.push_str(std::str::from_utf8(&chunk.ok()??).unwrap());
        }
    }
}

#[tokio::test]
async fn an_operation_has_a_stream_of_its_own() {
    let server = Server::start(&[]).await;
    let ticks = "subscription { ticks(n: 2, ms: 1) }";
    let get = ask(&server, Method::GET, "?query=subscription%7Bticks(n%3A2%2Cms%3A1)%7D");
    for request in [post(&server, ticks), get] {
        let mut events = Events::of(request).await;
        for tick in 1..=2 {
            let (name, data) = events.next().await.unwrap();
            assert_eq!((name.as_str(), &data["data"]["ticks"]), ("next", &json!(tick)));
        }
        assert_eq!(events.next().await.unwrap().0, "complete");
        assert!(events.next().await.is_none(), "the stream ends with its operation");
    }
    for refused in ["{ nope }", "{ hello", "{ panic(ms: 0) }"] {
        let mut events = Events::of(post(&server, refused)).await;
        let (name, data) = events.next().await.unwrap();
        assert!(name == "next" && data["errors"][0]["message"].is_string(), "{refused}: {data}");
        assert_eq!(events.next().await.unwrap().0, "complete", "{refused}");
    }
}

#[tokio::test]
async fn what_is_no_request_has_a_status() {
    let server = Server::start(&[]).await;
    let hello = || post(&server, "{ hello }");
    for (request, status) in [
        (ask(&server, Method::POST, "").body("{"), 415),
        (ask(&server, Method::POST, "").header("content-type", "application/json").body("{"), 400),
        (hello().header("accept", "application/json"), 200),
        (hello().bearer_auth("x"), 401),
        (ask(&server, Method::GET, ""), 400),
        (ask(&server, Method::GET, "?token=unknown"), 404),
        (ask(&server, Method::DELETE, "?token=unknown&operationId=1"), 404),
        (ask(&server, Method::DELETE, "?operationId=1"), 400),
        (ask(&server, Method::OPTIONS, ""), 405),
        (ask(&server, Method::HEAD, ""), 405),
        (hello().header("x-graphql-event-stream-token", "unknown"), 404),
    ] {
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), status);
        let allowed = response.headers().get("allow").map(|methods| methods.to_str().unwrap());
        assert_eq!(allowed, (status == 405).then_some("GET, POST, PUT, DELETE"));
    }
    let json_only = Client::new()
        .post(format!("http://{}/graphql/stream", server.address))
        .header("accept", "application/json")
        .json(&json!({ "query": "{ hello }" }));
    assert_eq!(json_only.send().await.unwrap().status(), 406);
}

/// A stream that was reserved.
struct Shared<'a> {
    server: &'a Server,
    token: String,
}

impl<'a> Shared<'a> {
    async fn reserve(server: &'a Server) -> Self {
        let response = ask(server, Method::PUT, "").send().await.unwrap();
        assert_eq!(response.status(), StatusCode::CREATED);
        Self { server, token: response.text().await.unwrap() }
    }

    fn ask(&self, method: Method, query: &str) -> RequestBuilder {
        ask(self.server, method, query).header("x-graphql-event-stream-token", &self.token)
    }

    async fn start(&self, id: &str, document: &str) -> StatusCode {
        let body = json!({ "query": document, "extensions": { "operationId": id } });
        self.ask(Method::POST, "").json(&body).send().await.unwrap().status()
    }
}

#[tokio::test]
async fn one_stream_carries_many_operations() {
    let server = Server::start(&["--socket-operations=2"]).await;
    let shared = Shared::reserve(&server).await;
    // What is started before the stream is open waits for it.
    assert_eq!(shared.start("early", "{ hello }").await, 202);
    let mut events = Events::of(shared.ask(Method::GET, "")).await;
    assert_eq!(shared.ask(Method::GET, "").send().await.unwrap().status(), 409);
    let (name, data) = events.next().await.unwrap();
    assert_eq!((name.as_str(), &data["id"]), ("next", &json!("early")), "{data}");
    assert_eq!(data["payload"]["data"]["hello"], "nobody", "{data}");
    let (name, data) = events.next().await.unwrap();
    assert_eq!((name.as_str(), data), ("complete", json!({ "id": "early" })));
    assert_eq!(shared.start("bad", "{ nope }").await, 202);
    assert!(events.next().await.unwrap().1["payload"]["errors"].is_array());
    assert_eq!(events.next().await.unwrap().0, "complete");
    let endless = "subscription { ticks(n: 2, ms: 60000) }";
    assert_eq!(shared.start("a", endless).await, 202);
    assert_eq!(shared.start("a", endless).await, 409);
    assert_eq!(shared.start("b", endless).await, 202);
    assert_eq!(shared.start("c", endless).await, 429);
    let end = shared.ask(Method::DELETE, "?operationId=a").send().await.unwrap();
    assert_eq!(end.status(), 200);
    assert_eq!(shared.start("a", "{ hello }").await, 202);
    assert_eq!(events.next().await.unwrap().1["id"], "a");
    let unnamed = shared.ask(Method::POST, "").json(&json!({ "query": "{ hello }" }));
    assert_eq!(unnamed.send().await.unwrap().status(), 400);
    drop(events);
    let gone = async {
        while !server.edge.reservations.is_empty() {
            tokio::task::yield_now().await;
        }
    };
    timeout(PATIENCE, gone).await.expect("it is forgotten with its reader");
    assert_eq!(shared.start("d", "{ hello }").await, 404);
}

#[tokio::test]
async fn a_stream_is_its_users_only() {
    let server = Server::start(&["--concurrent-operations=2"]).await;
    let (ann, bob) = (server.token("ann", 60), server.token("bob", 60));
    let reserve = |token: &str| ask(&server, Method::PUT, "").bearer_auth(token).send();
    let token = reserve(&ann).await.unwrap().text().await.unwrap();
    let on = |method: Method, who: &str| {
        let request = ask(&server, method, &format!("?token={token}&operationId=1"));
        request.bearer_auth(who).json(&json!({
            "query": "{ hello }", "extensions": { "operationId": "1" }
        }))
    };
    for method in [Method::GET, Method::POST, Method::DELETE] {
        assert_eq!(on(method.clone(), &bob).send().await.unwrap().status(), 403, "{method}");
    }
    let anonymous = Shared { server: &server, token: token.clone() };
    assert_eq!(anonymous.start("1", "{ hello }").await, 403);
    // An EventSource has nothing but the address.
    let mut events = Events::of(ask(&server, Method::GET, &format!("?token={token}"))).await;
    assert_eq!(on(Method::POST, &ann).send().await.unwrap().status(), 202);
    assert_eq!(events.next().await.unwrap().1["payload"]["data"]["hello"], "ann");
    assert_eq!(reserve(&ann).await.unwrap().status(), 201);
    assert_eq!(reserve(&ann).await.unwrap().status(), 429, "each counts as an operation");
}

/// Cut, not completed: the client is to come back.
#[tokio::test]
async fn a_stream_ends_with_its_token_and_with_the_server() {
    let server = Server::start(&["--socket-keep-alive=20ms"]).await;
    let endless = "subscription { ticks(n: 1, ms: 60000) }";
    // Signed with an end so far back that of the leeway only a second is left.
    let short = server.token("ann", 1 - 30);
    let mut expires = Events::of(post(&server, endless).bearer_auth(short)).await;
    assert_eq!(expires.next().await, None);
    assert!(expires.comment.starts_with("forbidden: "), "{}", expires.comment);
    let mut lasts = Events::of(post(&server, endless)).await;
    let (ended, ()) = tokio::join!(lasts.next(), server.edge.shut_down());
    assert_eq!(ended, None);
    assert_eq!(lasts.comment, "going away");
}

/// What has one result is waited for, also when its stream had not begun it.
#[tokio::test]
async fn a_shutdown_waits_for_results() {
    let server = Server::start(&[]).await;
    let mut distinct = Events::of(post(&server, "{ wait(ms: 300) }")).await;
    let shared = Shared::reserve(&server).await;
    assert_eq!(shared.start("s", "subscription { ticks(n: 1, ms: 60000) }").await, 202);
    assert_eq!(shared.start("q", "{ wait(ms: 300) }").await, 202);
    let mut events = Events::of(shared.ask(Method::GET, "")).await;
    timeout(PATIENCE, server.edge.shut_down()).await.expect("it waits for no subscription");
    assert_eq!(distinct.next().await.unwrap().1["data"]["wait"], true);
    assert_eq!(distinct.next().await.unwrap().0, "complete");
    assert_eq!(distinct.next().await, None);
    let next = json!({ "id": "q", "payload": { "data": { "wait": true } } });
    assert_eq!(events.next().await, Some(("next".to_owned(), next)));
    assert_eq!(events.next().await, Some(("complete".to_owned(), json!({ "id": "q" }))));
    assert_eq!(events.next().await, None);
    assert_eq!(events.comment, "going away");
    assert_eq!(shared.start("late", "{ hello }").await, 404);
}

/// What a stream has no room for is not forgotten, and asking for its head alone opens nothing.
#[tokio::test]
async fn a_stop_that_is_refused_can_be_asked_for_again() {
    let server = Server::start(&["--socket-operations=2"]).await;
    let shared = Shared::reserve(&server).await;
    let endless = "subscription { ticks(n: 2, ms: 60000) }";
    let stop = async |id: &str| {
        let query = format!("?operationId={id}");
        shared.ask(Method::DELETE, &query).send().await.unwrap().status()
    };
    assert_eq!(shared.start("a", endless).await, 202);
    assert_eq!(shared.start("b", endless).await, 202);
    assert_eq!(stop("a").await, 200);
    assert_eq!(shared.start("c", "{ hello }").await, 202);
    assert_eq!(stop("b").await, 429, "so much may wait for a stream that is not open");
    assert_eq!(shared.start("b", endless).await, 409, "it was not ended");
    assert_eq!(shared.ask(Method::HEAD, "").send().await.unwrap().status(), 405);
    let mut events = Events::of(shared.ask(Method::GET, "")).await;
    assert_eq!(events.next().await.unwrap().1["id"], "c");
    assert_eq!(stop("b").await, 200);
    assert_eq!(shared.start("b", "{ hello }").await, 202);
}

/// A client that reads nothing holds nothing for long: its operations go with it.
#[tokio::test]
async fn a_client_that_leaves_frees_its_operations() {
    let server = Server::start(&["--concurrent-operations=1"]).await;
    let endless = "subscription { ticks(n: 1, ms: 60000) }";
    let first = Events::of(post(&server, endless)).await;
    assert_eq!(post(&server, "{ hello }").send().await.unwrap().status(), 429);
    drop(first);
    let freed = async {
        while post(&server, "{ hello }").send().await.unwrap().status() != 200 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(PATIENCE, freed).await.expect("the operation ended with its reader");
}
