//! Security descriptors that were decoded, by their bytes: the objects of a tree have few different ones. Nothing here can be
//! out of date, for the bytes are those that were just read. (Not in the specification.)
use crate::host::meta::NtAcl;
use crate::host::{Host, HostError, HostFault, HostResult, meta};
use crate::object::Object;
use crate::volume::Volume;
use nt::security::SecurityDescriptor;
use std::sync::{Arc, Mutex, PoisonError};

/// Places in the table, where the later one has the place.
const PLACES: usize = 64;
/// A longer one is decoded each time.
const BYTES_MAX: usize = 2048;

/// The bytes of `security.NTACL`, and the descriptor in them.
type Known = (Box<[u8]>, Arc<SecurityDescriptor>);

/// See above.
pub(crate) struct Descriptors([Mutex<Option<Known>>; PLACES]);

impl Default for Descriptors {
    fn default() -> Descriptors {
        Descriptors([const { Mutex::new(None) }; PLACES])
    }
}

impl Descriptors {
    /// The descriptor in a stored value. A value that is none is as none; a descriptor that cannot be read is damage.
    fn decode(&self, value: &[u8]) -> HostResult<Option<Arc<SecurityDescriptor>>> {
        let place = self.0.get(hash_of(value) % PLACES).filter(|_| value.len() <= BYTES_MAX);
        let mut place = place.map(|place| place.lock().unwrap_or_else(PoisonError::into_inner));
        if let Some(Some((bytes, known))) = place.as_deref()
            && bytes.as_ref() == value
        {
            return Ok(Some(Arc::clone(known)));
        }
        let Ok(acl) = NtAcl::decode(value) else { return Ok(None) };
        let corrupt = |_| HostError { call: "security", fault: HostFault::Corrupt };
        let decoded = Arc::new(SecurityDescriptor::decode(&acl.descriptor).map_err(corrupt)?);
        if let Some(place) = place.as_deref_mut() {
            *place = Some((value.into(), Arc::clone(&decoded)));
        }
        Ok(Some(decoded))
    }
}

/// A place for these bytes. That somebody can make two values share one costs a decoding each time, as before.
fn hash_of(bytes: &[u8]) -> usize {
    let mixed = |hash: u64, word: u64| (hash ^ word).wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(29);
    let (words, rest) = bytes.as_chunks::<8>();
    let hash = words.iter().fold(bytes.len() as u64, |hash, word| mixed(hash, u64::from_le_bytes(*word)));
    let hash = rest.iter().fold(hash, |hash, byte| mixed(hash, u64::from(*byte)));
    usize::try_from(hash >> 32).unwrap_or_default()
}

impl<H: Host> Volume<H> {
    /// The security descriptor of an object that was looked at; without one nothing is restricted.
    pub(crate) fn descriptor_of(&self, object: &Object<H>) -> HostResult<Option<Arc<SecurityDescriptor>>> {
        match object.values.as_ref().and_then(meta::security_in) {
            Some(value) => value.map_or(Ok(None), |value| self.descriptors.decode(value)),
            None => self.shared_descriptor(&object.node),
        }
    }

    /// The same of an object that is asked for nothing else.
    pub(crate) fn shared_descriptor(&self, node: &H::Node) -> HostResult<Option<Arc<SecurityDescriptor>>> {
        let Some(value) = meta::security_value(&self.host, node)? else { return Ok(None) };
        self.descriptors.decode(&value)
    }
}
