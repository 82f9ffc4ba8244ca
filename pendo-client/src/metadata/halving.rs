//! Which part of a chunk to send next: halve what is refused down to the bad records, but give up
//! early when everything is refused for one reason. No I/O here, so that the plan can be tested.

use std::sync::Arc;

use super::answer::{Rest, Verdict};
use super::report::Delivery;

/// What came back for one piece.
#[derive(Debug)]
pub(super) enum Reply {
    Judged(Verdict),
    /// Nothing was said about single records. `too_big`: a smaller piece may pass as it is.
    Refused {
        reason: Arc<str>,
        too_big: bool,
    },
    /// Sending more of this chunk is pointless.
    Broken {
        reason: Arc<str>,
    },
}

/// The state of one chunk: positions of records, never the records themselves.
#[derive(Debug)]
pub(super) struct Halving {
    outcomes: Vec<Option<Delivery>>,
    todo: Vec<Vec<usize>>,
    refused: Vec<Vec<usize>>,
    reasons: Reasons,
    /// Some part was taken, so the fault is not in everything.
    passed: bool,
    probed: bool,
    largest_passed: usize,
    smallest_too_big: Option<usize>,
}

/// Whether all refusals so far gave one reason.
#[derive(Debug)]
enum Reasons {
    None,
    One(Arc<str>),
    Many,
}

impl Halving {
    pub(super) fn new(records: usize) -> Self {
        Self {
            outcomes: vec![None; records],
            todo: vec![(0..records).collect()],
            refused: Vec::new(),
            reasons: Reasons::None,
            passed: false,
            probed: false,
            largest_passed: 0,
            smallest_too_big: None,
        }
    }

    /// The positions to send next; `None` when every record has its outcome.
    pub(super) fn next_piece(&mut self) -> Option<Vec<usize>> {
        loop {
            while let Some(mut piece) = self.todo.pop() {
                piece.retain(|index| self.outcomes[*index].is_none());
                if !piece.is_empty() {
                    return Some(piece);
                }
            }
            if !self.plan_more() {
                return None;
            }
        }
    }

    /// Everything that was planned is sent: decide what follows from it.
    fn plan_more(&mut self) -> bool {
        if self.refused.is_empty() {
            return false;
        }
        match (&self.reasons, self.passed) {
            (Reasons::One(reason), false) if self.probed => {
                let reason = Arc::clone(reason);
                self.fail_all(&reason);
                return false;
            }
            (Reasons::One(_), false) if self.refused.len() > 1 => self.probe(),
            _ => self.halve(),
        }
        true
    }

    /// Both halves were refused for one reason: single records from all over the chunk tell whether
    /// the fault is in everything.
    fn probe(&mut self) {
        self.probed = true;
        let open = self.open();
        let count = (2 * open.len().ilog2() as usize).clamp(1, open.len());
        let spread = |nth: usize| open[nth * (open.len() - 1) / (count - 1).max(1)];
        self.todo = (0..count).rev().map(|nth| vec![spread(nth)]).collect();
    }

    fn halve(&mut self) {
        for mut piece in std::mem::take(&mut self.refused) {
            piece.retain(|index| self.outcomes[*index].is_none());
            let right = piece.split_off(piece.len() / 2);
            self.todo.extend([right, piece]);
        }
    }

    fn open(&self) -> Vec<usize> {
        (0..self.outcomes.len()).filter(|index| self.outcomes[*index].is_none()).collect()
    }

    fn fail_all(&mut self, reason: &Arc<str>) {
        self.refused.clear();
        self.todo.clear();
        for outcome in self.outcomes.iter_mut().filter(|outcome| outcome.is_none()) {
            *outcome = Some(Delivery::failed(Arc::clone(reason)));
        }
    }

    /// Takes the reply to a piece.
    pub(super) fn reply(&mut self, piece: Vec<usize>, reply: Reply) {
        match reply {
            Reply::Judged(verdict) => self.judged(piece, verdict),
            Reply::Refused { reason, too_big } => self.refuse(piece, reason, too_big),
            Reply::Broken { reason } => self.fail_all(&reason),
        }
    }

