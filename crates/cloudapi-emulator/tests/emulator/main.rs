//! The emulator from outside, with a client that signs by itself.

mod client;
mod faults;
mod service;
mod world;
