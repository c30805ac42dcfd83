//! GraphQL over HTTP, spoken to a running edge.

use reqwest::{Client, Method, RequestBuilder, Response};
use serde_json::{Value, json};

use super::testing::Server;

const GRAPHQL_RESPONSE: &str = "application/graphql-response+json";

fn post(server: &Server, body: &Value) -> RequestBuilder {
    Client::new().post(server.url()).json(body)
}

/// The status, the body, and the body's first error code.
async fn read(response: Response) -> (u16, Value, String) {
    let status = response.status().as_u16();
    let body: Value = response.json().await.unwrap();
    let code = body["errors"][0]["extensions"]["code"].as_str().unwrap_or_default().to_owned();
    (status, body, code)
}

async fn send(request: RequestBuilder) -> (u16, Value, String) {
    read(request.send().await.unwrap()).await
}

#[tokio::test]
async fn a_query_is_answered_by_post_and_get() {
    let server = Server::start(&[]).await;
    let (status, body, _) = send(post(&server, &json!({"query": "{ hello }"}))).await;
    assert_eq!((status, body), (200, json!({"data": {"hello": "nobody"}})));
    let get = Client::new().get(format!("{}?query=%7Bhello%7D", server.url()));
    assert_eq!(send(get).await.1, json!({"data": {"hello": "nobody"}}));
}

#[tokio::test]
async fn the_status_says_whether_it_was_executed_where_the_client_knows() {
    let server = Server::start(&[]).await;
    for (query, code, plain, strict) in [
        ("{ hello", "GRAPHQL_PARSE_FAILED", 200, 400),
        ("query a { hello } query b { hello }", "BAD_USER_INPUT", 200, 400),
        ("{ fail }", "", 200, 200),
        ("subscription { ticks(n: 1, ms: 1) }", "BAD_USER_INPUT", 400, 400),
    ] {
        let body = json!({"query": query});
        let (status, answer, found) = send(post(&server, &body)).await;
        assert_eq!((status, found.as_str()), (plain, code), "{query}: {answer}");
        let request = post(&server, &body).header("accept", GRAPHQL_RESPONSE);
        let (status, answer, _) = send(request).await;
        assert_eq!(status, strict, "{query}");
        assert_eq!(answer.get("data").is_some(), strict == 200, "{query}: {answer}");
    }
}

#[tokio::test]
async fn what_is_no_graphql_request_is_refused_with_a_code() {
    let server = Server::start(&[]).await;
    for body in
        ["", "{", "[]", "[{\"query\":\"{hello}\"}]", "{}", "{\"query\":1}", "\"x\"", "\u{0}"]
    {
        let request = Client::new().post(server.url()).header("content-type", "application/json");
        let (status, _, code) = send(request.body(body)).await;
        assert_eq!((status, code.as_str()), (400, "BAD_USER_INPUT"), "{body:?}");
    }
    for media in ["text/plain", "multipart/form-data", "application/json;charset=utf-16", ""] {
        let request = Client::new().post(server.url()).header("content-type", media);
        let (status, _, _) = send(request.body("{\"query\":\"{hello}\"}")).await;
        assert_eq!(status, 415, "{media}");
    }
    let (status, _, _) =
        send(post(&server, &json!({"query": "{ hello }"})).header("accept", "text/html")).await;
    assert_eq!(status, 406);
    let put = Client::new().request(Method::PUT, server.url()).send().await.unwrap();
    assert_eq!(put.status(), 405);
}

#[tokio::test]
async fn a_mutation_by_get_is_sent_to_post() {
    let server = Server::start(&[]).await;
    let url = format!("{}?query=mutation%7Bx%7D", server.url());
    let response = Client::new().get(url).send().await.unwrap();
    assert_eq!(response.status(), 405);
    assert_eq!(response.headers()["allow"], "POST");
}

#[tokio::test]
async fn a_body_is_read_no_further_than_its_limit() {
    let server = Server::start(&["--max-body-bytes=1000"]).await;
    let large = json!({"query": format!("{{ hello }} # {}", "x".repeat(2_000))});
    assert_eq!(send(post(&server, &large)).await.0, 413);
    // Without a length, in chunks.
    let chunks = futures::stream::iter((0..100).map(|_| Ok::<_, std::io::Error>("x".repeat(100))));
    let request = Client::new().post(server.url()).header("content-type", "application/json");
    let (status, _, code) = send(request.body(reqwest::Body::wrap_stream(chunks))).await;
    assert_eq!((status, code.as_str()), (413, "BAD_USER_INPUT"));
}

#[tokio::test]
async fn a_token_says_who_and_a_bad_one_is_refused() {
    let server = Server::start(&[]).await;
    let query = json!({"query": "{ hello }"});
    let request = post(&server, &query).bearer_auth(server.token("u1", 60));
    assert_eq!(send(request).await.1["data"]["hello"], "u1");
    for value in ["Bearer", "Bearer x", "Basic dTpw", "x", ""] {
        let response = post(&server, &query).header("authorization", value).send().await.unwrap();
        let challenge = response.headers()["www-authenticate"].to_str().unwrap().to_owned();
        assert!(challenge.starts_with("Bearer"), "{challenge}");
        let (status, _, code) = read(response).await;
        assert_eq!((status, code.as_str()), (401, "UNAUTHENTICATED"), "{value:?}");
    }
}

