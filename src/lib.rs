//! An embeddable inspector for AI agents.

pub mod model;

mod bus;
pub mod registry;
pub mod store;

pub mod pipeline;

mod http;
