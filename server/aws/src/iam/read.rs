//! Reading roles, users and policies. Calls that don't need each other's answers go side by side, lists are followed
//! to their end, documents are decoded.

use crate::connections::Connection;
use crate::error::found;
use aws_sdk_iam::types::{AttachedPermissionsBoundary, AttachedPolicy, PolicyUsageType, Role, Tag};
use aws_smithy_types::DateTime;
use domain::arn::{Arn, CallerArn, CallerKind};
use domain::connection::CallerView;
use domain::endpoint::Page;
use domain::names::{PolicyName, RoleName};
use domain::share::inventory::{ObservedPolicy, ObservedRole, ObservedVersion};
use domain::time::Timestamp;
use percent_encoding::percent_decode_str;
use services::ports::gateway::{GatewayResult, Tags};

/// Entries in a page of roles, users or policies.
pub(super) const PAGE: i32 = 100;
/// Pages read on at most, when a page holds nothing but service-linked roles.
const EMPTY_PAGES: usize = 5;
/// The path of roles that only AWS's services can use.
const SERVICE_LINKED: &str = "/aws-service-role/";

/// IAM gives documents URL-encoded, after RFC 3986.
pub(super) fn decoded(document: &str) -> String {
    percent_decode_str(document).decode_utf8_lossy().into_owned()
}

pub(super) fn tags_of(tags: &[Tag]) -> Tags {
    tags.iter().map(|tag| (tag.key().to_owned(), tag.value().to_owned())).collect()
}

fn moment(time: &DateTime) -> Option<Timestamp> {
    time.to_millis().ok().map(Timestamp)
}

pub(super) fn arns(policies: &[AttachedPolicy]) -> Vec<Arn> {
    policies.iter().filter_map(|policy| Arn::parse(policy.policy_arn()?).ok()).collect()
}

pub(super) async fn policy(c: &Connection, arn: &Arn) -> GatewayResult<Option<ObservedPolicy>> {
    let call = c.iam_call("GetPolicy");
    let answer = c.iam.get_policy().policy_arn(arn.as_str()).send().await.map_err(|e| call.failed(e));
    let Some(answer) = found(answer)? else { return Ok(None) };
    let Some(policy) = answer.policy() else { return Err(call.unexpected("no policy")) };
    let Some(default) = policy.default_version_id() else { return Err(call.unexpected("no default version")) };

    let document = document_of(c, arn, default);
    // Without a filter IAM tells both uses in one list, and who is bounded by a policy does not hold it.
    let attached = entities(c, arn, PolicyUsageType::PermissionsPolicy);
    let bounding = entities(c, arn, PolicyUsageType::PermissionsBoundary);
    let read = tokio::try_join!(document, versions(c, arn), attached, bounding);
    // Deleted meanwhile: not there.
    let Some((document, versions, entities, bounding)) = found(read)? else { return Ok(None) };
    let roles = bounding.roles.iter().map(|name| format!("role/{name}"));
    let bounding = roles.chain(bounding.users.iter().map(|name| format!("user/{name}"))).collect();
    Ok(Some(ObservedPolicy {
        arn: arn.clone(),
        document,
        versions,
        tags: tags_of(policy.tags()),
        attached_roles: entities.roles,
        attached_users: entities.users,
        attached_groups: entities.groups,
        bounding,
        description: policy.description().unwrap_or_default().to_owned(),
    }))
}

/// A version's document, decoded.
pub(super) async fn document_of(c: &Connection, arn: &Arn, version: &str) -> GatewayResult<String> {
    let call = c.iam_call("GetPolicyVersion");
    let request = c.iam.get_policy_version().policy_arn(arn.as_str()).version_id(version);
    let answer = request.send().await.map_err(|e| call.failed(e))?;
    let document = answer.policy_version().and_then(|version| version.document());
    document.map(decoded).ok_or_else(|| call.unexpected("no document"))
}

pub(super) async fn versions(c: &Connection, arn: &Arn) -> GatewayResult<Vec<ObservedVersion>> {
    let call = c.iam_call("ListPolicyVersions");
    let pages = c.iam.list_policy_versions().policy_arn(arn.as_str()).into_paginator().items().send();
    let versions = pages.collect::<Result<Vec<_>, _>>().await.map_err(|e| call.failed(e))?;
    let observed = versions.iter().filter_map(|version| {
        Some(ObservedVersion {
            id: version.version_id()?.to_owned(),
            is_default: version.is_default_version(),
            created: version.create_date().and_then(moment),
        })
    });
    Ok(observed.collect())
}

