//! SQL of orders.

use chrono::{DateTime, Utc};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait, Order, PaginatorTrait,
    QueryFilter, QueryOrder, QuerySelect, QueryTrait, Select,
};

use super::{
    Page,
    dialect::{Rows, is_any},
};
use crate::entity::{
    OrderNo, Period, TransactionNo, Uid,
    order::{Column, Entity, Model, Status},
};

/// Which orders; an empty filter is all of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OrderFilter {
    /// Of this period.
    pub period_number: Option<Period>,
    /// Of this user.
    pub uid: Option<Uid>,
    /// In this status.
    pub status: Option<Status>,
}

/// Orders of a period that may still change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenOrders {
    /// Of this period.
    pub period_number: Period,
    /// Of this user.
    pub uid: Option<Uid>,
    /// Or whatever changed at this time or later, if it came to its end.
    pub or_changed_since: Option<DateTime<Utc>>,
}

/// Those of `numbers` that exist, in no order.
pub async fn by_nos(conn: &impl ConnectionTrait, numbers: &[OrderNo]) -> Result<Vec<Model>, DbErr> {
    Entity::find().filter(is_any(conn, Column::OrderNo, numbers.iter().cloned())).all(conn).await
}

/// Those of `numbers` that exist, by number, locked until the transaction ends.
pub async fn lock(conn: &impl ConnectionTrait, numbers: &[OrderNo]) -> Result<Vec<Model>, DbErr> {
    Entity::find()
        .filter(is_any(conn, Column::OrderNo, numbers.iter().cloned()))
        .order_by_asc(Column::OrderNo)
        .lock_exclusive()
        .all(conn)
        .await
}

/// The periods that have orders, latest first.
pub async fn latest_periods(conn: &impl ConnectionTrait, limit: u64) -> Result<Vec<Period>, DbErr> {
    Entity::find()
        .select_only()
        .column(Column::PeriodNumber)
        .distinct()
        .order_by_desc(Column::PeriodNumber)
        .limit(limit)
        .into_tuple()
        .all(conn)
        .await
}

/// A page of the list, which is ordered by number.
pub async fn page(
    conn: &impl ConnectionTrait,
    filter: &OrderFilter,
    page: &Page<OrderNo>,
) -> Result<Vec<Model>, DbErr> {
    page.of(conn, filter.select(), Column::OrderNo, Order::Asc).await
}

/// The orders that may still change after this number, by number.
pub async fn open(
    conn: &impl ConnectionTrait,
    orders: &OpenOrders,
    after: Option<&OrderNo>,
    limit: u64,
) -> Result<Vec<Model>, DbErr> {
    let wanted = Condition::any()
        .add(Column::Status.eq(Status::Pending))
        .add(Column::Status.eq(Status::Paid))
        .add_option(orders.or_changed_since.map(|since| Column::UpdatedAt.gte(since)));
    Entity::find()
        .filter(Column::PeriodNumber.eq(orders.period_number.as_str()))
        .apply_if(orders.uid.as_ref(), |select, uid| select.filter(Column::Uid.eq(uid.as_str())))
        .apply_if(after, |select, after| select.filter(Column::OrderNo.gt(after.as_str())))
        .filter(wanted)
        .order_by_asc(Column::OrderNo)
        .limit(limit)
        .all(conn)
        .await
}

/// How many there are.
pub async fn count(conn: &impl ConnectionTrait, filter: &OrderFilter) -> Result<u64, DbErr> {
    filter.select().count(conn).await
}

/// How many orders a period has in each status.
pub async fn count_by_status(
    conn: &impl ConnectionTrait,
    period: &Period,
) -> Result<Vec<(Status, i64)>, DbErr> {
    Entity::find()
        .select_only()
        .column(Column::Status)
        .column_as(Column::OrderNo.count(), "count")
        .filter(Column::PeriodNumber.eq(period.as_str()))
        .group_by(Column::Status)
        .into_tuple()
        .all(conn)
        .await
}

/// Adds orders; one that exists is an error.
pub async fn insert(conn: &impl ConnectionTrait, orders: &[Model]) -> Result<(), DbErr> {
    let statement = Rows::of(orders)
        .column("order_no", |o| o.order_no.clone())
        .column("uid", |o| o.uid.clone())
        .column("period_number", |o| o.period_number.clone())
        .column("amount", |o| o.amount)
        .column("profit_amount", |o| o.profit_amount)
        .column("like_count", |o| o.like_count)
        .column("share_count", |o| o.share_count)
        .column("follow_count", |o| o.follow_count)
        .column("favorite_count", |o| o.favorite_count)
        .column("status", |o| o.status)
        .column("version", |o| o.version)
        .nullable("debit_no", |o| o.debit_no.as_ref().map(TransactionNo::as_str))
        .nullable("refund_no", |o| o.refund_no.as_ref().map(TransactionNo::as_str))
        .column("expire_time", |o| o.expire_time)
        .column("created_at", |o| o.created_at)
        .column("updated_at", |o| o.updated_at)
        .statement(conn, "INSERT INTO orders ({columns}) SELECT {columns} FROM {rows}", &[]);
    conn.execute_raw(statement).await?;
    Ok(())
}

