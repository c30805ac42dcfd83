//! Pages of lists: one more row than asked for is read, to know whether the list goes on.

use std::{cmp::Ordering, ops::Range};

pub use crate::store::page::Page;

/// A page of a list, in the list's order.
pub struct Slice<T> {
    /// Its rows.
    pub rows: Vec<T>,
    /// Whether the list goes on after it.
    pub has_next: bool,
    /// Whether the list starts before it.
    pub has_previous: bool,
}

impl<T> Slice<T> {
    /// The same page of what `wrap` makes of its rows.
    pub fn map<U>(self, wrap: impl FnMut(T) -> U) -> Slice<U> {
        let Self { rows, has_next, has_previous } = self;
        Slice { rows: rows.into_iter().map(wrap).collect(), has_next, has_previous }
    }
}

/// The page to read from the database in order to answer `page`.
pub fn probe<C: Clone>(page: &Page<C>) -> Page<C> {
    Page {
        after: page.after.clone(),
        before: page.before.clone(),
        limit: page.limit + 1,
        from_end: page.from_end,
    }
}

/// What answers `page`, of the rows that its [`probe`] read.
pub fn trim<T, C>(mut rows: Vec<T>, page: &Page<C>) -> Slice<T> {
    let limit = usize::try_from(page.limit).unwrap_or(usize::MAX);
    let more = rows.len() > limit;
    if page.from_end {
        rows.drain(..rows.len().saturating_sub(limit));
    } else {
        rows.truncate(limit);
    }
    Slice {
        rows,
        has_next: page.before.is_some() || (more && !page.from_end),
        has_previous: page.after.is_some() || (more && page.from_end),
    }
}

/// Which elements of a list in memory answer `page`. `place` says where an element lies from
/// a cursor's point of view: `Less` is nearer to the list's start.
pub fn cut<T, C>(list: &[T], page: &Page<C>, place: impl Fn(&T, &C) -> Ordering) -> Range<usize> {
    let after = |cursor: &C| list.partition_point(|element| place(element, cursor).is_le());
    let before = |cursor: &C| list.partition_point(|element| place(element, cursor).is_lt());
    let limit = usize::try_from(page.limit).unwrap_or(usize::MAX);
    let start = page.after.as_ref().map_or(0, after);
    let end = page.before.as_ref().map_or(list.len(), before).max(start);
    if page.from_end {
        end.saturating_sub(limit).max(start)..end
    } else {
        start..start.saturating_add(limit).min(end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(after: Option<u32>, before: Option<u32>, limit: u64, from_end: bool) -> Page<u32> {
        Page { after, before, limit, from_end }
    }

    #[test]
    fn cuts_from_either_end_between_cursors() {
        let list: Vec<u32> = (10..20).collect();
        let cut = |page: Page<u32>| list[cut(&list, &page, Ord::cmp)].to_vec();
        assert_eq!(cut(page(None, None, 3, false)), [10, 11, 12]);
        assert_eq!(cut(page(Some(12), None, 3, false)), [13, 14, 15]);
        assert_eq!(cut(page(None, None, 3, true)), [17, 18, 19]);
        assert_eq!(cut(page(None, Some(12), 3, true)), [10, 11]);
        assert_eq!(cut(page(Some(11), Some(14), 9, true)), [12, 13]);
        assert!(cut(page(Some(14), Some(11), 9, false)).is_empty());
        assert!(cut(page(Some(99), None, 9, false)).is_empty());
        assert!(cut(page(None, None, 0, false)).is_empty());
    }

    #[test]
    fn the_extra_row_says_that_the_list_goes_on() {
        let forward = trim(vec![1, 2, 3], &page(None, None, 2, false));
        assert_eq!(
            (forward.rows, forward.has_next, forward.has_previous),
            (vec![1, 2], true, false)
        );
        let backward = trim(vec![1, 2, 3], &page(None, Some(4), 2, true));
        assert_eq!(
            (backward.rows, backward.has_next, backward.has_previous),
            (vec![2, 3], true, true)
        );
        let last = trim(vec![1, 2], &page(Some(0), None, 2, false));
        assert_eq!((last.rows, last.has_next, last.has_previous), (vec![1, 2], false, true));
    }
}
