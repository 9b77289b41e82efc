//! Oplocks and leases: MS-SMB2's words for them on one side, MS-FSA's on the other.
use fsa::host::Host;
use fsa::{Caching as Bits, OpenId, OplockLevel as Level, Volume};
use smb::store::Caching;
use wire::create::{LeaseState, OplockLevel};

pub(super) fn level_of(caching: Caching) -> Level {
    match caching {
        Caching::Oplock(OplockLevel::BATCH) => Level::Batch,
        Caching::Oplock(OplockLevel::EXCLUSIVE) => Level::One,
        Caching::Oplock(OplockLevel::II) => Level::Two,
        Caching::Lease(state) if state != LeaseState::NONE => {
            Bits::from_bits(state.0).map_or(Level::None, Level::Granular)
        }
        Caching::None | Caching::Oplock(_) | Caching::Lease(_) => Level::None,
    }
}

/// What the server calls a level of the store.
pub fn caching_of(level: Level) -> Caching {
    match level {
        Level::None => Caching::None,
        Level::Two => Caching::Oplock(OplockLevel::II),
        Level::One => Caching::Oplock(OplockLevel::EXCLUSIVE),
        Level::Batch => Caching::Oplock(OplockLevel::BATCH),
        Level::Granular(bits) => Caching::Lease(LeaseState(bits.bits())),
    }
}

/// Asks for what a client wants to cache, and if that cannot be for less and less. What its lease has already becomes more
/// as it was asked for, or stays. [MS-SMB2] 3.3.5.9 and 3.3.5.9.8
pub(super) fn request<H: Host>(volume: &Volume<H>, open: OpenId, caching: Caching) {
    let less: &[Level] = match level_of(caching) {
        Level::None => return,
        Level::Batch => &[Level::Batch, Level::Two],
        Level::One => &[Level::One, Level::Two],
        Level::Two => &[Level::Two],
        Level::Granular(bits) => &[
            Level::Granular(bits),
            Level::Granular(bits.without(Bits::WRITE)),
            Level::Granular(bits.without(Bits::WRITE).without(Bits::HANDLE)),
        ],
    };
    let has = match volume.oplock_of(open) {
        Ok(Level::Granular(has)) => has,
        _ => Bits::NONE,
    };
    let less = match less {
        [Level::Granular(bits), ..] if *bits == has || !bits.contains(has) => return,
        [whole, ..] if has != Bits::NONE => std::slice::from_ref(whole),
        _ => less,
    };
    for level in less {
        let is_nothing = *level == Level::Granular(Bits::NONE);
        if !is_nothing && volume.request_oplock(open, *level).is_ok() {
            break;
        }
    }
}
