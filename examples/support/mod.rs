//! The agent of the quickstart: a model, three tools and the loop between them.

pub(crate) mod agent;
pub(crate) mod model;
pub(crate) mod model_server;
pub(crate) mod protocol;
mod script;
pub(crate) mod tools;
