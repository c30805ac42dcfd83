//! Who may connect from where, and what a socket may do.

use std::{path::PathBuf, time::Duration};

use clap::{Args, builder::BoolishValueParser};
use ipnet::IpNet;

use super::parse;

/// HTTP and WebSocket.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "HTTP and WebSocket")]
pub struct HttpConfig {
    /// Origin of another site whose pages may use this server; repeat it or separate with commas
    #[arg(long = "allow-origin", env = "ALLOW_ORIGIN", value_name = "ORIGIN",
        value_delimiter = ',', value_parser = parse::origin)]
    pub allow_origins: Vec<String>,
    /// Execute no documents but those of this manifest: a JSON object of SHA-256 hashes and documents, or a list of hashes
    #[arg(long, env = "TRUSTED_DOCUMENTS", value_name = "FILE")]
    pub trusted_documents: Option<PathBuf>,
    /// Do not serve GraphiQL at /playground
    #[arg(long, env = "NO_PLAYGROUND", value_parser = BoolishValueParser::new())]
    pub no_playground: bool,
    /// Folder of the dashboard's built files, served at /; links in it are followed wherever they lead
    #[arg(
        long,
        env = "DASHBOARD",
        value_name = "FOLDER",
        default_value = "frontend-examples/dashboard/dist"
    )]
    pub dashboard: PathBuf,
    /// How long a socket may take to send connection_init
    #[arg(long, env = "SOCKET_INIT_TIMEOUT", default_value = "3s", value_name = "DURATION",
        value_parser = parse::duration)]
    pub socket_init_timeout: Duration,
    /// How often a socket is pinged; one that is silent for twice as long is dropped
    #[arg(long, env = "SOCKET_KEEP_ALIVE", default_value = "10s", value_name = "DURATION",
        value_parser = parse::duration)]
    pub socket_keep_alive: Duration,
    /// Most operations under way on one socket
    #[arg(long, env = "SOCKET_OPERATIONS", default_value_t = 100, value_name = "N",
        value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub socket_operations: u32,
    /// Largest message that a socket may send
    #[arg(long, env = "SOCKET_MESSAGE_BYTES", default_value_t = 131_072, value_name = "BYTES",
        value_parser = clap::value_parser!(u32).range(1_024..=16_777_216))]
    pub socket_message_bytes: u32,
    /// Network of proxies in front, whose X-Forwarded-For or Forwarded is believed; repeat it or separate with commas
    #[arg(long = "trusted-proxy", env = "TRUSTED_PROXY", value_name = "NETWORK",
        value_delimiter = ',', value_parser = parse::network)]
    pub trusted_proxies: Vec<IpNet>,
    /// How long a connection may take to send a request's head, or idle between two; load balancers should give up first
    #[arg(long, env = "HEADER_TIMEOUT", default_value = "75s", value_name = "DURATION",
        value_parser = parse::duration)]
    pub header_timeout: Duration,
    /// Threads that serve connections [default: one a processor]
    #[arg(long, env = "HTTP_THREADS", value_name = "N",
        value_parser = clap::value_parser!(u16).range(1..=1_024))]
    pub http_threads: Option<u16>,
    /// Most connections open at once; more wait to be taken
    #[arg(long, env = "MAX_CONNECTIONS", default_value_t = 50_000, value_name = "N",
        value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub max_connections: u32,
    /// Most sockets open at once
    #[arg(long, env = "MAX_SOCKETS", default_value_t = 20_000, value_name = "N",
        value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub max_sockets: u32,
    /// How long to go on serving after SIGTERM, while /readyz says that it ends: what balancers take to see it
    #[arg(long, env = "DRAIN_PAUSE", default_value = "0s", value_name = "DURATION",
        value_parser = parse::pause)]
    pub drain_pause: Duration,
    /// How long queries and mutations under way may go on after that, also on sockets; what is not sent to its end is not waited for
    #[arg(long, env = "SHUTDOWN_GRACE", default_value = "10s", value_name = "DURATION",
        value_parser = parse::duration)]
    pub shutdown_grace: Duration,
}

impl HttpConfig {
    /// Whether the dashboard was built. A folder without the page in it is none.
    pub fn has_dashboard(&self) -> bool {
        self.dashboard.join("index.html").is_file()
    }
}
