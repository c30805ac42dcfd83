//! The few words that PostgreSQL and SQLite do not share.

use sea_orm_migration::{prelude::*, sea_orm::DbBackend};

/// Runs statements, separated by `;`, in which these words stand for the database's own:
///
/// - `{id}`: a text that is compared byte by byte, so that both databases, Rust and a page's
///   cursor agree on the order whatever the locale, and a prefix is a range;
/// - `{time}`: an instant; on SQLite RFC 3339 text in UTC, which sorts as time does;
/// - `{now}`: the default of such a column;
/// - `{hot updates}`: room in each page for new versions of its rows.
pub async fn run(manager: &SchemaManager<'_>, sql: &str) -> Result<(), DbErr> {
    let words = match manager.get_database_backend() {
        DbBackend::Postgres => [
            ("{id}", "text COLLATE \"C\""),
            ("{time}", "timestamptz"),
            ("{now}", "now()"),
            ("{hot updates}", "WITH (fillfactor = 90)"),
        ],
        _ => [
            ("{id}", "text"),
            ("{time}", "text"),
            ("{now}", "(strftime('%Y-%m-%dT%H:%M:%f+00:00', 'now'))"),
            ("{hot updates}", ""),
        ],
    };
    let sql = words.iter().fold(sql.to_owned(), |sql, (word, own)| sql.replace(word, own));
    manager.get_connection().execute_unprepared(&sql).await?;
    Ok(())
}
