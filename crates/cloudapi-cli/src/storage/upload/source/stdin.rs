//! Stdin on Unix, as a file.

use std::fs::File;
use std::io;
use std::os::fd::AsFd;

/// Gives stdin, without the buffer that the standard library puts before it.
pub(super) fn file() -> io::Result<File> {
    io::stdin().as_fd().try_clone_to_owned().map(File::from)
}
