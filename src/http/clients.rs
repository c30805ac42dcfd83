//! How much each client may ask: requests a second, and operations under way at once. A client
//! is a token's subject, or an address where there is no token that counts.

use std::{
    net::IpAddr,
    num::NonZeroU32,
    sync::Arc,
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

use dashmap::{DashMap, Entry};
use governor::{
    DefaultKeyedRateLimiter, Quota, RateLimiter,
    clock::{Clock, DefaultClock},
};

use super::fault::Fault;
use crate::{
    auth::{Identity, Role},
    config::LimitsConfig,
    entity::Uid,
};

/// When to try again where it is not known when there will be room.
const RETRY_WHEN_FULL: Duration = Duration::from_millis(100);
/// Requests after which clients that were quiet for a while are forgotten.
const TIDY_EVERY: u32 = 10_000;

/// Who is counted.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Client {
    Subject(Uid),
    /// Of IPv6 the first half: whoever has one such address has all of its network.
    Address(IpAddr),
}

/// The address that a connection comes from.
#[derive(Clone, Copy, Debug)]
pub struct Peer(pub IpAddr);

/// What clients have asked lately, and have under way.
pub struct Clients {
    /// Users, and who has no token.
    users: Tier,
    /// OPERATOR and ADMIN: other services and staff, who ask on behalf of many.
    operators: Tier,
    requests: AtomicU32,
    under_way: Arc<DashMap<Client, u32>>,
}

struct Tier {
    rate: DefaultKeyedRateLimiter<Client>,
    per_second: u32,
    at_once: u32,
    flags: [&'static str; 2],
}

/// Room for one operation, until it is dropped.
pub struct Permit {
    client: Client,
    under_way: Arc<DashMap<Client, u32>>,
}

impl Clients {
    /// Within these limits.
    pub fn new(limits: &LimitsConfig) -> Self {
        Self {
            users: Tier::new(
                limits.rate_limit,
                limits.concurrent_operations,
                ["--rate-limit", "--concurrent-operations"],
            ),
            operators: Tier::new(
                limits.operator_rate_limit,
                limits.operator_concurrent_operations,
                ["--operator-rate-limit", "--operator-concurrent-operations"],
            ),
            requests: AtomicU32::new(0),
            under_way: Arc::default(),
        }
    }

    /// Room for one more operation.
    ///
    /// # Errors
    /// 429 when the client asks too often, or has too much under way.
    pub fn admit(&self, identity: Option<&Identity>, peer: Peer) -> Result<Permit, Fault> {
        let tier = match identity.map(|identity| identity.role) {
            Some(Role::Operator | Role::Admin) => &self.operators,
            Some(Role::User) | None => &self.users,
        };
        let client = Client::of(identity, peer);
        self.tidy_now_and_then();
        tier.check_rate(&client)?;
        tier.enter(client, &self.under_way)
    }

    /// Counts a request that is refused anyway, so that tokens cannot be guessed at any rate.
    ///
    /// # Errors
    /// 429 when the address asks too often.
    pub fn count_stranger(&self, peer: Peer) -> Result<(), Fault> {
        self.tidy_now_and_then();
        self.users.check_rate(&Client::of(None, peer))
    }

    fn tidy_now_and_then(&self) {
        if self.requests.fetch_add(1, Ordering::Relaxed) % TIDY_EVERY == TIDY_EVERY - 1 {
            self.users.rate.retain_recent();
            self.operators.rate.retain_recent();
        }
    }
}

impl Tier {
    fn new(per_second: u32, at_once: u32, flags: [&'static str; 2]) -> Self {
        let quota = Quota::per_second(NonZeroU32::new(per_second).unwrap_or(NonZeroU32::MIN));
        Self { rate: RateLimiter::keyed(quota), per_second, at_once, flags }
    }

    fn check_rate(&self, client: &Client) -> Result<(), Fault> {
        self.rate.check_key(client).map_err(|until| {
            let [flag, _] = self.flags;
            let most = self.per_second;
            let wait = until.wait_time_from(DefaultClock::default().now());
            Fault::rate_limited(format!("at most {most} requests a second ({flag})"), wait)
        })
    }

    fn enter(
        &self,
        client: Client,
        under_way: &Arc<DashMap<Client, u32>>,
    ) -> Result<Permit, Fault> {
        let mut count = under_way.entry(client.clone()).or_insert(0);
        if *count >= self.at_once {
            let [_, flag] = self.flags;
            let text = format!("at most {} operations at once ({flag})", self.at_once);
            return Err(Fault::rate_limited(text, RETRY_WHEN_FULL));
        }
        *count += 1;
        drop(count);
        Ok(Permit { client, under_way: Arc::clone(under_way) })
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        if let Entry::Occupied(mut entry) = self.under_way.entry(self.client.clone()) {
            match entry.get().saturating_sub(1) {
                0 => drop(entry.remove()),
                left => *entry.get_mut() = left,
            }
        }
    }
}

impl Client {
    fn of(identity: Option<&Identity>, Peer(address): Peer) -> Self {
        match (identity, address) {
            (Some(identity), _) => Self::Subject(identity.uid.clone()),
            (None, IpAddr::V4(address)) => Self::Address(address.into()),
            (None, IpAddr::V6(address)) => match address.to_ipv4_mapped() {
                Some(address) => Self::Address(address.into()),
                None => Self::Address(network(address).into()),
            },
        }
    }
}

fn network(address: std::net::Ipv6Addr) -> std::net::Ipv6Addr {
    (u128::from(address) >> 64 << 64).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{config::testing, entity::clock};

    fn clients(flags: &[&str]) -> Clients {
        Clients::new(&testing::parse(flags).unwrap().limits)
    }

    fn somebody(uid: &str, role: Role) -> Identity {
        Identity { uid: Uid::stored(uid), role, expires_at: clock::now(), key: None }
    }

    fn at(address: &str) -> Peer {
        Peer(address.parse().unwrap())
    }

    #[test]
    fn each_client_has_a_rate_of_its_own() {
        let clients = clients(&["--rate-limit=2", "--operator-rate-limit=5"]);
        let admitted = |identity: Option<&Identity>, peer: &str| {
            (0..10).filter(|_| clients.admit(identity, at(peer)).is_ok()).count()
        };
        assert_eq!(admitted(Some(&somebody("ann", Role::User)), "10.0.0.1"), 2);
        assert_eq!(admitted(Some(&somebody("ann", Role::User)), "10.0.0.2"), 0, "anywhere");
        assert_eq!(admitted(Some(&somebody("bob", Role::User)), "10.0.0.1"), 2);
        assert_eq!(admitted(Some(&somebody("op", Role::Operator)), "10.0.0.1"), 5);
        assert_eq!(admitted(None, "10.0.0.1"), 2);
        assert_eq!(admitted(None, "10.0.0.2"), 2);
        assert_eq!(admitted(None, "2001:db8::1"), 2);
        assert_eq!(admitted(None, "2001:db8::2"), 0, "the same network");
        assert!(clients.count_stranger(at("10.0.0.1")).is_err());
    }

    #[test]
    fn operations_at_once_are_counted_while_they_last() {
        let clients = clients(&["--concurrent-operations=2"]);
        let ann = somebody("ann", Role::User);
        let admit = || clients.admit(Some(&ann), at("10.0.0.1"));
        let held = [admit(), admit()];
        assert!(held.iter().all(Result::is_ok) && admit().is_err());
        drop(held);
        assert!(clients.under_way.is_empty(), "nothing is kept of who has nothing under way");
        assert!(admit().is_ok());
    }
}
