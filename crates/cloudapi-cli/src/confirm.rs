//! Asking before something is destroyed.

use std::io::{self, BufRead, IsTerminal, Write};

use crate::context::Context;
use crate::failure::Failure;

/// Asks at the terminal whether to go on. Without a terminal nothing is asked: whoever calls from a script has decided.
pub(crate) async fn confirm(context: &Context, question: &str) -> Result<(), Failure> {
    if !io::stdin().is_terminal() || !io::stderr().is_terminal() {
        return Ok(());
    }
    // Nobody would see the question if it can't be written, and the answer is then no.
    let _ = write!(io::stderr(), "{question} [y/N] ");
    let answer = context.ask(tokio::task::spawn_blocking(read_line)).await?;
    match answer {
        Ok(Ok(line)) if is_yes(&line) => Ok(()),
        _ => Err(Failure::other("not confirmed; nothing was done")),
    }
}

fn read_line() -> io::Result<String> {
    let mut line = String::new();
    io::stdin().lock().read_line(&mut line)?;
    Ok(line)
}

fn is_yes(line: &str) -> bool {
    matches!(line.trim().to_ascii_lowercase().as_str(), "y" | "yes")
}

#[cfg(test)]
mod tests {
    use super::is_yes;

    #[test]
    fn only_yes_is_yes() {
        assert!(is_yes("y\n") && is_yes(" YES \r\n"));
        assert!(!is_yes("") && !is_yes("\n") && !is_yes("no\n") && !is_yes("yellow\n"));
    }
}
