//! The edge: GraphQL over HTTP, WebSocket and server-sent events, health, metrics, pages. It knows the schema only
//! as an [`Engine`], and never runs SQL or Redis commands.

mod assets;
mod auth;
mod clients;
mod dashboard;
mod document;
mod edge;
mod engine;
mod execute;
mod fault;
mod forwarded;
mod graphql;
pub mod health;
mod media;
mod operation;
mod page;
mod params;
mod persisted;
mod playground;
mod prompt;
mod request_id;
mod router;
mod serve;
mod sse;
mod stake;
mod tally;
mod values;
mod variables;
mod websocket;
mod within;
mod workers;

#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;

pub use edge::{Edge, OfferedToken};
pub use engine::{Caller, Engine};
pub use persisted::{ManifestError, TrustedDocuments};
pub use request_id::RequestId;
pub use router::Endpoints;
pub use serve::{Bounds, serve};
pub use workers::Workers;
