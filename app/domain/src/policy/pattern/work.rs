//! How much work matching is, known in advance, so that a hostile document is refused instead of evaluated for minutes.

use super::{Form, Pattern, ResourcePattern, Token};

/// How many values a pattern is compared with, and how long they are, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Size {
    /// How many values.
    pub(crate) count: u64,
    /// All of them together.
    pub(crate) total: u64,
    /// The longest.
    pub(crate) longest: u64,
}

impl Size {
    /// The size of some values.
    pub(crate) fn of<'a>(values: impl IntoIterator<Item = &'a str>) -> Self {
        values.into_iter().fold(Self::default(), |size, value| {
            let length = value.len() as u64;
            Self { count: size.count + 1, total: size.total + length, longest: size.longest.max(length) }
        })
    }
}

/// What a variable may cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct VariableCost {
    /// The longest value a variable may have.
    pub(crate) longest: u64,
    /// How many keys are looked at to find it.
    pub(crate) lookup: u64,
}

impl Pattern {
    /// No more than so many steps, comparisons of characters most of them, match this pattern with all the values.
    pub(crate) fn work(&self, values: Size, variable: VariableCost) -> u64 {
        let readings = [Some(&self.tokens), self.plain.as_ref()];
        readings.into_iter().flatten().map(|tokens| tokens_work(tokens, values, variable)).max().unwrap_or_default()
    }
}

fn tokens_work(tokens: &[Token], values: Size, variable: VariableCost) -> u64 {
    let length = |token: &Token| match token {
        Token::Text(text) => text.len() as u64,
        Token::One => 1,
        Token::Star => 0,
        Token::Variable { default, .. } => {
            variable.longest.max(default.as_ref().map_or(0, |text| text.len() as u64)).min(values.longest) + 1
        }
    };
    let lookups = tokens.iter().filter(|token| matches!(token, Token::Variable { .. })).count() as u64;
    // A comparison ends with the pattern, however long the value is.
    let each = 2 * tokens.iter().map(length).sum::<u64>() + 1 + 2 * lookups.saturating_mul(variable.lookup + 1);
    let runs: Vec<u64> = tokens.split(|token| *token == Token::Star).map(|run| run.iter().map(length).sum()).collect();
    // The last run is at the end, which is found by counting characters; runs between two stars are looked for at every
    // place.
    let counted = u64::from(runs.len() > 1 && runs.last().is_some_and(|last| *last > 0));
    let between = runs.get(1..runs.len().max(2) - 1).unwrap_or_default();
    let searched = between.iter().copied().max().map_or(0, |longest| longest.min(values.longest) + 1);
    values.count.saturating_mul(each).saturating_add(values.total.saturating_mul(counted + searched))
}

impl ResourcePattern {
    /// No more than so many steps match this pattern with all the values.
    pub(crate) fn work(&self, values: Size, variable: VariableCost) -> u64 {
        let text = self.text.len() as u64;
        match &self.form {
            Form::Any => values.count,
            Form::Exact => values.count.saturating_mul(2 * text + 1),
            Form::Other(pattern) => pattern.work(values, variable),
            Form::Fields(fields) => fields
                .iter()
                .map(|field| field.work(values, variable))
                .fold(values.total + values.count, u64::saturating_add),
        }
    }
}

/// Counts steps in this crate's tests; nothing elsewhere.
#[inline(always)]
pub(super) fn spend(steps: usize) {
    #[cfg(test)]
    count::STEPS.with(|all| all.set(all.get() + steps as u64));
    #[cfg(not(test))]
    let _ = steps;
}

#[cfg(test)]
pub(crate) mod count {
    use std::cell::Cell;

    thread_local! {
        pub(super) static STEPS: Cell<u64> = const { Cell::new(0) };
    }

    /// The steps that `run` takes on this thread.
    pub(crate) fn steps(run: impl FnOnce()) -> u64 {
        let before = STEPS.with(Cell::get);
        run();
        STEPS.with(Cell::get) - before
    }
}
