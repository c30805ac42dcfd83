//! The schema, put together.

use std::{any::TypeId, borrow::Cow, sync::Arc};

use async_graphql::{
    ContextSelectionSet, OutputType, Positioned, Request, Response, SDLExportOptions, ServerResult,
    ValidationMode, Value, parser::types::Field, registry::Registry,
};
use futures::{Stream, StreamExt, stream};

use super::{
    context::{Session, State},
    error,
    hot::HotRecord,
    mutation::Mutation,
    node::Node,
    payload::MutationPayload,
    query::Query,
    subscription::Subscription,
    validation::{Checked, Types, Verdict},
};
use crate::{auth::Identity, loaders::Loaders};

type Inner = async_graphql::Schema<Query, Mutation, Subscription>;

/// Executes prepared requests; cheap to clone.
///
/// It has no extensions: any would switch on a hook for each field of each response. Errors get
/// their codes, and lose what is internal, on the way out.
#[derive(Clone)]
pub struct Schema {
    strict: Inner,
    /// The same without validation, for what needs none.
    fast: Inner,
    types: Types,
}

/// The schema over these parts.
pub fn build(state: State) -> Schema {
    let strict = if state.bounds.suggestions { builder() } else { builder().disable_suggestions() };
    let strict = strict.data(state.clone()).finish();
    let types = Types::of(&strict.sdl(), state.bounds);
    let fast = builder().data(state).validation_mode(ValidationMode::Fast).finish();
    Schema { strict, fast, types }
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
        .register_output_type::<HotRecordAsNode>()
}

/// Makes it known that one interface implements another, which no derive can say.
struct HotRecordAsNode;

impl OutputType for HotRecordAsNode {
    fn type_name() -> Cow<'static, str> {
        HotRecord::type_name()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        registry.add_implements(&HotRecord::type_name(), &Node::type_name());
        HotRecord::create_type_info(registry)
    }

    async fn resolve(
        &self,
        _: &ContextSelectionSet<'_>,
        _: &Positioned<Field>,
    ) -> ServerResult<Value> {
        Ok(Value::Null)
    }
}

/// Gives a request what belongs to it: who asks, under which id, and fresh loaders.
pub fn prepare(
    request: Request,
    state: &State,
    identity: Option<Identity>,
    request_id: Arc<str>,
) -> Request {
    let loaders = Arc::new(Loaders::new(&state.sources));
    request.data(Session { identity, request_id, loaders })
}

impl Schema {
    /// Executes a query or mutation that was [`prepare`]d. It is not validated where a
    /// [`Verdict`] in its data says that it need not be.
    pub async fn execute(&self, mut request: Request) -> Response {
        let request_id = request_id(&request);
        let verdict = data::<Verdict>(&request);
        if verdict.is_some_and(|verdict| verdict.covers(&request.variables)) {
            return error::present(self.fast.execute(request).await, &request_id);
        }
        let verdict = verdict.cloned().unwrap_or_default();
        let checked = match self.check(&mut request) {
            Ok(checked) => checked,
            Err(refused) => return error::present(*refused, &request_id),
        };
        let response = self.strict.execute(request).await;
        verdict.decide(checked, &response);
        error::present(response, &request_id)
    }

    /// Looks at its values, before anything is executed.
    fn check(&self, request: &mut Request) -> Result<Checked, Box<Response>> {
        let variables = std::mem::take(&mut request.variables);
        let operation = request.operation_name.clone();
        let document = request.parsed_query().map_err(|e| Box::new(error::parse_failure(e)))?;
        let checked = self.types.check(document, operation.as_deref(), &variables);
        request.variables = variables;
        checked.map_err(|error| Box::new(Response::from_errors(vec![error])))
    }

    /// Executes a subscription that was [`prepare`]d, or anything else as a stream of one.
    pub fn execute_stream(
        &self,
        mut request: Request,
    ) -> impl Stream<Item = Response> + Send + use<> {
        let request_id = request_id(&request);
        let present = move |response| error::present(response, &request_id);
        match self.check(&mut request) {
            Ok(_) => self.strict.execute_stream(request).map(present).left_stream(),
            Err(refused) => stream::iter([present(*refused)]).right_stream(),
        }
    }
}

fn request_id(request: &Request) -> Arc<str> {
    data::<Session>(request).map(|session| session.request_id.clone()).unwrap_or_default()
}

fn data<T: 'static>(request: &Request) -> Option<&T> {
    request.data.get(&TypeId::of::<T>())?.downcast_ref()
}
