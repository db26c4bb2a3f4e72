//! Whether an alarm rings: its periods are looked at whenever its metric is counted, and every few seconds besides.
//!
//! Rules: CloudWatch user guide, "Configuring how CloudWatch alarms treat missing data".

use super::metrics::Metrics;
use super::model::{Alarm, Metric, State, arn};
use crate::app::App;
use crate::clock;
use crate::events::{self, Event};
use domain::names::{AccountId, Region};
use domain::time::Timestamp;
use serde_json::json;
use std::convert::Infallible;
use std::time::Duration;

/// More periods are looked at than an alarm asks for, so that what comes late is not missing.
const FURTHER_PERIODS: i64 = 2;
/// What was set by hand stays for so long.
const BY_HAND_MS: i64 = 5000;
/// How often alarms are looked at without a cause.
const EVERY: Duration = Duration::from_secs(2);

/// What an alarm comes to.
#[derive(Debug, PartialEq)]
pub struct Finding {
    /// The state it should have; `None` if it keeps the one it has.
    pub state: Option<State>,
    /// Why.
    pub reason: String,
}

fn breaches(operator: &str, value: f64, threshold: f64) -> bool {
    match operator {
        "GreaterThanOrEqualToThreshold" => value >= threshold,
        "GreaterThanThreshold" => value > threshold,
        "LessThanThreshold" => value < threshold,
        _ => value <= threshold,
    }
}

fn in_words(operator: &str) -> &'static str {
    match operator {
        "GreaterThanOrEqualToThreshold" => "greater than or equal to",
        "GreaterThanThreshold" => "greater than",
        "LessThanThreshold" => "less than",
        _ => "less than or equal to",
    }
}

/// A number with a point, as CloudWatch's reasons have it.
fn decimal(value: f64) -> String {
    format!("{value:?}")
}

/// `23/11/26 02:33:00`.
fn short(second: i64) -> String {
    let text = Timestamp(second * 1000).rfc3339();
    let part = |range| text.get(range).unwrap_or_default();
    format!("{}/{}/{} {}", part(8..10), part(5..7), part(2..4), part(11..19))
}

fn points(count: usize) -> String {
    if count == 1 { "1 datapoint".to_owned() } else { format!("{count} datapoints") }
}

/// Looks at an alarm's periods.
pub fn look(metrics: &Metrics, account: &AccountId, region: &Region, alarm: &Alarm, now: Timestamp) -> Finding {
    let period = alarm.number("Period").unwrap_or(60).max(1);
    let wanted = alarm.number("EvaluationPeriods").unwrap_or(1).max(1);
    let to_alarm = alarm.number("DatapointsToAlarm").unwrap_or(wanted).clamp(1, wanted);
    let second = now.0.div_euclid(1000);
    let current = second - second.rem_euclid(period);
    let from = current - (wanted + FURTHER_PERIODS - 1) * period;
    let (sums, _) = metrics.periods((account, region), &alarm.metric(), (from, current + period), period);
    let statistic = alarm.text("Statistic");
    let latest = sums.iter().rev().filter_map(|(begin, sum)| Some((*begin, sum.statistic(statistic)?)));
    let wanted = usize::try_from(wanted).unwrap_or(1);
    let values: Vec<(i64, f64)> = latest.take(wanted).collect();
    judge(alarm, &values, wanted, usize::try_from(to_alarm).unwrap_or(1))
}

