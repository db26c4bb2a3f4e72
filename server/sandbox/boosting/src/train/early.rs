//! When to stop because nothing gets better. As XGBoost's callback: a score counts as better only when it is better than
//! the best one, and training ends after so many rounds in a row without one.

/// Whether to go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    GoOn,
    Stop,
}

/// The best score so far, and how long ago it was.
#[derive(Debug)]
pub(super) struct EarlyStop {
    rounds: usize,
    maximize: bool,
    seen: usize,
    best: Option<(usize, f64)>,
}

impl EarlyStop {
    pub fn new(rounds: usize, maximize: bool) -> Self {
        Self { rounds, maximize, seen: 0, best: None }
    }

    /// Looks at the score of the next round.
    pub fn judge(&mut self, score: f64) -> Verdict {
        let round = self.seen;
        self.seen += 1;
        let better = match self.best {
            None => true,
            Some((_, best)) if self.maximize => score > best,
            Some((_, best)) => score < best,
        };
        if better {
            self.best = Some((round, score));
        }
        let since = self.best.map_or(0, |(best, _)| round - best);
        if since >= self.rounds { Verdict::Stop } else { Verdict::GoOn }
    }

    /// The best round, and its score.
    pub fn best(&self) -> Option<(usize, f64)> {
        self.best
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stops_after(rounds: usize, maximize: bool, scores: &[f64]) -> (usize, Option<(usize, f64)>) {
        let mut early = EarlyStop::new(rounds, maximize);
        let seen = scores.iter().take_while(|score| early.judge(**score) == Verdict::GoOn).count();
        (seen, early.best())
    }

    #[test]
    fn it_stops_after_so_many_rounds_that_are_not_better() {
        assert_eq!(stops_after(2, false, &[3.0, 2.0, 2.0, 2.5, 1.0]), (3, Some((1, 2.0))));
        assert_eq!(stops_after(2, true, &[0.5, 0.6, 0.6, 0.7, 0.6, 0.6]), (5, Some((3, 0.7))));
    }

    #[test]
    fn it_goes_on_while_it_gets_better() {
        assert_eq!(stops_after(1, false, &[3.0, 2.0, 1.0]), (3, Some((2, 1.0))));
    }
}
