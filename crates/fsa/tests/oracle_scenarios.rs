//! What public tests assert of Windows, in our own words, on every host alike; and the tables that say what became of each.
//!
//! A scenario is one function over a volume, whatever its host; [`oracle::scenarios`] makes a test of it on each host. The
//! tables in `conformance/oracle-*.tsv` name the row that a scenario is for and what it comes to: a scenario that passes
//! where the table says it fails is as much an error as the other way round.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)] // a test says what it expects by panicking
#![allow(clippy::print_stdout)] // a skipped test says why
mod oracle;
mod store;
