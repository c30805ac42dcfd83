//! A user.

use chrono::{DateTime, Utc};
use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use super::Uid;

/// One row of `users`, and the JSON under `user:{id}`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize, Deserialize)]
#[sea_orm(table_name = "users")]
pub struct Model {
    /// The same as the wallet's.
    #[sea_orm(primary_key, auto_increment = false)]
    pub uid: Uid,
    /// What to call them.
    pub name: String,
    /// When they came.
    pub created_at: DateTime<Utc>,
    /// When the row last changed.
    pub updated_at: DateTime<Utc>,
}

/// No relations: joins are the loaders' business.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