/// The names of those that use a policy.
#[derive(Default)]
struct Entities {
    roles: Vec<String>,
    users: Vec<String>,
    groups: Vec<String>,
}

async fn entities(c: &Connection, arn: &Arn, usage: PolicyUsageType) -> GatewayResult<Entities> {
    let call = c.iam_call("ListEntitiesForPolicy");
    let mut pages =
        c.iam.list_entities_for_policy().policy_arn(arn.as_str()).policy_usage_filter(usage).into_paginator().send();
    let mut entities = Entities::default();
    while let Some(page) = pages.next().await {
        let page = page.map_err(|e| call.failed(e))?;
        entities.roles.extend(page.policy_roles().iter().filter_map(|role| role.role_name().map(str::to_owned)));
        entities.users.extend(page.policy_users().iter().filter_map(|user| user.user_name().map(str::to_owned)));
        entities.groups.extend(page.policy_groups().iter().filter_map(|group| group.group_name().map(str::to_owned)));
    }
    Ok(entities)
}

pub(super) async fn role(c: &Connection, name: &RoleName) -> GatewayResult<Option<ObservedRole>> {
    let (attached, inline) = (attached_to_role(c, name.as_str()), inline_of_role(c, name.as_str()));
    let read = tokio::try_join!(get_role(c, name.as_str()), attached, inline);
    let Some((role, attached, inline)) = found(read)? else { return Ok(None) };
    let arn = Arn::parse(role.arn()).map_err(|_| c.iam_call("GetRole").unexpected("no ARN"))?;
    Ok(Some(ObservedRole {
        arn,
        unique_id: role.role_id().to_owned(),
        trust: trust_of(&role),
        max_session_seconds: max_session_of(&role),
        description: role.description().unwrap_or_default().to_owned(),
        attached,
        inline: inline.iter().filter_map(|name| PolicyName::parse(name).ok()).collect(),
        boundary: role.permissions_boundary().and_then(boundary_of),
        tags: tags_of(role.tags()),
    }))
}

pub(super) async fn get_role(c: &Connection, name: &str) -> GatewayResult<Role> {
    let call = c.iam_call("GetRole");
    let answer = c.iam.get_role().role_name(name).send().await.map_err(|e| call.failed(e))?;
    answer.role.ok_or_else(|| call.unexpected("no role"))
}

pub(super) fn trust_of(role: &Role) -> String {
    role.assume_role_policy_document().map(decoded).unwrap_or_default()
}

/// IAM leaves it out for roles from before 2018; they have the default of an hour.
pub(super) fn max_session_of(role: &Role) -> u32 {
    role.max_session_duration().and_then(|seconds| u32::try_from(seconds).ok()).unwrap_or(3600)
}

pub(super) fn boundary_of(boundary: &AttachedPermissionsBoundary) -> Option<Arn> {
    boundary.permissions_boundary_arn().and_then(|arn| Arn::parse(arn).ok())
}

pub(super) async fn attached(c: &Connection, caller: &CallerArn) -> GatewayResult<Option<Vec<Arn>>> {
    found(match caller.kind() {
        CallerKind::Role => attached_to_role(c, caller.name()).await,
        CallerKind::User => attached_to_user(c, caller.name()).await,
    })
}

pub(super) async fn attached_to_role(c: &Connection, name: &str) -> GatewayResult<Vec<Arn>> {
    let call = c.iam_call("ListAttachedRolePolicies");
    let pages = c.iam.list_attached_role_policies().role_name(name).into_paginator().items().send();
    Ok(arns(&pages.collect::<Result<Vec<_>, _>>().await.map_err(|e| call.failed(e))?))
}

pub(super) async fn attached_to_user(c: &Connection, name: &str) -> GatewayResult<Vec<Arn>> {
    let call = c.iam_call("ListAttachedUserPolicies");
    let pages = c.iam.list_attached_user_policies().user_name(name).into_paginator().items().send();
    Ok(arns(&pages.collect::<Result<Vec<_>, _>>().await.map_err(|e| call.failed(e))?))
}

pub(super) async fn inline_of_role(c: &Connection, name: &str) -> GatewayResult<Vec<String>> {
    let call = c.iam_call("ListRolePolicies");
    let pages = c.iam.list_role_policies().role_name(name).into_paginator().items().send();
    pages.collect::<Result<Vec<_>, _>>().await.map_err(|e| call.failed(e))
}

pub(super) async fn roles(c: &Connection, after: Option<&str>) -> GatewayResult<Page<CallerView>> {
    let page = role_page(c, after).await?;
    Ok(Page { items: page.items.iter().filter_map(offered).collect(), next: page.next })
}

