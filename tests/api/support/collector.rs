//! An OpenTelemetry collector that keeps what it gets.

use std::{net::SocketAddr, sync::Arc};

use axum::{Router, body::Bytes, extract::State, http::StatusCode, routing::post};
use opentelemetry_proto::tonic::{
    collector::trace::v1::ExportTraceServiceRequest, trace::v1::Span as Sent,
};
use parking_lot::Mutex;
use prost::Message;
use tokio::{net::TcpListener, task::JoinHandle};

/// Takes traces by OTLP over HTTP, until it is dropped.
pub struct Collector {
    address: SocketAddr,
    spans: Arc<Mutex<Vec<Sent>>>,
    server: JoinHandle<()>,
}

/// Spans that belong together.
pub struct Trace(Vec<Sent>);

impl Collector {
    /// On a free port.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("it is bound");
        let spans = Arc::default();
        let router = Router::new().route("/v1/traces", post(take)).with_state(Arc::clone(&spans));
        let server = tokio::spawn(async move {
            axum::serve(listener, router).await.expect("it serves until it is dropped");
        });
        Self { address, spans, server }
    }

    /// Where it is, as a flag wants it.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Every span that it got, by trace id.
    pub fn trace(&self, id: &str) -> Trace {
        let spans = self.spans.lock().clone();
        Trace(spans.into_iter().filter(|span| hex(&span.trace_id) == id).collect())
    }

    /// The ids of all traces.
    pub fn trace_ids(&self) -> Vec<String> {
        let mut ids: Vec<_> = self.spans.lock().iter().map(|span| hex(&span.trace_id)).collect();
        ids.sort_unstable();
        ids.dedup();
        ids
    }
}

impl Drop for Collector {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl Trace {
    /// The spans as a tree, two spaces a level; those of one level by when they began, and what
    /// is repeated once.
    pub fn tree(&self, root: &str) -> String {
        let mut text = String::new();
        self.draw(root, 0, &mut text);
        text
    }

    fn draw(&self, parent: &str, depth: usize, text: &mut String) {
        let mut children: Vec<_> =
            self.0.iter().filter(|span| hex(&span.parent_span_id) == parent).collect();
        children.sort_by_key(|span| span.start_time_unix_nano);
        for span in children {
            let line = format!("{}{}\n", "  ".repeat(depth), span.name);
            if !text.ends_with(&line) {
                text.push_str(&line);
            }
            self.draw(&hex(&span.span_id), depth + 1, text);
        }
    }

    /// The text of an attribute, of each span that has it.
    pub fn attributes(&self, name: &str) -> Vec<String> {
        use opentelemetry_proto::tonic::common::v1::any_value::Value::StringValue;
        let attributes = self.0.iter().flat_map(|span| &span.attributes);
        let values = attributes.filter(|a| a.key == name).filter_map(|a| a.value.clone()?.value);
        let texts = values.filter_map(|value| match value {
            StringValue(text) => Some(text),
            _ => None,
        });
        texts.collect()
    }
}

async fn take(State(spans): State<Arc<Mutex<Vec<Sent>>>>, body: Bytes) -> StatusCode {
    let Ok(request) = ExportTraceServiceRequest::decode(body) else {
        return StatusCode::BAD_REQUEST;
    };
    let scopes = request.resource_spans.into_iter().flat_map(|resource| resource.scope_spans);
    spans.lock().extend(scopes.flat_map(|scope| scope.spans));
    StatusCode::OK
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
