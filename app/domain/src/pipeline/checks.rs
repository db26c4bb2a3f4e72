//! Standing checks over what is about to be made, whatever the intent: a fault fails the plan.
//!
//! The templates are the project's own, so a fault here is a mistake in them; the checks are what keeps that from
//! reaching an account.

use crate::evaluate::NamedPolicy;
use crate::pipeline::intent::PipelineIntent;
use crate::pipeline::matrix::{Matrix, unguarded};
use crate::pipeline::predicted::Predicted;
use crate::policy::Effect;
use serde_json::Value;

/// CloudFormation's and IAM's limits on documents, in characters without white space.
///
/// Source: IAM user guide, "IAM and AWS STS quotas"; KMS developer guide, "Quotas"; S3 user guide, "Bucket policies".
const ROLE_POLICIES: usize = 10_240;
const TRUST_POLICY: usize = 2_048;
const KEY_POLICY: usize = 32 * 1024;
const BUCKET_POLICY: usize = 20 * 1024;
/// Actions that IAM knows no resource for: a star is all that can be said.
const ANYWHERE: [&str; 4] = [
    "cloudwatch:PutMetricData",
    "codepipeline:PutJobFailureResult",
    "codepipeline:PutJobSuccessResult",
    "ecr:GetAuthorizationToken",
];

/// Resources that are policies by themselves: the templates write a role's policies into the role.
const UNREAD: [&str; 3] = ["AWS::IAM::Policy", "AWS::IAM::ManagedPolicy", "AWS::IAM::UserPolicy"];

/// What is wrong, in words; empty when all is well.
pub fn faults(intent: &PipelineIntent, predicted: &Predicted) -> Vec<String> {
    let mut faults = Vec::new();
    documents(predicted, &mut faults);
    sizes(predicted, &mut faults);
    accounts(intent, predicted, &mut faults);
    faults.extend(unguarded(intent, predicted));
    let matrix = Matrix::of(intent, predicted);
    faults.extend(matrix.faults().map(|(row, column, cell)| {
        let what = if cell.needed { "can't" } else { "can, and need not," };
        format!("`{}` {what} {}: `{}` on `{}`", row.role, column.label, column.action, column.resource)
    }));
    faults
}

/// No policy of AWS's own, no star where a resource is known, no account where a role is known.
fn documents(predicted: &Predicted, faults: &mut Vec<String>) {
    for resource in &predicted.resources {
        let (name, kind) = (&resource.logical_id, resource.resource_type.as_str());
        if resource.properties.contains_key("ManagedPolicyArns") {
            faults.push(format!("`{name}` has managed policies of AWS, which allow more than is needed"));
        }
        if UNREAD.contains(&kind) {
            faults.push(format!("`{name}` is a policy beside its role, where these checks don't read it: `{kind}`"));
        }
    }
    for (name, role) in &predicted.roles {
        for statement in role.policies.iter().flat_map(|policy| &policy.document.statements) {
            role_statement(name, &serde_json::to_value(statement).unwrap_or_default(), faults);
        }
        owner(&format!("`{name}`'s trust policy"), &role.trust, faults);
    }
    owner("the key's policy", &predicted.key_policy, faults);
    owner("the bucket's policy", &predicted.bucket_policy, faults);
}

/// A statement of what a role may do.
fn role_statement(name: &str, statement: &Value, faults: &mut Vec<String>) {
    let (actions, resources) = (texts(&statement["Action"]), texts(&statement["Resource"]));
    for turned in ["NotAction", "NotResource", "NotPrincipal"].into_iter().filter(|key| !statement[*key].is_null()) {
        faults.push(format!("`{name}` has a statement of everything but something: `{turned}`"));
    }
    for action in &actions {
        if action.ends_with(":*") || *action == "*" {
            faults.push(format!("`{name}` may do everything of a service: `{action}`"));
        }
        if resources.contains(&"*") && !ANYWHERE.contains(action) {
            faults.push(format!("`{name}` may `{action}` on everything"));
        }
    }
    if let Some(several) =
        resources.iter().find(|resource| resource.contains(":role/") && resource.contains(['*', '?']))
    {
        faults.push(format!("`{name}` may pass or become several roles: `{several}`"));
    }
    if actions.contains(&"iam:PassRole") && statement["Condition"]["StringEquals"]["iam:PassedToService"].is_null() {
        faults.push(format!("`{name}` may pass a role to every service"));
    }
}

