//! The emulator from outside, with a client that signs by itself.

mod client;
mod faults;
mod load_balancer;
mod network;
mod service;
mod storage;
mod world;
