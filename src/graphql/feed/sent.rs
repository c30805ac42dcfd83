//! Which ledger lines a feed was sent lately, and the cursor that says so.
//!
//! Lines are numbered when they are made and seen when they are committed, which is another
//! order: of two lines the later number may be seen first. So a cursor is not a number alone. It
//! is the span of numbers that was looked at, and how many lines of it were sent. When the
//! ledger has as many in that span, all of them were; when it has more, some came late, and
//! nobody knows which.

use std::collections::BTreeSet;

use chrono::TimeDelta;
use ulid::Ulid;

use super::super::connection::Cursor;

/// How long a line is remembered: longer than it can be on its way, or be told of again.
const SPAN: TimeDelta = TimeDelta::minutes(2);
/// Most lines that are remembered.
pub const MAX_SENT: usize = 50_000;

/// A place in the feed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FeedCursor {
    /// Nothing is known about this number and those before.
    pub from: Ulid,
    /// The last number that was sent.
    pub last: Ulid,
    /// How many lines after `from`, up to `last`, were sent.
    pub count: usize,
}

impl Cursor for FeedCursor {
    const LIST: &'static str = "feed";

    fn text(&self) -> String {
        format!("{}.{}.{}", self.from, self.last, self.count)
    }

    fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('.');
        let mut number = || Ulid::from_string(parts.next()?).ok();
        let (from, last) = (number()?, number()?);
        let count = parts.next()?.parse().ok()?;
        Some(Self { from, last, count }).filter(|cursor| cursor.from <= cursor.last)
    }
}

/// The lines of a span that were sent, or are not to be.
#[derive(Debug)]
pub struct Sent {
    from: Ulid,
    lines: BTreeSet<Ulid>,
}

impl Sent {
    /// These lines after `from`.
    pub fn new(from: Ulid, lines: impl IntoIterator<Item = Ulid>) -> Self {
        Self { from, lines: lines.into_iter().collect() }
    }

    /// Nothing is known about this number and those before.
    pub fn from(&self) -> Ulid {
        self.from
    }

    /// Whether a line was sent.
    pub fn has(&self, line: Ulid) -> bool {
        self.lines.contains(&line)
    }

    /// Whether a line is to be sent: once. One from before the span is, to be safe.
    pub fn add(&mut self, line: Ulid) -> bool {
        if line <= self.from {
            return true;
        }
        let is_new = self.lines.insert(line);
        self.forget();
        is_new
    }

    /// Where the feed stands.
    pub fn cursor(&self) -> FeedCursor {
        let last = self.lines.last().copied().unwrap_or(self.from);
        FeedCursor { from: self.from, last, count: self.lines.len() }
    }

    fn forget(&mut self) {
        let span = u64::try_from(SPAN.num_milliseconds()).unwrap_or_default();
        let last = self.lines.last().map_or(0, Ulid::timestamp_ms);
        while let Some(first) = self.lines.first().copied()
            && (self.lines.len() > MAX_SENT || first.timestamp_ms() + span < last)
        {
            self.lines.pop_first();
            self.from = first;
        }
    }
}

/// The first number of a moment so long before this one that nothing older is on its way.
pub fn span_before(now_ms: u64) -> Ulid {
    let span = u64::try_from(SPAN.num_milliseconds()).unwrap_or_default();
    Ulid::from_parts(now_ms.saturating_sub(span), 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: u64) -> Ulid {
        Ulid::from_parts(ms, 7)
    }

    #[test]
    fn a_line_is_sent_once_and_counted() {
        let mut sent = Sent::new(at(0), [at(1)]);
        assert!(!sent.add(at(1)) && sent.add(at(3)) && sent.add(at(2)) && !sent.add(at(3)));
        assert_eq!(sent.cursor(), FeedCursor { from: at(0), last: at(3), count: 3 });
    }

    #[test]
    fn old_lines_are_forgotten_and_the_span_says_so() {
        let mut sent = Sent::new(at(0), [at(1), at(2)]);
        sent.add(at(130_000));
        assert_eq!(sent.cursor(), FeedCursor { from: at(2), last: at(130_000), count: 1 });
        assert!(sent.add(at(1)), "nobody knows whether it was sent");
        let mut many = Sent::new(at(0), []);
        for n in 1..=MAX_SENT as u128 + 5 {
            many.add(Ulid(at(1).0 + n));
        }
        assert_eq!(many.cursor().count, MAX_SENT);
        assert_eq!(many.cursor().from, Ulid(at(1).0 + 5));
    }

    #[test]
    fn a_cursor_is_read_as_it_was_written() {
        let cursor = FeedCursor { from: at(5), last: at(9), count: 3 };
        assert_eq!(FeedCursor::decode(&cursor.encode()).unwrap(), cursor);
        let backwards = FeedCursor { from: at(9), last: at(5), count: 3 };
        assert!(FeedCursor::decode(&backwards.encode()).is_err());
        assert!(FeedCursor::decode(&7_i64.encode()).is_err());
    }
}