/// Writes what a change may touch (status, version, refund_no, updated_at) of each, and says how
/// many rows that were.
pub async fn update(conn: &impl ConnectionTrait, orders: &[Model]) -> Result<u64, DbErr> {
    let statement = Rows::of(orders)
        .column("order_no", |o| o.order_no.clone())
        .column("status", |o| o.status)
        .column("version", |o| o.version)
        .nullable("refund_no", |o| o.refund_no.as_ref().map(TransactionNo::as_str))
        .column("updated_at", |o| o.updated_at)
        .statement(
            conn,
            "UPDATE orders SET status = r.status, version = r.version, refund_no = r.refund_no,
             updated_at = r.updated_at FROM {rows} WHERE orders.order_no = r.order_no",
            &[],
        );
    Ok(conn.execute_raw(statement).await?.rows_affected())
}

/// Deletes those of `numbers` that exist, and says how many these were.
pub async fn delete(conn: &impl ConnectionTrait, numbers: &[OrderNo]) -> Result<u64, DbErr> {
    let doomed = is_any(conn, Column::OrderNo, numbers.iter().cloned());
    Ok(Entity::delete_many().filter(doomed).exec(conn).await?.rows_affected)
}

/// Orders that are pending though they lapsed at `now` or before, oldest first.
pub async fn expired(
    conn: &impl ConnectionTrait,
    now: DateTime<Utc>,
    limit: u64,
) -> Result<Vec<Model>, DbErr> {
    Entity::find()
        .filter(Column::Status.eq(Status::Pending))
        .filter(Column::ExpireTime.lte(now))
        .order_by_asc(Column::ExpireTime)
        .order_by_asc(Column::OrderNo)
        .limit(limit)
        .all(conn)
        .await
}

impl OrderFilter {
    fn select(&self) -> Select<Entity> {
        Entity::find()
            .apply_if(self.period_number.as_ref(), |select, period| {
                select.filter(Column::PeriodNumber.eq(period.as_str()))
            })
            .apply_if(self.uid.as_ref(), |select, uid| select.filter(Column::Uid.eq(uid.as_str())))
            .apply_if(self.status, |select, status| select.filter(Column::Status.eq(status)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::testing::{at, database, order};

    fn numbers(orders: &[Model]) -> Vec<&str> {
        orders.iter().map(|order| order.order_no.as_str()).collect()
    }

    #[tokio::test]
    async fn orders_change_and_go() {
        let db = database().await;
        let (first, second) = (order("20241201_001", "O_1"), order("20241201_001", "O_2"));
        insert(db.writer(), &[second.clone(), first.clone()]).await.unwrap();
        assert!(insert(db.writer(), std::slice::from_ref(&first)).await.is_err());

        let paid = Model { status: Status::Paid, version: 1, updated_at: at(9), ..first };
        assert_eq!(update(db.writer(), std::slice::from_ref(&paid)).await.unwrap(), 1);
        let both = [second.order_no.clone(), paid.order_no.clone()];
        assert_eq!(lock(db.writer(), &both).await.unwrap(), [paid.clone(), second.clone()]);

        assert_eq!(delete(db.writer(), &[paid.order_no]).await.unwrap(), 1);
        assert_eq!(by_nos(db.reader(), &both).await.unwrap(), [second]);
    }

    #[tokio::test]
    async fn orders_are_listed_by_period_and_filter() {
        let db = database().await;
        let (one, two) = ("20241201_001", "20241201_002");
        let paid = Model { status: Status::Paid, ..order(one, "O_3") };
        let rows = [order(two, "O_4"), order(one, "O_2"), paid, order(one, "O_1")];
        insert(db.writer(), &rows).await.unwrap();

        let period = OrderFilter { period_number: Some(Period::stored(one)), ..Default::default() };
        let all = Page { after: None, before: None, limit: 9, from_end: false };
        let found = page(db.reader(), &period, &all).await.unwrap();
        assert_eq!(numbers(&found), ["O_1", "O_2", "O_3"]);

        let filter = OrderFilter {
            period_number: Some(Period::stored(one)),
            uid: Some(Uid::stored("ann")),
            status: Some(Status::Pending),
        };
        assert_eq!(count(db.reader(), &filter).await.unwrap(), 2);
        let last = Page { after: None, before: None, limit: 1, from_end: true };
        assert_eq!(numbers(&page(db.reader(), &filter, &last).await.unwrap()), ["O_2"]);
    }

    #[tokio::test]
    async fn only_pending_orders_lapse() {
        let db = database().await;
        let late = Model { expire_time: at(500_000), ..order("20241201_001", "O_2") };
        let paid = Model { status: Status::Paid, ..order("20241201_001", "O_3") };
        let rows = [order("20241201_001", "O_1"), late, paid];
        insert(db.writer(), &rows).await.unwrap();
        assert_eq!(numbers(&expired(db.reader(), at(500_000), 9).await.unwrap()), ["O_2"]);
        let found = expired(db.reader(), at(1_000_000), 9).await.unwrap();
        assert_eq!(numbers(&found), ["O_2", "O_1"], "oldest first");
        assert_eq!(expired(db.reader(), at(499_999), 9).await.unwrap(), []);
    }
}
