//! What can be wrong with the answers, step by step.

use super::{FieldProblem, ShareDraft, WizardStep};
use crate::arn::CallerArn;
use crate::endpoint::EndpointArn;
use crate::names::{AccountId, ExternalId, NameError, PolicyName, Region, RoleName};
use crate::share::intent::InvokeAction;

/// A role's MaxSessionDuration, in seconds (IAM API reference, CreateRole).
const SESSION_SECONDS: std::ops::RangeInclusive<u32> = 3600..=43_200;

/// Collects a step's problems.
#[derive(Default)]
pub(crate) struct Found(Vec<FieldProblem>);

impl Found {
    /// All of them, in the order they were found.
    pub(crate) fn all(self) -> Vec<FieldProblem> {
        self.0
    }
    pub(crate) fn add(&mut self, field: &str, message: impl Into<String>, hint: &str) {
        let hint = (!hint.is_empty()).then(|| hint.to_owned());
        self.0.push(FieldProblem { field: field.into(), message: message.into(), hint });
    }
    pub(crate) fn check<T>(&mut self, field: &str, parsed: Result<T, NameError>, hint: &str) -> Option<T> {
        parsed.map_err(|error| self.add(field, said(&error), hint)).ok()
    }
}

/// The refusal in words; an empty answer is told as missing, not as a pair of backticks with nothing between.
fn said(error: &NameError) -> String {
    if error.input.is_empty() {
        format!("nothing is given; it should be {}", error.expected)
    } else {
        error.to_string()
    }
}

impl ShareDraft {
    /// What is wrong with a step's answers. Review, Apply and Verify have none of their own.
    pub fn problems(&self, step: WizardStep) -> Vec<FieldProblem> {
        let mut found = Found::default();
        match step {
            // They are as the offer says, and that was looked at when it was read.
            WizardStep::Parent | WizardStep::Endpoints | WizardStep::Role if self.offer.is_some() => {}
            WizardStep::Callers if self.offer.is_some() => self.accepting_problems(&mut found),
            WizardStep::Parent => self.parent_problems(&mut found),
            WizardStep::Endpoints => self.endpoint_problems(&mut found),
            WizardStep::Callers => self.caller_problems(&mut found),
            WizardStep::Role => self.role_problems(&mut found),
            WizardStep::Child => self.child_problems(&mut found),
            WizardStep::Review | WizardStep::Apply | WizardStep::Verify => {}
        }
        found.all()
    }

    /// What is wrong anywhere, in the order of the steps.
    pub fn all_problems(&self) -> Vec<(WizardStep, FieldProblem)> {
        WizardStep::ALL.into_iter().flat_map(|s| self.problems(s).into_iter().map(move |p| (s, p))).collect()
    }

    /// The child's account, however it is given.
    pub fn child(&self) -> Option<AccountId> {
        if self.child_is_connected() {
            self.child_account.clone()
        } else {
            AccountId::parse(&self.callers.account).ok()
        }
    }

    fn parent_problems(&self, found: &mut Found) {
        let connection = self.parent.connection.trim();
        if connection.is_empty() {
            found.add("connection", "no account is chosen", "choose the account that owns the endpoints");
        } else if self.parent_account.is_none() {
            found.add(
                "connection",
                format!("the account behind connection `{connection}` is not known"),
                "look at the connection under Accounts, then save this step again",
            );
        }
        found.check("region", Region::parse(&self.parent.region), "choose the region the endpoints are in");
    }

    fn endpoint_problems(&self, found: &mut Found) {
        match self.endpoints.scope.as_str() {
            "all" => return,
            "named" => {}
            other => {
                let message = format!("`{other}` is neither `named` nor `all`");
                return found.add("scope", message, "choose endpoints, or all in the region");
            }
        }
        if self.endpoints.arns.is_empty() {
            found.add("arns", "no endpoint is chosen", "choose at least one, or all in the region");
        }
        for text in &self.endpoints.arns {
            let hint = "choose it from the list: its ARN comes from SageMaker itself";
            let Some(arn) = found.check("arns", EndpointArn::parse(text), hint) else { continue };
            if let Some(parent) = &self.parent_account
                && arn.arn().account() != parent.as_str()
            {
                let message = format!("`{arn}` is not in the parent account {parent}");
                found.add("arns", message, "take it off, or choose the account that owns it as the parent");
            } else if Region::parse(&self.parent.region).is_ok_and(|region| region.as_str() != arn.arn().region()) {
                let message = format!("`{arn}` is not in {}", self.parent.region.trim());
                found.add("arns", message, "a share covers one region: take it off, or make a second share");
            } else if Region::parse(arn.arn().region()).is_ok_and(|r| r.partition() != arn.arn().partition()) {
                let message = format!("`{arn}` has the wrong partition for {}", arn.arn().region());
                found.add("arns", message, hint);
            }
        }
    }

