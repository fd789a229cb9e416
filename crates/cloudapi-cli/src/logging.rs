//! What `-v` shows, and warnings without it.

use std::fmt;

use tracing::{Event, Subscriber};
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt;

use crate::failure::ErrorStyle;

/// Writes what this project's own crates report to stderr: warnings, then each native call, then all. Where errors are
/// JSON there is nothing else on stderr, so warnings are left out without `-v`.
///
/// Only ours, whatever the level, and no `RUST_LOG`: the libraries below write signed requests, headers with tokens
/// and the contents of credentials files when asked for detail.
pub(crate) fn start(verbose: u8, style: ErrorStyle) {
    let lines = || {
        tracing_subscriber::fmt::layer()
            .with_writer(std::io::stderr)
            .with_ansi(false)
    };
    match verbose {
        0 if style == ErrorStyle::Json => {}
        0 => tracing_subscriber::registry()
            .with(ours(LevelFilter::WARN))
            .with(lines().event_format(Warning))
            .init(),
        1 => tracing_subscriber::registry()
            .with(ours(LevelFilter::DEBUG))
            .with(lines())
            .init(),
        _ => tracing_subscriber::registry()
            .with(ours(LevelFilter::TRACE))
            .with(lines())
            .init(),
    }
}

/// A line for people, like that of an error.
struct Warning;

impl<S, N> FormatEvent<S, N> for Warning
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        write!(writer, "warning: ")?;
        context.format_fields(writer.by_ref(), event)?;
        writeln!(writer)
    }
}

fn ours(level: LevelFilter) -> Targets {
    Targets::new()
        .with_default(LevelFilter::OFF)
        .with_target("cloudapi", level)
}

#[cfg(test)]
mod tests {
    use tracing::Level;

    use super::*;

    #[test]
    fn only_our_own_crates_are_shown_at_any_level() {
        let filter = ours(LevelFilter::TRACE);
        for target in [
            "cloudapi_core::retry",
            "cloudapi_tencent",
            "cloudapi_aws::client",
        ] {
            assert!(filter.would_enable(target, &Level::TRACE), "{target}");
        }
        for target in [
            "aws_sigv4::http_request::sign",
            "aws_smithy_runtime::client::orchestrator",
            "hyper::proto::h1::io",
            "hyper_util::client",
            "reqwest::connect",
            "rustls::client",
        ] {
            assert!(!filter.would_enable(target, &Level::ERROR), "{target}");
        }
        assert!(!ours(LevelFilter::INFO).would_enable("cloudapi_core", &Level::DEBUG));
    }
}
