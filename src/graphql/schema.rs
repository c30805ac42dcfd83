//! The schema, put together.

use std::{any::TypeId, sync::Arc};

use async_graphql::{Request, Response, SDLExportOptions};
use futures::{Stream, StreamExt};

use super::{
    context::{Session, State},
    error,
    mutation::Mutation,
    payload::MutationPayload,
    query::Query,
    subscription::Subscription,
};
use crate::{auth::Identity, loaders::Loaders};

type Inner = async_graphql::Schema<Query, Mutation, Subscription>;

/// Executes prepared requests; cheap to clone.
///
/// It has no extensions: any would switch on a hook for each field of each response. Errors get
/// their codes, and lose what is internal, on the way out.
#[derive(Clone)]
pub struct Schema(Inner);

/// The schema over these parts.
pub fn build(state: State) -> Schema {
    Schema(builder().data(state).finish())
}

/// The schema in the schema definition language.
pub fn sdl() -> String {
    let options = SDLExportOptions::new()
        .include_specified_by()
        .prefer_single_line_descriptions()
        .use_space_ident();
    let sdl = builder().finish().sdl_with_options(options);
    let mut lines: Vec<&str> = sdl.lines().map(str::trim_end).collect();
    lines.dedup_by(|next, previous| next.is_empty() && previous.is_empty());
    lines.join("\n") + "\n"
}

fn builder() -> async_graphql::SchemaBuilder<Query, Mutation, Subscription> {
    Inner::build(Query::default(), Mutation::default(), Subscription)
        // No field answers with it, so nothing else makes it known.
        .register_output_type::<MutationPayload>()
}

/// Gives a request what belongs to it: who asks, under which id, and fresh loaders.
pub fn prepare(
    request: Request,
    state: &State,
    identity: Option<Identity>,
    request_id: String,
) -> Request {
    let loaders = Arc::new(Loaders::new(&state.sources));
    request.data(Session { identity, request_id, loaders })
}

impl Schema {
    /// Executes a query or mutation that was [`prepare`]d.
    pub async fn execute(&self, mut request: Request) -> Response {
        if let Err(error) = request.parsed_query() {
            return error::parse_failure(error);
        }
        let request_id = request_id(&request);
        error::present(self.0.execute(request).await, &request_id)
    }

    /// Executes a subscription that was [`prepare`]d, or anything else as a stream of one.
    pub fn execute_stream(&self, request: Request) -> impl Stream<Item = Response> + Send + use<> {
        let request_id = request_id(&request);
        let present = move |response| error::present(response, &request_id);
        self.0.execute_stream(request).map(present)
    }
}

fn request_id(request: &Request) -> String {
    let session = request.data.get(&TypeId::of::<Session>());
    let session = session.and_then(|session| session.downcast_ref::<Session>());
    session.map(|session| session.request_id.clone()).unwrap_or_default()
}
