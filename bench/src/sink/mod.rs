//! The server: takes what is uploaded, forgets it, and knows beforehand what the checksums have to be.
//!
//! It speaks as much of S3 and COS as the contestants need, on plain HTTP, with a thread for each connection. It computes
//! no checksum: it answers with those of the manifest, so that a client that compares compares with the truth, and it
//! holds the sizes and checksums that a client sends against them.

mod answer;
mod http;

use std::collections::HashSet;
use std::io::{self, BufRead, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

use serde::{Deserialize, Serialize};

use self::http::Connection;
use crate::Result;
use crate::manifest::Manifest;

/// What arrived.
#[derive(Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Tally {
    pub(crate) requests: u64,
    /// Bytes of content.
    pub(crate) bytes: u64,
    /// Different parts and objects.
    pub(crate) pieces: u64,
    /// Uploads in parts that were begun.
    pub(crate) begun: u64,
    /// Uploads in parts that were completed.
    pub(crate) completed: u64,
    /// What was wrong.
    pub(crate) faults: Vec<String>,
}

/// Serves on a free port, and writes its address to standard output. Answers each line of standard input with a line that
/// tells what arrived since the last one, and ends when there are no more.
pub(crate) fn run(manifest: Manifest) -> Result {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    let shared = Arc::new(Shared {
        manifest,
        arrived: Mutex::default(),
    });
    let accepting = Arc::clone(&shared);
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let shared = Arc::clone(&accepting);
            thread::spawn(move || {
                if let Err(error) = serve(&shared, stream) {
                    shared
                        .arrived()
                        .fault(format!("a connection broke: {error}"));
                }
            });
        }
    });
    let mut out = io::stdout().lock();
    writeln!(out, "http://{address}")?;
    out.flush()?;
    for line in io::stdin().lock().lines() {
        line?;
        let arrived = std::mem::take(&mut *shared.arrived());
        serde_json::to_writer(&mut out, &arrived.tally)?;
        writeln!(out)?;
        out.flush()?;
    }
    Ok(())
}

/// What all connections share.
struct Shared {
    manifest: Manifest,
    arrived: Mutex<Arrived>,
}

impl Shared {
    fn arrived(&self) -> MutexGuard<'_, Arrived> {
        self.arrived.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[derive(Default)]
struct Arrived {
    tally: Tally,
    names: HashSet<String>,
}

impl Arrived {
    fn piece(&mut self, name: String, size: u64) {
        self.tally.bytes += size;
        if self.names.contains(&name) {
            self.fault(format!("{name} arrived twice"));
        } else {
            self.tally.pieces += 1;
            self.names.insert(name);
        }
    }

    fn fault(&mut self, what: String) {
        // The first ones tell enough.
        if self.tally.faults.len() < 10 {
            self.tally.faults.push(what);
        }
    }
}

/// Answers the requests of one connection until the client closes it.
fn serve(shared: &Shared, stream: TcpStream) -> io::Result<()> {
    let mut connection = Connection::new(stream)?;
    while let Some(request) = connection.request()? {
        if request.header("expect").is_some() {
            connection.send("HTTP/1.1 100 Continue\r\n\r\n")?;
        }
        let answer = match request.length() {
            Some(length) => {
                let end = connection.content(length, answer::kept(&request))?;
                answer::to(shared, &request, length, &end)
            }
            None => Err("a request tells no length".to_owned()),
        };
        let answer = answer.unwrap_or_else(|fault| {
            shared.arrived().fault(fault);
            "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n".to_owned()
        });
        shared.arrived().tally.requests += 1;
        connection.send(&answer)?;
    }
    Ok(())
}
