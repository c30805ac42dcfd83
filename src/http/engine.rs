//! What the edge asks of the schema.

use async_graphql::{Request, Response};
use futures::{future::BoxFuture, stream::BoxStream};

use super::RequestId;
use crate::auth::Identity;

/// Who asks, and under which request id.
#[derive(Clone, Debug)]
pub struct Caller {
    /// `None` without a token.
    pub identity: Option<Identity>,
    /// For the log, and for errors whose cause is only there.
    pub request_id: RequestId,
}

/// Executes operations that passed the document guard.
pub trait Engine: Send + Sync + 'static {
    /// A query or mutation.
    fn execute(&self, request: Request, caller: Caller) -> BoxFuture<'_, Response>;

    /// A subscription; it ends when its stream does, or is dropped.
    fn subscribe(&self, request: Request, caller: Caller) -> BoxStream<'static, Response>;
}
