//! Paging by offset over tables that come and go meanwhile.

use std::collections::HashSet;

/// Reads pages so that they overlap by one table: if the overlap is not there, tables before it were deleted, what follows
/// has moved up, and the page before is read again. A table is taken once.
#[derive(Debug, Default)]
pub(super) struct Pages {
    offset: usize,
    seen: HashSet<String>,
    overlaps: bool,
    total: Option<usize>,
    done: bool,
}

impl Pages {
    /// Where the next page begins; `None` after the last one.
    pub(super) fn next_offset(&self) -> Option<usize> {
        (!self.done).then_some(self.offset)
    }

    /// Takes a page: the ids in it, and how many the cloud counts in all. Tells for each whether it is new.
    pub(super) fn take(&mut self, ids: &[&str], total: Option<usize>) -> Vec<bool> {
        let moved = self.overlaps && !ids.iter().any(|id| self.seen.contains(*id));
        let fresh = ids
            .iter()
            .map(|id| self.seen.insert((*id).to_owned()))
            .collect();
        let shrunk = match (self.total, total) {
            (Some(before), Some(now)) => before.saturating_sub(now),
            _ => 0,
        };
        self.total = total.or(self.total);
        // A page of one table can't overlap the next; there the total must tell.
        let back = if moved { ids.len().max(1) } else { shrunk };
        if back > 0 && self.offset > 0 && (moved || !self.overlaps) {
            self.offset = self.offset.saturating_sub(back);
            return fresh;
        }
        let end = self.offset + ids.len();
        self.done = ids.is_empty() || self.total.is_none_or(|total| end >= total);
        self.overlaps = ids.len() > 1;
        self.offset = if self.overlaps { end - 1 } else { end };
        fresh
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Pages through a list that `change` alters before each page; gives what was taken and how many pages it took.
    fn through(
        list: &[u32],
        size: usize,
        change: impl Fn(usize, &mut Vec<u32>),
    ) -> (Vec<u32>, usize) {
        let mut list = list.to_vec();
        let (mut pages, mut taken, mut count) = (Pages::default(), Vec::new(), 0);
        while let Some(offset) = pages.next_offset() {
            change(count, &mut list);
            count += 1;
            assert!(count < 100, "does not end");
            let page: Vec<u32> = list.iter().skip(offset).take(size).copied().collect();
            let ids: Vec<String> = page.iter().map(u32::to_string).collect();
            let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
            let fresh = pages.take(&ids, Some(list.len()));
            taken.extend(
                page.iter()
                    .zip(fresh)
                    .filter(|(_, fresh)| *fresh)
                    .map(|(id, _)| *id),
            );
        }
        (taken, count)
    }

    #[test]
    fn a_list_at_rest_is_read_once() {
        for (length, size, expected) in [
            (0, 100, 1),
            (1, 100, 1),
            (100, 100, 1),
            (101, 100, 2),
            (7, 1, 7),
            (7, 3, 3),
        ] {
            let list: Vec<u32> = (0..length).collect();
            let (taken, pages) = through(&list, size, |_, _| {});
            assert_eq!((taken, pages), (list, expected), "{length} by {size}");
        }
    }

    #[test]
    fn what_moves_is_neither_lost_nor_doubled() {
        let list: Vec<u32> = (0..20).collect();
        for size in [1, 2, 5, 7] {
            for at in 1..5 {
                // Some of the first are deleted and as many appended, so that the total stays the same.
                for moved in 0..=2 {
                    let replaced = |page: usize, list: &mut Vec<u32>| {
                        if page == at {
                            list.drain(..moved);
                            let next = u32::try_from(moved).unwrap();
                            list.extend(100..100 + next);
                        }
                    };
                    let (mut taken, _) = through(&list, size, replaced);
                    let count = taken.len();
                    taken.sort_unstable();
                    taken.dedup();
                    assert_eq!(taken.len(), count, "doubled");
                    if size > 1 {
                        let missed: Vec<u32> = (2..20).filter(|id| !taken.contains(id)).collect();
                        assert_eq!(missed, [0; 0], "by {size}, {moved} moved at page {at}");
                    }
                }
                let deleted = |page: usize, list: &mut Vec<u32>| {
                    if page == at {
                        list.remove(0);
                    }
                };
                let (taken, _) = through(&list, size, deleted);
                let missed: Vec<u32> = (1..20).filter(|id| !taken.contains(id)).collect();
                assert_eq!(missed, [0; 0], "by {size}, one deleted at page {at}");
            }
        }
    }
}
