//! What Microsoft's test suite for file servers (WindowsProtocolTestSuites, FileServer: its folders SMB2 and FSA) asserts of a server,
//! asked of ours on real sockets, in our own words: the suite itself wants .NET and Windows. conformance/wpts.tsv says which test
//! stands for which case, and which case stands for nothing here, and why.
#![allow(clippy::disallowed_methods)] // a test of what is told in time looks at the clock
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)] // a test that is wrong shall panic
#[path = "../peer/mod.rs"]
mod peer;
#[path = "../serving/mod.rs"]
mod serving;

mod controls;
mod directories;
mod files;
mod ground;
mod handles;
mod information;
mod leases;
mod notifications;
mod sessions;
mod streams;
mod times;
