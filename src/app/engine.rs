//! The schema as the edge sees it.

use async_graphql::{Request, Response};
use futures::{FutureExt, StreamExt, future::BoxFuture, stream::BoxStream};

use crate::{
    graphql::{self, State},
    http::{Caller, Engine},
};

/// The schema, and what its requests need.
pub struct SchemaEngine {
    schema: graphql::Schema,
    state: State,
}

impl SchemaEngine {
    /// A schema over these parts.
    pub fn new(state: State) -> Self {
        Self { schema: graphql::build(state.clone()), state }
    }

    fn prepare(&self, request: Request, caller: Caller) -> Request {
        graphql::prepare(request, &self.state, caller.identity, caller.request_id.into())
    }
}

impl Engine for SchemaEngine {
    fn execute(&self, request: Request, caller: Caller) -> BoxFuture<'_, Response> {
        self.schema.execute(self.prepare(request, caller)).boxed()
    }

    fn subscribe(&self, request: Request, caller: Caller) -> BoxStream<'static, Response> {
        self.schema.execute_stream(self.prepare(request, caller)).boxed()
    }
}
