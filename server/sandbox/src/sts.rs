//! Security Token Service.
//!
//! Constraints and messages: AWS STS API reference, and the public record of its errors.

use crate::authorize;
use crate::call::{Call, Needs, Operation, Target};
use crate::caller::Who;
use crate::check::{Checks, word};
use crate::error::Failure;
use crate::iam::documents;
use crate::iam::model::Role;
use crate::protocol::Reply;
use crate::protocol::query::Xml;
use crate::session::{self, SessionOf};
use domain::arn::Arn;
use domain::evaluate::NamedPolicy;
use domain::names::AccountId;
use domain::policy::PolicyDocument;
use std::collections::BTreeMap;

/// What STS can do here.
pub const OPERATIONS: &[Operation] = &[
    Operation { name: "GetCallerIdentity", needs: nothing, run: get_caller_identity },
    // Asks the trust policy together with the caller's own policies, which only the operation knows.
    Operation { name: "AssumeRole", needs: nothing, run: assume_role },
    // "No permissions are required for users to perform this operation."
    Operation { name: "GetSessionToken", needs: nothing, run: get_session_token },
];

/// The longest a chained session may last.
const CHAINED_SECONDS: i64 = 3600;
/// Session policies together, in characters.
const SESSION_POLICY_CHARACTERS: usize = 2048;

fn nothing(_: &Call<'_>) -> Result<Needs, Failure> {
    Ok(Needs::Nothing)
}

fn get_caller_identity(call: &Call<'_>) -> Result<Reply, Failure> {
    let caller = call.caller;
    let xml = Xml::new().text("Arn", &caller.arn).text("UserId", &caller.user_id).text("Account", &caller.account);
    Ok(Reply::Xml(Some(xml)))
}

/// AssumeRole's input, checked.
struct Wanted<'a> {
    arn: &'a str,
    session: &'a str,
    external_id: Option<&'a str>,
    seconds: i64,
    policy: Option<&'a str>,
    policy_arns: Vec<&'a str>,
    tags: BTreeMap<String, String>,
}

fn assume_role(call: &Call<'_>) -> Result<Reply, Failure> {
    let wanted = wanted(call)?;
    if matches!(call.caller.who, Who::Root) {
        return Err(Failure::access_denied("Roles may not be assumed by root accounts."));
    }
    let (account, role, trust) = find_trusted(call, wanted.arn)?;
    authorize::require_trust(call, "sts:AssumeRole", target(&wanted, &role), account.clone(), &trust)?;
    if !wanted.tags.is_empty() {
        authorize::require_trust(call, "sts:TagSession", target(&wanted, &role), account.clone(), &trust)?;
    }
    check_duration(call, &wanted, &role)?;

    let of = SessionOf::Role {
        name: role.name.clone(),
        id: role.id.clone(),
        session: wanted.session.to_owned(),
        policy: wanted.policy.map(str::to_owned),
        policy_arns: wanted.policy_arns.iter().map(|&arn| arn.to_owned()).collect(),
        tags: wanted.tags,
    };
    let credentials = issue(call, &account, of, wanted.seconds);
    let used = wanted.policy.map_or(0, |policy| policy.chars().count());
    let packed = (used > 0).then_some((used * 100).div_ceil(SESSION_POLICY_CHARACTERS));
    let xml = credentials_xml(Xml::new(), &credentials)
        .node("AssumedRoleUser", |xml| {
            xml.text("AssumedRoleId", format_args!("{}:{}", role.id, wanted.session))
                .text("Arn", format_args!("arn:aws:sts::{account}:assumed-role/{}/{}", role.name, wanted.session))
        })
        .maybe("PackedPolicySize", packed);
    Ok(Reply::Xml(Some(xml)))
}

fn wanted<'a>(call: &'a Call<'_>) -> Result<Wanted<'a>, Failure> {
    let params = &call.params;
    let (arn, session) = (params.required("RoleArn")?, params.required("RoleSessionName")?);
    let seconds = params.number("DurationSeconds")?;
    let external_id = params.optional("ExternalId");
    let policy = params.optional("Policy");
    let mut checks = Checks::new().length("roleArn", arn, 20, 2048).length("roleSessionName", session, 2, 64).pattern(
        "roleSessionName",
        session,
        "[\\w+=,.@-]*",
        word(session, "+=,.@-"),
    );
    if let Some(seconds) = seconds {
        checks = checks.range("durationSeconds", seconds, 900, 43_200);
    }
    if let Some(id) = external_id {
        checks = checks.length("externalId", id, 2, 1224).pattern(
            "externalId",
            id,
            "[\\w+=,.@:\\/-]*",
            word(id, "+=,.@:/-"),
        );
    }
    checks.finish()?;
    if !Arn::parse(arn).is_ok_and(|parsed| parsed.as_str() == arn) {
        return Err(Failure::validation(format!("{arn} is invalid")));
    }
    if params.optional("SourceIdentity").is_some() {
        return Err(Failure::validation("the sandbox does not support SourceIdentity"));
    }
    let policy_arns: Vec<&str> = params.rows("PolicyArns", ["arn"]).into_iter().map(|[arn]| arn).collect();
    check_session_policies(policy, &policy_arns)?;
    let tags = params.rows("Tags", ["Key", "Value"]).into_iter().map(|[k, v]| (k.to_owned(), v.to_owned())).collect();
    Ok(Wanted { arn, session, external_id, seconds: seconds.unwrap_or(3600), policy, policy_arns, tags })
}