    fn judged(&mut self, mut piece: Vec<usize>, verdict: Verdict) {
        if let Rest::Unknown(reason) = verdict.rest {
            return self.refuse(piece, reason, false);
        }
        self.largest_passed = self.largest_passed.max(piece.len());
        self.pass();
        for (position, delivery) in verdict.named {
            self.outcomes[piece[position]] = Some(delivery);
        }
        piece.retain(|index| self.outcomes[*index].is_none());
        match verdict.rest {
            Rest::Updated => self.settle(&piece, &Delivery::Updated),
            Rest::Failed(reason) => self.settle(&piece, &Delivery::failed(reason)),
            Rest::Mixed(reason) if piece.len() == 1 => {
                self.settle(&piece, &Delivery::failed(reason))
            }
            Rest::Mixed(_) | Rest::Unknown(_) => self.refused.push(piece),
        }
    }

    fn pass(&mut self) {
        if self.probed && !self.passed {
            self.todo.clear();
        }
        self.passed = true;
    }

    fn refuse(&mut self, piece: Vec<usize>, reason: Arc<str>, too_big: bool) {
        self.reasons = match std::mem::replace(&mut self.reasons, Reasons::Many) {
            Reasons::None => Reasons::One(Arc::clone(&reason)),
            Reasons::One(known) if known == reason => Reasons::One(known),
            _ => Reasons::Many,
        };
        if too_big {
            let smallest = self.smallest_too_big.unwrap_or(usize::MAX);
            self.smallest_too_big = Some(smallest.min(piece.len()));
        }
        if piece.len() == 1 {
            self.settle(&piece, &Delivery::failed(reason));
        } else {
            self.refused.push(piece);
        }
    }

    fn settle(&mut self, piece: &[usize], delivery: &Delivery) {
        for index in piece {
            self.outcomes[*index] = Some(delivery.clone());
        }
    }

    /// How many records a call may hold, when this chunk was too big and a part of it was not. A
    /// single record that is too big says nothing about the number.
    pub(super) fn fits(&self) -> Option<usize> {
        let too_big = self.smallest_too_big.filter(|size| *size > 1)?;
        (1..too_big).contains(&self.largest_passed).then_some(self.largest_passed)
    }