/// The policy of something that others use.
fn owner(what: &str, policy: &NamedPolicy, faults: &mut Vec<String>) {
    for statement in policy.document.statements.iter().filter(|statement| statement.effect == Effect::Allow) {
        let statement = serde_json::to_value(statement).unwrap_or_default();
        let wide = |principal: &&str| *principal == "*" || principal.ends_with(":root") || is_account(principal);
        let principal = &statement["Principal"];
        let named = if principal.is_string() { texts(principal) } else { texts(&principal["AWS"]) };
        if let Some(wide) = named.into_iter().find(wide) {
            faults.push(format!("{what} names `{wide}`, although the roles are known"));
        }
        if !statement["NotPrincipal"].is_null() {
            faults.push(format!("{what} names everybody but somebody: `NotPrincipal`"));
        }
    }
}

/// Whether a principal is an account's number, which is the same as its root.
fn is_account(principal: &str) -> bool {
    principal.len() == 12 && principal.bytes().all(|byte| byte.is_ascii_digit())
}

fn sizes(predicted: &Predicted, faults: &mut Vec<String>) {
    let mut check = |what: String, size: usize, most: usize| {
        if size > most {
            faults.push(format!("{what} has {size} characters; it may have {most}"));
        }
    };
    for (name, role) in &predicted.roles {
        let inline = role.policies.iter().map(|policy| policy.document.to_value().to_string().len()).sum();
        check(format!("what `{name}` may do"), inline, ROLE_POLICIES);
        check(format!("whom `{name}` trusts"), role.trust.document.to_value().to_string().len(), TRUST_POLICY);
    }
    check("the key's policy".into(), predicted.key_policy.document.to_value().to_string().len(), KEY_POLICY);
    check("the bucket's policy".into(), predicted.bucket_policy.document.to_value().to_string().len(), BUCKET_POLICY);
}

/// Everything is in one of the three accounts, in the region, and nothing of another account is named but AWS's own images.
fn accounts(intent: &PipelineIntent, predicted: &Predicted, faults: &mut Vec<String>) {
    let mut known: Vec<String> = [&intent.shared_services, &intent.training_account, &intent.production]
        .iter()
        .map(|place| place.account.to_string())
        .collect();
    known.extend(
        crate::pipeline::images::Image::of(&intent.region, &intent.training.version)
            .map(|image| image.registry.to_string()),
    );
    for resource in &predicted.resources {
        // A name may have any digits in it; an account is a field of an ARN.
        let text = Value::Object(resource.properties.clone()).to_string();
        for arn in text.split('"').filter(|part| part.starts_with("arn:")) {
            let fields: Vec<_> = arn.splitn(6, ':').collect();
            let (region, account) = (fields.get(3).copied(), fields.get(4).copied());
            if account.is_some_and(|account| !account.is_empty() && !known.iter().any(|known| known == account)) {
                faults.push(format!("`{}` names a stranger's account: `{arn}`", resource.logical_id));
            }
            if region.is_some_and(|region| !region.is_empty() && region != intent.region.as_str()) {
                faults.push(format!("`{}` names another region: `{arn}`", resource.logical_id));
            }
        }
    }
}

