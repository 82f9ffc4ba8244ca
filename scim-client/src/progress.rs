//! What has been read of a listing, and where it goes on: a decision without I/O, so that no server
//! can make it turn in circles or take a cut-off listing for a whole one.

use std::collections::HashSet;
use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;

use scim_types::{ListResponse, Resource};

use crate::cursor::Place;

/// Empty pages in a row, each with a cursor of its own, after which a server is taken to be broken.
const EMPTY_PAGES: u32 = 10_000;

/// How far beyond the server's own count a listing is read, in multiples of it and in resources.
const BEYOND: (u64, u64) = (10, 1_000);

/// What follows a page.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Step {
    Next,
    End,
    /// The rest cannot be reached: why.
    Broken(String),
}

pub(crate) struct Progress {
    pub(crate) place: Place,
    pub(crate) count: u64,
    /// Read by the process that this listing was resumed from.
    before: u64,
    /// Hashes of ids and cursors: a listing may be long.
    seen: HashSet<u64>,
    /// The ids of the second pass, once there is one.
    again: Option<HashSet<u64>>,
    ids: u64,
    unnamed: u64,
    empty_pages: u32,
    /// What the server said last of how many there are, where it did not count the page alone.
    total: Option<u64>,
    /// By how many that has shrunk.
    shrunk: u64,
    /// Pages that start before this place are read once more, and may hold nothing new.
    reread_until: u64,
    /// Resources of the largest page so far.
    largest: u64,
    /// This page was asked for to see whether there is one.
    probes: bool,
    hasher: RandomState,
}

impl Progress {
    pub(crate) fn new(place: Place, count: u64, before: u64) -> Self {
        Self {
            place,
            count,
            before,
            seen: HashSet::new(),
            again: None,
            ids: 0,
            unnamed: 0,
            empty_pages: 0,
            total: None,
            shrunk: 0,
            reread_until: 0,
            largest: 0,
            probes: false,
            hasher: RandomState::new(),
        }
    }

    /// Different resources read so far.
    pub(crate) fn read(&self) -> u64 {
        self.before + self.ids + self.unnamed
    }

    /// Of these, how many stand before the place where it goes on.
    pub(crate) fn read_before_place(&self) -> u64 {
        match self.place {
            Place::Index(start) => self.read().min(start.saturating_sub(1)),
            Place::Token(_) => self.read(),
        }
    }

    /// Whether everything is asked for a second time.
    pub(crate) fn is_again(&self) -> bool {
        self.again.is_some()
    }

    /// Leaves on the page what has not been given out yet, and moves on.
    pub(crate) fn turn<R: Resource>(&mut self, page: &mut ListResponse<R>) -> Step {
        let came = page.resources.len() as u64;
        let progress = self.keep_new(&mut page.resources);
        let token = page.next_cursor.as_deref().filter(|token| !token.is_empty());
        match (token, &self.place) {
            (Some(token), _) => self.after_cursor(token, came, progress, page.total_results),
            (None, Place::Token(token)) if !token.is_empty() => {
                self.after_last_cursor(page.total_results)
            }
            // A server that does not know cursors answers as if none had been asked for.
            (None, Place::Token(_)) => self.after_index(1, came, progress, page.total_results),
            (None, &Place::Index(start)) => {
                self.after_index(start, came, progress, page.total_results)
            }
        }
    }

    /// Whether the page holds something that this pass has not seen.
    fn keep_new<R: Resource>(&mut self, resources: &mut Vec<R>) -> bool {
        let unnamed = resources.iter().filter(|resource| resource.id().is_none()).count() as u64;
        let page_is_new = unnamed == 0 || self.is_new_page(resources);
        let mut progress = unnamed > 0 && page_is_new;
        resources.retain(|resource| {
            let Some(id) = resource.id() else { return page_is_new };
            let mark = self.hasher.hash_one(id);
            let is_new = self.seen.insert(mark);
            self.ids += u64::from(is_new);
            progress |= match &mut self.again {
                Some(again) => again.insert(mark),
                None => is_new,
            };
            is_new
        });
        self.unnamed += if page_is_new { unnamed } else { 0 };
        progress
    }

    /// Resources without id cannot be told apart, but a page that comes word for word again can.
    fn is_new_page<R: Resource>(&mut self, resources: &[R]) -> bool {
        let text = serde_json::to_vec(resources).unwrap_or_default();
        let mark = self.hasher.hash_one(text);
        self.seen.insert(mark)
    }

