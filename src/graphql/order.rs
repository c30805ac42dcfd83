//! An order.

use async_graphql::{Enum, ID, Object, OneofObject};

use super::{connection::Listed, node::NodeId, scalars::DateTime, wallet::ReadSource};
use crate::{
    entity::{Money, OrderNo, Period, Uid, order},
    loaders::Sourced,
};

/// Where an order stands.
#[derive(Enum, Copy, Clone, Debug, Eq, PartialEq)]
#[graphql(remote = "order::Status")]
pub enum OrderStatus {
    /// Made and paid for, not confirmed.
    Pending,
    /// Confirmed.
    Paid,
    /// Done.
    Completed,
    /// Called off, its money given back.
    Cancelled,
    /// Lapsed, its money given back.
    Expired,
}

/// An order: the stored row, and where it was read.
#[derive(Clone)]
pub struct Order(pub Sourced<order::Model>);

impl Listed for Order {
    type Cursor = OrderNo;

    fn cursor(&self) -> OrderNo {
        self.0.order_no.clone()
    }
}

/// An order of a period.
#[Object]
impl Order {
    /// Opaque, globally unique.
    pub async fn id(&self) -> ID {
        NodeId::Order(self.0.order_no.clone()).encode()
    }

    /// Its number, unique among all periods.
    async fn order_no(&self) -> &OrderNo {
        &self.0.order_no
    }

    /// Who ordered.
    async fn uid(&self) -> &Uid {
        &self.0.uid
    }

    /// In which period.
    async fn period_number(&self) -> &Period {
        &self.0.period_number
    }

    /// What was paid.
    async fn amount(&self) -> Money {
        self.0.amount
    }

    /// What is earned on top.
    async fn profit_amount(&self) -> Money {
        self.0.profit_amount
    }

    /// Likes that are part of it.
    async fn like_count(&self) -> i32 {
        self.0.like_count
    }

    /// Shares that are part of it.
    async fn share_count(&self) -> i32 {
        self.0.share_count
    }

    /// Follows that are part of it.
    async fn follow_count(&self) -> i32 {
        self.0.follow_count
    }

    /// Favourites that are part of it.
    async fn favorite_count(&self) -> i32 {
        self.0.favorite_count
    }

    /// Where it stands.
    async fn status(&self) -> OrderStatus {
        self.0.status.into()
    }

    /// Grows by one with every change.
    async fn version(&self) -> i64 {
        self.0.version
    }

    /// When it lapses, if still pending.
    async fn expire_time(&self) -> DateTime {
        DateTime(self.0.expire_time)
    }

    /// When it was made.
    async fn created_at(&self) -> DateTime {
        DateTime(self.0.created_at)
    }

    /// When it last changed.
    async fn updated_at(&self) -> DateTime {
        DateTime(self.0.updated_at)
    }

    /// Where this answer came from.
    async fn source(&self) -> ReadSource {
        self.0.source.into()
    }

    /// A moment at which this answer was true: when it was read in the database, or, of a
    /// cached or stale one, its last change.
    async fn as_of(&self) -> DateTime {
        DateTime(self.0.as_of)
    }
}

/// How an order is named.
#[derive(OneofObject)]
pub enum OrderBy {
    /// By its global id.
    Id(ID),
    /// By its number.
    OrderNo(OrderNo),
}
