//! The routes, driven without a network, over a store that does what a test tells it.
#![allow(clippy::unwrap_used, reason = "what a test cannot do fails it")]

mod access;
mod limits;
mod live;
mod mount;
mod problems;
mod ranges;
mod sessions;
mod store;
mod stream_model;
mod support;
mod traces;
mod ui;
