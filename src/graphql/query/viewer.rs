//! Who asks.

use async_graphql::{Context, Object, Result};

use super::super::{access::known, context::ContextExt, viewer::Viewer};

#[derive(Default)]
pub struct ViewerQuery;

#[Object(guard = "known")]
impl ViewerQuery {
    /// Who asks.
    async fn viewer(&self, ctx: &Context<'_>) -> Option<Result<Viewer>> {
        Some(ctx.identity().cloned().map(Viewer).map_err(Into::into))
    }
}
