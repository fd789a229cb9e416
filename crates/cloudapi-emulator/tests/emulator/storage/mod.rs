//! S3 and COS, with bodies sent in every way that S3 knows.

mod client;
mod cos;
mod faults;
mod s3;