    /// No further cursor: the end, unless the server has counted more.
    fn after_last_cursor(&self, total: Option<u64>) -> Step {
        match total.or(self.total) {
            Some(total) if total > self.read() => Step::Broken(format!(
                "the server gave {} of {total} resources, and then no further cursor; the listing is \
                not whole: start it again, or list by index",
                self.read()
            )),
            _ => Step::End,
        }
    }

    /// Whether so much more came than the server counts that it will not end.
    fn is_endless(&self) -> bool {
        let (times, more) = BEYOND;
        self.total.is_some_and(|total| self.read() > total.saturating_mul(times) + more)
    }

    fn after_cursor(&mut self, token: &str, came: u64, progress: bool, total: Option<u64>) -> Step {
        self.empty_pages = if came == 0 { self.empty_pages + 1 } else { 0 };
        self.total = total.filter(|total| *total > came).or(self.total);
        let mark = self.hasher.hash_one(("cursor", token));
        let fault = match () {
            () if !self.seen.insert(mark) => {
                "the server names a cursor as next that was read already"
            }
            () if came > 0 && !progress => "the page at a new cursor holds nothing new",
            () if self.is_endless() => {
                "the server gives ever more resources than it says there are"
            }
            () if self.empty_pages > EMPTY_PAGES => {
                "the server names ever new cursors of empty pages"
            }
            () => {
                self.place = Place::Token(token.to_owned());
                return Step::Next;
            }
        };
        match total.is_some_and(|total| self.read() >= total) && !self.is_endless() {
            true => Step::End,
            false => Step::Broken(format!(
                "{fault}; the rest of the listing cannot be reached, {} resources were read",
                self.read()
            )),
        }
    }

    fn after_index(&mut self, start: u64, came: u64, progress: bool, total: Option<u64>) -> Step {
        // Some servers count the page instead of the listing, and some have more than they count.
        let is_full = came > 0 && came == self.count;
        let is_page_count = |total| is_full && total == came && !self.is_again();
        let total = total.filter(|&total| came <= total && !is_page_count(total));
        self.probes = false;
        if self.steps_back(start, came, total) {
            return Step::Next;
        }
        // More came than it counts, and as much as it gives at once: there may be still more.
        self.largest = self.largest.max(came);
        let may_go_on = came > 0 && came == self.largest && start > 1;
        let total = total.filter(|total| !may_go_on || self.read() <= total + self.shrunk);
        if total.is_some_and(|total| self.is_at_end(start, came, total)) {
            return self.probe(start, came, total);
        }
        if self.is_endless() {
            let why = "the server gives ever more resources than it says there are";
            return Step::Broken(format!("{why}; {} were read", self.read()));
        }
        if progress || start < self.reread_until && came > 0 {
            self.place = Place::Index(start.saturating_add(came));
            return Step::Next;
        }
        if total.is_some_and(|total| self.read() >= total) {
            return Step::End;
        }
        if self.unnamed > 0 && (is_full || total.is_some()) {
            let why = "a page came again word for word, and resources without ids cannot be told \
                       apart; list their ids, too";
            return Step::Broken(why.to_owned());
        }
        let Some(total) = total else {
            return self.after_unknown_total(is_full);
        };
        if self.is_again() {
            return Step::Broken(self.cut_off(total));
        }
        // Servers that ignore `startIndex`, order anew for each page, or were changed meanwhile:
        // once more, and all in one page if the server gives as much.
        self.start_again(total);
        Step::Next
    }

    /// Where resources are deleted while the listing is read, all that follow move up, past the place
    /// at which they would be read: it is gone back by as many places.
    fn steps_back(&mut self, start: u64, came: u64, total: Option<u64>) -> bool {
        let before = self.total;
        let is_told = total.is_some_and(|total| total > came) || before.is_some();
        self.total = total.filter(|_| is_told).or(before);
        let gone = before.zip(total).map_or(0, |(before, now)| before.saturating_sub(now));
        if gone == 0 || start == 1 || self.is_again() || self.shrunk > BEYOND.1 + self.read() {
            return false;
        }
        self.shrunk += gone;
        self.reread_until = self.reread_until.max(start.saturating_add(came));
        self.place = Place::Index(start.saturating_sub(gone).max(1));
        true
    }

    // Of what was read, as many may have been deleted since as the count has shrunk by; then the place
    // tells where the end is.
    fn is_at_end(&self, start: u64, came: u64, total: u64) -> bool {
        let is_past = self.shrunk > 0 && start.saturating_add(came) > total;
        is_past || self.read() >= total + self.shrunk
    }

    /// The end, but for one case: a server that caps its pages at a round number and counts only the
    /// page looks as if it had no more. One request tells.
    fn probe(&mut self, start: u64, came: u64, total: Option<u64>) -> Step {
        let is_round = came >= 10 && (came.is_multiple_of(10) || came.is_power_of_two());
        if start != 1 || total != Some(came) || came >= self.count || !is_round || self.is_again() {
            return Step::End;
        }
        self.probes = true;
        self.place = Place::Index(came + 1);
        Step::Next
    }

