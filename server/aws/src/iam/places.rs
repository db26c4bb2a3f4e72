//! Where the identity policies of a role, user or group are. Every list is read for itself: one that can't be read does
//! not hide the others.

use super::read::{arns, attached_to_role, attached_to_user, inline_of_role};
use crate::connections::Connection;
use domain::arn::{Arn, CallerArn, CallerKind};
use domain::names::{GroupName, NameError, RoleName, UserName};
use futures::StreamExt;
use services::ports::gateway::{GatewayError, GatewayErrorKind, GatewayResult, Holder};

/// Groups asked for their policies at a time; each takes two calls at once, and IAM throttles early.
const AT_ONCE: usize = 4;

/// A policy that is in force, by where it is.
#[derive(Debug)]
pub(super) enum Place {
    Managed { arn: Arn, group: Option<GroupName> },
    Inline { holder: Holder, policy: String },
}

impl Place {
    /// What it is called where it can't be read.
    pub(super) fn what(&self) -> String {
        match self {
            Self::Managed { arn, .. } => format!("the managed policy `{arn}`"),
            Self::Inline { holder, policy } => format!("the inline policy `{policy}` of {}", named(holder)),
        }
    }
}

/// ``user `ann` ``
fn named(holder: &Holder) -> String {
    format!("{} `{}`", holder.kind(), holder.name())
}

/// The policies of a role or user, those of its groups included, in that order.
#[derive(Debug, Default)]
pub(super) struct Places {
    pub(super) found: Vec<Place>,
    /// The lists that could not be read, and why.
    pub(super) lost: Vec<(String, GatewayError)>,
    /// IAM answered at least once.
    pub(super) heard: bool,
    /// IAM says that there is no such role or user.
    pub(super) is_missing: bool,
}

impl Places {
    pub(super) async fn of(c: &Connection, holder: &Holder) -> Self {
        let mut places = Self::default();
        let (attached, inline, groups) =
            tokio::join!(attached_to(c, holder), inline_of(c, holder), groups_of(c, holder));
        places.add(holder, attached, inline);
        let groups = places.take(format!("the groups of {}", named(holder)), groups);
        let reading = groups.into_iter().map(|group| async move {
            let (attached, inline) = tokio::join!(attached_to(c, &group), inline_of(c, &group));
            (group, attached, inline)
        });
        let of_groups: Vec<_> = futures::stream::iter(reading).buffered(AT_ONCE).collect().await;
        // A group that is gone meanwhile says nothing about its member.
        let is_missing = places.is_missing;
        for (group, attached, inline) in of_groups {
            places.add(&group, attached, inline);
        }
        places.is_missing = is_missing;
        places
    }

    fn add(&mut self, holder: &Holder, attached: GatewayResult<Vec<Arn>>, inline: GatewayResult<Vec<String>>) {
        let group = match holder {
            Holder::Group(group) => Some(group.clone()),
            Holder::Role(_) | Holder::User(_) => None,
        };
        let attached = self.take(format!("the managed policies of {}", named(holder)), attached);
        self.found.extend(attached.into_iter().map(|arn| Place::Managed { arn, group: group.clone() }));
        let inline = self.take(format!("the inline policies of {}", named(holder)), inline);
        self.found.extend(inline.into_iter().map(|policy| Place::Inline { holder: holder.clone(), policy }));
    }

    /// A list, empty where it can't be read: then that is kept in mind.
    fn take<T>(&mut self, what: String, list: GatewayResult<Vec<T>>) -> Vec<T> {
        match list {
            Ok(list) => {
                self.heard = true;
                return list;
            }
            Err(error) if error.kind == GatewayErrorKind::NotFound => self.is_missing = true,
            Err(error) => self.lost.push((what, error)),
        }
        Vec::new()
    }
}

/// A caller as the holder of its own inline policies.
pub(super) fn holder(caller: &CallerArn) -> Result<Holder, NameError> {
    match caller.kind() {
        CallerKind::Role => RoleName::parse(caller.name()).map(Holder::Role),
        CallerKind::User => UserName::parse(caller.name()).map(Holder::User),
    }
}

async fn attached_to(c: &Connection, holder: &Holder) -> GatewayResult<Vec<Arn>> {
    match holder {
        Holder::Role(role) => attached_to_role(c, role.as_str()).await,
        Holder::User(user) => attached_to_user(c, user.as_str()).await,
        Holder::Group(group) => {
            let call = c.iam_call("ListAttachedGroupPolicies");
            let request = c.iam.list_attached_group_policies().group_name(group.as_str());
            let pages = request.into_paginator().items().send();
            Ok(arns(&pages.collect::<Result<Vec<_>, _>>().await.map_err(|e| call.failed(e))?))
        }
    }
}

pub(super) async fn inline_of(c: &Connection, holder: &Holder) -> GatewayResult<Vec<String>> {
    match holder {
        Holder::Role(role) => inline_of_role(c, role.as_str()).await,
        Holder::User(user) => {
            let call = c.iam_call("ListUserPolicies");
            let pages = c.iam.list_user_policies().user_name(user.as_str()).into_paginator().items().send();
            pages.collect::<Result<Vec<_>, _>>().await.map_err(|e| call.failed(e))
        }
        Holder::Group(group) => {
            let call = c.iam_call("ListGroupPolicies");
            let pages = c.iam.list_group_policies().group_name(group.as_str()).into_paginator().items().send();
            pages.collect::<Result<Vec<_>, _>>().await.map_err(|e| call.failed(e))
        }
    }
}

/// Only users have groups.
async fn groups_of(c: &Connection, holder: &Holder) -> GatewayResult<Vec<Holder>> {
    let Holder::User(user) = holder else { return Ok(Vec::new()) };
    let call = c.iam_call("ListGroupsForUser");
    let pages = c.iam.list_groups_for_user().user_name(user.as_str()).into_paginator().items().send();
    let groups = pages.collect::<Result<Vec<_>, _>>().await.map_err(|e| call.failed(e))?;
    let named = groups.iter().map(|group| GroupName::parse(group.group_name()).map(Holder::Group));
    named.collect::<Result<_, _>>().map_err(|error| call.invalid(error))
}
