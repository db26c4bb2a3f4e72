//! Roles and policies of an account with their tags, which IAM's lists leave out. For finding shares without the store.

use super::evidence::piece;
use super::read::{PAGE, get_role, max_session_of, role_page, tags_of, trust_of};
use crate::connections::Connection;
use crate::error::found;
use aws_sdk_iam::types::{Policy, PolicyScopeType, Role};
use domain::arn::Arn;
use domain::endpoint::Page;
use futures::StreamExt;
use services::ports::gateway::{GatewayResult, ListedPolicy, ListedRole, Piece};

/// Tags read at a time: IAM throttles early.
const AT_ONCE: usize = 8;

pub(super) async fn roles(c: &Connection, after: Option<&str>) -> GatewayResult<Page<ListedRole>> {
    let page = role_page(c, after).await?;
    let reading = page.items.into_iter().map(|role| with_tags(c, role));
    let listed: Vec<_> = futures::stream::iter(reading).buffered(AT_ONCE).collect().await;
    Ok(Page { items: listed.into_iter().flatten().collect(), next: page.next })
}

/// `None` if it is gone by now.
async fn with_tags(c: &Connection, role: Role) -> Option<ListedRole> {
    let arn = Arn::parse(role.arn()).ok()?;
    let tags = match piece(found(get_role(c, role.role_name()).await)) {
        Piece::Read(role) => Piece::Read(tags_of(role.tags())),
        Piece::Missing => return None,
        Piece::Unreadable { why } => Piece::Unreadable { why },
    };
    Some(ListedRole {
        arn,
        unique_id: role.role_id().to_owned(),
        trust: trust_of(&role),
        max_session_seconds: max_session_of(&role),
        description: role.description().unwrap_or_default().to_owned(),
        tags,
    })
}

pub(super) async fn policies(c: &Connection, after: Option<&str>) -> GatewayResult<Page<ListedPolicy>> {
    let call = c.iam_call("ListPolicies");
    let request = c.iam.list_policies().scope(PolicyScopeType::Local).max_items(PAGE);
    let answer = request.set_marker(after.map(str::to_owned)).send().await.map_err(|e| call.failed(e))?;
    let next = answer.marker().filter(|_| answer.is_truncated()).map(str::to_owned);
    let reading = answer.policies.unwrap_or_default().into_iter().map(|policy| tagged(c, policy));
    let listed: Vec<_> = futures::stream::iter(reading).buffered(AT_ONCE).collect().await;
    Ok(Page { items: listed.into_iter().flatten().collect(), next })
}

/// `None` if it is gone by now.
async fn tagged(c: &Connection, policy: Policy) -> Option<ListedPolicy> {
    let arn = Arn::parse(policy.arn()?).ok()?;
    let call = c.iam_call("GetPolicy");
    let answer = c.iam.get_policy().policy_arn(arn.as_str()).send().await.map_err(|e| call.failed(e));
    let tags = match piece(found(answer)) {
        Piece::Read(answer) => Piece::Read(answer.policy().map(|policy| tags_of(policy.tags())).unwrap_or_default()),
        Piece::Missing => return None,
        Piece::Unreadable { why } => Piece::Unreadable { why },
    };
    Some(ListedPolicy {
        arn,
        version: policy.default_version_id()?.to_owned(),
        attachments: policy.attachment_count().and_then(|count| u32::try_from(count).ok()).unwrap_or(0),
        tags,
    })
}
