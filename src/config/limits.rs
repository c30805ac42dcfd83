//! What a single request may ask for.

use std::time::Duration;

use clap::{Args, builder::BoolishValueParser};

use super::parse;

/// Bounds on a request.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Limits")]
pub struct LimitsConfig {
    /// Largest page of a connection
    #[arg(long, env = "MAX_PAGE_SIZE", default_value_t = 500, value_name = "N",
        value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub max_page_size: u32,
    /// Longest list that an argument may hold
    #[arg(long, env = "MAX_LIST_ARGUMENT", default_value_t = 1_000, value_name = "N",
        value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub max_list_argument: u32,
    /// Most rewards in one batchReward
    #[arg(long, env = "MAX_REWARDS", default_value_t = 10_000, value_name = "N",
        value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub max_rewards: u32,
    /// Largest request body
    #[arg(long, env = "MAX_BODY_BYTES", default_value_t = 1_048_576, value_name = "BYTES")]
    pub max_body_bytes: usize,
    /// Largest GraphQL document
    #[arg(long, env = "MAX_DOCUMENT_BYTES", default_value_t = 65_536, value_name = "BYTES")]
    pub max_document_bytes: u32,
    /// Deepest that fields may nest
    #[arg(long, env = "MAX_DEPTH", default_value_t = 20, value_name = "N")]
    pub max_depth: u32,
    /// Most selections in an operation, fragments expanded
    #[arg(long, env = "MAX_NODES", default_value_t = 2_000, value_name = "N")]
    pub max_nodes: u32,
    /// Most aliases in an operation, fragments expanded
    #[arg(long, env = "MAX_ALIASES", default_value_t = 100, value_name = "N")]
    pub max_aliases: u32,
    /// Most directives in an operation, fragments expanded
    #[arg(long, env = "MAX_DIRECTIVES", default_value_t = 100, value_name = "N")]
    pub max_directives: u32,
    /// Most fields on an operation's first level, fragments expanded
    #[arg(long, env = "MAX_ROOT_FIELDS", default_value_t = 50, value_name = "N")]
    pub max_root_fields: u32,
    /// Most selections that an operation may come to, each counted as often as its lists have items
    #[arg(long, env = "MAX_COST", default_value_t = 100_000, value_name = "N")]
    pub max_cost: u32,
    /// Most operations in a document
    #[arg(long, env = "MAX_OPERATIONS", default_value_t = 10, value_name = "N")]
    pub max_operations: u32,
    /// Requests a second of one user, or of one address where there is no token
    #[arg(long, env = "RATE_LIMIT", default_value_t = 200, value_name = "N",
        value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub rate_limit: u32,
    /// Requests a second of one OPERATOR or ADMIN, such as another service
    #[arg(long, env = "OPERATOR_RATE_LIMIT", default_value_t = 100_000, value_name = "N",
        value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub operator_rate_limit: u32,
    /// Operations of one user, or of one address, under way at once; subscriptions too
    #[arg(long, env = "CONCURRENT_OPERATIONS", default_value_t = 200, value_name = "N",
        value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub concurrent_operations: u32,
    /// Operations of one OPERATOR or ADMIN under way at once; subscriptions too
    #[arg(long, env = "OPERATOR_CONCURRENT_OPERATIONS", default_value_t = 100_000, value_name = "N",
        value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub operator_concurrent_operations: u32,
    /// Queries and mutations of all clients under way at once; one more is refused with SERVICE_UNAVAILABLE
    #[arg(long, env = "OPERATIONS_AT_ONCE", default_value_t = 10_000, value_name = "N",
        value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub operations_at_once: u32,
    /// Let clients ask for the schema, and name similar fields in errors (always in a demo)
    #[arg(long, env = "INTROSPECTION", value_parser = BoolishValueParser::new())]
    pub introspection: bool,
    /// Log operations that take longer
    #[arg(long, env = "SLOW_OPERATION", default_value = "1s", value_name = "DURATION",
        value_parser = parse::duration)]
    pub slow_operation: Duration,
    /// Longest that an operation may take
    #[arg(long, env = "OPERATION_TIMEOUT", default_value = "20s", value_name = "DURATION",
        value_parser = parse::duration)]
    pub operation_timeout: Duration,
}
