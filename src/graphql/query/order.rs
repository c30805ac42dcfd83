//! Queries for orders.

use async_graphql::{Context, Object, Result};

use super::super::{
    access::{Permission, known},
    connection::{Connection, page},
    context::ContextExt,
    node::NodeId,
    order::{Order, OrderBy, OrderStatus},
    rendered::Rendered,
};
use crate::{
    entity::{OrderNo, Period},
    error::Error,
    loaders::Total,
};

#[derive(Default)]
pub struct OrderQuery;

#[Object(guard = "known")]
impl OrderQuery {
    /// An order; null when there is none, or it is not the caller's to see.
    async fn order(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which.")] by: OrderBy,
    ) -> Option<Result<Rendered<Order>>> {
        let number = match by {
            OrderBy::OrderNo(number) => Ok(number),
            OrderBy::Id(id) => match NodeId::decode(&id) {
                Ok(NodeId::Order(number)) => Ok(number),
                _ => Err(Error::BadInput("this is no id of an order".to_owned())),
            },
        };
        match number {
            Ok(number) => Some(read(ctx, number).await.transpose()?.map(Rendered)),
            Err(error) => Some(Err(error.into())),
        }
    }

    /// The orders of a period, by number. OPERATOR or ADMIN.
    #[allow(clippy::too_many_arguments)]
    async fn orders_by_period(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which, such as 20241201_001.")] period_number: Period,
        #[graphql(desc = "At most so many, from the start.")] first: Option<i32>,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
        #[graphql(desc = "At most so many, from the end.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
        #[graphql(desc = "Only those in this status.")] status: Option<OrderStatus>,
    ) -> Result<Rendered<Connection<Order>>> {
        ctx.require(Permission::Read)?;
        let page = page(ctx, first, after.as_deref(), last, before.as_deref())?;
        let status = status.map(Into::into);
        let slice = ctx.loaders().period_page(&period_number, status, &page).await?;
        let total = Total::Period(period_number, status);
        Ok(Rendered(Connection::new(slice.map(Order), total)))
    }

    /// How many orders a period has. OPERATOR or ADMIN.
    async fn order_count(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which, such as 20241201_001.")] period_number: Period,
    ) -> Result<u64> {
        ctx.require(Permission::Read)?;
        Ok(ctx.loaders().total(&Total::Period(period_number, None)).await?)
    }
}

/// An order, if whoever asks may see it.
pub async fn read(ctx: &Context<'_>, number: OrderNo) -> Result<Option<Order>> {
    ctx.identity()?;
    let order = ctx.loaders().order(number).await?;
    Ok(order.filter(|order| ctx.may_see(&order.uid)).map(Order))
}
