//! Logs, metrics and traces. Each is one a process, whatever number of servers run in it.

mod collector;
mod gather;
mod traces;

use std::{io::IsTerminal, sync::OnceLock, time::Duration};

use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use tracing::Subscriber;
use tracing_subscriber::{
    EnvFilter, Layer, Registry, filter::ParseError, fmt, layer::SubscriberExt,
    registry::LookupSpan, util::SubscriberInitExt,
};

use crate::config::{LogConfig, LogFormat};

pub use gather::Parts;
pub use traces::{Traces, TracesError, request_span};

/// Bounds of the histogram of durations, in seconds.
const BUCKETS_SECONDS: [f64; 14] =
    [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];
/// Bounds of the histogram of batch sizes.
const BUCKETS_BATCH: [f64; 10] = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 512.0];
/// How often the recorder tidies up what was recorded.
const UPKEEP: Duration = Duration::from_secs(5);

/// What others log less of, unless `--log` says so by name: each statement is a span, and each
/// connection that breaks a warning, though we say once that the server is away.
const QUIET: &str = "sea_orm=warn,fred=error,sqlx_core::pool=error";

/// Starts logging, to stderr, and makes spans into traces, if there are any.
///
/// # Errors
/// When the filter is none.
pub fn init(config: &LogConfig, traces: Option<&Traces>) -> Result<(), ParseError> {
    let filter = EnvFilter::builder().parse(format!("{QUIET},{}", config.log))?;
    // It fails only where somebody else logs already, which is as well.
    let _ = match traces {
        None => Registry::default().with(filter).with(lines(config.log_format)).try_init(),
        Some(traces) => {
            let logs = lines(config.log_format).with_filter(filter);
            Registry::default().with(logs).with(traces.layer()).try_init()
        }
    };
    Ok(())
}

/// What writes the lines.
fn lines<S>(format: LogFormat) -> Box<dyn Layer<S> + Send + Sync>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    let lines = fmt::layer().with_ansi(std::io::stderr().is_terminal());
    let lines = lines.with_writer(std::io::stderr);
    match format {
        LogFormat::Text => lines.boxed(),
        LogFormat::Json => lines.json().flatten_event(true).boxed(),
    }
}

/// Starts recording metrics, once; `None` where another recorder is installed.
fn recorder() -> Option<&'static PrometheusHandle> {
    static RECORDER: OnceLock<Option<PrometheusHandle>> = OnceLock::new();
    let install = || {
        let batches = Matcher::Full("balance_batch_size".to_owned());
        let builder = PrometheusBuilder::new().set_buckets(&BUCKETS_SECONDS).ok()?;
        let builder = builder.set_buckets_for_metric(batches, &BUCKETS_BATCH).ok()?;
        builder.install_recorder().ok()
    };
    RECORDER.get_or_init(install).as_ref()
}

/// Records metrics, and tidies them up now and then; never returns.
pub async fn record_metrics(parts: Parts) {
    let mut ticks = tokio::time::interval(UPKEEP);
    loop {
        ticks.tick().await;
        if let Some(recorder) = recorder() {
            recorder.run_upkeep();
        }
        parts.gather().await;
    }
}

/// `GET /metrics`, as Prometheus reads it.
pub async fn render_metrics() -> String {
    recorder().map(PrometheusHandle::render).unwrap_or_default()
}
