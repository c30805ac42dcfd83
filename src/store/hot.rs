//! SQL of hot data: the same for its six tables, so it is written once for any
//! [`HotEntity`], such as `hot::by_ids::<merchant::Entity>(conn, &ids)`.

use sea_orm::{
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, Order, PaginatorTrait, QueryFilter,
    QueryOrder, QuerySelect,
};

use super::{Page, dialect::is_any};
use crate::entity::hot::{Kind, channel, merchant, plugin, plugin_config, plugin_pay_type, tenant};

/// A table of hot data.
pub trait HotEntity: EntityTrait {
    /// Its primary key.
    const ID: Self::Column;
}

macro_rules! hot_entities {
    ($($noun:ident),*) => {$(
        impl HotEntity for $noun::Entity {
            const ID: $noun::Column = $noun::Column::Id;
        }
    )*};
}
hot_entities!(channel, merchant, plugin, plugin_config, plugin_pay_type, tenant);

/// Those of `ids` that exist, in no order.
pub async fn by_ids<E: HotEntity>(
    conn: &impl ConnectionTrait,
    ids: &[i64],
) -> Result<Vec<E::Model>, DbErr> {
    E::find().filter(is_any(conn, E::ID, ids.iter().copied())).all(conn).await
}

/// A page of the list, which is ordered by id.
pub async fn page<E: HotEntity>(
    conn: &impl ConnectionTrait,
    page: &Page<i64>,
) -> Result<Vec<E::Model>, DbErr> {
    page.of(conn, E::find(), E::ID, Order::Asc).await
}

/// The first ids after this one, ascending.
pub async fn ids_after<E: HotEntity>(
    conn: &impl ConnectionTrait,
    after: i64,
    limit: u64,
) -> Result<Vec<i64>, DbErr> {
    let ids = E::find().select_only().column(E::ID).filter(E::ID.gt(after));
    ids.order_by_asc(E::ID).limit(limit).into_tuple().all(conn).await
}

/// Which rows a page of the list has.
pub async fn page_of_ids<E: HotEntity>(
    conn: &impl ConnectionTrait,
    page: &Page<i64>,
) -> Result<Vec<i64>, DbErr> {
    let ids = E::find().select_only().column(E::ID);
    page.values_of(conn, ids, E::ID, Order::Asc).await
}

/// How many rows a kind has.
pub async fn count(conn: &impl ConnectionTrait, kind: Kind) -> Result<u64, DbErr> {
    match kind {
        Kind::Merchant => merchant::Entity::find().count(conn).await,
        Kind::Tenant => tenant::Entity::find().count(conn).await,
        Kind::Channel => channel::Entity::find().count(conn).await,
        Kind::Plugin => plugin::Entity::find().count(conn).await,
        Kind::PluginConfig => plugin_config::Entity::find().count(conn).await,
        Kind::PluginPayType => plugin_pay_type::Entity::find().count(conn).await,
    }
}

/// The ways to pay of these plugins, by plugin and id.
pub async fn pay_types_by_plugins(
    conn: &impl ConnectionTrait,
    plugin_ids: &[i64],
) -> Result<Vec<plugin_pay_type::Model>, DbErr> {
    by_plugins::<plugin_pay_type::Entity>(conn, plugin_pay_type::Column::PluginId, plugin_ids).await
}

/// The settings of these plugins, by plugin and id.
pub async fn configs_by_plugins(
    conn: &impl ConnectionTrait,
    plugin_ids: &[i64],
) -> Result<Vec<plugin_config::Model>, DbErr> {
    by_plugins::<plugin_config::Entity>(conn, plugin_config::Column::PluginId, plugin_ids).await
}

async fn by_plugins<E: HotEntity>(
    conn: &impl ConnectionTrait,
    plugin_id: E::Column,
    plugin_ids: &[i64],
) -> Result<Vec<E::Model>, DbErr> {
    E::find()
        .filter(is_any(conn, plugin_id, plugin_ids.iter().copied()))
        .order_by_asc(plugin_id)
        .order_by_asc(E::ID)
        .all(conn)
        .await
}

#[cfg(test)]
mod tests {
    use sea_orm::ConnectionTrait;

    use super::*;
    use crate::store::testing::database;

    #[tokio::test]
    async fn rows_made_by_hand_are_found() {
        let db = database().await;
        let sql = "INSERT INTO plugins (id, name) VALUES (1, 'Cash'), (2, 'Card');
            INSERT INTO plugin_pay_types (id, name, plugin_id, pay_type)
                VALUES (3, 'Visa', 2, 'visa'), (4, 'Coins', 1, 'coins');
            UPDATE plugins SET enabled = false WHERE id = 2";
        db.writer().execute_unprepared(sql).await.unwrap();

        let card = by_ids::<plugin::Entity>(db.reader(), &[2, 9]).await.unwrap();
        assert_eq!((card[0].name.as_str(), card[0].enabled), ("Card", false));
        assert_eq!(count(db.reader(), Kind::Plugin).await.unwrap(), 2);

        let pay_types = pay_types_by_plugins(db.reader(), &[1, 2]).await.unwrap();
        let codes: Vec<_> = pay_types.iter().map(|row| row.pay_type.as_str()).collect();
        assert_eq!(codes, ["coins", "visa"]);
        assert_eq!(configs_by_plugins(db.reader(), &[1]).await.unwrap(), []);
        let first = Page { after: Some(1), before: None, limit: 5, from_end: false };
        assert_eq!(page::<plugin::Entity>(db.reader(), &first).await.unwrap(), card);
        assert_eq!(page_of_ids::<plugin::Entity>(db.reader(), &first).await.unwrap(), [2]);
    }
}
