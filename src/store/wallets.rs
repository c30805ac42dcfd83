//! SQL of wallets.

use sea_orm::{
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, Order, PaginatorTrait, QueryFilter,
    QueryOrder, QuerySelect, QueryTrait, Select,
    sea_query::{LockBehavior, LockType},
};

use super::{
    Page,
    dialect::{Rows, is_any},
};
use crate::entity::{
    Money, Uid,
    wallet::{Column, Entity, Model, Status},
};

/// Which wallets; an empty filter is all of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WalletFilter {
    /// In this status.
    pub status: Option<Status>,
    /// In this currency.
    pub currency: Option<String>,
    /// Whose uid begins so.
    pub uid_prefix: Option<String>,
    /// Which hold at least this.
    pub min_balance: Option<Money>,
    /// Which hold at most this.
    pub max_balance: Option<Money>,
}

/// Those of `uids` that exist, in no order.
pub async fn by_uids(conn: &impl ConnectionTrait, uids: &[Uid]) -> Result<Vec<Model>, DbErr> {
    Entity::find().filter(is_any(conn, Column::Uid, uids.iter().cloned())).all(conn).await
}

/// The wallets that changed last, latest first. Reads the table once, as no query needs an index
/// by time.
pub async fn latest_changed(conn: &impl ConnectionTrait, limit: u64) -> Result<Vec<Uid>, DbErr> {
    Entity::find()
        .select_only()
        .column(Column::Uid)
        .order_by_desc(Column::UpdatedAt)
        .limit(limit)
        .into_tuple()
        .all(conn)
        .await
}

/// Those of `uids` that exist, by uid, locked until the transaction ends. The order stands in
/// the locking statement, so two transactions never wait for each other in a circle. SQLite
/// has no row locks and one writer.
pub async fn lock(conn: &impl ConnectionTrait, uids: &[Uid]) -> Result<Vec<Model>, DbErr> {
    Entity::find()
        .filter(is_any(conn, Column::Uid, uids.iter().cloned()))
        .order_by_asc(Column::Uid)
        .lock_exclusive()
        .all(conn)
        .await
}

/// Locks those of `uids` that exist and that nobody else holds, until the transaction ends, and says
/// which these were.
pub async fn lock_free(conn: &impl ConnectionTrait, uids: &[Uid]) -> Result<Vec<Uid>, DbErr> {
    Entity::find()
        .select_only()
        .column(Column::Uid)
        .filter(is_any(conn, Column::Uid, uids.iter().cloned()))
        .order_by_asc(Column::Uid)
        .lock_with_behavior(LockType::Update, LockBehavior::SkipLocked)
        .into_tuple()
        .all(conn)
        .await
}

/// Adds those that do not exist, and says which these were.
pub async fn insert_missing(
    conn: &impl ConnectionTrait,
    wallets: &[Model],
) -> Result<Vec<Uid>, DbErr> {
    let statement = Rows::of(wallets)
        .column("uid", |w| w.uid.clone())
        .column("balance", |w| w.balance)
        .column("status", |w| w.status)
        .column("currency", |w| w.currency.clone())
        .column("version", |w| w.version)
        .column("created_at", |w| w.created_at)
        .column("updated_at", |w| w.updated_at)
        .statement(
            conn,
            "INSERT INTO wallets ({columns}) SELECT {columns} FROM {rows}
             WHERE true ORDER BY uid ON CONFLICT (uid) DO NOTHING RETURNING uid",
            &[],
        );
    let rows = conn.query_all_raw(statement).await?;
    rows.iter().map(|row| row.try_get_by_index(0)).collect()
}

/// Writes what a change may touch (balance, status, version, updated_at).
pub(super) const UPDATE: &str = "UPDATE wallets SET balance = r.balance, status = r.status,
    version = r.version, updated_at = r.updated_at FROM {rows} WHERE wallets.uid = r.uid";

/// The rows of [`UPDATE`].
pub(super) fn changes(wallets: &[Model]) -> Rows<'_, Model> {
    Rows::of(wallets)
        .column("uid", |w| w.uid.clone())
        .column("balance", |w| w.balance)
        .column("status", |w| w.status)
        .column("version", |w| w.version)
        .column("updated_at", |w| w.updated_at)
}

/// Writes what a change may touch of each, and says how many rows that were.
pub async fn update(conn: &impl ConnectionTrait, wallets: &[Model]) -> Result<u64, DbErr> {
    let statement = changes(wallets).statement(conn, UPDATE, &[]);
    Ok(conn.execute_raw(statement).await?.rows_affected())
}

/// A page of the list, which is ordered by uid.
pub async fn page(
    conn: &impl ConnectionTrait,
    filter: &WalletFilter,
    page: &Page<Uid>,
) -> Result<Vec<Model>, DbErr> {
    page.of(conn, filter.select(), Column::Uid, Order::Asc).await
}

