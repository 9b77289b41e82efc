//! Failed logons cost time: by the name that was tried and by the address that tried it.
use nt::Utf16;
use std::collections::HashMap;
use std::net::IpAddr;
use std::time::Duration;

/// How failures are counted; every number can be set in the configuration.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Limits {
    /// Failures that cost nothing.
    pub free: u32,
    /// The wait after the first that does; each further one doubles it.
    pub first_wait: Duration,
    /// The longest wait of an address.
    pub address_wait_max: Duration,
    /// The longest wait of a name. Short: whoever guesses at a name must not lock its owner out.
    pub name_wait_max: Duration,
    /// Failures older than this are forgotten.
    pub forget_after: Duration,
    /// The most names and addresses that are remembered.
    pub entries_max: usize,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            free: 5,
            first_wait: Duration::from_secs(1),
            address_wait_max: Duration::from_secs(300),
            name_wait_max: Duration::from_secs(10),
            forget_after: Duration::from_secs(900),
            entries_max: 10_000,
        }
    }
}

#[derive(Clone, PartialEq, Eq, Hash, Debug)]
enum Key {
    Name(Utf16),
    Address(IpAddr),
}

#[derive(Clone, Copy, Debug)]
struct Record {
    failures: u32,
    last: Duration,
    blocked_until: Duration,
}

/// What failed lately. Times are monotonic.
#[derive(Debug, Default)]
pub struct Throttle {
    limits: Limits,
    records: HashMap<Key, Record>,
}

impl Throttle {
    /// One that has seen nothing.
    pub fn new(limits: Limits) -> Throttle {
        Throttle { limits, records: HashMap::new() }
    }

    /// Other limits for what is to come.
    pub fn set_limits(&mut self, limits: Limits) {
        self.limits = limits;
    }

    /// How long this name from this address has to wait before it is looked at.
    pub fn wait(&self, now: Duration, name: &Utf16, address: IpAddr) -> Option<Duration> {
        keys(name, address)
            .iter()
            .filter_map(|key| self.records.get(key)?.blocked_until.checked_sub(now))
            .filter(|wait| !wait.is_zero())
            .max()
    }

    /// Counts a failure.
    pub fn failed(&mut self, now: Duration, name: &Utf16, address: IpAddr) {
        for key in keys(name, address) {
            let most = match key {
                Key::Name(_) => self.limits.name_wait_max,
                Key::Address(_) => self.limits.address_wait_max,
            };
            self.make_room(now, &key);
            let forget_after = self.limits.forget_after;
            let record =
                self.records.entry(key).or_insert(Record { failures: 0, last: now, blocked_until: now });
            if now.saturating_sub(record.last) > forget_after {
                record.failures = 0;
            }
            record.failures = record.failures.saturating_add(1);
            record.last = now;
            if let Some(over) = record.failures.checked_sub(self.limits.free).filter(|over| *over > 0) {
                let doubled = 1u32.checked_shl(over - 1).unwrap_or(u32::MAX);
                record.blocked_until = now + self.limits.first_wait.saturating_mul(doubled).min(most);
            }
        }
    }

    /// A logon forgives its name; not its address, for whoever has one account may still guess at others.
    pub fn succeeded(&mut self, name: &Utf16) {
        self.records.remove(&Key::Name(name.to_upcased()));
    }

    /// Forgets what is old, and then what is oldest, when a new entry would be one too many.
    fn make_room(&mut self, now: Duration, key: &Key) {
        if self.records.len() < self.limits.entries_max || self.records.contains_key(key) {
            return;
        }
        let forget_after = self.limits.forget_after;
        self.records.retain(|_, record| now.saturating_sub(record.last) <= forget_after);
        while self.records.len() >= self.limits.entries_max.max(1) {
            let oldest =
                self.records.iter().min_by_key(|(_, record)| record.last).map(|(key, _)| key.clone());
            match oldest {
                Some(oldest) => self.records.remove(&oldest),
                None => return,
            };
        }
    }
}

/// A network of IPv6 counts as one: whoever has one address of 64 bits has them all.
fn keys(name: &Utf16, address: IpAddr) -> [Key; 2] {
    let network = match address.to_canonical() {
        IpAddr::V4(address) => IpAddr::V4(address),
        IpAddr::V6(address) => IpAddr::V6((u128::from(address) & !u128::from(u64::MAX)).into()),
    };
    [Key::Name(name.to_upcased()), Key::Address(network)]
}

#[cfg(test)]
mod tests {
    use super::*;

    const S: Duration = Duration::from_secs(1);

    fn name(text: &str) -> Utf16 {
        Utf16(text.encode_utf16().collect())
    }

    fn address(last: u8) -> IpAddr {
        IpAddr::from([10, 0, 0, last])
    }

    #[test]
    fn failures_beyond_the_free_ones_cost_twice_as_much_each_time() {
        let mut throttle = Throttle::default();
        let mut waits = Vec::new();
        for _ in 0..9 {
            throttle.failed(S, &name("alice"), address(1));
            waits.push(throttle.wait(S, &name("nobody"), address(1)).map_or(0, |wait| wait.as_secs()));
        }
        assert_eq!(waits, [0, 0, 0, 0, 0, 1, 2, 4, 8]);
        assert_eq!(throttle.wait(S * 10, &name("nobody"), address(1)), None, "the wait is over");
        assert_eq!(throttle.wait(S, &name("nobody"), address(2)), None, "another address");
    }

    #[test]
    fn a_name_waits_wherever_it_comes_from_but_never_long() {
        let mut throttle = Throttle::default();
        for host in 0..200 {
            throttle.failed(S, &name("alice"), address(host));
        }
        assert_eq!(throttle.wait(S, &name("ALICE"), address(250)), Some(10 * S));
        assert_eq!(throttle.wait(S, &name("bob"), address(7)), None);
        throttle.succeeded(&name("Alice"));
        assert_eq!(throttle.wait(S, &name("alice"), address(250)), None);
    }

    #[test]
    fn a_network_of_ipv6_is_one_address() {
        let mut throttle = Throttle::default();
        for host in 1..=6u128 {
            throttle.failed(S, &name(&host.to_string()), IpAddr::V6((0xfd00 << 112 | host).into()));
        }
        assert!(throttle.wait(S, &name("x"), IpAddr::V6((0xfd00 << 112 | 0xffff).into())).is_some());
        assert!(throttle.wait(S, &name("x"), IpAddr::V6((0xfd00 << 112 | 1 << 64).into())).is_none());
    }

    #[test]
    fn old_failures_are_forgotten() {
        let mut throttle = Throttle::default();
        for _ in 0..6 {
            throttle.failed(S, &name("alice"), address(1));
        }
        throttle.failed(S * 1000, &name("alice"), address(1));
        assert_eq!(throttle.wait(S * 1000, &name("alice"), address(1)), None);
    }

    #[test]
    fn the_memory_of_failures_has_an_end() {
        let limits = Limits { entries_max: 8, ..Limits::default() };
        let mut throttle = Throttle::new(limits);
        for count in 0..1000u32 {
            throttle.failed(S * count / 100, &name(&count.to_string()), IpAddr::from(count.to_be_bytes()));
            assert!(throttle.records.len() <= 8);
        }
    }
}
