//! Every identity policy of a role or user, for explanations: managed, inline, and those of a user's groups. All or
//! nothing; [`evidence`](super::evidence) reads what it can.

use super::inline;
use super::places::{Place, Places, holder};
use super::read::document_of;
use crate::connections::Connection;
use crate::error::found;
use domain::arn::{Arn, CallerArn};
use futures::{StreamExt, TryStreamExt};
use services::ports::gateway::{GatewayResult, Holder, IdentityPolicies};

/// Documents read at a time: IAM throttles early.
const AT_ONCE: usize = 8;

pub(super) async fn identity_policies(c: &Connection, caller: &CallerArn) -> GatewayResult<Option<IdentityPolicies>> {
    let holder = holder(caller).map_err(|error| c.iam_call("ListAttachedUserPolicies").invalid(error))?;
    let places = Places::of(c, &holder).await;
    if places.is_missing {
        return Ok(None);
    }
    if let Some((_, error)) = places.lost.into_iter().next() {
        return Err(error);
    }
    let own = places.found.iter().filter_map(|place| match place {
        Place::Managed { arn, group: None } => Some(arn.clone()),
        Place::Managed { .. } | Place::Inline { .. } => None,
    });
    let attached = own.collect();
    let read = futures::stream::iter(places.found.into_iter().map(|place| document(c, place))).buffered(AT_ONCE);
    // What was detached meanwhile is left out.
    let documents: Vec<Option<_>> = read.map(found).try_collect().await?;
    Ok(Some(IdentityPolicies { attached, documents: documents.into_iter().flatten().collect() }))
}

/// A policy's name and document. A group's inline policies carry the group's name, so that one can tell where to look.
async fn document(c: &Connection, place: Place) -> GatewayResult<(String, String)> {
    match place {
        Place::Managed { arn, .. } => {
            let version = default_version(c, &arn).await?;
            Ok((arn.resource_name().to_owned(), document_of(c, &arn, &version).await?))
        }
        Place::Inline { holder, policy } => {
            let text = inline::read(c, &holder, &policy).await?;
            let name = match holder {
                Holder::Group(group) => format!("{group}/{policy}"),
                Holder::Role(_) | Holder::User(_) => policy,
            };
            Ok((name, text))
        }
    }
}

/// The id of the version of a managed policy that is in force.
pub(super) async fn default_version(c: &Connection, arn: &Arn) -> GatewayResult<String> {
    let call = c.iam_call("GetPolicy");
    let answer = c.iam.get_policy().policy_arn(arn.as_str()).send().await.map_err(|e| call.failed(e))?;
    answer.policy.and_then(|policy| policy.default_version_id).ok_or_else(|| call.unexpected("no default version"))
}
