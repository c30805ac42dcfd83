//! How much each client may ask: requests a second, and operations under way at once. A client
//! is a token's subject, or an address where there is no token that counts.

use std::{
    convert::Infallible,
    net::IpAddr,
    num::NonZeroU32,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use governor::{
    DefaultDirectRateLimiter, Quota, RateLimiter,
    clock::{Clock, DefaultClock},
};
use quick_cache::sync::Cache;

use super::fault::Fault;
use crate::{
    auth::{Identity, Role},
    config::LimitsConfig,
    entity::Uid,
};

/// When to try again where it is not known when there will be room.
const RETRY_WHEN_FULL: Duration = Duration::from_millis(100);
/// Clients of a tier that are remembered: those that ask most. Who is forgotten starts anew.
const REMEMBERED: usize = 50_000;

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
}

struct Tier {
    shares: Cache<Client, Arc<Share>>,
    rate: Quota,
    at_once: u32,
    flags: [&'static str; 2],
}

/// What one client has of what it may have.
struct Share {
    rate: DefaultDirectRateLimiter,
    under_way: AtomicU32,
}

/// Room for one operation, until it is dropped.
pub struct Permit(Arc<Share>);

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
        let share = tier.share(&Client::of(identity, peer));
        tier.check_rate(&share)?;
        tier.enter(share)
    }

    /// Counts a request that is refused anyway, so that tokens cannot be guessed at any rate.
    ///
    /// # Errors
    /// 429 when the address asks too often.
    pub fn count_stranger(&self, peer: Peer) -> Result<(), Fault> {
        self.users.check_rate(&self.users.share(&Client::of(None, peer)))
    }
}

impl Tier {
    fn new(per_second: u32, at_once: u32, flags: [&'static str; 2]) -> Self {
        let rate = Quota::per_second(NonZeroU32::new(per_second).unwrap_or(NonZeroU32::MIN));
        Self { shares: Cache::new(REMEMBERED), rate, at_once, flags }
    }

    fn share(&self, client: &Client) -> Arc<Share> {
        let anew = || Share { rate: RateLimiter::direct(self.rate), under_way: AtomicU32::new(0) };
        let share = self.shares.get_or_insert_with(client, || Ok::<_, Infallible>(anew().into()));
        share.unwrap_or_else(|never| match never {})
    }

    fn check_rate(&self, share: &Share) -> Result<(), Fault> {
        share.rate.check().map_err(|until| {
            let [flag, _] = self.flags;
            let most = self.rate.burst_size();
            let wait = until.wait_time_from(DefaultClock::default().now());
            Fault::rate_limited(format!("at most {most} requests a second ({flag})"), wait)
        })
    }

    fn enter(&self, share: Arc<Share>) -> Result<Permit, Fault> {
        let before = share.under_way.fetch_add(1, Ordering::Relaxed);
        let permit = Permit(share);
        if before >= self.at_once {
            let [_, flag] = self.flags;
            let text = format!("at most {} operations at once ({flag})", self.at_once);
            return Err(Fault::rate_limited(text, RETRY_WHEN_FULL));
        }
        Ok(permit)
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.0.under_way.fetch_sub(1, Ordering::Relaxed);
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
        assert!(admit().is_ok(), "what ended, and what was refused, takes no room");
    }
}