/// What the latest values come to, of which there should be so many, and so many of them ring.
fn judge(alarm: &Alarm, values: &[(i64, f64)], wanted: usize, to_alarm: usize) -> Finding {
    let threshold = alarm.request.get("Threshold").and_then(serde_json::Value::as_f64).unwrap_or_default();
    let operator = alarm.text("ComparisonOperator");
    let missing = wanted - values.len();
    let treat = match alarm.text("TreatMissingData") {
        "" => "missing",
        treat => treat,
    };
    let bad = values.iter().filter(|(_, value)| breaches(operator, *value, threshold)).count();
    if values.is_empty() {
        let told = |how: &str| {
            let periods = if wanted == 1 { "1 period".to_owned() } else { format!("{wanted} periods") };
            format!(
                "Threshold Crossed: no datapoints were received for {periods} and {wanted} missing {} treated as [{how}].",
                if wanted == 1 { "datapoint was" } else { "datapoints were" }
            )
        };
        return match treat {
            "breaching" => Finding { state: Some(State::Alarm), reason: told("Breaching") },
            "notBreaching" => Finding { state: Some(State::Ok), reason: told("NonBreaching") },
            "ignore" => Finding { state: None, reason: String::new() },
            _ => Finding {
                state: Some(State::InsufficientData),
                reason: format!(
                    "Insufficient Data: {} unknown.",
                    if wanted == 1 { "1 datapoint was".to_owned() } else { format!("{wanted} datapoints were") }
                ),
            },
        };
    }
    let rings = match treat {
        _ if missing == 0 => bad >= to_alarm,
        "breaching" => bad + missing >= to_alarm,
        "notBreaching" => bad >= to_alarm,
        "ignore" if bad < to_alarm => return Finding { state: None, reason: String::new() },
        _ => bad >= to_alarm.min(values.len()),
    };
    let state = if rings { State::Alarm } else { State::Ok };
    Finding { state: Some(state), reason: crossed(alarm, values, threshold, rings, to_alarm) }
}

fn crossed(alarm: &Alarm, values: &[(i64, f64)], threshold: f64, rings: bool, to_alarm: usize) -> String {
    let operator = alarm.text("ComparisonOperator");
    let named: Vec<&(i64, f64)> =
        values.iter().filter(|(_, value)| breaches(operator, *value, threshold) == rings).collect();
    let list: Vec<String> = named.iter().map(|(at, value)| format!("{} ({})", decimal(*value), short(*at))).collect();
    let verb = match (named.len(), rings) {
        (1, true) => "was",
        (1, false) => "was not",
        (_, true) => "were",
        (_, false) => "were not",
    };
    let (least, turn) = if rings {
        (to_alarm, "OK -> ALARM")
    } else {
        ((values.len() + 1).saturating_sub(to_alarm).max(1), "ALARM -> OK")
    };
    format!(
        "Threshold Crossed: {} out of the last {} [{}] {verb} {} the threshold ({}) (minimum {} for {turn} transition).",
        named.len(),
        points(values.len()),
        list.join(", "),
        in_words(operator),
        decimal(threshold),
        points(least),
    )
}

/// Looks at the alarms of a region that watch one of these metrics, or at all of them, and writes down what changed.
pub fn evaluate(app: &App, account: &AccountId, region: &Region, watched: Option<&[Metric]>) {
    let now = clock::now();
    let found: Vec<(String, Finding)> = {
        let state = app.store.read();
        let Some(known) = state.accounts.get(account).and_then(|account| account.cloudwatch.get(region.as_str()))
        else {
            return;
        };
        let held = |alarm: &Alarm| alarm.by_hand && now.0 - alarm.updated.0 < BY_HAND_MS;
        let watches = |alarm: &Alarm| watched.is_none_or(|watched| watched.contains(&alarm.metric()));
        let due = known.alarms.values().filter(|alarm| !held(alarm) && watches(alarm));
        due.map(|alarm| (alarm.name.clone(), look(&app.metrics, account, region, alarm, now), alarm.state))
            .filter(|(_, finding, state)| finding.state.is_some_and(|found| found != *state))
            .map(|(name, finding, _)| (name, finding))
            .collect()
    };
    for (name, Finding { state, reason }) in found {
        if let Some(state) = state {
            enter(app, (account, region), &name, state, (reason, None), false);
        }
    }
}

