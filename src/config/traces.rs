//! Where traces are sent.

use clap::Args;

use super::parse;

/// Traces.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Traces")]
pub struct TracesConfig {
    /// OpenTelemetry collector that traces are sent to, by OTLP over HTTP (such as http://localhost:4318); without it, there are none
    #[arg(long, env = "OTEL_EXPORTER_OTLP_ENDPOINT", value_name = "URL", value_parser = parse::collector)]
    pub otlp_endpoint: Option<url::Url>,
    /// Share of the operations that are traced, where the caller's traceparent does not say
    #[arg(long, env = "OTEL_TRACES_SAMPLER_ARG", default_value_t = 1.0, value_name = "0..1",
        value_parser = parse::share)]
    pub trace_share: f64,
    /// Name of this service in traces
    #[arg(long, env = "OTEL_SERVICE_NAME", default_value = "wallet-bff", value_name = "NAME")]
    pub service_name: String,
}
