//! What stands in the cache under a key or a field, and what may replace it.
//!
//! Beside JSON there are two markers, which services that know nothing of them read as a
//! malformed entry, so as a miss:
//!
//! - `!N`: there is no such row as of version N.
//! - `?N`: nothing is known, but that values older than version N must not come back.
//!
//! The same rules stand in scripts/newer.lua.

use std::time::Duration;

use bytes::Bytes;
use rand::Rng;

/// What is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A row as JSON.
    Row,
    /// The same, unless this version of it is there.
    Newer,
    /// The same, in place of something: where nothing is, something newer may have been lost.
    Replacement,
    /// `!N`.
    Removed,
    /// `?N`.
    Outdated,
    /// `!-1`, where nothing is known.
    Absent,
    /// `?N`, in place of exactly what was seen there, however new that says it is.
    Evicted,
}

impl Kind {
    /// Its name in the scripts.
    pub(super) const fn code(self) -> &'static str {
        match self {
            Self::Row => "v",
            Self::Newer => "n",
            Self::Replacement => "r",
            Self::Removed => "!",
            Self::Outdated => "?",
            Self::Absent => "a",
            Self::Evicted => "x",
        }
    }
}

/// One thing to write, if nothing newer is there.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) kind: Kind,
    pub(super) version: i64,
    pub(super) text: Bytes,
}

impl Entry {
    pub(super) fn row(version: i64, text: Bytes) -> Self {
        Self { kind: Kind::Row, version, text }
    }

    pub(super) fn newer(version: i64, text: Bytes) -> Self {
        Self { kind: Kind::Newer, version, text }
    }

    pub(super) fn removed(version: i64) -> Self {
        Self { kind: Kind::Removed, version, text: format!("!{version}").into() }
    }

    pub(super) fn outdated(version: i64) -> Self {
        Self { kind: Kind::Outdated, version, text: format!("?{version}").into() }
    }

    pub(super) fn absent() -> Self {
        Self { kind: Kind::Absent, version: -1, text: Bytes::from_static(b"!-1") }
    }

    /// Replaces what was seen with version `seen`, and whatever is no newer than `floor`: the
    /// database's version, older than which nothing may come back.
    pub(super) fn evicted(seen: i64, floor: i64) -> Self {
        Self { kind: Kind::Evicted, version: seen, text: format!("?{floor}").into() }
    }

    /// The lowest version that may be read where this could not be written. Of a row that is
    /// gone not even the last.
    pub(super) fn floor(&self) -> i64 {
        match self.kind {
            Kind::Row | Kind::Newer | Kind::Replacement | Kind::Outdated | Kind::Absent => {
                self.version
            }
            Kind::Removed => self.version.saturating_add(1),
            Kind::Evicted => Found::parse(&self.text).version(),
        }
    }

    /// Whether it may replace what is there. An equal version may: it is as new, and written
    /// later.
    pub(super) fn replaces(&self, there: Option<&[u8]>) -> bool {
        let Some(there) = there.map(Found::parse) else { return self.kind != Kind::Replacement };
        match (self.kind, there) {
            (Kind::Absent, _) => false,
            (Kind::Outdated, there) => self.version > there.version(),
            (Kind::Newer, Found::Row(_)) => self.version > there.version(),
            (Kind::Evicted, there) => {
                there.version() == self.version || there.version() <= self.floor()
            }
            (Kind::Row | Kind::Newer | Kind::Replacement, Found::Absent(version)) => {
                self.version > version
            }
            (Kind::Row | Kind::Newer | Kind::Replacement | Kind::Removed, there) => {
                self.version >= there.version()
            }
        }
    }
}

/// What is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Found<'a> {
    /// JSON, or so it should be.
    Row(&'a [u8]),
    /// No such row as of a version.
    Absent(i64),
    /// Nothing known.
    Unknown(i64),
}

impl<'a> Found<'a> {
    pub(super) fn parse(text: &'a [u8]) -> Self {
        let version = || number(text.get(1..).unwrap_or_default()).unwrap_or(i64::MIN);
        match text.first() {
            Some(b'!') => Self::Absent(version()),
            Some(b'?') => Self::Unknown(version()),
            _ => Self::Row(text),
        }
    }

