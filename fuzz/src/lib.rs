//! What the fuzz targets check, each with `cargo xtask fuzz` or `cargo fuzz run TARGET`.

pub mod properties;
