//! Keyset paging: a page is found by where it begins, however far down the list.

use sea_orm::{
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, Order, QueryFilter, QueryOrder, QuerySelect,
    Select, TryGetable, Value,
};

/// Which part of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page<C> {
    /// Only what comes after this, in the list's own order.
    pub after: Option<C>,
    /// Only what comes before this, in the list's own order.
    pub before: Option<C>,
    /// At most so many.
    pub limit: u64,
    /// Those at the end of what is left rather than at its beginning; still in list order.
    pub from_end: bool,
}

impl<C: Clone + Into<Value>> Page<C> {
    /// This page of `select`, as the list ordered by the unique `column`.
    pub(super) async fn of<E: EntityTrait>(
        &self,
        conn: &impl ConnectionTrait,
        select: Select<E>,
        column: impl ColumnTrait,
        order: Order,
    ) -> Result<Vec<E::Model>, DbErr> {
        let mut rows = self.select(select, column, order).all(conn).await?;
        if self.from_end {
            rows.reverse();
        }
        Ok(rows)
    }

    /// The same of a select of one value a row.
    pub(super) async fn values_of<E: EntityTrait, V: TryGetable + Send>(
        &self,
        conn: &impl ConnectionTrait,
        select: Select<E>,
        column: impl ColumnTrait,
        order: Order,
    ) -> Result<Vec<V>, DbErr> {
        let mut values: Vec<V> = self.select(select, column, order).into_tuple().all(conn).await?;
        if self.from_end {
            values.reverse();
        }
        Ok(values)
    }

    fn select<E: EntityTrait>(
        &self,
        select: Select<E>,
        column: impl ColumnTrait,
        order: Order,
    ) -> Select<E> {
        let ascending = order == Order::Asc;
        let (above, below) =
            if ascending { (&self.after, &self.before) } else { (&self.before, &self.after) };
        let mut select = select.limit(self.limit);
        if let Some(bound) = above.clone() {
            select = select.filter(column.gt(bound));
        }
        if let Some(bound) = below.clone() {
            select = select.filter(column.lt(bound));
        }
        let walk = if ascending == self.from_end { Order::Desc } else { Order::Asc };
        select.order_by(column, walk)
    }
}