/// A page of roles without the service-linked ones; read on where it would be empty for that.
pub(super) async fn role_page(c: &Connection, after: Option<&str>) -> GatewayResult<Page<Role>> {
    let call = c.iam_call("ListRoles");
    let mut marker = after.map(str::to_owned);
    let mut items = Vec::new();
    for _ in 0..EMPTY_PAGES {
        let request = c.iam.list_roles().max_items(PAGE).set_marker(marker);
        let answer = request.send().await.map_err(|e| call.failed(e))?;
        marker = answer.marker().filter(|_| answer.is_truncated()).map(str::to_owned);
        items.extend(answer.roles.into_iter().filter(|role| !role.path().starts_with(SERVICE_LINKED)));
        if marker.is_none() || !items.is_empty() {
            break;
        }
    }
    Ok(Page { items, next: marker })
}

fn offered(role: &Role) -> Option<CallerView> {
    Some(CallerView {
        arn: CallerArn::parse(role.arn()).ok()?,
        used_by: role.assume_role_policy_document().map(decoded).and_then(|trust| used_by(&trust)),
        description: role.description().filter(|text| !text.is_empty()).map(str::to_owned),
    })
}

pub(super) async fn users(c: &Connection, after: Option<&str>) -> GatewayResult<Page<CallerView>> {
    let call = c.iam_call("ListUsers");
    let request = c.iam.list_users().max_items(PAGE).set_marker(after.map(str::to_owned));
    let answer = request.send().await.map_err(|e| call.failed(e))?;
    let view = |arn| Some(CallerView { arn: CallerArn::parse(arn).ok()?, used_by: None, description: None });
    let items = answer.users().iter().filter_map(|user| view(user.arn())).collect();
    Ok(Page { items, next: answer.marker().filter(|_| answer.is_truncated()).map(str::to_owned) })
}

/// Whom a trust policy names, in a few words: `lambda.amazonaws.com`, `account 111111111111`, `anyone`.
fn used_by(trust: &str) -> Option<String> {
    let document: serde_json::Value = serde_json::from_str(trust).ok()?;
    let mut names: Vec<String> = Vec::new();
    for statement in several(document.get("Statement")?).filter(|statement| statement["Effect"] == "Allow") {
        let Some(principal) = statement.get("Principal") else { continue };
        if principal == "*" {
            names.push("anyone".into());
        }
        for (kind, values) in principal.as_object().into_iter().flatten() {
            names.extend(several(values).filter_map(|value| value.as_str()).map(|value| named(kind, value)));
        }
    }
    names.sort();
    names.dedup();
    match names.len() {
        0 => None,
        1 | 2 => Some(names.join(", ")),
        more => Some(format!("{}, {} and {} more", names[0], names[1], more - 2)),
    }
}

/// One value, or a list of them.
fn several(value: &serde_json::Value) -> impl Iterator<Item = &serde_json::Value> {
    value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice).iter()
}

fn named(kind: &str, value: &str) -> String {
    match (kind, Arn::parse(value)) {
        ("AWS", _) if value == "*" => "anyone".into(),
        ("AWS", Ok(arn)) if arn.resource() == "root" => format!("account {}", arn.account()),
        ("AWS" | "Federated", Ok(arn)) => arn.resource().to_owned(),
        ("AWS", Err(_)) if value.len() == 12 => format!("account {value}"),
        _ => value.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::{decoded, used_by};

    #[test]
    fn a_document_is_decoded_and_a_plus_stays_a_plus() {
        assert_eq!(decoded("%7B%22a%22%3A%22b+c%20%C3%A9%22%7D"), "{\"a\":\"b+c é\"}");
    }

    #[test]
    fn a_trust_policy_is_said_in_a_few_words() {
        let trust = |principal: &str| {
            used_by(&format!(
                r#"{{"Statement":[{{"Effect":"Allow","Principal":{principal},"Action":"sts:AssumeRole"}}]}}"#
            ))
        };
        assert_eq!(trust(r#"{"Service":"lambda.amazonaws.com"}"#).as_deref(), Some("lambda.amazonaws.com"));
        assert_eq!(trust(r#"{"AWS":"arn:aws:iam::111111111111:root"}"#).as_deref(), Some("account 111111111111"));
        assert_eq!(trust(r#"{"AWS":["222222222222","222222222222"]}"#).as_deref(), Some("account 222222222222"));
        assert_eq!(trust(r#""*""#).as_deref(), Some("anyone"));
        assert_eq!(trust(r#"{"Service":["d","c","b","a"]}"#).as_deref(), Some("a, b and 2 more"));
        assert_eq!(used_by("not json"), None);
    }
}
