//! The table beside the drawing.

use super::{MapRow, MapShare};
use crate::arn::CallerArn;
use crate::endpoint::EndpointArn;
use crate::share::intent::{CallerScope, EndpointScope};
use crate::share::render;

/// What stands for whoever the child's administrators allow.
pub(super) const EVERYBODY: &str = "every role and user";
/// What stands for all of a region's endpoints.
pub(super) const EVERYTHING: &str = "every endpoint";

/// A line for each caller and endpoint.
pub(super) fn rows(shares: &[MapShare<'_>]) -> Vec<MapRow> {
    let mut rows: Vec<MapRow> = shares.iter().flat_map(of_share).collect();
    let key = |row: &MapRow| {
        let MapRow { child, caller, parent, role, endpoint, region, share, .. } = row.clone();
        (child, caller, parent, role, region, endpoint, share)
    };
    rows.sort_by_cached_key(key);
    rows
}

fn of_share(share: &MapShare<'_>) -> Vec<MapRow> {
    let intent = share.intent;
    let actions: Vec<String> =
        render::actions(intent).iter().map(|a| a.trim_start_matches("sagemaker:").to_owned()).collect();
    let mut rows = Vec::new();
    for caller in callers(share) {
        for endpoint in endpoints(share) {
            rows.push(MapRow {
                child: intent.child.clone(),
                caller: caller.clone(),
                parent: intent.parent.clone(),
                role: intent.role_name.to_string(),
                endpoint,
                region: intent.region.to_string(),
                actions: actions.clone(),
                share: intent.id.clone(),
                state: share.state,
                drifted: share.drifted,
            });
        }
    }
    rows
}

/// The callers as they are named: with their kind, as roles and users may share names.
pub(super) fn callers(share: &MapShare<'_>) -> Vec<String> {
    match &share.intent.callers {
        CallerScope::WholeAccount => vec![EVERYBODY.to_owned()],
        CallerScope::Named(callers) => callers.iter().map(caller_name).collect(),
    }
}

pub(super) fn caller_name(caller: &CallerArn) -> String {
    caller.arn().resource().to_owned()
}

/// The endpoints as they are named.
pub(super) fn endpoints(share: &MapShare<'_>) -> Vec<String> {
    match &share.intent.endpoints {
        EndpointScope::All => vec![EVERYTHING.to_owned()],
        EndpointScope::Named(arns) => arns.iter().map(|arn| endpoint_name(share, arn)).collect(),
    }
}

pub(super) fn endpoint_name(share: &MapShare<'_>, arn: &EndpointArn) -> String {
    let name = share.endpoint_names.iter().find(|name| name.to_lowercase() == arn.lower_name());
    name.cloned().unwrap_or_else(|| arn.lower_name().to_owned())
}
