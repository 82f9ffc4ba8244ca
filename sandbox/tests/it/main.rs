//! The sandbox over HTTP.

mod binary;
mod errors;
mod faults;
mod groups;
mod lifecycle;
mod likeness;
mod listing;
mod support;
mod users;