#[tokio::test]
async fn a_request_keeps_its_sane_id_and_gets_another_for_an_odd_one() {
    let server = Server::start(&[]).await;
    let query = json!({"query": "{ requestId }"});
    let ask = async |id: &str| {
        let response = post(&server, &query).header("x-request-id", id).send().await.unwrap();
        let id = response.headers()["x-request-id"].to_str().unwrap().to_owned();
        assert_eq!(read(response).await.1["data"]["requestId"], id.as_str());
        id
    };
    assert_eq!(ask("abc-123").await, "abc-123");
    for odd in ["", "a b", "ä", &"x".repeat(65)] {
        assert_eq!(ask(odd).await.len(), 26, "{odd:?}");
    }
}

#[tokio::test]
async fn an_operation_ends_by_its_timeout_and_a_panic_as_an_answer() {
    let server = Server::start(&["--operation-timeout=50ms"]).await;
    let (status, _, code) = send(post(&server, &json!({"query": "{ wait(ms: 5000) }"}))).await;
    assert_eq!((status, code.as_str()), (504, "REQUEST_TIMEOUT"));
    let request = post(&server, &json!({"query": "{ panic(ms: 0) }"})).header("x-request-id", "r1");
    let (status, body, code) = send(request).await;
    assert_eq!((status, code.as_str()), (500, "INTERNAL_SERVER_ERROR"));
    assert_eq!(body["errors"][0]["extensions"]["requestId"], "r1");
    assert!(!body.to_string().contains("as asked"), "{body}");
}

#[tokio::test]
async fn other_sites_may_read_only_where_they_are_allowed() {
    let server = Server::start(&["--allow-origin=https://app.example.org"]).await;
    let ask = async |origin: &str| {
        let request = post(&server, &json!({"query": "{ hello }"})).header("origin", origin);
        let response = request.send().await.unwrap();
        response
            .headers()
            .get("access-control-allow-origin")
            .map(|v| v.to_str().unwrap().to_owned())
    };
    assert_eq!(ask("https://app.example.org").await.as_deref(), Some("https://app.example.org"));
    assert_eq!(ask("https://evil.example").await, None);
}

#[tokio::test]
async fn pages_load_nothing_from_elsewhere() {
    let server = Server::start(&[]).await;
    let get = async |path: &str| {
        let url = format!("http://{}{path}", server.address);
        let response = Client::new().get(url).send().await.unwrap();
        assert!(response.status().is_success(), "{path}");
        let policy = response.headers()["content-security-policy"].to_str().unwrap().to_owned();
        (policy, response.text().await.unwrap())
    };
    let (policy, page) = get("/playground").await;
    assert!(policy.contains("script-src 'self'") && !policy.contains("http"), "{policy}");
    assert!(!page.contains("://"), "{page}");
    let files: Vec<&str> =
        page.split('"').filter(|part| part.starts_with("/playground/")).collect();
    assert_eq!(files.len(), 6, "{files:?}");
    for path in files {
        assert!(!get(path).await.1.is_empty(), "{path}");
    }
}

#[tokio::test]
async fn what_is_no_page_cannot_become_one() {
    let server = Server::start(&[]).await;
    for (path, policy) in [("/healthz", None), ("/nowhere", Some("default-src 'none'"))] {
        let url = format!("http://{}{path}", server.address);
        let response = Client::new().get(url).send().await.unwrap();
        let headers = response.headers();
        assert_eq!(headers["x-content-type-options"], "nosniff", "{path}");
        let said = headers.get("content-security-policy").map(|value| value.to_str().unwrap());
        assert_eq!(said.is_some(), policy.is_some(), "{path} {said:?}");
        assert!(policy.is_none_or(|policy| said.unwrap().starts_with(policy)), "{path} {said:?}");
    }
}

#[tokio::test]
async fn a_server_that_shuts_down_is_not_ready() {
    let server = Server::start(&[]).await;
    let ready = async || {
        let url = format!("http://{}/readyz", server.address);
        Client::new().get(url).send().await.unwrap().status().as_u16()
    };
    assert_eq!(ready().await, 200);
    server.edge.shut_down().await;
    assert_eq!(ready().await, 503);
}

