//! The object store of MS-FSA: what an open, a set, a rename *means*, over a small [`host::Host`] port. The same code
//! serves the command line, the C interface and the server, so the rules cannot differ.

pub mod host;
