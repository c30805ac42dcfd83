//! What the values of flags must look like; each refusal says what is wanted.

use std::{
    net::{IpAddr, SocketAddr, ToSocketAddrs},
    time::Duration,
};

use ipnet::IpNet;

use super::{KeySetLocation, Secret};

/// `127.0.0.1:8080`, `[::1]:8080` or `localhost:8080`.
pub fn address(text: &str) -> Result<SocketAddr, String> {
    let wanted = || "a host and a port are wanted, such as 127.0.0.1:8080".to_owned();
    text.to_socket_addrs().map_err(|_| wanted())?.next().ok_or_else(wanted)
}

/// Longest duration that is taken: adding it to a time cannot overflow.
const YEAR: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// A duration as flags take it: more than nothing, and no more than a year.
///
/// # Errors
/// When it is none; the text says what is wanted.
pub fn duration(text: &str) -> Result<Duration, String> {
    let wanted = "a duration from 1ms to 365days is wanted, such as 50ms, 20s or 1h";
    duration_from(Duration::from_millis(1), text, wanted)
}

/// How often something is done: not so often that it does nothing else.
pub fn interval(text: &str) -> Result<Duration, String> {
    duration_from(Duration::from_millis(10), text, "a duration from 10ms to 365 days is wanted")
}

/// How long something may live.
pub fn lifetime(text: &str) -> Result<Duration, String> {
    duration_from(Duration::from_secs(1), text, "a duration from 1s to 365 days is wanted")
}

fn duration_from(shortest: Duration, text: &str, wanted: &str) -> Result<Duration, String> {
    let duration = humantime::parse_duration(text).ok();
    duration.filter(|d| (shortest..=YEAR).contains(d)).ok_or_else(|| wanted.to_owned())
}

/// How long to wait, which may be not at all.
pub fn pause(text: &str) -> Result<Duration, String> {
    duration_from(Duration::ZERO, text, "a duration up to 365days is wanted, such as 0s or 15s")
}

/// `10.0.0.0/8`, or one address.
pub fn network(text: &str) -> Result<IpNet, String> {
    let network = text.parse().ok().or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from));
    network.ok_or_else(|| "a network is wanted, such as 10.0.0.0/8 or fd00::/8".to_owned())
}

pub fn database_url(text: &str) -> Result<String, String> {
    match text.split_once(':') {
        Some(("postgres" | "postgresql" | "sqlite", _)) => Ok(text.to_owned()),
        _ => Err("a postgres://user@host/database or sqlite://file.db URL is wanted".to_owned()),
    }
}

pub fn redis_url(text: &str) -> Result<String, String> {
    const SCHEMES: [&str; 4] = ["redis", "rediss", "redis-cluster", "rediss-cluster"];
    match url::Url::parse(text) {
        Ok(url) if SCHEMES.contains(&url.scheme()) && url.has_host() => Ok(text.to_owned()),
        _ => Err("a redis://host:port or redis-cluster://host:port URL is wanted".to_owned()),
    }
}

pub fn jwt_secret(text: &str) -> Result<Secret, String> {
    if text.len() < 32 {
        return Err(
            "at least 32 bytes are wanted, such as `openssl rand -hex 32` prints".to_owned()
        );
    }
    Ok(Secret::new(text))
}

/// A path, or an address where nobody between can put in keys of their own.
pub fn key_set(text: &str) -> Result<KeySetLocation, String> {
    if !text.contains("://") {
        return Ok(KeySetLocation::File(text.into()));
    }
    match url::Url::parse(text) {
        Ok(url) if url.scheme() == "https" || (url.scheme() == "http" && is_loopback(&url)) => {
            Ok(KeySetLocation::Url(url))
        }
        _ => Err("a file or an https:// URL is wanted (http:// only for this host)".to_owned()),
    }
}

fn is_loopback(url: &url::Url) -> bool {
    match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost",
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// An OTLP endpoint, below which `v1/traces` is.
pub fn collector(text: &str) -> Result<url::Url, String> {
    match url::Url::parse(text) {
        Ok(url) if matches!(url.scheme(), "http" | "https") && url.has_host() => Ok(url),
        _ => Err("an http:// or https:// URL is wanted, such as http://localhost:4318".to_owned()),
    }
}

/// Of nothing to all.
pub fn share(text: &str) -> Result<f64, String> {
    let share = text.parse().ok().filter(|share| (0.0..=1.0).contains(share));
    share.ok_or_else(|| "a number from 0 to 1 is wanted, such as 0.1".to_owned())
}

/// As browsers send it: scheme, host and port, nothing behind.
pub fn origin(text: &str) -> Result<String, String> {
    match url::Url::parse(text) {
        Ok(url) if url.origin().is_tuple() && url.origin().ascii_serialization() == text => {
            Ok(text.to_owned())
        }
        _ => Err("an origin is wanted, such as https://app.example.org".to_owned()),
    }
}
