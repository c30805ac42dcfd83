//! An order.

use async_graphql::{Enum, ID, Object, OneofObject};

use super::{
    connection::Listed,
    node::NodeId,
    rendered::{Render, Write, WriteJson, write_enum},
    scalars::DateTime,
    wallet::ReadSource,
};
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
        self.global_id()
    }

    /// Its number, unique among all periods.
    fn order_no(&self) -> &OrderNo {
        &self.0.order_no
    }

    /// Who ordered.
    fn uid(&self) -> &Uid {
        &self.0.uid
    }

    /// In which period.
    fn period_number(&self) -> &Period {
        &self.0.period_number
    }

    /// What was paid.
    fn amount(&self) -> Money {
        self.0.amount
    }

    /// What is earned on top.
    fn profit_amount(&self) -> Money {
        self.0.profit_amount
    }

    /// Likes that are part of it.
    fn like_count(&self) -> i32 {
        self.0.like_count
    }

    /// Shares that are part of it.
    fn share_count(&self) -> i32 {
        self.0.share_count
    }

    /// Follows that are part of it.
    fn follow_count(&self) -> i32 {
        self.0.follow_count
    }

    /// Favourites that are part of it.
    fn favorite_count(&self) -> i32 {
        self.0.favorite_count
    }

    /// Where it stands.
    fn status(&self) -> OrderStatus {
        self.0.status.into()
    }

    /// Grows by one with every change.
    fn version(&self) -> i64 {
        self.0.version
    }

    /// When it lapses, if still pending.
    fn expire_time(&self) -> DateTime {
        DateTime(self.0.expire_time)
    }

    /// When it was made.
    fn created_at(&self) -> DateTime {
        DateTime(self.0.created_at)
    }

    /// When it last changed.
    fn updated_at(&self) -> DateTime {
        DateTime(self.0.updated_at)
    }

    /// Where this answer came from.
    fn source(&self) -> ReadSource {
        self.0.source.into()
    }

    /// A moment at which this answer was true: when it was read in the database, or, of a
    /// cached or stale one, its last change.
    fn as_of(&self) -> DateTime {
        DateTime(self.0.as_of)
    }
}

impl Order {
    fn global_id(&self) -> ID {
        NodeId::Order(self.0.order_no.clone()).encode()
    }
}

impl Render for Order {
    fn plain(field: &str) -> Option<Write<Self>> {
        Some(match field {
            "id" => |row, _, json| row.global_id().write_json(json),
            "orderNo" => |row, ctx, json| row.order_no(ctx).write_json(json),
            "uid" => |row, ctx, json| row.uid(ctx).write_json(json),
            "periodNumber" => |row, ctx, json| row.period_number(ctx).write_json(json),
            "amount" => |row, ctx, json| row.amount(ctx).write_json(json),
            "profitAmount" => |row, ctx, json| row.profit_amount(ctx).write_json(json),
            "likeCount" => |row, ctx, json| row.like_count(ctx).write_json(json),
            "shareCount" => |row, ctx, json| row.share_count(ctx).write_json(json),
            "followCount" => |row, ctx, json| row.follow_count(ctx).write_json(json),
            "favoriteCount" => |row, ctx, json| row.favorite_count(ctx).write_json(json),
            "status" => |row, ctx, json| write_enum(row.status(ctx), json),
            "version" => |row, ctx, json| row.version(ctx).write_json(json),
            "expireTime" => |row, ctx, json| row.expire_time(ctx).write_json(json),
            "createdAt" => |row, ctx, json| row.created_at(ctx).write_json(json),
            "updatedAt" => |row, ctx, json| row.updated_at(ctx).write_json(json),
            "source" => |row, ctx, json| write_enum(row.source(ctx), json),
            "asOf" => |row, ctx, json| row.as_of(ctx).write_json(json),
            _ => return None,
        })
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
