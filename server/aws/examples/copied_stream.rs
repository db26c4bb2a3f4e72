//! A program that the console gave out, compiled and run by the server's tests: `domain::invoke::code` keeps its text.
#![allow(clippy::print_stderr, reason = "what is known of the answer goes there")]

include!("../../../app/domain/src/invoke/code/snapshots/domain__invoke__code__tests__copied_stream.snap.rs");
