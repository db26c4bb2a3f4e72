//! Managed policies and their versions.

use super::documents;
use super::input::{self, delete_conflict, limit, no_such_entity, page, path_prefix};
use super::managed::{self, AwsPolicy};
use super::model::{Iam, Kind, ManagedPolicy, PolicyVersion};
use crate::call::Call;
use crate::check::Checks;
use crate::error::Failure;
use crate::ids;
use crate::protocol::Reply;
use crate::protocol::query::Xml;
use domain::names::AccountId;
use domain::policy::PolicyDocument;
use domain::time::Timestamp;

/// The most a managed policy may have, without white space.
const CHARACTERS: usize = 6144;
/// Versions of a managed policy.
const VERSIONS: usize = 5;
/// When the AWS-managed policies were made, as far as results here say.
const AWS_POLICY_DATE: Timestamp = Timestamp(1_423_180_800_000);

/// How many use a policy, as permissions and as boundary.
fn usage(iam: &Iam, arn: &str) -> (usize, usize) {
    let attached = iam.holders().filter(|(.., grants)| grants.attached.iter().any(|known| known == arn)).count();
    let bounding = iam.holders().filter(|(.., grants)| grants.boundary.as_deref() == Some(arn)).count();
    (attached, bounding)
}

fn xml(policy: &ManagedPolicy, account: &AccountId, (attached, bounding): (usize, usize)) -> Xml {
    Xml::new()
        .text("PolicyName", &policy.name)
        .text("PolicyId", &policy.id)
        .text("Arn", policy.arn(account))
        .text("Path", &policy.path)
        .text("DefaultVersionId", format_args!("v{}", policy.default))
        .text("AttachmentCount", attached)
        .text("PermissionsBoundaryUsageCount", bounding)
        .text("IsAttachable", true)
        .text("CreateDate", policy.created.rfc3339())
        .text("UpdateDate", policy.updated.rfc3339())
}

fn aws_xml(policy: &AwsPolicy, (attached, bounding): (usize, usize)) -> Xml {
    Xml::new()
        .text("PolicyName", policy.name)
        .text("PolicyId", policy.id)
        .text("Arn", policy.arn)
        .text("Path", policy.path)
        .text("DefaultVersionId", "v1")
        .text("AttachmentCount", attached)
        .text("PermissionsBoundaryUsageCount", bounding)
        .text("IsAttachable", true)
        .text("CreateDate", AWS_POLICY_DATE.rfc3339())
        .text("UpdateDate", AWS_POLICY_DATE.rfc3339())
}

fn not_found(arn: &str) -> Failure {
    no_such_entity(format!("Policy {arn} was not found."))
}

fn check_document(text: &str) -> Result<(), Failure> {
    documents::check_identity(text)?;
    if PolicyDocument::size(text) > CHARACTERS {
        return Err(limit(format!("Cannot exceed quota for PolicySize: {CHARACTERS}")));
    }
    Ok(())
}

/// CreatePolicy.
pub fn create(call: &Call<'_>) -> Result<Reply, Failure> {
    let name = input::name(&call.params, "PolicyName", 128)?;
    let text = call.params.required("PolicyDocument")?;
    let (path, description) = (input::path(&call.params)?.to_owned(), input::description(&call.params)?);
    let tags = input::tags(&call.params)?;
    check_document(text)?;
    let policy = ManagedPolicy {
        name: name.to_owned(),
        path,
        id: ids::policy(),
        description,
        created: call.now,
        updated: call.now,
        versions: vec![PolicyVersion { number: 1, document: text.to_owned(), created: call.now }],
        default: 1,
        next: 2,
        tags,
    };
    let reply = tagged(xml(&policy, call.account(), (0, 0)), &policy);
    call.change_iam(|iam| {
        if iam.policies.contains_key(&name.to_ascii_lowercase()) {
            let message = format!("A policy called {name} already exists. Duplicate names are not allowed.");
            return Err(Failure::new(409, "EntityAlreadyExists", message));
        }
        iam.policies.insert(name.to_ascii_lowercase(), policy);
        Ok(())
    })?;
    Ok(Reply::Xml(Some(Xml::new().node("Policy", |_| reply))))
}

fn tagged(xml: Xml, policy: &ManagedPolicy) -> Xml {
    if policy.tags.is_empty() { xml } else { input::tags_xml(xml, &policy.tags) }
}

/// GetPolicy.
pub fn get(call: &Call<'_>) -> Result<Reply, Failure> {
    let arn = call.params.required("PolicyArn")?;
    let found = call.read_iam(|iam| match managed::find(arn) {
        Some(known) => Some(aws_xml(known, usage(iam, arn)).text("Description", known.description)),
        None => iam.policy(call.account(), arn).map(|policy| {
            let with_text =
                xml(policy, call.account(), usage(iam, arn)).maybe("Description", policy.description.as_ref());
            tagged(with_text, policy)
        }),
    });
    let found = found.ok_or_else(|| not_found(arn))?;
    Ok(Reply::Xml(Some(Xml::new().node("Policy", |_| found))))
}

