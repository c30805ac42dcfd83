//! A tenant.

use chrono::{DateTime, Utc};
use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

/// One row of `tenants`, and the JSON under `tenant:{id}`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize, Deserialize)]
#[sea_orm(table_name = "tenants")]
pub struct Model {
    /// Unique.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: i64,
    /// What people call it.
    pub name: String,
    /// Whether it is in use.
    pub enabled: bool,
    /// When the row was made.
    pub create_datetime: DateTime<Utc>,
    /// When the row last changed: what the refresh looks at.
    pub update_datetime: DateTime<Utc>,
    /// When it was put into the cache; only of a row that was read there.
    #[sea_orm(ignore)]
    #[serde(default, skip_serializing)]
    pub cached_at: Option<DateTime<Utc>>,
}

/// No relations: joins are the loaders' business.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
