//! How many files this process may have open, and how many of them are for clients' opens.
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// As many as are asked for: what Linux lets a process have unless told otherwise (fs.nr_open).
const WANTED: u64 = 1 << 20;

/// What the process itself needs: listeners, threads' descriptors, listings under way.
const OWN: u64 = 256;

/// Raises the limit as far as this process may. Shells and systemd start programs with 1024 for the sake of those that use
/// select(2), and leave it to others to say that they do not.
pub(super) fn raise() {
    let limit = getrlimit(Resource::Nofile);
    let hard = limit.maximum.unwrap_or(WANTED);
    let all = Rlimit { current: Some(hard.max(WANTED)), maximum: Some(hard.max(WANTED)) };
    let own = Rlimit { current: Some(hard), maximum: limit.maximum };
    // Who may not raise the hard limit has what is below it; who may not even that has what there is.
    let _ = setrlimit(Resource::Nofile, all).or_else(|_| setrlimit(Resource::Nofile, own));
}

/// How many descriptors opens may have, so that some are left for connections and for the server itself.
pub(super) fn for_opens(connections: usize) -> usize {
    let limit = getrlimit(Resource::Nofile).current.unwrap_or(WANTED);
    let left = left_of(limit, u64::try_from(connections).unwrap_or(u64::MAX));
    usize::try_from(left).unwrap_or(usize::MAX)
}

fn left_of(limit: u64, connections: u64) -> u64 {
    limit.saturating_sub(OWN).saturating_sub(connections.min(limit / 4)).max(limit / 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_have_their_part_of_the_descriptors_but_never_more_than_a_quarter() {
        assert_eq!(left_of(1 << 20, 4096), (1 << 20) - OWN - 4096);
        assert_eq!(left_of(20_000, 4096), 20_000 - OWN - 4096);
        assert_eq!(left_of(4096, 4096), 4096 - OWN - 1024);
        assert_eq!(left_of(256, 4096), 128);
    }

    #[test]
    fn the_limit_is_raised() {
        raise();
        let limit = getrlimit(Resource::Nofile);
        assert!(limit.current == limit.maximum, "{limit:?}");
    }
}