    pub(super) fn caller_problems(&self, found: &mut Found) {
        self.child_account_problems(found);
        match self.callers.scope.as_str() {
            "account" => {}
            "named" => self.named_caller_problems(found),
            other => {
                let message = format!("`{other}` is neither `named` nor `account`");
                found.add("scope", message, "choose roles and users, or the whole account");
            }
        }
        if self.console_calls() && self.child_account.is_some() && self.console_caller.is_none() {
            let who = self.console_identity.as_ref().map_or("its identity there".into(), |arn| format!("`{arn}`"));
            found.add(
                "console",
                format!("this console can't be named as a caller: {who} is neither a role nor a user"),
                "connect to the child with a role or a user, or take this console off the callers",
            );
        }
    }

    fn child_account_problems(&self, found: &mut Found) {
        let field = match self.callers.source.as_str() {
            "typed" => {
                let hint = "the child's administrator finds it at the top right of the AWS console";
                found.check("account", AccountId::parse(&self.callers.account), hint);
                "account"
            }
            "connected" => {
                let connection = self.callers.connection.trim();
                if connection.is_empty() {
                    found.add("connection", "no account is chosen", "choose the account that calls, or type its ID");
                } else if self.child_account.is_none() {
                    found.add(
                        "connection",
                        format!("the account behind connection `{connection}` is not known"),
                        "look at the connection under Accounts, then save this step again; or type the account ID",
                    );
                }
                "connection"
            }
            other => {
                let message = format!("`{other}` is neither `connected` nor `typed`");
                return found.add("source", message, "choose a connected account, or type an account ID");
            }
        };
        if let (Some(child), Some(parent)) = (self.child(), &self.parent_account)
            && child == *parent
        {
            found.add(
                field,
                format!("`{child}` is the parent account itself"),
                "a share leads to another account; within one account give the caller sagemaker:InvokeEndpoint directly",
            );
        }
    }

    fn named_caller_problems(&self, found: &mut Found) {
        let typed: Vec<&str> = self.caller_texts().collect();
        if typed.is_empty() && !self.console_calls() {
            let field = if self.child_is_connected() { "arns" } else { "typed" };
            found.add(field, "no caller is chosen", "name at least one role or user, or choose the whole account");
        }
        for text in typed {
            let field = if self.callers.arns.iter().any(|a| a == text) { "arns" } else { "typed" };
            let hint = "give the ARN as IAM shows it, one a line";
            if let Some(caller) = found.check(field, CallerArn::parse(text), hint) {
                self.check_in_child(found, field, &caller);
            }
        }
    }

    fn check_in_child(&self, found: &mut Found, field: &str, caller: &CallerArn) {
        if let Some(child) = self.child()
            && caller.account() != child
        {
            let message = format!("`{caller}` is in account {}, not in the child account {child}", caller.account());
            found.add(field, message, "name roles and users of the child account only");
        } else if let Ok(region) = Region::parse(&self.parent.region)
            && region.partition() != caller.arn().partition()
        {
            let (partition, own) = (region.partition(), caller.arn().partition());
            let message = format!("`{caller}` is in partition `{own}`, the endpoints are in `{partition}`");
            found.add(field, message, "AWS partitions can't trust one another: both accounts have to be in the same");
        }
    }

    fn role_problems(&self, found: &mut Found) {
        let role = &self.role;
        found.check("policy_name", PolicyName::parse(&role.policy_name), "");
        found.check("role_name", RoleName::parse(&role.role_name), "");
        if role.actions.is_empty() {
            found.add("actions", "no way to call is chosen", "choose at least one");
        }
        for key in role.actions.iter().filter(|key| InvokeAction::parse(key).is_none()) {
            found.add("actions", format!("`{key}` is none of `invoke`, `stream` and `async`"), "");
        }
        let text = role.session_seconds.trim();
        if !text.parse::<u32>().is_ok_and(|seconds| SESSION_SECONDS.contains(&seconds)) {
            let message = format!("`{text}` is not a session duration: 3600 to 43200 seconds");
            found.add("session_seconds", message, "an hour (3600) suits most; a role that assumes a role gets no more");
        }
        if self.requires_external_id() {
            let hint = "keep the generated one, or use one you agreed on with the child";
            found.check("external_id", ExternalId::parse(&role.external_id), hint);
        }
    }

    fn child_problems(&self, found: &mut Found) {
        found.check("grant_name", PolicyName::parse(&self.child.grant_name), "");
        for text in &self.child.grantees {
            if let Some(grantee) = found.check("grantees", CallerArn::parse(text), "choose it from the callers") {
                self.check_in_child(found, "grantees", &grantee);
            }
        }
    }
}
