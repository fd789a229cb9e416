//! Where the SDK's own log lines go.

use std::sync::LazyLock;

use tracing::Dispatch;
use tracing::subscriber::NoSubscriber;

/// Keeps nothing. One for all: each new dispatcher makes tracing look again at every place that logs. And a registered one,
/// not `Dispatch::none()`: beside a single registered dispatcher tracing settles what a place is good for by who is first
/// there, and one that was first passed in silence would stay silent for all.
static NOWHERE: LazyLock<Dispatch> = LazyLock::new(|| Dispatch::new(NoSubscriber::new()));

/// Gives the dispatcher that keeps nothing.
pub(crate) fn nowhere() -> Dispatch {
    NOWHERE.clone()
}