    /// Whether this page may well not be there.
    pub(crate) fn probes(&self) -> bool {
        self.probes
    }

    /// From the first page on, without giving out again what has been.
    pub(crate) fn start_again(&mut self, count: u64) {
        self.again = Some(HashSet::new());
        self.before = 0;
        self.count = count;
        self.place = Place::Index(1);
    }

    pub(crate) fn is_by_index(&self) -> bool {
        matches!(self.place, Place::Index(_))
    }

    /// Nothing new came. If as much came as was asked for, the server may ignore `startIndex`, and a
    /// larger page shows whether there is more.
    fn after_unknown_total(&mut self, is_full: bool) -> Step {
        if !is_full {
            return Step::End;
        }
        self.count = self.count.saturating_mul(10);
        self.place = Place::Index(1);
        Step::Next
    }

    pub(crate) fn cut_off(&self, total: u64) -> String {
        format!(
            "the server gave {} of {total} resources, then nothing new, also when asked for all at \
             once; the listing is not whole: filter it into parts, or list by cursor",
            self.read()
        )
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use scim_types::User;

    use super::*;

    #[derive(Clone, Copy, Debug, PartialEq)]
    enum Total {
        Right,
        Absent,
        /// Of the page, not of the listing.
        OfPage,
        TooLarge,
    }

    #[derive(Clone, Debug)]
    struct Server {
        users: usize,
        ignores_count: bool,
        ignores_index: bool,
        most: usize,
        total: Total,
    }

    impl Server {
        fn page(&self, progress: &Progress) -> ListResponse<User> {
            let Place::Index(start) = progress.place else { panic!("no cursors here") };
            let start = if self.ignores_index { 1 } else { start as usize };
            let count = if self.ignores_count { usize::MAX } else { progress.count as usize };
            let last = (start - 1).saturating_add(count.min(self.most)).min(self.users);
            let user = |n: usize| User { id: Some(n.to_string()), ..User::new(n.to_string()) };
            let mut page = ListResponse::page((start..=last).map(user).collect(), 1, 0);
            page.total_results = match self.total {
                Total::Right => Some(self.users as u64),
                Total::Absent => None,
                Total::OfPage => Some(page.resources.len() as u64),
                Total::TooLarge => Some(self.users as u64 + 3),
            };
            page
        }

        /// The ids that came, how it ended, and after how many pages.
        fn read(&self, count: u64) -> (Vec<usize>, Step, usize) {
            let mut progress = Progress::new(Place::Index(1), count, 0);
            let mut ids = Vec::new();
            for pages in 1.. {
                let mut page = self.page(&progress);
                let step = progress.turn(&mut page);
                ids.extend(
                    page.resources.iter().map(|user| user.id().unwrap().parse::<usize>().unwrap()),
                );
                if step != Step::Next {
                    return (ids, step, pages);
                }
                assert!(pages < 1_000, "it turns in circles");
            }
            unreachable!()
        }
    }

    fn total() -> impl Strategy<Value = Total> {
        prop_oneof![
            Just(Total::Right),
            Just(Total::Absent),
            Just(Total::OfPage),
            Just(Total::TooLarge)
        ]
    }

    proptest! {
        #[test]
        fn whatever_the_server_a_listing_is_whole_or_an_error(
            users in 0usize..40,
            ignores_count: bool,
            ignores_index: bool,
            most in 1usize..60,
            total in total(),
            count in 1u64..30,
        ) {
            let server = Server { users, ignores_count, ignores_index, most, total };
            let (ids, step, pages) = server.read(count);
            let expected: Vec<usize> = (1..=ids.len()).collect();
            prop_assert_eq!(&ids, &expected, "once each, in order");
            prop_assert!(pages <= 3 * users + 10);
            let is_whole = ids.len() == users;
            // A server that gives no more than its own limit and says nothing of the rest cannot be
            // told from one that has no more.
            let is_silent = match total {
                Total::Right | Total::TooLarge => false,
                Total::Absent => ignores_index && users > most,
                Total::OfPage => users > most,
            };
            match total {
                Total::TooLarge => prop_assert!(matches!(step, Step::Broken(_))),
                _ if is_silent => {}
                Total::Right if ignores_index && users > most => {
                    prop_assert!(matches!(step, Step::Broken(_)));
                }
                _ => prop_assert_eq!((is_whole, step), (true, Step::End)),
            }
        }
    }
}
