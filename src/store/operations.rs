//! SQL of operations: idempotency records and operation log.

use sea_orm::{ConnectionTrait, DbErr, EntityTrait};

use super::dialect::{Rows, columns_of};
use crate::entity::{
    IdempotencyKey,
    operation::{Entity, Model},
};

/// Those that these callers asked for under these keys, in no order. Each pair is to be named
/// once.
pub async fn by_keys(
    conn: &impl ConnectionTrait,
    keys: &[(String, IdempotencyKey)],
) -> Result<Vec<Model>, DbErr> {
    let columns = columns_of::<Entity>("o");
    let statement = Rows::of(keys)
        .column("caller", |(caller, _)| caller.clone())
        .column("idempotency_key", |(_, key)| key.clone())
        .statement(
            conn,
            &format!(
                "SELECT {columns} FROM {{rows}} JOIN operations o
                 ON o.caller = r.caller AND o.idempotency_key = r.idempotency_key"
            ),
            &[],
        );
    Entity::find().from_raw_sql(statement).all(conn).await
}

/// Adds rows; one that exists is an error.
pub(super) const INSERT: &str = "INSERT INTO operations ({columns}) SELECT {columns} FROM {rows}";

/// The rows of [`INSERT`].
pub(super) fn additions(operations: &[Model]) -> Rows<'_, Model> {
    Rows::of(operations)
        .column("caller", |o| o.caller.clone())
        .column("idempotency_key", |o| o.idempotency_key.clone())
        .column("operation_id", |o| o.operation_id.clone())
        .column("kind", |o| o.kind.clone())
        .column("fingerprint", |o| o.fingerprint.clone())
        .column("state", |o| o.state)
        .column("outcome", |o| o.outcome.clone())
        .column("request_id", |o| o.request_id.clone())
        .column("created_at", |o| o.created_at)
}

/// Adds operations; a caller's key that exists is an error.
pub async fn insert(conn: &impl ConnectionTrait, operations: &[Model]) -> Result<(), DbErr> {
    conn.execute_raw(additions(operations).statement(conn, INSERT, &[])).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        entity::operation::State,
        store::testing::{at, database},
    };

    fn operation(caller: &str, key: &str) -> Model {
        Model {
            caller: caller.to_owned(),
            idempotency_key: IdempotencyKey::stored(key),
            operation_id: format!("OP-{caller}-{key}"),
            kind: "deposit".to_owned(),
            fingerprint: "f".to_owned(),
            state: State::Refused,
            outcome: "{}".to_owned(),
            request_id: String::new(),
            created_at: at(0),
        }
    }

    #[tokio::test]
    async fn a_key_counts_for_its_caller_only_and_once() {
        let db = database().await;
        let rows = [operation("ann", "k1"), operation("bob", "k1"), operation("ann", "k2")];
        insert(db.writer(), &rows).await.unwrap();
        let key = |caller: &str, key| (caller.to_owned(), IdempotencyKey::stored(key));
        let keys = [key("bob", "k1"), key("bob", "k2")];
        assert_eq!(by_keys(db.reader(), &keys).await.unwrap(), [operation("bob", "k1")]);

        let error = insert(db.writer(), &rows[..1]).await.unwrap_err();
        assert!(matches!(error.sql_err(), Some(sea_orm::SqlErr::UniqueConstraintViolation(_))));
    }
}
