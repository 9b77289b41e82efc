//! Sockets: a task a connection.
