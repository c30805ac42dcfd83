//! Traces by OTLP: of each operation the time that it waited for loaders, Redis and SQL.
//!
//! Its spans are of level DEBUG (sea-orm's own are INFO), which the log's filter leaves out before
//! they are made: without a collector one costs a comparison.

use std::fmt::Display;

use axum::http::HeaderMap;
use opentelemetry::{propagation::TextMapPropagator, trace::TracerProvider};
use opentelemetry_http::HeaderExtractor;
use opentelemetry_otlp::{SpanExporter, WithExportConfig, WithHttpConfig};
use opentelemetry_sdk::{
    Resource,
    propagation::TraceContextPropagator,
    trace::{Sampler, SdkTracerProvider},
};
use tracing::{Level, Metadata, Span, Subscriber, level_filters::LevelFilter};
use tracing_opentelemetry::OpenTelemetrySpanExt;
use tracing_subscriber::{Layer, filter::dynamic_filter_fn, layer::Context, registry::LookupSpan};

use super::collector::Collector;
use crate::config::TracesConfig;

/// Spans that a trace may begin with; others show only within one, so that what goes on in the
/// background is not a trace for each of its statements.
const ROOTS: [&str; 2] = ["http", "operation"];
/// Where sea-orm makes its spans.
const SQL: &str = "sea_orm::database";

/// Traces on their way to the collector.
pub struct Traces(SdkTracerProvider);

/// The collector cannot be spoken to, whether it is there or not.
#[derive(Debug, thiserror::Error)]
#[error("cannot send traces to --otlp-endpoint: {0}")]
pub struct TracesError(Box<dyn std::error::Error + Send + Sync>);

impl Traces {
    /// Starts sending, if it is configured. Within a Tokio runtime.
    ///
    /// # Errors
    /// When this host has no certificates to know the collector by. One that is away is no error.
    pub fn start(config: &TracesConfig) -> Result<Option<Self>, TracesError> {
        let Some(endpoint) = &config.otlp_endpoint else { return Ok(None) };
        let collector = Collector::new(endpoint).map_err(|e| TracesError(e.into()))?;
        let endpoint = format!("{}/v1/traces", endpoint.as_str().trim_end_matches('/'));
        let exporter = SpanExporter::builder().with_http().with_http_client(collector);
        let exporter = exporter.with_endpoint(endpoint).build();
        let resource = Resource::builder().with_service_name(config.service_name.clone());
        let sampler = Sampler::TraceIdRatioBased(config.trace_share);
        let provider = SdkTracerProvider::builder()
            .with_sampler(Sampler::ParentBased(Box::new(sampler)))
            .with_resource(resource.build())
            .with_batch_exporter(exporter.map_err(|e| TracesError(e.into()))?)
            .build();
        Ok(Some(Self(provider)))
    }

    /// What makes spans into traces.
    pub(super) fn layer<S>(&self) -> impl Layer<S> + use<S>
    where
        S: Subscriber + for<'a> LookupSpan<'a>,
    {
        let layer = tracing_opentelemetry::layer().with_tracer(self.0.tracer("wallet-bff"));
        let filter = dynamic_filter_fn(is_wanted).with_callsite_filter(may_be_wanted);
        // What async tasks are polled on, and how often, tells nothing about an operation.
        let layer = layer.with_threads(false).with_tracked_inactivity(false);
        layer.with_filter(filter.with_max_level_hint(LevelFilter::DEBUG))
    }

    /// Sends what is not sent yet; no longer than a collector may take.
    pub async fn flush(self) {
        // It waits for the thread that sends, which needs this runtime.
        let sent = tokio::task::spawn_blocking(move || self.0.shutdown()).await;
        if let Ok(Err(error)) = sent {
            tracing::warn!(%error, "the last traces were not sent");
        }
    }
}

fn may_be_wanted(metadata: &'static Metadata<'static>) -> tracing::subscriber::Interest {
    use tracing::subscriber::Interest;
    if is_ours(metadata) { Interest::sometimes() } else { Interest::never() }
}

fn is_wanted<S>(metadata: &Metadata<'_>, context: &Context<'_, S>) -> bool
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    let root = metadata.is_span() && ROOTS.contains(&metadata.name());
    is_ours(metadata) && (root || context.lookup_current().is_some())
}

fn is_ours(metadata: &Metadata<'_>) -> bool {
    let ours = metadata.target().starts_with("wallet_bff");
    match metadata.is_span() {
        true => {
            ours && *metadata.level() == Level::DEBUG
                || metadata.target().starts_with(SQL) && *metadata.level() == Level::INFO
        }
        false => ours && *metadata.level() <= Level::WARN,
    }
}

/// The span of a request, as a part of the trace that its `traceparent` names.
pub fn request_span(method: &'static str, request_id: &impl Display, headers: &HeaderMap) -> Span {
    let span = tracing::debug_span!(
        "http",
        otel.kind = "server",
        otel.name = method,
        request.id = %request_id,
    );
    if !span.is_disabled() && headers.contains_key("traceparent") {
        let caller = TraceContextPropagator::new().extract(&HeaderExtractor(headers));
        // It fails where the span is in no trace.
        let _ = span.set_parent(caller);
    }
    span
}
