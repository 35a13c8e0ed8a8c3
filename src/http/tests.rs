//! The routes, driven without a network.