/// How many there are.
pub async fn count(conn: &impl ConnectionTrait, filter: &WalletFilter) -> Result<u64, DbErr> {
    filter.select().count(conn).await
}

impl WalletFilter {
    fn select(&self) -> Select<Entity> {
        Entity::find()
            .apply_if(self.status, |select, status| select.filter(Column::Status.eq(status)))
            .apply_if(self.currency.as_deref(), |select, currency| {
                select.filter(Column::Currency.eq(currency))
            })
            .apply_if(self.uid_prefix.as_deref(), starting_with)
            .apply_if(self.min_balance, |select, least| select.filter(Column::Balance.gte(least)))
            .apply_if(self.max_balance, |select, most| select.filter(Column::Balance.lte(most)))
    }
}

/// A range of the primary key (uids are compared byte by byte); no pattern, so `_` and `%`
/// mean themselves. No uid holds the last character there is.
fn starting_with(select: Select<Entity>, prefix: &str) -> Select<Entity> {
    select.filter(Column::Uid.gte(prefix)).filter(Column::Uid.lt(format!("{prefix}{}", char::MAX)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::testing::{at, database, uid, wallet};

    fn uids(wallets: &[Model]) -> Vec<&str> {
        wallets.iter().map(|wallet| wallet.uid.as_str()).collect()
    }

    #[tokio::test]
    async fn rows_come_back_to_the_digit_and_microsecond() {
        let db = database().await;
        let mut ann = wallet("ann", i64::MAX);
        let bob = Model { created_at: at(1), updated_at: at(123_456), ..wallet("bob", 1) };
        let added = insert_missing(db.writer(), &[ann.clone(), bob.clone()]).await.unwrap();
        assert_eq!(added.len(), 2);
        assert_eq!(insert_missing(db.writer(), &[wallet("bob", 9)]).await.unwrap(), []);

        ann = Model { status: Status::Closed, version: 7, updated_at: at(100_000), ..ann };
        let nobody = wallet("nobody", 0);
        assert_eq!(update(db.writer(), &[nobody, ann.clone()]).await.unwrap(), 1);

        let wanted = [uid("bob"), uid("ann"), uid("nobody")];
        assert_eq!(lock(db.writer(), &wanted).await.unwrap(), [ann.clone(), bob.clone()]);
        let mut found = by_uids(db.reader(), &wanted).await.unwrap();
        found.sort_by(|a, b| a.uid.cmp(&b.uid));
        assert_eq!(found, [ann, bob]);
    }

    #[tokio::test]
    async fn the_database_refuses_a_balance_below_zero() {
        let db = database().await;
        assert!(insert_missing(db.writer(), &[wallet("ann", -1)]).await.is_err());
        insert_missing(db.writer(), &[wallet("ann", 0)]).await.unwrap();
        assert!(update(db.writer(), &[wallet("ann", -1)]).await.is_err());
    }

    #[tokio::test]
    async fn nothing_is_added_or_read_for_empty_lists() {
        let db = database().await;
        assert_eq!(insert_missing(db.writer(), &[]).await.unwrap(), []);
        assert_eq!(update(db.writer(), &[]).await.unwrap(), 0);
        assert_eq!(by_uids(db.reader(), &[]).await.unwrap(), []);
    }

    #[tokio::test]
    async fn pages_walk_both_ways_within_a_filter() {
        let db = database().await;
        let mut rows: Vec<_> = (1..=9).map(|i| wallet(&format!("u_{i}"), i)).collect();
        rows.extend([wallet("U_5", 5), wallet("ux5", 5), wallet("v", 5)]);
        rows[2].status = Status::Frozen;
        insert_missing(db.writer(), &rows).await.unwrap();

        let filter = WalletFilter {
            status: Some(Status::Active),
            currency: Some("PHP".to_owned()),
            uid_prefix: Some("u_".to_owned()),
            min_balance: Some(Money::from_units(2)),
            max_balance: Some(Money::from_units(8)),
        };
        assert_eq!(count(db.reader(), &filter).await.unwrap(), 6);
        let first = Page { after: None, before: None, limit: 2, from_end: false };
        let found = page(db.reader(), &filter, &first).await.unwrap();
        assert_eq!(uids(&found), ["u_2", "u_4"]);
        let next = Page { after: Some(uid("u_4")), ..first.clone() };
        assert_eq!(uids(&page(db.reader(), &filter, &next).await.unwrap()), ["u_5", "u_6"]);
        let last = Page { before: Some(uid("u_8")), from_end: true, ..first.clone() };
        assert_eq!(uids(&page(db.reader(), &filter, &last).await.unwrap()), ["u_6", "u_7"]);

        let all = page(db.reader(), &WalletFilter::default(), &first).await.unwrap();
        assert_eq!(uids(&all), ["U_5", "u_1"], "byte order, whatever the locale");
    }
}