/// One text or a list of them.
fn texts(value: &Value) -> Vec<&str> {
    match value {
        Value::Array(list) => list.iter().filter_map(Value::as_str).collect(),
        other => other.as_str().into_iter().collect(),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::pipeline::intent::Source;
    use crate::pipeline::stacks::tests::{intent, repository};
    use crate::policy::PolicyDocument;

    fn with(statement: &str) -> Vec<String> {
        let intent = repository();
        let mut predicted = Predicted::of(&intent).unwrap();
        let text = format!(r#"{{"Version": "2012-10-17", "Statement": [{statement}]}}"#);
        let policy = NamedPolicy::new("more", PolicyDocument::parse(&text).unwrap());
        predicted.roles.get_mut("churn-start").unwrap().policies.push(policy);
        faults(&intent, &predicted)
    }

    #[test]
    fn what_the_templates_make_has_no_fault() {
        for intent in [repository(), intent(Source::Bucket)] {
            assert_eq!(faults(&intent, &Predicted::of(&intent).unwrap()), Vec::<String>::new());
        }
    }

    #[test]
    fn accounts_may_be_one_and_the_same() {
        let three = repository();
        let (a, b, c) = (&three.shared_services, &three.training_account, &three.production);
        for [training, production] in [[a, c], [b, a], [b, b], [a, a]] {
            let (training_account, production) = (training.clone(), production.clone());
            let intent = PipelineIntent { training_account, production, ..three.clone() };
            assert_eq!(faults(&intent, &Predicted::of(&intent).unwrap()), Vec::<String>::new());
        }
    }

    #[test]
    fn a_statement_that_is_too_wide_is_named() {
        for (statement, said) in [
            (
                r#"{"Effect": "Allow", "Action": "logs:*", "Resource": "arn:aws:logs:eu-west-1:111111111111:x"}"#,
                "`churn-start` may do everything of a service: `logs:*`",
            ),
            (
                r#"{"Effect": "Allow", "Action": "s3:ListAllMyBuckets", "Resource": "*"}"#,
                "`churn-start` may `s3:ListAllMyBuckets` on everything",
            ),
            (
                r#"{"Effect": "Allow", "Action": "iam:GetRole", "Resource": "arn:aws:iam::111111111111:role/*"}"#,
                "`churn-start` may pass or become several roles: `arn:aws:iam::111111111111:role/*`",
            ),
            (
                r#"{"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": "arn:aws:iam::111111111111:role/service-role/x*"}"#,
                "`churn-start` may pass or become several roles: `arn:aws:iam::111111111111:role/service-role/x*`",
            ),
            (
                r#"{"Effect": "Allow", "NotAction": "iam:*", "Resource": "arn:aws:s3:::x"}"#,
                "`churn-start` has a statement of everything but something: `NotAction`",
            ),
            (
                r#"{"Effect": "Allow", "Action": "iam:PassRole", "Resource": "arn:aws:iam::111111111111:role/x"}"#,
                "`churn-start` may pass a role to every service",
            ),
        ] {
            assert_eq!(with(statement), [said]);
        }
        let abroad = r#"{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::churn-111111111111-eu-west-1/data/*"}"#;
        let said = with(abroad);
        assert!(said[0].starts_with("`churn-start` can, and need not, read data: `s3:GetObject`"), "{said:?}");
    }

    #[test]
    fn a_stranger_another_region_and_a_whole_account_are_named() {
        let intent = repository();
        let mut predicted = Predicted::of(&intent).unwrap();
        let root = r#"{"Statement": [{"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111111111111:root"}, "Action": "kms:*", "Resource": "*"}]}"#;
        let root = PolicyDocument::parse(root).unwrap();
        predicted.key_policy.document.statements.extend(root.statements);
        let function = predicted.resources.iter_mut().find(|resource| resource.logical_id == "DeployFunction").unwrap();
        function.properties.insert("Role".into(), "arn:aws:iam::999999999999:role/x".into());
        let rule = predicted.resources.iter_mut().find(|resource| resource.logical_id == "DataRule").unwrap();
        rule.properties.insert("Arn".into(), "arn:aws:events:us-east-1:111111111111:rule/x".into());
        let trust = PolicyDocument::parse(
            r#"{"Statement": [{"Effect": "Allow", "Principal": {"AWS": "222222222222"}, "Action": "sts:AssumeRole"}]}"#,
        );
        let start = predicted.roles.get_mut("churn-start").unwrap();
        start.trust.document.statements.extend(trust.unwrap().statements);
        let faults = faults(&intent, &predicted);
        for said in [
            "`churn-start`'s trust policy names `222222222222`, although the roles are known",
            "the key's policy names `arn:aws:iam::111111111111:root`, although the roles are known",
            "`DeployFunction` names a stranger's account: `arn:aws:iam::999999999999:role/x`",
            "`DataRule` names another region: `arn:aws:events:us-east-1:111111111111:rule/x`",
        ] {
            assert!(faults.iter().any(|fault| fault == said), "{said}: {faults:?}");
        }
    }
}
