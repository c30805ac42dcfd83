//! SQL of users.

use sea_orm::{ConnectionTrait, DbErr, EntityTrait, QueryFilter};

use super::dialect::{Rows, is_any};
use crate::entity::{
    Uid,
    user::{Column, Entity, Model},
};

/// Those of `uids` that exist, in no order.
pub async fn by_uids(conn: &impl ConnectionTrait, uids: &[Uid]) -> Result<Vec<Model>, DbErr> {
    Entity::find().filter(is_any(conn, Column::Uid, uids.iter().cloned())).all(conn).await
}

/// Adds those that do not exist.
pub async fn insert_missing(conn: &impl ConnectionTrait, users: &[Model]) -> Result<(), DbErr> {
    let statement = Rows::of(users)
        .column("uid", |u| u.uid.clone())
        .column("name", |u| u.name.clone())
        .column("created_at", |u| u.created_at)
        .column("updated_at", |u| u.updated_at)
        .statement(
            conn,
            "INSERT INTO users ({columns}) SELECT {columns} FROM {rows}
             WHERE true ORDER BY uid ON CONFLICT (uid) DO NOTHING",
            &[],
        );
    conn.execute_raw(statement).await?;
    Ok(())
}
