//! Every identity policy of a role or user, for explanations: managed, inline, and those of a user's groups.

use super::read::{attached_to_role, attached_to_user, decoded, default_document, inline_of_role};
use crate::connections::Connection;
use crate::error::found;
use domain::arn::{Arn, CallerArn, CallerKind};
use futures::{StreamExt, TryStreamExt};
use services::ports::gateway::{GatewayResult, IdentityPolicies};

/// Documents read at a time: IAM throttles early.
const AT_ONCE: usize = 8;

/// Where a document is.
enum Place {
    Managed(Arn),
    OfRole { role: String, policy: String },
    OfUser { user: String, policy: String },
    OfGroup { group: String, policy: String },
}

pub(super) async fn identity_policies(c: &Connection, caller: &CallerArn) -> GatewayResult<Option<IdentityPolicies>> {
    let listed = match caller.kind() {
        CallerKind::Role => of_role(c, caller.name()).await,
        CallerKind::User => of_user(c, caller.name()).await,
    };
    let Some((attached, others)) = found(listed)? else { return Ok(None) };
    let places: Vec<_> = managed(attached.clone()).chain(others).collect();
    let read = futures::stream::iter(places.into_iter().map(|place| document(c, place))).buffered(AT_ONCE);
    // What was detached meanwhile is left out.
    let documents: Vec<Option<_>> = read.map(found).try_collect().await?;
    Ok(Some(IdentityPolicies { attached, documents: documents.into_iter().flatten().collect() }))
}

fn managed(policies: Vec<Arn>) -> impl Iterator<Item = Place> {
    policies.into_iter().map(Place::Managed)
}

/// What is attached to a role, and where its other documents are.
async fn of_role(c: &Connection, role: &str) -> GatewayResult<(Vec<Arn>, Vec<Place>)> {
    let (attached, inline) = tokio::try_join!(attached_to_role(c, role), inline_of_role(c, role))?;
    let inline = inline.into_iter().map(|policy| Place::OfRole { role: role.to_owned(), policy });
    Ok((attached, inline.collect()))
}

/// What is attached to a user, and where its other documents are.
async fn of_user(c: &Connection, user: &str) -> GatewayResult<(Vec<Arn>, Vec<Place>)> {
    let (attached, inline, groups) =
        tokio::try_join!(attached_to_user(c, user), inline_of_user(c, user), groups(c, user))?;
    let inline = inline.into_iter().map(|policy| Place::OfUser { user: user.to_owned(), policy });
    let mut places: Vec<_> = inline.collect();
    let of_groups = futures::stream::iter(groups.into_iter().map(|group| of_group(c, group))).buffered(AT_ONCE);
    let of_groups: Vec<Vec<Place>> = of_groups.try_collect().await?;
    places.extend(of_groups.into_iter().flatten());
    Ok((attached, places))
}

async fn of_group(c: &Connection, group: String) -> GatewayResult<Vec<Place>> {
    let attached = async {
        let call = c.iam_call("ListAttachedGroupPolicies");
        let pages = c.iam.list_attached_group_policies().group_name(&group).into_paginator().items().send();
        pages.collect::<Result<Vec<_>, _>>().await.map_err(|e| call.failed(e))
    };
    let inline = async {
        let call = c.iam_call("ListGroupPolicies");
        let pages = c.iam.list_group_policies().group_name(&group).into_paginator().items().send();
        pages.collect::<Result<Vec<_>, _>>().await.map_err(|e| call.failed(e))
    };
    let (attached, inline) = tokio::try_join!(attached, inline)?;
    let attached = attached.iter().filter_map(|policy| Arn::parse(policy.policy_arn()?).ok()).collect();
    let inline = inline.into_iter().map(|policy| Place::OfGroup { group: group.clone(), policy });
    Ok(managed(attached).chain(inline).collect())
}

async fn inline_of_user(c: &Connection, user: &str) -> GatewayResult<Vec<String>> {
    let call = c.iam_call("ListUserPolicies");
    let pages = c.iam.list_user_policies().user_name(user).into_paginator().items().send();
    pages.collect::<Result<Vec<_>, _>>().await.map_err(|e| call.failed(e))
}

async fn groups(c: &Connection, user: &str) -> GatewayResult<Vec<String>> {
    let call = c.iam_call("ListGroupsForUser");
    let pages = c.iam.list_groups_for_user().user_name(user).into_paginator().items().send();
    let groups = pages.collect::<Result<Vec<_>, _>>().await.map_err(|e| call.failed(e))?;
    Ok(groups.into_iter().map(|group| group.group_name).collect())
}

/// A policy's name and document. A group's policies carry the group's name, so that one can tell where to look.
async fn document(c: &Connection, place: Place) -> GatewayResult<(String, String)> {
    match place {
        Place::Managed(arn) => {
            let call = c.iam_call("GetPolicy");
            let answer = c.iam.get_policy().policy_arn(arn.as_str()).send().await.map_err(|e| call.failed(e))?;
            let default = answer.policy().and_then(|policy| policy.default_version_id());
            let default = default.ok_or_else(|| call.unexpected("no default version"))?;
            Ok((arn.resource_name().to_owned(), default_document(c, &arn, default).await?))
        }
        Place::OfRole { role, policy } => {
            let call = c.iam_call("GetRolePolicy");
            let request = c.iam.get_role_policy().role_name(role).policy_name(&policy);
            let answer = request.send().await.map_err(|e| call.failed(e))?;
            Ok((policy, decoded(answer.policy_document())))
        }
        Place::OfUser { user, policy } => {
            let call = c.iam_call("GetUserPolicy");
            let request = c.iam.get_user_policy().user_name(user).policy_name(&policy);
            let answer = request.send().await.map_err(|e| call.failed(e))?;
            Ok((policy, decoded(answer.policy_document())))
        }
        Place::OfGroup { group, policy } => {
            let call = c.iam_call("GetGroupPolicy");
            let request = c.iam.get_group_policy().group_name(&group).policy_name(&policy);
            let answer = request.send().await.map_err(|e| call.failed(e))?;
            Ok((format!("{group}/{policy}"), decoded(answer.policy_document())))
        }
    }
}
