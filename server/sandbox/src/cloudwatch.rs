//! CloudWatch: metrics and alarms.
//!
//! Values are counted in memory ([`metrics`]); alarms are part of the state, and are looked at ([`evaluate`]) when
//! their metric is counted and every few seconds besides.

mod alarms;
mod data;
mod evaluate;
mod input;
pub mod metrics;
pub mod model;
mod tags;

use crate::app::App;
use crate::call::{Call, Needs, Operation, Target};
use crate::error::Failure;
use domain::names::{AccountId, Region};
use metrics::{Datum, Sum};
use model::{CloudWatch, Metric, State};
use std::collections::BTreeMap;
use std::sync::Arc;

/// What reads metrics can't be restricted to resources.
fn everything(_: &Call<'_>) -> Result<Needs, Failure> {
    Ok(Target::new("*").into())
}

/// What it can do here.
pub const OPERATIONS: &[Operation] = &[
    Operation { name: "PutMetricAlarm", needs: alarms::target, run: alarms::put },
    Operation { name: "DescribeAlarms", needs: alarms::targets, run: alarms::describe },
    Operation { name: "DeleteAlarms", needs: alarms::targets, run: alarms::delete },
    Operation { name: "SetAlarmState", needs: alarms::target, run: alarms::set_state },
    Operation { name: "EnableAlarmActions", needs: alarms::targets, run: alarms::enable },
    Operation { name: "DisableAlarmActions", needs: alarms::targets, run: alarms::disable },
    Operation { name: "PutMetricData", needs: data::target, run: data::put },
    Operation { name: "ListMetrics", needs: everything, run: data::metrics },
    Operation { name: "GetMetricStatistics", needs: everything, run: data::statistics },
    Operation { name: "GetMetricData", needs: everything, run: data::get },
    Operation { name: "TagResource", needs: tags::target, run: tags::add },
    Operation { name: "UntagResource", needs: tags::target, run: tags::remove },
    Operation { name: "ListTagsForResource", needs: tags::target, run: tags::show },
];

/// Begins to look at the alarms.
pub fn resume(app: &Arc<App>) {
    app.background.begin(evaluate::watch);
}

/// Counts values of a service's own, each a name, a value and a unit, in the account that makes the call.
pub fn measure(call: &Call<'_>, namespace: &str, dimensions: &BTreeMap<String, String>, values: &[(&str, f64, &str)]) {
    let datum = |(name, value, unit): &(&str, f64, &str)| Datum {
        metric: Metric { namespace: namespace.to_owned(), name: (*name).to_owned(), dimensions: dimensions.clone() },
        at: crate::clock::now(),
        sum: Sum::of(*value, 1.0),
        unit: (*unit).to_owned(),
        fine: false,
    };
    data::count(call, values.iter().map(datum).collect());
}

/// The ARN of an alarm.
pub fn alarm_arn(region: &Region, account: &AccountId, name: &str) -> String {
    model::arn(region, account, name)
}

/// Whether an alarm rings; `None` if it isn't there.
pub fn rings(app: &App, account: &AccountId, region: &Region, name: &str) -> Option<bool> {
    let state = app.store.read();
    let known: &CloudWatch = state.accounts.get(account)?.cloudwatch.get(region.as_str())?;
    Some(known.alarms.get(name)?.state == State::Alarm)
}
