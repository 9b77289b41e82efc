//! What every host must do, whatever it is made of: the words of the port, as tests. `all` runs each on a fresh directory.
#![allow(dead_code, unreachable_pub, clippy::unwrap_used, clippy::panic, clippy::print_stdout)]
use fsa::host::name::decode;
use fsa::host::{
    BlobId, Host, HostError, HostFault, HostName, HostResult, Make, NodeKind, RenameMode, SetTimes, XattrMode,
};
use nt::FileTime;

mod attributes;
mod moves;
mod names;

/// Runs every test; the last one named is the one that fails.
pub fn all<H: Host>(host: &H) {
    for (name, test) in names::tests().into_iter().chain(moves::tests()).chain(attributes::tests()) {
        let (dir, host_name) = host.create(&host.root(), &utf16(name), Make::Directory).unwrap();
        println!("conformance: {name}");
        test(&Ground { host, dir });
        drop(host_name);
    }
}

/// A test and its name.
pub type Test<H> = (&'static str, fn(&Ground<'_, H>));

/// Where a test works: a host, and a directory of its own.
pub struct Ground<'a, H: Host> {
    pub host: &'a H,
    pub dir: H::Node,
}

pub fn utf16(text: &str) -> Vec<u16> {
    text.encode_utf16().collect()
}

pub fn host_name(text: &str) -> HostName {
    HostName(text.as_bytes().to_vec())
}

/// The fault of a call that must fail.
#[track_caller]
pub fn fault<T>(result: HostResult<T>) -> HostFault {
    match result {
        Ok(_) => panic!("the call succeeded"),
        Err(HostError { fault, .. }) => fault,
    }
}

impl<H: Host> Ground<'_, H> {
    #[track_caller]
    pub fn make(&self, name: &str, make: Make<'_>) -> H::Node {
        self.host.create(&self.dir, &utf16(name), make).unwrap().0
    }

    #[track_caller]
    pub fn file(&self, name: &str, data: &[u8]) -> H::Node {
        let node = self.make(name, Make::File);
        self.host.write(&node, 0, data).unwrap();
        node
    }

    /// The node of a name, and the name as the host spells it.
    #[track_caller]
    pub fn find(&self, name: &str) -> Option<(H::Node, String)> {
        let found = self.host.lookup(&self.dir, &utf16(name)).unwrap()?;
        Some((found.0, String::from_utf16(&decode(&found.1.0)).unwrap()))
    }

    #[track_caller]
    pub fn spelled(&self, name: &str) -> Option<String> {
        self.find(name).map(|(_, name)| name)
    }

    #[track_caller]
    pub fn rename(&self, name: &str, new_name: &str, mode: RenameMode) -> HostResult<HostName> {
        self.host.rename(&self.dir, &host_name(name), &self.dir, &utf16(new_name), mode)
    }

    #[track_caller]
    pub fn remove(&self, name: &str) -> HostResult<()> {
        self.host.remove(&self.dir, &host_name(name))
    }

    /// All names of the directory, in order.
    #[track_caller]
    pub fn names(&self) -> Vec<String> {
        let entries = self.host.entries(&self.dir).unwrap();
        let mut names: Vec<String> =
            entries.iter().map(|entry| String::from_utf16(&decode(&entry.name.0)).unwrap()).collect();
        names.sort();
        names
    }

    #[track_caller]
    pub fn data(&self, node: &H::Node) -> Vec<u8> {
        let mut buffer = [0; 64];
        let len = self.host.read(node, 0, &mut buffer).unwrap();
        buffer.get(..len).unwrap().to_vec()
    }

    #[track_caller]
    pub fn kind(&self, node: &H::Node) -> NodeKind {
        self.host.stat(node).unwrap().kind
    }

    #[track_caller]
    pub fn same(&self, a: &H::Node, b: &H::Node) -> bool {
        self.host.stat(a).unwrap().id == self.host.stat(b).unwrap().id
    }
}
