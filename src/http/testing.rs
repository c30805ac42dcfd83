//! A server with a small schema of its own, to test the edge without what is behind it.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use async_graphql::{Context, EmptyMutation, Object, Request, Response, Schema, Subscription};
use futures::{Stream, StreamExt, future::BoxFuture, stream, stream::BoxStream};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::{Bounds, Caller, Edge, Endpoints, Engine, TrustedDocuments, Workers, serve};
use crate::{
    auth::{Keys, Role, Verifier},
    config::testing,
    entity::clock,
};

pub const SECRET: &str = "--jwt-secret=0123456789abcdef0123456789abcdef";

/// Answers `{ hello }`, waits, panics, and ticks.
pub struct Query;

#[Object]
impl Query {
    async fn hello(&self, ctx: &Context<'_>) -> String {
        let caller = ctx.data_unchecked::<Caller>();
        caller.identity.as_ref().map_or("nobody".to_owned(), |identity| identity.uid.to_string())
    }

    async fn request_id(&self, ctx: &Context<'_>) -> String {
        ctx.data_unchecked::<Caller>().request_id.to_string()
    }

    async fn wait(&self, ms: u64) -> bool {
        tokio::time::sleep(Duration::from_millis(ms)).await;
        true
    }

    async fn panic(&self, ms: u64) -> bool {
        assert!(ms > 0, "as asked");
        true
    }

    async fn fail(&self) -> async_graphql::Result<bool> {
        Err("as asked".into())
    }
}

pub struct Ticks;

#[Subscription]
impl Ticks {
    async fn ticks(&self, n: i32, ms: u64) -> impl Stream<Item = i32> {
        stream::iter(1..=n).then(move |tick| async move {
            tokio::time::sleep(Duration::from_millis(ms)).await;
            tick
        })
    }

    async fn fail_at_start(&self) -> async_graphql::Result<stream::Empty<i32>> {
        Err("as asked".into())
    }
}

struct TestEngine(Schema<Query, EmptyMutation, Ticks>);

impl Engine for TestEngine {
    fn execute(&self, request: Request, caller: Caller) -> BoxFuture<'_, Response> {
        Box::pin(self.0.execute(request.data(caller)))
    }

    fn subscribe(&self, request: Request, caller: Caller) -> BoxStream<'static, Response> {
        self.0.execute_stream(request.data(caller))
    }
}

/// A running edge.
pub struct Server {
    pub address: SocketAddr,
    pub edge: Arc<Edge>,
}

impl Server {
    /// On a free port, with these flags.
    pub async fn start(flags: &[&str]) -> Self {
        let flags: Vec<&str> = std::iter::once(SECRET).chain(flags.iter().copied()).collect();
        let config = testing::parse(&flags).unwrap();
        let engine = TestEngine(Schema::new(Query, EmptyMutation, Ticks));
        let manifest = config.http.trusted_documents.as_deref();
        let trusted = manifest.map(|path| TrustedDocuments::load(path).unwrap());
        let edge = Edge::new(
            Arc::new(engine),
            Verifier::new(Keys::from_config(&config.auth).unwrap()).unwrap(),
            (config.limits, config.http),
            Arc::new(|| Box::pin(async { Vec::new() })),
        );
        let edge = Arc::new(edge.with_trusted_documents(trusted));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let endpoints = Endpoints::new(Arc::clone(&edge));
        let stop = CancellationToken::new();
        let bounds = Bounds::new(&edge.config);
        let workers = Arc::new(Workers::start(Some(1)).unwrap());
        tokio::spawn(serve(listener, (endpoints, workers), bounds, stop));
        Self { address, edge }
    }

    /// The endpoint's address.
    pub fn url(&self) -> String {
        format!("http://{}/graphql", self.address)
    }

    /// A token of `uid` that ends in so many seconds; leeway comes on top.
    pub fn token(&self, uid: &str, seconds: i64) -> String {
        let end = clock::now().timestamp() + seconds;
        let keys = self.edge.verifier.keys();
        keys.sign_until(&uid.parse().unwrap(), Role::User, end).unwrap()
    }
}
