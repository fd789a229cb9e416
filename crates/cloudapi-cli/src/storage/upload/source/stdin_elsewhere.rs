//! Stdin on Windows, as a file.

use std::fs::File;
use std::io;
use std::os::windows::io::AsHandle;

/// Gives stdin, without the buffer that the standard library puts before it.
pub(super) fn file() -> io::Result<File> {
    io::stdin().as_handle().try_clone_to_owned().map(File::from)
}
