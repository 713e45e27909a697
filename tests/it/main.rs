//! One binary, one link step; every scenario is a module.
mod client;
mod generated;
