//! SQL of ledger lines.

use chrono::{DateTime, Utc};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, Order, PaginatorTrait, QueryFilter,
    QueryOrder, QuerySelect, QueryTrait, Select,
};

use super::{
    Page,
    dialect::{Rows, columns_of, is_any},
};
use crate::entity::{
    TransactionNo, Uid,
    transaction::{Column, Entity, Kind, Model, Status},
};

/// Which lines of a wallet; an empty filter is all of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TransactionFilter {
    /// Of these kinds; none means any.
    pub kinds: Vec<Kind>,
    /// In this status.
    pub status: Option<Status>,
    /// At this time or later.
    pub from: Option<DateTime<Utc>>,
    /// Before this time.
    pub to: Option<DateTime<Utc>>,
    /// Made by this operation.
    pub operation_id: Option<String>,
}

/// The newest `limit` lines of each wallet in one statement, by uid, newest first. Each uid is
/// to be named once.
pub async fn latest(
    conn: &impl ConnectionTrait,
    uids: &[Uid],
    limit: u64,
) -> Result<Vec<Model>, DbErr> {
    if limit == 0 {
        return Ok(Vec::new());
    }
    let columns = columns_of::<Entity>("t");
    let last = i64::try_from(limit - 1).unwrap_or(i64::MAX);
    let statement = Rows::of(uids).column("uid", Uid::clone).statement(
        conn,
        &format!(
            "SELECT {columns} FROM {{rows}} JOIN wallet_transactions t ON t.uid = r.uid
             AND t.version >= coalesce((SELECT version FROM wallet_transactions
                 WHERE uid = r.uid ORDER BY version DESC LIMIT 1 OFFSET {{next}}), 0)
             ORDER BY t.uid, t.version DESC"
        ),
        &[last.into()],
    );
    Entity::find().from_raw_sql(statement).all(conn).await
}

/// A page of a wallet's history, which is ordered newest (highest version) first.
pub async fn page(
    conn: &impl ConnectionTrait,
    uid: &Uid,
    filter: &TransactionFilter,
    page: &Page<i64>,
) -> Result<Vec<Model>, DbErr> {
    page.of(conn, filter.select(conn, uid), Column::Version, Order::Desc).await
}

/// How many lines a wallet has.
pub async fn count(
    conn: &impl ConnectionTrait,
    uid: &Uid,
    filter: &TransactionFilter,
) -> Result<u64, DbErr> {
    filter.select(conn, uid).count(conn).await
}

/// Those of `numbers` that exist, in no order.
pub async fn by_nos(
    conn: &impl ConnectionTrait,
    numbers: &[TransactionNo],
) -> Result<Vec<Model>, DbErr> {
    let wanted = is_any(conn, Column::TransactionNo, numbers.iter().cloned());
    Entity::find().filter(wanted).all(conn).await
}

/// All lines of these operations, by operation and number.
pub async fn by_operations(
    conn: &impl ConnectionTrait,
    operation_ids: &[String],
) -> Result<Vec<Model>, DbErr> {
    Entity::find()
        .filter(is_any(conn, Column::OperationId, operation_ids.iter().cloned()))
        .order_by_asc(Column::OperationId)
        .order_by_asc(Column::TransactionNo)
        .all(conn)
        .await
}

/// The lines of a wallet that follow `version`, oldest first.
pub async fn after_version(
    conn: &impl ConnectionTrait,
    uid: &Uid,
    version: i64,
    limit: u64,
) -> Result<Vec<Model>, DbErr> {
    Entity::find()
        .filter(Column::Uid.eq(uid.as_str()))
        .filter(Column::Version.gt(version))
        .order_by_asc(Column::Version)
        .limit(limit)
        .all(conn)
        .await
}

/// The numbers of lines after one and up to another, and whose they are, newest first.
pub async fn numbers(
    conn: &impl ConnectionTrait,
    after: &TransactionNo,
    up_to: &TransactionNo,
    limit: u64,
) -> Result<Vec<(TransactionNo, Uid)>, DbErr> {
    Entity::find()
        .select_only()
        .columns([Column::TransactionNo, Column::Uid])
        .filter(Column::TransactionNo.gt(after.as_str()))
        .filter(Column::TransactionNo.lte(up_to.as_str()))
        .order_by_desc(Column::TransactionNo)
        .limit(limit)
        .into_tuple()
        .all(conn)
        .await
}

/// Adds rows; one that exists is an error.
pub(super) const INSERT: &str =
    "INSERT INTO wallet_transactions ({columns}) SELECT {columns} FROM {rows}";

/// The rows of [`INSERT`].
pub(super) fn additions(lines: &[Model]) -> Rows<'_, Model> {
    Rows::of(lines)
        .column("transaction_no", |t| t.transaction_no.clone())
        .column("uid", |t| t.uid.clone())
        .column("type", |t| t.kind)
        .column("amount", |t| t.amount)
        .column("balance_before", |t| t.balance_before)
        .column("balance_after", |t| t.balance_after)
        .column("version", |t| t.version)
        .column("status", |t| t.status)
        .nullable("description", |t| t.description.as_deref())
        .column("operation_id", |t| t.operation_id.clone())
        .nullable("counterparty_uid", |t| t.counterparty_uid.as_ref().map(Uid::as_str))
        .nullable("order_no", |t| t.order_no.as_ref().map(|number| number.as_str()))
        .column("created_at", |t| t.created_at)
}

