//! Where a request comes from, behind proxies that can be trusted to say so.

use std::net::{IpAddr, SocketAddr};

use axum::http::{HeaderMap, header};
use ipnet::IpNet;

use super::clients::Peer;

/// Most hops that are looked at: whoever writes more is no proxy of ours.
const MAX_HOPS: usize = 32;

/// Networks of proxies.
#[derive(Clone, Debug)]
pub struct Proxies(Vec<IpNet>);

impl Proxies {
    /// In these networks.
    pub fn new(networks: Vec<IpNet>) -> Self {
        Self(networks)
    }

    /// The last address on the way here that is no proxy of ours: all before it may be made up.
    pub fn origin(&self, peer: Peer, headers: &HeaderMap) -> Peer {
        if !self.trust(peer.0) {
            return peer;
        }
        let hops = hops(headers);
        let mut nearest = peer;
        for hop in hops.iter().rev().take(MAX_HOPS) {
            // What cannot be read hides all that is before it.
            let Some(address) = address(hop) else { return nearest };
            nearest = Peer(address);
            if !self.trust(address) {
                return nearest;
            }
        }
        nearest
    }

    fn trust(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(&address.to_canonical()))
    }
}

/// The hops from the first to the last, by `Forwarded` where it is there, as it is the standard.
fn hops(headers: &HeaderMap) -> Vec<&str> {
    let texts = |name| headers.get_all(name).iter().map(|value| value.to_str().unwrap_or(""));
    if headers.contains_key(header::FORWARDED) {
        return texts(header::FORWARDED).flat_map(|text| text.split(',')).map(forwarded).collect();
    }
    let name = header::HeaderName::from_static("x-forwarded-for");
    texts(name).flat_map(|text| text.split(',')).map(str::trim).collect()
}

/// The `for` of one element; empty where it has none.
fn forwarded(element: &str) -> &str {
    let found = element.split(';').find_map(|pair| {
        let (name, value) = pair.split_once('=')?;
        name.trim().eq_ignore_ascii_case("for").then(|| value.trim().trim_matches('"'))
    });
    found.unwrap_or_default()
}

/// `192.0.2.1`, `192.0.2.1:80`, `2001:db8::1`, `[2001:db8::1]` or `[2001:db8::1]:80`.
fn address(hop: &str) -> Option<IpAddr> {
    let bare = hop.strip_prefix('[').and_then(|hop| hop.strip_suffix(']')).unwrap_or(hop);
    let address = bare.parse().ok().or_else(|| hop.parse::<SocketAddr>().ok().map(|a| a.ip()));
    address.map(|address: IpAddr| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn origin(peer: &str, headers: &[(&'static str, &str)]) -> String {
        let proxies = ["10.0.0.0/8", "fd00::/8"].map(|network| network.parse().unwrap());
        let headers = headers
            .iter()
            .map(|(name, value)| (header::HeaderName::from_static(name), value.parse().unwrap()));
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(name, value);
        }
        Proxies::new(proxies.into()).origin(Peer(peer.parse().unwrap()), &map).0.to_string()
    }

    #[test]
    fn only_a_proxy_is_believed() {
        let header = [("x-forwarded-for", "203.0.113.7")];
        assert_eq!(origin("198.51.100.1", &header), "198.51.100.1");
        assert_eq!(origin("10.0.0.1", &header), "203.0.113.7");
        assert_eq!(origin("::ffff:10.0.0.1", &header), "203.0.113.7");
        assert_eq!(origin("fd00::1", &header), "203.0.113.7");
        assert_eq!(origin("10.0.0.1", &[]), "10.0.0.1");
    }

    #[test]
    fn what_the_client_wrote_itself_is_not() {
        for (value, expected) in [
            ("1.1.1.1, 203.0.113.7", "203.0.113.7"),
            ("1.1.1.1, 203.0.113.7, 10.0.0.2", "203.0.113.7"),
            ("10.0.0.3, 10.0.0.2", "10.0.0.3"),
            ("203.0.113.7, nonsense", "10.0.0.1"),
            ("203.0.113.7, nonsense, 10.0.0.2", "10.0.0.2"),
            ("", "10.0.0.1"),
        ] {
            assert_eq!(origin("10.0.0.1", &[("x-forwarded-for", value)]), expected, "{value}");
        }
        let twice = [("x-forwarded-for", "1.1.1.1"), ("x-forwarded-for", "203.0.113.7")];
        assert_eq!(origin("10.0.0.1", &twice), "203.0.113.7");
    }

    #[test]
    fn the_standard_header_is_read_too() {
        for (value, expected) in [
            ("for=203.0.113.7;proto=https", "203.0.113.7"),
            ("for=1.1.1.1, proto=https;For=\"203.0.113.7:4711\"", "203.0.113.7"),
            ("for=\"[2001:db8::7]:4711\"", "2001:db8::7"),
            ("for=\"[2001:db8::7]\"", "2001:db8::7"),
            ("for=unknown", "10.0.0.1"),
        ] {
            let headers = [("forwarded", value), ("x-forwarded-for", "1.1.1.1")];
            assert_eq!(origin("10.0.0.1", &headers), expected, "{value}");
        }
    }
}
