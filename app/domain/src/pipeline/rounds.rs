//! How well a training does, round by round, as its container logs it.

use crate::pipeline::execution::LogLine;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A tab, as the container's log has it.
const TAB: &str = "#011";

/// A round of boosting.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Round {
    /// Which, from 0.
    pub number: u32,
    /// What was measured: `train-auc`, `validation-auc`.
    pub values: BTreeMap<String, f64>,
}

/// A metric over the rounds, of all channels that it was measured on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Curve {
    /// `auc`
    pub metric: String,
    /// The channel, and its value in each round.
    pub channels: Vec<(String, Vec<Option<f64>>)>,
}

/// The rounds of a log, in order. A round that is told twice counts as it was told last: a training that was interrupted
/// goes on from an earlier one.
pub fn rounds<'a>(lines: impl IntoIterator<Item = &'a LogLine>) -> Vec<Round> {
    let mut all = BTreeMap::new();
    for Round { number, values } in lines.into_iter().filter_map(|line| round(&line.text)) {
        all.insert(number, values);
    }
    all.into_iter().map(|(number, values)| Round { number, values }).collect()
}

/// A line such as `[12]#011train-auc:0.9#011validation-auc:0.8`, whatever stands before it; `None` for any other.
fn round(line: &str) -> Option<Round> {
    let line = line.replace(TAB, "\t");
    let mut words = line.split_whitespace();
    let number = words.find_map(|word| word.strip_prefix('[')?.strip_suffix(']')?.parse().ok())?;
    let values: BTreeMap<String, f64> = words.filter_map(value).collect();
    (!values.is_empty()).then_some(Round { number, values })
}

/// `train-auc:0.9`
fn value(text: &str) -> Option<(String, f64)> {
    let (name, value) = text.rsplit_once(':')?;
    let value = value.parse::<f64>().ok().filter(|value| value.is_finite())?;
    name.contains('-').then(|| (name.to_owned(), value))
}

/// The curves of a training, a metric each, in the order of their names.
pub fn curves(rounds: &[Round]) -> Vec<Curve> {
    let mut names: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (channel, metric) in rounds.iter().flat_map(|round| round.values.keys()).filter_map(|name| name.split_once('-'))
    {
        let channels = names.entry(metric).or_default();
        if !channels.contains(&channel) {
            channels.push(channel);
        }
    }
    let of = |metric: &str, channel: &str| {
        let name = format!("{channel}-{metric}");
        rounds.iter().map(|round| round.values.get(&name).copied()).collect()
    };
    let curve = |(metric, channels): (&str, Vec<&str>)| Curve {
        metric: metric.to_owned(),
        channels: channels.into_iter().map(|channel| (channel.to_owned(), of(metric, channel))).collect(),
    };
    names.into_iter().map(curve).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::Timestamp;

    fn lines(texts: &[&str]) -> Vec<LogLine> {
        texts.iter().map(|text| LogLine { at: Timestamp(0), text: (*text).to_owned() }).collect()
    }

    #[test]
    fn a_round_is_read_whatever_stands_before_it() {
        let told = lines(&[
            "[0]#011train-auc:0.90000#011validation-auc:0.80000",
            "[2026-11-23 05:00:00.000] INFO [1]#011train-auc:0.91#011validation-auc:-0.5",
            "[05:00:01] [2]\ttrain-auc:0.92",
            "[3] train-auc:0.93",
        ]);
        let rounds = rounds(&told);
        let seen: Vec<_> = rounds.iter().map(|round| (round.number, round.values.len())).collect();
        assert_eq!(seen, [(0, 2), (1, 2), (2, 1), (3, 1)]);
        assert_eq!(rounds[1].values["validation-auc"], -0.5);
    }

    #[test]
    fn what_is_no_round_is_left_out() {
        let told = lines(&[
            "[2026-11-23:05:00:00:INFO] Determined delimiter of CSV input is ','",
            "[3]#011train-auc:nan",
            "[x]#011train-auc:0.9",
            "",
            "#011[",
            "[1]",
            "INFO: Single node training.",
        ]);
        assert_eq!(rounds(&told), []);
    }

    #[test]
    fn a_round_that_is_told_twice_counts_as_it_was_told_last() {
        let told = lines(&["[0]#011train-auc:0.5", "[1]#011train-auc:0.6", "[1]#011train-auc:0.7"]);
        let rounds = rounds(&told);
        assert_eq!((rounds.len(), rounds[1].values["train-auc"]), (2, 0.7));
    }

    #[test]
    fn curves_have_a_value_a_round_for_each_channel() {
        let told = lines(&[
            "[0]#011train-auc:0.5#011train-error:0.4#011validation-auc:0.45#011validation-error:0.5",
            "[1]#011train-auc:0.6#011train-error:0.3",
        ]);
        let curves = curves(&rounds(&told));
        assert_eq!(curves.iter().map(|curve| curve.metric.as_str()).collect::<Vec<_>>(), ["auc", "error"]);
        let auc = &curves[0].channels;
        assert_eq!(auc[0], ("train".into(), vec![Some(0.5), Some(0.6)]));
        assert_eq!(auc[1], ("validation".into(), vec![Some(0.45), None]));
    }
}
