//! The progress bar, for a person at a terminal.

use std::io::IsTerminal;

use cloudapi::storage::Progress;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::context::Context;

const KNOWN: &str = "{bytes}/{total_bytes} [{wide_bar}] {bytes_per_sec}, {eta} left";
const UNKNOWN: &str = "{bytes} {spinner} {bytes_per_sec}";

/// A bar on stderr; invisible unless that is a terminal.
pub(super) struct Bar(ProgressBar);

impl Bar {
    pub(super) fn new() -> Self {
        let target = if std::io::stderr().is_terminal() {
            ProgressDrawTarget::stderr()
        } else {
            ProgressDrawTarget::hidden()
        };
        Self(ProgressBar::with_draw_target(None, target).with_style(style(UNKNOWN)))
    }

    /// Gives what takes note of progress.
    pub(super) fn follow(&self) -> impl Fn(Progress) + Send + Sync + 'static {
        let bar = self.0.clone();
        move |progress| {
            if let Some(total) = progress.total
                && bar.length() != Some(total)
            {
                bar.set_length(total);
                bar.set_style(style(KNOWN));
                // What an earlier call sent says nothing of the rate now.
                bar.set_position(progress.bytes);
                bar.reset_eta();
            }
            bar.set_position(progress.bytes);
        }
    }

    /// Tells a person at a terminal what is going on, above the bar.
    pub(super) fn note(&self, text: &str) {
        self.0.suspend(|| Context::note(text));
    }

    /// Takes the bar off the screen.
    pub(super) fn end(&self) {
        self.0.finish_and_clear();
    }
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_templates_are_understood() {
        for template in [KNOWN, UNKNOWN] {
            assert!(ProgressStyle::with_template(template).is_ok(), "{template}");
        }
    }
}
