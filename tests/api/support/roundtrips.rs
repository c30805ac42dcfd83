//! Counts what reaches PostgreSQL and Redis, at their own doors.

use std::collections::BTreeMap;

use fred::{
    interfaces::ClientLike,
    types::{ClusterHash, CustomCommand},
};
use sea_orm::{ConnectionTrait, Statement};

use super::TestApp;

/// What connections say to each other, and instances of each other, apart from what requests need.
const CHATTER: [&str; 13] = [
    "info",
    "ping",
    "role",
    "hello",
    "client",
    "config",
    "cluster",
    "select",
    "subscribe",
    "command",
    "zadd",
    "zrangebyscore",
    "zrem",
];

/// Commands by name, sent by clients or by scripts.
pub type Commands = BTreeMap<String, u64>;

impl TestApp {
    /// Forgets what was counted so far.
    pub async fn reset_counters(&self) {
        let reset = "SELECT pg_stat_statements_reset(0, (SELECT oid FROM pg_database \
             WHERE datname = current_database()), 0)";
        self.database().execute_unprepared(reset).await.expect("the extension is there");
        self.redis_custom(&["CONFIG", "RESETSTAT"]).await;
    }

    /// The statements that PostgreSQL ran for this test's database since: text and count. Not
    /// those of the worker that lapses orders, which asks every second.
    pub async fn sql_statements(&self) -> Vec<(String, i64)> {
        let sql = "SELECT query, calls FROM pg_stat_statements \
             WHERE dbid = (SELECT oid FROM pg_database WHERE datname = current_database()) \
             AND query NOT LIKE '%pg_stat_statements%' AND query NOT LIKE '%\"expire_time\" <=%'";
        let statement = Statement::from_string(self.database().get_database_backend(), sql);
        let rows = self.database().query_all_raw(statement).await.expect("it answers");
        let read = |row: &sea_orm::QueryResult| {
            Ok::<_, sea_orm::DbErr>((row.try_get("", "query")?, row.try_get("", "calls")?))
        };
        rows.iter().map(read).collect::<Result<_, _>>().expect("text and count")
    }

    /// The commands that Redis ran since, without the connections' own talk.
    pub async fn redis_commands(&self) -> Commands {
        let info = self.redis_custom(&["INFO", "commandstats"]).await;
        let line = |line: &str| {
            let (name, numbers) = line.strip_prefix("cmdstat_")?.split_once(":calls=")?;
            let calls = numbers.split(',').next()?.parse().ok()?;
            (!CHATTER.contains(&name.split('|').next()?)).then(|| (name.to_owned(), calls))
        };
        info.lines().filter_map(line).collect()
    }

    /// What Redis sent to its clients since.
    pub async fn redis_bytes_sent(&self) -> u64 {
        let info = self.redis_custom(&["INFO", "stats"]).await;
        let line = info.lines().find_map(|line| line.strip_prefix("total_net_output_bytes:"));
        line.and_then(|bytes| bytes.parse().ok()).expect("Redis counts them")
    }

    /// Empties Redis.
    pub async fn flush_cache(&self) {
        match self.cluster() {
            Some(cluster) => cluster.flush(),
            None => drop(self.redis_custom(&["FLUSHALL"]).await),
        }
    }

    async fn redis_custom(&self, words: &[&str]) -> String {
        let client = self.cache().await;
        let command = CustomCommand::new(words[0].to_owned(), ClusterHash::FirstKey, false);
        client.custom(command, words[1..].to_vec()).await.expect("Redis answers")
    }
}