/// Adds lines; one that exists is an error.
pub async fn insert(conn: &impl ConnectionTrait, lines: &[Model]) -> Result<(), DbErr> {
    conn.execute_raw(additions(lines).statement(conn, INSERT, &[])).await?;
    Ok(())
}

impl TransactionFilter {
    fn select(&self, conn: &impl ConnectionTrait, uid: &Uid) -> Select<Entity> {
        let kinds = (!self.kinds.is_empty()).then_some(&self.kinds);
        Entity::find()
            .filter(Column::Uid.eq(uid.as_str()))
            .apply_if(kinds, |select, kinds| {
                select.filter(is_any(conn, Column::Kind, kinds.iter().copied()))
            })
            .apply_if(self.status, |select, status| select.filter(Column::Status.eq(status)))
            .apply_if(self.from, |select, from| select.filter(Column::CreatedAt.gte(from)))
            .apply_if(self.to, |select, to| select.filter(Column::CreatedAt.lt(to)))
            .apply_if(self.operation_id.as_deref(), |select, id| {
                select.filter(Column::OperationId.eq(id))
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{
        Database,
        testing::{at, database, line, uid},
    };

    async fn given_lines(db: &Database, name: &str, lines: i64) {
        let lines: Vec<_> = (1..=lines).map(|version| line(name, version)).collect();
        insert(db.writer(), &lines).await.unwrap();
    }

    fn versions(lines: &[Model]) -> Vec<i64> {
        lines.iter().map(|line| line.version).collect()
    }

    #[tokio::test]
    async fn optional_columns_keep_empty_and_none_apart() {
        let db = database().await;
        let plain = line("ann", 1);
        let full = Model {
            description: Some(String::new()),
            counterparty_uid: Some(uid("bob")),
            order_no: Some("ORDER_1".parse().unwrap()),
            ..line("ann", 2)
        };
        let odd = Model { description: Some("=\"{},\u{1f600}\\".to_owned()), ..line("ann", 3) };
        let lines = [odd, full, plain];
        insert(db.writer(), &lines).await.unwrap();
        assert_eq!(latest(db.reader(), &[uid("ann")], 9).await.unwrap(), lines);
        assert!(insert(db.writer(), &lines[..1]).await.is_err(), "a number is used once");
        let twice = Model { transaction_no: "other".parse().unwrap(), ..line("ann", 2) };
        assert!(insert(db.writer(), &[twice]).await.is_err(), "a version is used once");
    }

    #[tokio::test]
    async fn latest_lines_of_each_wallet_are_newest_first() {
        let db = database().await;
        given_lines(&db, "ann", 5).await;
        given_lines(&db, "bob", 1).await;
        let uids = [uid("bob"), uid("nobody"), uid("ann")];
        let found = latest(db.reader(), &uids, 3).await.unwrap();
        assert_eq!(versions(&found), [5, 4, 3, 1]);
        assert_eq!(found[3].uid, uid("bob"));
        assert!(latest(db.reader(), &uids, 0).await.unwrap().is_empty());
    }

    #[tokio::test]
    async fn history_is_paged_newest_first() {
        let db = database().await;
        given_lines(&db, "ann", 9).await;
        given_lines(&db, "bob", 1).await;
        let (ann, reader, all) = (uid("ann"), db.reader(), TransactionFilter::default());
        let first = Page { after: None, before: None, limit: 2, from_end: false };
        assert_eq!(versions(&page(reader, &ann, &all, &first).await.unwrap()), [9, 8]);
        let next = Page { after: Some(8), ..first.clone() };
        assert_eq!(versions(&page(reader, &ann, &all, &next).await.unwrap()), [7, 6]);
        let last = Page { from_end: true, ..first };
        assert_eq!(versions(&page(reader, &ann, &all, &last).await.unwrap()), [2, 1]);
        assert_eq!(versions(&after_version(reader, &ann, 7, 9).await.unwrap()), [8, 9]);
    }

    #[tokio::test]
    async fn history_is_filtered() {
        let db = database().await;
        given_lines(&db, "ann", 9).await;
        let reward = Model { kind: Kind::Reward, ..line("ann", 10) };
        insert(db.writer(), &[reward]).await.unwrap();
        let count = async |filter| count(db.reader(), &uid("ann"), &filter).await.unwrap();
        let all = TransactionFilter::default();
        assert_eq!(count(all.clone()).await, 10);
        let kinds = vec![Kind::Reward, Kind::Order];
        assert_eq!(count(TransactionFilter { kinds, ..all.clone() }).await, 1);
        let (from, to) = (Some(at(3 * 1_001)), Some(at(5 * 1_001)));
        assert_eq!(count(TransactionFilter { from, to, ..all.clone() }).await, 2);
        let status = Some(Status::Failed);
        assert_eq!(count(TransactionFilter { status, ..all.clone() }).await, 0);
        let operation_id = Some("OP-4".to_owned());
        assert_eq!(count(TransactionFilter { operation_id, ..all }).await, 1);
    }

    #[tokio::test]
    async fn lines_are_found_by_number_and_by_operation() {
        let db = database().await;
        given_lines(&db, "ann", 2).await;
        given_lines(&db, "bob", 2).await;
        let number = line("bob", 2).transaction_no;
        assert_eq!(by_nos(db.reader(), &[number]).await.unwrap(), [line("bob", 2)]);
        let operations = ["OP-2".to_owned(), "OP-none".to_owned()];
        let found = by_operations(db.reader(), &operations).await.unwrap();
        assert_eq!(found, [line("ann", 2), line("bob", 2)]);
    }
}
