//! As much of an HTTP server as is needed, with little work for each byte.

use std::collections::HashMap;
use std::io::{self, Read, Write};
use std::net::TcpStream;

/// How much is read at once, in bytes.
const BUFFER: usize = 256 << 10;
/// More headers than any client sends.
const HEADERS: usize = 64;

/// A connection of a client.
pub(super) struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
    /// The part of the buffer that was read and not used yet.
    from: usize,
    to: usize,
}

/// The head of a request.
pub(super) struct Request {
    pub(super) method: String,
    /// Path and query.
    pub(super) target: String,
    headers: HashMap<String, String>,
}

impl Request {
    /// Gives a header by its name in small letters.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }

    /// The length of what follows; nothing where only its end tells.
    pub(super) fn length(&self) -> Option<u64> {
        match self.header("content-length") {
            Some(length) => length.parse().ok(),
            None => self.header("transfer-encoding").is_none().then_some(0),
        }
    }
}

impl Connection {
    pub(super) fn new(stream: TcpStream) -> io::Result<Self> {
        stream.set_nodelay(true)?;
        Ok(Self {
            stream,
            buffer: vec![0; BUFFER],
            from: 0,
            to: 0,
        })
    }

    /// Reads the head of the next request; nothing when the client has closed the connection.
    pub(super) fn request(&mut self) -> io::Result<Option<Request>> {
        loop {
            let mut headers = [httparse::EMPTY_HEADER; HEADERS];
            let mut parsed = httparse::Request::new(&mut headers);
            let read = parsed
                .parse(&self.buffer[self.from..self.to])
                .map_err(io::Error::other)?;
            if let httparse::Status::Complete(length) = read {
                let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
                let headers = parsed.headers.iter();
                let request = Request {
                    method: parsed.method.unwrap_or_default().to_owned(),
                    target: parsed.path.unwrap_or_default().to_owned(),
                    headers: headers
                        .map(|header| (header.name.to_ascii_lowercase(), text(header.value)))
                        .collect(),
                };
                self.from += length;
                return Ok(Some(request));
            }
            self.buffer.copy_within(self.from..self.to, 0);
            (self.from, self.to) = (0, self.to - self.from);
            match self.stream.read(&mut self.buffer[self.to..])? {
                0 if self.to == 0 => return Ok(None),
                0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                read => self.to += read,
            }
        }
    }

    /// Reads a content, forgets it, and gives its last bytes, `kept` of them.
    pub(super) fn content(&mut self, length: u64, kept: usize) -> io::Result<Vec<u8>> {
        let mut forgotten = length.saturating_sub(kept as u64);
        while forgotten > 0 {
            if self.from == self.to {
                self.fill()?;
            }
            let read = self.to - self.from;
            let used = usize::try_from(forgotten).unwrap_or(read).min(read);
            self.from += used;
            forgotten -= used as u64;
        }
        let mut end = vec![0; usize::try_from(length).unwrap_or(kept).min(kept)];
        let read = end.len().min(self.to - self.from);
        end[..read].copy_from_slice(&self.buffer[self.from..self.from + read]);
        self.from += read;
        self.stream.read_exact(&mut end[read..])?;
        Ok(end)
    }

    /// Reads into the buffer, all of it being used.
    fn fill(&mut self) -> io::Result<()> {
        (self.from, self.to) = (0, self.stream.read(&mut self.buffer)?);
        if self.to == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Ok(())
    }

    pub(super) fn send(&mut self, text: &str) -> io::Result<()> {
        self.stream.write_all(text.as_bytes())
    }
}
