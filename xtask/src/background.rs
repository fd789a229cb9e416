//! Local servers that run while something is checked against them.

use std::collections::VecDeque;
use std::io::Read;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::Duration;

use crate::Result;
use crate::process::{self, Stream};

/// How long a server may take until it listens.
const START_LIMIT: Duration = Duration::from_mins(1);
/// How many lines of its output are shown when it does not come up.
const LINES_SHOWN: usize = 20;

/// A server in another process. It is stopped when dropped, whatever the reason.
#[derive(Debug)]
pub(crate) struct Server {
    child: Child,
    url: String,
}

impl Server {
    /// Starts a server and waits for the line in which it tells its address.
    pub(crate) fn start(command: &mut Command, stream: Stream) -> Result<Self> {
        command.stdin(Stdio::null());
        match stream {
            Stream::Stdout => command.stdout(Stdio::piped()),
            Stream::Stderr => command.stderr(Stdio::piped()).stdout(Stdio::null()),
        };
        let mut child = command
            .spawn()
            .map_err(|error| process::could_not_start(command, &error))?;
        let pipe: Option<Box<dyn Read + Send>> = match stream {
            Stream::Stdout => child.stdout.take().map(|pipe| Box::new(pipe) as _),
            Stream::Stderr => child.stderr.take().map(|pipe| Box::new(pipe) as _),
        };
        let mut server = Self {
            child,
            url: String::new(),
        };
        let (sender, lines) = mpsc::channel();
        // Reads to the end, so that the server never waits for a full pipe.
        std::thread::spawn(move || {
            for line in pipe.into_iter().flat_map(process::lossy_lines) {
                let _nobody_listens_any_more = sender.send(line);
            }
        });
        let mut seen = VecDeque::new();
        loop {
            match lines.recv_timeout(START_LIMIT) {
                Ok(line) => {
                    if let Some(url) = local_url(&line) {
                        url.clone_into(&mut server.url);
                        return Ok(server);
                    }
                    seen.push_back(line);
                    if seen.len() > LINES_SHOWN {
                        seen.pop_front();
                    }
                }
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {
                    let shown = seen.iter().map(|line| format!("\n  {line}"));
                    return Err(format!(
                        "{} did not start to listen{}",
                        process::describe(command),
                        shown.collect::<String>()
                    )
                    .into());
                }
            }
        }
    }

    /// Where it listens: `http://127.0.0.1:PORT`.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Either may fail only because it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Finds the address in a line that a server writes when it listens.
fn local_url(line: &str) -> Option<&str> {
    let start = line.find("http://127.0.0.1:")?;
    let url = &line[start..];
    let end = url
        .find(|c: char| c.is_whitespace() || c == '\u{1b}')
        .unwrap_or(url.len());
    Some(url[..end].trim_end_matches('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_found_in_what_servers_write() {
        assert_eq!(
            local_url(" * Running on http://127.0.0.1:43511"),
            Some("http://127.0.0.1:43511")
        );
        assert_eq!(
            local_url("http://127.0.0.1:80/ \u{1b}[0m"),
            Some("http://127.0.0.1:80")
        );
        assert_eq!(local_url("Press CTRL+C to quit"), None);
    }
}