/// ListPolicies.
pub fn list(call: &Call<'_>) -> Result<Reply, Failure> {
    let scope = call.params.optional("Scope").unwrap_or("All");
    let use_as = call.params.optional("PolicyUsageFilter");
    Checks::new().one_of("scope", scope, &["All", "AWS", "Local"]).finish()?;
    let only_attached = call.params.optional("OnlyAttached") == Some("true");
    let prefix = path_prefix(&call.params);
    let account = call.account();
    call.read_iam(|iam| {
        let mut all: Vec<(String, Xml)> = Vec::new();
        let wanted = |(attached, bounding): (usize, usize)| match use_as {
            Some("PermissionsBoundary") => bounding > 0,
            Some(_) => attached > 0,
            None => !only_attached || attached > 0,
        };
        if scope != "Local" {
            for known in managed::ALL.iter().filter(|known| known.path.starts_with(prefix)) {
                let used = usage(iam, known.arn);
                if wanted(used) {
                    // The account's own policies come first, so that a short page shows them.
                    all.push((format!("aws/{}", known.name), aws_xml(known, used)));
                }
            }
        }
        if scope != "AWS" {
            for (key, policy) in iam.policies.iter().filter(|(_, policy)| policy.path.starts_with(prefix)) {
                let used = usage(iam, &policy.arn(account));
                if wanted(used) {
                    all.push((format!("!{key}"), xml(policy, account, used)));
                }
            }
        }
        all.sort_by(|(a, _), (b, _)| a.cmp(b));
        let page = page(&call.params, all.iter().map(|(key, xml)| (key.as_str(), xml)))?;
        Ok(Reply::Xml(Some(page.end(Xml::new().list("Policies", &page.items, |_, item| Xml::clone(item))))))
    })
}

fn change<T>(
    call: &Call<'_>,
    change: impl FnOnce(&mut ManagedPolicy, &str) -> Result<T, Failure>,
) -> Result<T, Failure> {
    let arn = call.params.required("PolicyArn")?;
    if managed::find(arn).is_some() {
        return Err(Failure::access_denied(format!("Policy {arn} is managed by AWS and can't be changed.")));
    }
    call.change_iam(|iam| {
        let key = arn.rsplit('/').next().unwrap_or_default().to_ascii_lowercase();
        let found = iam.policies.get_mut(&key).filter(|policy| policy.arn(call.account()) == arn);
        change(found.ok_or_else(|| not_found(arn))?, arn)
    })
}

/// DeletePolicy: only one that nobody has, and with no version but the default one.
pub fn delete(call: &Call<'_>) -> Result<Reply, Failure> {
    let arn = call.params.required("PolicyArn")?;
    call.change_iam(|iam| {
        let policy = iam.policy(call.account(), arn).ok_or_else(|| not_found(arn))?;
        if usage(iam, arn) != (0, 0) {
            return Err(delete_conflict("Cannot delete a policy attached to entities."));
        }
        if policy.versions.len() > 1 {
            return Err(delete_conflict(
                "This policy has more than one version. Before you delete a policy, you must delete the policy's \
                 versions. The default version is deleted with the policy.",
            ));
        }
        let key = policy.name.to_ascii_lowercase();
        iam.policies.remove(&key);
        Ok(Reply::Xml(None))
    })
}

fn version_xml(number: u32, is_default: bool, created: Timestamp, document: Option<&str>) -> Xml {
    Xml::new()
        .maybe("Document", document.map(documents::encode))
        .text("VersionId", format_args!("v{number}"))
        .text("IsDefaultVersion", is_default)
        .text("CreateDate", created.rfc3339())
}

/// CreatePolicyVersion: five at most.
pub fn create_version(call: &Call<'_>) -> Result<Reply, Failure> {
    let text = call.params.required("PolicyDocument")?;
    let set_default = call.params.optional("SetAsDefault") == Some("true");
    check_document(text)?;
    let reply = change(call, |policy, _| {
        if policy.versions.len() >= VERSIONS {
            return Err(limit(
                "A managed policy can have up to 5 versions. Before you create a new version, you must delete an \
                 existing version.",
            ));
        }
        let number = policy.next;
        policy.next += 1;
        policy.versions.push(PolicyVersion { number, document: text.to_owned(), created: call.now });
        if set_default {
            policy.default = number;
        }
        policy.updated = call.now;
        Ok(version_xml(number, set_default, call.now, None))
    })?;
    Ok(Reply::Xml(Some(Xml::new().node("PolicyVersion", |_| reply))))
}

fn version_id<'a>(call: &'a Call<'_>) -> Result<(&'a str, u32), Failure> {
    let text = call.params.required("VersionId")?;
    let number = text.strip_prefix('v').and_then(|number| number.parse().ok());
    match number {
        Some(number) => Ok((text, number)),
        None => {
            let pattern = "v[1-9][0-9]*(\\.[A-Za-z0-9-]*)?";
            Checks::new().pattern("versionId", text, pattern, false).finish()?;
            Err(Failure::internal())
        }
    }
}