/// Gives an alarm a state, and tells EventBridge if it is another one. Gives the generation of the change.
pub fn enter(
    app: &App,
    (account, region): (&AccountId, &Region),
    name: &str,
    state: State,
    (reason, reason_data): (String, Option<String>),
    by_hand: bool,
) -> u64 {
    let now = clock::now();
    let changed = app.store.write::<_, Infallible>(|all| {
        let known = all.accounts.get_mut(account).and_then(|account| account.cloudwatch.get_mut(region.as_str()));
        Ok(known.and_then(|known| known.alarms.get_mut(name)).and_then(|alarm| {
            let before = alarm.clone();
            alarm.state = state;
            alarm.reason = reason.chars().take(1023).collect();
            alarm.reason_data = reason_data;
            alarm.updated = now;
            alarm.by_hand = by_hand;
            if before.state == state {
                return None;
            }
            alarm.transitioned = now;
            Some((before, alarm.clone()))
        }))
    });
    let Ok((changed, generation)) = changed;
    if let Some((before, alarm)) = changed {
        tell(app, account, region, &before, &alarm);
    }
    generation
}

fn tell(app: &App, account: &AccountId, region: &Region, before: &Alarm, alarm: &Alarm) {
    let shown = |alarm: &Alarm| json!({ "value": alarm.state.text(), "reason": alarm.reason, "timestamp": alarm.updated.rfc3339() });
    events::publish(
        app,
        Event {
            source: "aws.cloudwatch",
            detail_type: "CloudWatch Alarm State Change",
            account: account.clone(),
            region: region.clone(),
            resources: vec![arn(region, account, &alarm.name)],
            detail: json!({ "alarmName": alarm.name, "state": shown(alarm), "previousState": shown(before) }),
        },
    );
}

/// Looks at all alarms from time to time: data that stops coming is a cause, too.
pub async fn watch(app: std::sync::Arc<App>) {
    loop {
        tokio::time::sleep(EVERY).await;
        let places: Vec<(AccountId, Region)> = {
            let state = app.store.read();
            let with = state.accounts.iter().flat_map(|(account, known)| {
                let regions = known.cloudwatch.iter().filter(|(_, known)| !known.alarms.is_empty());
                regions.filter_map(|(region, _)| Some((account.clone(), Region::parse(region).ok()?)))
            });
            with.collect()
        };
        for (account, region) in places {
            evaluate(&app, &account, &region, None);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    fn alarm(treat: &str) -> Alarm {
        let at = Timestamp(0);
        Alarm {
            name: "a".into(),
            request: json!({
                "ComparisonOperator": "GreaterThanOrEqualToThreshold", "Threshold": 1.0, "TreatMissingData": treat,
            }),
            configured: at,
            state: State::Ok,
            reason: String::new(),
            reason_data: None,
            updated: at,
            transitioned: at,
            by_hand: false,
            tags: BTreeMap::new(),
        }
    }

    #[test]
    fn missing_data_is_treated_as_the_alarm_says() {
        use State::{Alarm, InsufficientData, Ok};
        // Values with the latest first, of three; then missing, ignore, breaching, notBreaching.
        let cases: [(&[f64], [Option<State>; 4]); 5] = [
            (&[], [Some(InsufficientData), None, Some(Alarm), Some(Ok)]),
            (&[1.0], [Some(Alarm), None, Some(Alarm), Some(Ok)]),
            (&[0.0], [Some(Ok), None, Some(Ok), Some(Ok)]),
            (&[1.0, 1.0, 1.0], [Some(Alarm); 4]),
            (&[1.0, 0.0, 1.0], [Some(Ok); 4]),
        ];
        for (values, expected) in cases {
            let values: Vec<(i64, f64)> = values.iter().map(|value| (0, *value)).collect();
            for (treat, state) in ["missing", "ignore", "breaching", "notBreaching"].into_iter().zip(expected) {
                assert_eq!(judge(&alarm(treat), &values, 3, 3).state, state, "{values:?} {treat}");
            }
        }
        assert_eq!(judge(&alarm("missing"), &[(0, 1.0), (0, 0.0), (0, 1.0)], 3, 2).state, Some(Alarm));
    }

    #[test]
    fn a_reason_tells_the_values() {
        let found = judge(&alarm("missing"), &[(1_795_401_180, 2.0)], 1, 1);
        assert_eq!(
            found.reason,
            "Threshold Crossed: 1 out of the last 1 datapoint [2.0 (23/11/26 02:33:00)] was greater than or equal to the \
             threshold (1.0) (minimum 1 datapoint for OK -> ALARM transition)."
        );
    }
}