fn check_session_policies(policy: Option<&str>, arns: &[&str]) -> Result<(), Failure> {
    if let Some(policy) = policy {
        Checks::new().length("policy", policy, 1, SESSION_POLICY_CHARACTERS).finish()?;
        documents::check_identity(policy)?;
    }
    if arns.len() > 10 {
        return Err(Failure::new(
            400,
            "PackedPolicyTooLarge",
            "The number of session policies exceeds the limit of 10 managed policies.",
        ));
    }
    match arns.iter().find(|arn| !arn.contains(":policy/")) {
        Some(arn) => Err(Failure::validation(format!("ARN {arn} is not valid."))),
        None => Ok(()),
    }
}

/// The role that a service assumes as `call`'s caller, if policies and trust allow it.
pub fn trusting(call: &Call<'_>, role: &str, session: &str) -> Result<(AccountId, Role), Failure> {
    let (account, found, trust) = find_trusted(call, role)?;
    let target = Target::new(role).with("sts:RoleSessionName", session).tagged(&found.tags);
    authorize::require_trust(call, "sts:AssumeRole", target, account.clone(), &trust)?;
    Ok((account, found))
}

/// The role with its trust policy. One that does not exist is denied like one that does not trust.
fn find_trusted(call: &Call<'_>, arn: &str) -> Result<(AccountId, Role, NamedPolicy), Failure> {
    let bare = || authorize::denied(&call.caller.arn, "sts:AssumeRole", arn);
    let (account, role) = find_role(call, arn).ok_or_else(bare)?;
    let trust = PolicyDocument::parse(&role.trust).map_err(|_| bare())?;
    Ok((account, role, NamedPolicy::new("trust policy", trust)))
}

/// The role, as far as authorisation sees it yet.
fn find_role(call: &Call<'_>, arn: &str) -> Option<(AccountId, Role)> {
    let parsed = Arn::parse(arn).ok()?;
    let account = parsed.account_id()?;
    let iam = call.app.store.read().accounts.get(&account).map(|account| account.iam.visible())?;
    let role = iam.role(parsed.resource_name()).filter(|role| role.arn(&account) == arn)?;
    Some((account, role.clone()))
}

fn target(wanted: &Wanted<'_>, role: &Role) -> Target {
    let mut target = Target::new(wanted.arn)
        .with("sts:RoleSessionName", wanted.session)
        .tagged(&role.tags)
        .requesting(wanted.tags.iter().map(|(k, v)| (k.as_str(), v.as_str())));
    if let Some(id) = wanted.external_id {
        target = target.with("sts:ExternalId", id);
    }
    target
}

fn check_duration(call: &Call<'_>, wanted: &Wanted<'_>, role: &Role) -> Result<(), Failure> {
    if call.caller.is_role_session() && wanted.seconds > CHAINED_SECONDS {
        return Err(Failure::validation(
            "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.",
        ));
    }
    if wanted.seconds > i64::from(role.max_session) {
        return Err(Failure::validation(
            "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.",
        ));
    }
    Ok(())
}

fn get_session_token(call: &Call<'_>) -> Result<Reply, Failure> {
    let of = match &call.caller.who {
        _ if call.temporary => {
            return Err(Failure::access_denied("Cannot call GetSessionToken with session credentials"));
        }
        Who::User { name, id } => SessionOf::User { name: name.clone(), id: id.clone() },
        Who::Root | Who::Role(_) => SessionOf::Root,
    };
    // A root user's session is an hour at most.
    let most = if matches!(of, SessionOf::Root) { 3600 } else { 129_600 };
    let seconds = call.params.number("DurationSeconds")?.unwrap_or(43_200.min(most));
    Checks::new().range("durationSeconds", seconds, 900, 129_600).finish()?;
    let credentials = issue(call, call.account(), of, seconds.min(most));
    Ok(Reply::Xml(Some(credentials_xml(Xml::new(), &credentials))))
}

fn issue(call: &Call<'_>, account: &AccountId, of: SessionOf, seconds: i64) -> session::Credentials {
    let state = call.app.store.read();
    session::issue(&state.master, account, of, call.now.plus_ms(seconds * 1000), call.app.faults.era())
}

fn credentials_xml(xml: Xml, credentials: &session::Credentials) -> Xml {
    xml.node("Credentials", |xml| {
        xml.text("AccessKeyId", &credentials.key)
            .text("SecretAccessKey", &credentials.secret)
            .text("SessionToken", &credentials.token)
            .text("Expiration", credentials.expires.rfc3339())
    })
}