fn no_version(arn: &str, version: &str) -> Failure {
    no_such_entity(format!("Policy {arn} version {version} does not exist or is not attachable."))
}

/// GetPolicyVersion.
pub fn get_version(call: &Call<'_>) -> Result<Reply, Failure> {
    let arn = call.params.required("PolicyArn")?;
    let (id, number) = version_id(call)?;
    let found = match managed::find(arn) {
        Some(known) => (number == 1).then(|| version_xml(1, true, AWS_POLICY_DATE, Some(known.document))),
        None => call.read_iam(|iam| {
            let policy = iam.policy(call.account(), arn).ok_or_else(|| not_found(arn))?;
            let version = policy.versions.iter().find(|version| version.number == number);
            Ok(version.map(|v| version_xml(number, number == policy.default, v.created, Some(&v.document))))
        })?,
    };
    let found = found.ok_or_else(|| no_version(arn, id))?;
    Ok(Reply::Xml(Some(Xml::new().node("PolicyVersion", |_| found))))
}

/// ListPolicyVersions, newest first.
pub fn list_versions(call: &Call<'_>) -> Result<Reply, Failure> {
    let arn = call.params.required("PolicyArn")?;
    let versions = match managed::find(arn) {
        Some(_) => vec![(1, true, AWS_POLICY_DATE)],
        None => call.read_iam(|iam| {
            let policy = iam.policy(call.account(), arn).ok_or_else(|| not_found(arn))?;
            let all = policy.versions.iter().rev();
            Ok::<_, Failure>(all.map(|v| (v.number, v.number == policy.default, v.created)).collect())
        })?,
    };
    // Newest first, so the keys count down.
    let keys: Vec<String> = versions.iter().map(|(number, ..)| format!("{:010}", u32::MAX - number)).collect();
    let page = page(&call.params, keys.iter().map(String::as_str).zip(versions))?;
    let list = Xml::new().list("Versions", &page.items, |_, (n, default, at)| version_xml(*n, *default, *at, None));
    Ok(Reply::Xml(Some(page.end(list))))
}

/// DeletePolicyVersion: any but the default one.
pub fn delete_version(call: &Call<'_>) -> Result<Reply, Failure> {
    let (id, number) = version_id(call)?;
    change(call, |policy, arn| {
        if !policy.versions.iter().any(|version| version.number == number) {
            return Err(no_version(arn, id));
        }
        if policy.default == number {
            return Err(delete_conflict("Cannot delete the default version of a policy."));
        }
        policy.versions.retain(|version| version.number != number);
        policy.updated = call.now;
        Ok(Reply::Xml(None))
    })
}

/// SetDefaultPolicyVersion.
pub fn set_default_version(call: &Call<'_>) -> Result<Reply, Failure> {
    let (id, number) = version_id(call)?;
    change(call, |policy, arn| {
        if !policy.versions.iter().any(|version| version.number == number) {
            return Err(no_version(arn, id));
        }
        policy.default = number;
        policy.updated = call.now;
        Ok(Reply::Xml(None))
    })
}

/// ListEntitiesForPolicy: groups, users and roles in one paged list.
pub fn list_entities(call: &Call<'_>) -> Result<Reply, Failure> {
    let arn = call.params.required("PolicyArn")?;
    let filter = call.params.optional("EntityFilter");
    let as_boundary = call.params.optional("PolicyUsageFilter") == Some("PermissionsBoundary");
    let as_permissions = call.params.optional("PolicyUsageFilter") == Some("PermissionsPolicy");
    call.read_iam(|iam| {
        if managed::find(arn).is_none() && iam.policy(call.account(), arn).is_none() {
            return Err(not_found(arn));
        }
        let mut users_of: Vec<_> = iam
            .holders()
            .filter(|(kind, .., grants)| {
                let attached = !as_boundary && grants.attached.iter().any(|known| known == arn);
                let bounding = !as_permissions && grants.boundary.as_deref() == Some(arn);
                (attached || bounding) && filter.is_none_or(|filter| filter == kind.title())
            })
            .map(|(kind, name, id, _)| (format!("{}/{}", kind.word(), name.to_ascii_lowercase()), (kind, name, id)))
            .collect();
        users_of.sort_by(|(a, _), (b, _)| a.cmp(b));
        let page = page(&call.params, users_of.iter().map(|(key, item)| (key.as_str(), item)))?;
        let of = |xml: Xml, kind: Kind| {
            let title = kind.title();
            let items = page.items.iter().filter(|(known, ..)| *known == kind);
            xml.list(&format!("Policy{title}s"), items, |xml, (_, name, id)| {
                xml.text(&format!("{title}Name"), name).text(&format!("{title}Id"), id)
            })
        };
        Ok(Reply::Xml(Some(page.end(of(of(of(Xml::new(), Kind::Group), Kind::User), Kind::Role)))))
    })
}