    /// The outcome of each record, in order.
    pub(super) fn into_outcomes(self) -> Vec<Delivery> {
        let none = || Delivery::failed("it was not sent");
        self.outcomes.into_iter().map(|outcome| outcome.unwrap_or_else(none)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Plays a chunk against a server; returns outcomes, calls, and what fits.
    fn play(
        records: usize,
        server: impl Fn(&[usize]) -> Reply,
    ) -> (Vec<Delivery>, usize, Option<usize>) {
        let mut halving = Halving::new(records);
        let mut calls = 0;
        while let Some(piece) = halving.next_piece() {
            calls += 1;
            let reply = server(&piece);
            halving.reply(piece, reply);
        }
        let fits = halving.fits();
        assert!(halving.outcomes.iter().all(Option::is_some));
        (halving.into_outcomes(), calls, fits)
    }

    fn taken() -> Reply {
        Reply::Judged(Verdict { named: vec![], rest: Rest::Updated })
    }

    fn refused(reason: &str, too_big: bool) -> Reply {
        Reply::Refused { reason: reason.into(), too_big }
    }

    fn poisoned(bad: &[usize]) -> impl Fn(&[usize]) -> Reply {
        move |piece| match piece.iter().any(|index| bad.contains(index)) {
            true => refused("400", false),
            false => taken(),
        }
    }

    fn failed(outcomes: &[Delivery]) -> Vec<usize> {
        let failed = |index: &usize| matches!(outcomes[*index], Delivery::Failed { .. });
        (0..outcomes.len()).filter(failed).collect()
    }

    #[test]
    fn a_taken_chunk_is_one_call() {
        assert_eq!(play(500, |_| taken()).1, 1);
    }

    #[test]
    fn poison_costs_only_itself() {
        for bad in
            [&[0][..], &[499], &[250], &[3, 4], &[0, 499], &[0, 250, 499], &[7, 100, 300, 301]]
        {
            let (outcomes, calls, fits) = play(500, poisoned(bad));
            assert_eq!(failed(&outcomes), bad);
            assert!(calls <= 22 * bad.len() + 20, "{calls} calls for {bad:?}");
            assert_eq!(fits, None);
        }
    }

    #[test]
    fn every_second_record_bad_is_still_found() {
        let bad: Vec<usize> = (0..100).step_by(2).collect();
        assert_eq!(failed(&play(100, poisoned(&bad)).0), bad);
    }

    #[test]
    fn a_server_that_refuses_everything_is_given_up_early() {
        for records in [1, 2, 3, 4, 5, 100, 500, 2000] {
            let (outcomes, calls, _) = play(records, |_| refused("400 no", false));
            assert_eq!(failed(&outcomes).len(), records);
            assert!(outcomes.iter().all(|d| *d == Delivery::failed("400 no")));
            assert!(calls <= 3 + 2 * (records.ilog2() as usize + 1), "{calls} for {records}");
        }
    }

    #[test]
    fn different_reasons_are_followed_to_the_records() {
        let by_side = |piece: &[usize]| refused(if piece[0] < 8 { "left" } else { "right" }, false);
        let (outcomes, ..) = play(16, by_side);
        assert_eq!(outcomes[0], Delivery::failed("left"));
        assert_eq!(outcomes[15], Delivery::failed("right"));
    }

    #[test]
    fn too_big_is_cut_to_what_passes() {
        let server = |most: usize| {
            move |piece: &[usize]| {
                if piece.len() > most { refused("413", true) } else { taken() }
            }
        };
        let (outcomes, calls, fits) = play(500, server(100));
        assert_eq!(failed(&outcomes), Vec::<usize>::new());
        assert!((50..=100).contains(&fits.unwrap()), "{fits:?}");
        assert!(calls < 20, "{calls}");
        assert_eq!(play(500, server(1)).2, Some(1));
    }

    #[test]
    fn one_giant_record_does_not_shrink_the_calls() {
        let giant = |piece: &[usize]| {
            if piece.contains(&17) { refused("413", true) } else { taken() }
        };
        let (outcomes, _, fits) = play(500, giant);
        assert_eq!((failed(&outcomes), fits), (vec![17], None));
    }

    #[test]
    fn unexplained_counts_are_halved_until_found() {
        let server = |piece: &[usize]| match piece.contains(&5) {
            true if piece.len() == 1 => {
                Reply::Judged(Verdict { named: vec![], rest: Rest::Failed("why".into()) })
            }
            true => Reply::Judged(Verdict { named: vec![], rest: Rest::Mixed("why".into()) }),
            false => taken(),
        };
        let (outcomes, ..) = play(64, server);
        assert_eq!(failed(&outcomes), [5]);
        let nonsense =
            |_: &[usize]| Reply::Judged(Verdict { named: vec![], rest: Rest::Mixed("?".into()) });
        assert_eq!(failed(&play(9, nonsense).0).len(), 9);
    }

    #[test]
    fn an_answer_that_says_nothing_is_given_up_early() {
        let silent =
            |_: &[usize]| Reply::Judged(Verdict { named: vec![], rest: Rest::Unknown("?".into()) });
        let (outcomes, calls, _) = play(500, silent);
        assert_eq!(failed(&outcomes).len(), 500);
        assert!(calls < 25, "{calls}");
    }

    #[test]
    fn a_broken_line_ends_the_chunk() {
        let server = |piece: &[usize]| match piece.len() {
            8 => refused("400", false),
            _ if piece[0] == 0 => taken(),
            _ => Reply::Broken { reason: "cut".into() },
        };
        let (outcomes, calls, _) = play(8, server);
        assert_eq!((failed(&outcomes), calls), (vec![4, 5, 6, 7], 3));
    }
}