#[tokio::test]
async fn each_client_has_its_share() {
    let server = Server::start(&["--rate-limit=3", "--concurrent-operations=1"]).await;
    let ask = |token: &str| post(&server, &json!({"query": "{ hello }"})).bearer_auth(token);
    let (ann, bob) = (server.token("ann", 60), server.token("bob", 60));
    for _ in 0..3 {
        assert_eq!(send(ask(&ann)).await.0, 200);
    }
    let response = ask(&ann).send().await.unwrap();
    assert_eq!(response.headers()["retry-after"], "1");
    let (status, body, code) = read(response).await;
    assert_eq!((status, code.as_str()), (429, "RATE_LIMITED"));
    let extensions = &body["errors"][0]["extensions"];
    assert!((1..=1_000).contains(&extensions["retryAfterMs"].as_u64().unwrap()), "{body}");
    let waiting = post(&server, &json!({"query": "{ wait(ms: 300) }"})).bearer_auth(&bob).send();
    let waiting = tokio::spawn(waiting);
    tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    let (status, body, code) = send(ask(&bob)).await;
    assert_eq!((status, code.as_str()), (429, "RATE_LIMITED"), "one at once: {body}");
    assert_eq!(waiting.await.unwrap().unwrap().status(), 200);
    assert_eq!(send(ask(&bob)).await.0, 200);
}

#[tokio::test]
async fn tokens_are_not_guessed_at_any_rate() {
    let server = Server::start(&["--rate-limit=3"]).await;
    let guess = || post(&server, &json!({"query": "{ hello }"})).bearer_auth("a.b.c");
    for _ in 0..3 {
        assert_eq!(send(guess()).await.0, 401);
    }
    assert_eq!(send(guess()).await.0, 429);
    let good = post(&server, &json!({"query": "{ hello }"})).bearer_auth(server.token("ann", 60));
    assert_eq!(send(good).await.0, 200, "who has a token is not held up by who has none");
}

#[tokio::test]
async fn the_schema_is_told_where_it_is_asked_for() {
    let query = json!({"query": "{ __schema { queryType { name } } }"});
    let (_, body, code) = send(post(&Server::start(&[]).await, &query)).await;
    assert_eq!(code, "GRAPHQL_VALIDATION_FAILED", "{body}");
    let (_, body, _) = send(post(&Server::start(&["--introspection"]).await, &query)).await;
    assert_eq!(body["data"]["__schema"]["queryType"]["name"], "Query", "{body}");
}

fn by_hash(query: Option<&str>, hash: &str) -> Value {
    json!({"query": query, "extensions": {"persistedQuery": {"version": 1, "sha256Hash": hash}}})
}

fn hash_of(text: &str) -> String {
    use sha2::{Digest, Sha256};
    Sha256::digest(text).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[tokio::test]
async fn a_document_is_sent_once_and_then_named_by_its_hash() {
    let server = Server::start(&[]).await;
    let query = "query Greeting { hello }";
    let hash = hash_of(query);
    let (_, body, code) = send(post(&server, &by_hash(None, &hash))).await;
    assert_eq!(code, "PERSISTED_QUERY_NOT_FOUND");
    assert_eq!(body["errors"][0]["message"], "PersistedQueryNotFound");
    for sent in [Some(query), None, None] {
        let (status, body, _) = send(post(&server, &by_hash(sent, &hash))).await;
        assert_eq!((status, &body["data"]["hello"]), (200, &json!("nobody")), "{body}");
    }
    let extensions = format!("{{\"persistedQuery\":{{\"version\":1,\"sha256Hash\":\"{hash}\"}}}}");
    let mut url: url::Url = server.url().parse().unwrap();
    url.query_pairs_mut().append_pair("extensions", &extensions);
    assert_eq!(send(Client::new().get(url)).await.1["data"]["hello"], "nobody");
    for (query, hash) in [(Some("{ fail }"), hash.as_str()), (None, "x"), (Some(query), "")] {
        let (_, body, code) = send(post(&server, &by_hash(query, hash))).await;
        assert_eq!(code, "BAD_USER_INPUT", "{body}");
    }
    // What does not parse is not kept.
    let broken = hash_of("{ hello");
    send(post(&server, &by_hash(Some("{ hello"), &broken))).await;
    assert_eq!(send(post(&server, &by_hash(None, &broken))).await.2, "PERSISTED_QUERY_NOT_FOUND");
}

#[tokio::test]
async fn where_documents_are_trusted_no_other_is_executed() {
    let folder = tempfile::tempdir().unwrap();
    let (query, named) = ("{ hello }", "query Named { hello }");
    let path = folder.path().join("manifest.json");
    for manifest in [
        json!({hash_of(query): query, hash_of(named): named}),
        json!([hash_of(query), hash_of(named)]),
    ] {
        std::fs::write(&path, manifest.to_string()).unwrap();
        let server = Server::start(&[&format!("--trusted-documents={}", path.display())]).await;
        let hello = |body: Value| body["data"]["hello"] == "nobody";
        assert!(hello(send(post(&server, &json!({"query": query}))).await.1));
        let (_, body, code) = send(post(&server, &by_hash(None, &hash_of(named)))).await;
        assert!(hello(body) == manifest.is_object(), "texts are only in an object: {code}");
        assert!(hello(send(post(&server, &by_hash(Some(named), &hash_of(named)))).await.1));
        for query in ["{hello}", "{ fail }", "{ __typename }", ""] {
            let (_, body, code) = send(post(&server, &json!({"query": query}))).await;
            assert_eq!(code, "FORBIDDEN", "{query}: {body}");
        }
    }
}
