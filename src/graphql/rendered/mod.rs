//! Rows that are written straight as JSON.
//!
//! async-graphql makes of each field of each row a boxed future, a context and a value in a hash
//! table, which is most of what a long list costs. A field that is nothing but a value of its row
//! needs none of that: the selection set is planned once, and then all rows are written into one
//! text. What else is selected beside such fields (what has arguments, a guard, or something to
//! wait for) is left to the executor, and its answer is put where it belongs.
//!
//! The text goes on as a raw value, into which nothing can be merged any more. So nothing is
//! rendered in documents that would have async-graphql merge objects: see [`Verdict::mergeable`].

mod json;
mod merges;
mod plan;
mod response;
#[cfg(test)]
mod tests;

use std::{borrow::Cow, sync::LazyLock};

use async_graphql::{
    ContextSelectionSet, Name, OutputType, Positioned, ServerResult, Value, indexmap::IndexMap,
    parser::types::Field, registry::Registry,
};
use async_graphql_value::RAW_VALUE_TOKEN;
use futures::future::try_join_all;

use super::validation::Verdict;
use plan::Plan;

pub use self::{
    json::{WriteJson, write_enum, write_list},
    merges::merges,
    plan::{Parts, Render, Selected, Write},
    response::to_json,
};

/// What a row takes, or a short page.
const LIKELY_BYTES: usize = 1_024;

/// The same in the schema, and written as text where it can be.
pub struct Rendered<T>(pub T);

impl<T: Render> OutputType for Rendered<T> {
    fn type_name() -> Cow<'static, str> {
        T::type_name()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        T::create_type_info(registry)
    }

    async fn resolve(
        &self,
        ctx: &ContextSelectionSet<'_>,
        field: &Positioned<Field>,
    ) -> ServerResult<Value> {
        let apart = ctx.data_opt::<Verdict>().is_some_and(|verdict| !verdict.mergeable());
        let selected = Selected::new(&ctx.item.node, &ctx.query_env.fragments);
        match apart.then(|| Plan::<T>::of(selected)).flatten() {
            Some(plan) => self.render(plan, ctx, field).await,
            None => self.0.resolve(ctx, field).await,
        }
    }
}

impl<T: Render> Rendered<T> {
    async fn render(
        &self,
        plan: Plan<'_, T>,
        ctx: &ContextSelectionSet<'_>,
        field: &Positioned<Field>,
    ) -> ServerResult<Value> {
        let left = plan.left.iter().map(|field| async {
            let value = self.0.resolve_field(&ctx.with_field(field)).await?;
            ServerResult::Ok(value.unwrap_or_default())
        });
        let left = try_join_all(left).await?;
        let mut json = String::with_capacity(LIKELY_BYTES);
        plan.template.write(&self.0, &ctx.with_field(field), &left, &mut json);
        Ok(raw(json))
    }
}

/// What serde's JSON takes for a text that is JSON already.
fn raw(json: String) -> Value {
    static TOKEN: LazyLock<Name> = LazyLock::new(|| Name::new(RAW_VALUE_TOKEN));
    Value::Object(IndexMap::from_iter([(TOKEN.clone(), Value::String(json))]))
}

/// The text in an object that [`raw`] made.
fn raw_text(object: &IndexMap<Name, Value>) -> Option<&str> {
    match object.first() {
        Some((name, Value::String(json))) if object.len() == 1 && name == RAW_VALUE_TOKEN => {
            Some(json)
        }
        _ => None,
    }
}