    /// Its version. A row without one, as other services write it, is older than anything.
    pub(super) fn version(&self) -> i64 {
        match *self {
            Self::Absent(version) | Self::Unknown(version) => version,
            Self::Row(text) => row_version(text).unwrap_or(i64::MIN),
        }
    }
}

/// The number after the first `"version":`. In a list that is its first, so newest, line's. A
/// quote inside a JSON string is escaped, so that no text in a field can look like it.
fn row_version(text: &[u8]) -> Option<i64> {
    const NAME: &[u8] = b"\"version\"";
    let mut rest = text;
    while let Some(at) = rest.windows(NAME.len()).position(|window| window == NAME) {
        rest = rest[at + NAME.len()..].trim_ascii_start();
        if let Some(value) = rest.strip_prefix(b":")
            && let Some(version) = number(value.trim_ascii_start())
        {
            return Some(version);
        }
    }
    None
}

fn number(text: &[u8]) -> Option<i64> {
    let digits = |text: &[u8]| text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let sign = usize::from(text.first() == Some(&b'-'));
    let end = sign + digits(&text[sign..]);
    std::str::from_utf8(&text[..end]).ok()?.parse().ok()
}

/// A lifetime within 10% of this, so that what was stored together does not lapse together.
pub(super) fn jittered(ttl: Duration) -> Duration {
    ttl.mul_f64(rand::rng().random_range(0.9..=1.1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(version: i64) -> Entry {
        Entry::row(version, Bytes::new())
    }

    #[test]
    fn versions_are_found_as_anybody_writes_them() {
        let version = |text: &str| Found::parse(text.as_bytes()).version();
        assert_eq!(version(r#"{"uid":"a","version":7}"#), 7);
        assert_eq!(version(r#"{ "version" : 12 , "uid":"a"}"#), 12);
        assert_eq!(version(r#"[{"version":9},{"version":8}]"#), 9);
        assert_eq!(version(r#"{"description":"\"version\":99","version":3}"#), 3);
        assert_eq!(version(r#"{"kind":"version","version":3}"#), 3);
        assert_eq!(version(r#"{"uid":"a"}"#), i64::MIN);
        assert_eq!(version("!-1"), -1);
        assert_eq!(version("?5"), 5);
        assert_eq!(version(""), i64::MIN);
    }

    #[test]
    fn newer_wins() {
        let stored = br#"{"version":5}"#.as_slice();
        for (entry, wins) in [
            (row(4), false),
            (row(5), true),
            (Entry::removed(4), false),
            (Entry::removed(5), true),
            (Entry::outdated(5), false),
            (Entry::outdated(6), true),
            (Entry::absent(), false),
            (Entry::evicted(5, 3), true),
            (Entry::evicted(4, 3), false),
            (Entry::evicted(4, 5), true),
        ] {
            assert_eq!(entry.replaces(Some(stored)), wins, "{entry:?}");
            assert!(entry.replaces(None), "{entry:?}");
        }
    }

    #[test]
    fn markers_are_crossed_by_newer_rows_only() {
        let newer = |version| Entry::newer(version, Bytes::new());
        assert!(!newer(5).replaces(Some(br#"{"version":5}"#)));
        assert!(newer(6).replaces(Some(br#"{"version":5}"#)));
        assert!(newer(5).replaces(Some(b"?5")) && !newer(4).replaces(Some(b"?5")));
        assert!(!row(5).replaces(Some(b"!5")));
        assert!(row(6).replaces(Some(b"!5")));
        assert!(!row(4).replaces(Some(b"?5")));
        assert!(row(5).replaces(Some(b"?5")));
        assert!(row(0).replaces(Some(b"!-1")));
        assert!(Entry::outdated(1).replaces(Some(b"!-1")));
        assert!(!Entry::absent().replaces(Some(b"?5")));
        let replacement = Entry { kind: Kind::Replacement, ..row(5) };
        assert!(replacement.replaces(Some(b"?5")) && !replacement.replaces(Some(b"!5")));
        assert!(!replacement.replaces(None), "what was there may have been newer");
    }
}
