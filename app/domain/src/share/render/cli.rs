//! A side of a share as a bash script of AWS CLI commands.
//!
//! Source: AWS CLI command reference, `iam create-policy`, `create-role`, `attach-role-policy`, `attach-user-policy`.

use super::program::{Child, Parent, Policy, Setting};
use crate::quote::option;
use crate::share::TAG_SHARE;

/// What ends a document in the script. No line of JSON is this word.
const END: &str = "JSON";

pub(super) fn parent(parent: &Parent<'_>) -> String {
    let Parent { setting, policy, role, .. } = parent;
    let attach = command(
        "attach-role-policy",
        &[option("role-name", role.name.as_str()), option("policy-arn", policy.arn.as_str())],
    );
    let create = command(
        "create-role",
        &[
            option("role-name", role.name.as_str()),
            option("description", &role.description),
            option("max-session-duration", &role.session_seconds.to_string()),
            "--assume-role-policy-document \"$trust_policy\"".to_owned(),
            tags(setting),
            "--output text --query Role.Arn".to_owned(),
        ],
    );
    [
        header(setting, &parent.purpose(), ""),
        account_check(setting),
        format!(
            "# What the role may invoke.\n{}{}",
            document("invoke_policy", &policy.document),
            create_policy("invoke_policy", policy, setting)
        ),
        format!(
            "# Whom the role trusts, and the role. Its ARN is printed: the callers assume it.\n{}{create}",
            document("trust_policy", &role.trust)
        ),
        format!("# The role gets the policy.\n{attach}"),
    ]
    .join("\n")
}

pub(super) fn child(child: &Child<'_>) -> String {
    let Child { setting, grant, .. } = child;
    let usage = if child.asks() { " ARN-OF-A-ROLE-OR-USER …" } else { "" };
    let mut parts = vec![header(setting, &child.purpose(), usage), account_check(setting)];
    if child.asks() {
        parts.push(callers_check(child));
    }
    let create = create_policy("grant", grant, setting);
    parts.push(format!("# Lets its holders assume the role.\n{}{create}", document("grant", &grant.document)));
    if child.asks() {
        parts.push(attach_given(grant));
    }
    for (kind, names) in [("role", &child.roles), ("user", &child.users)] {
        for name in names {
            let options = [option(&format!("{kind}-name"), name), option("policy-arn", grant.arn.as_str())];
            let attach = command(&format!("attach-{kind}-policy"), &options);
            parts.push(format!("# The {kind} {name} gets it.\n{attach}"));
        }
    }
    parts.join("\n")
}

fn header(setting: &Setting<'_>, purpose: &str, usage: &str) -> String {
    format!(
        "#!/usr/bin/env bash\n\
         # Sagebridge share {}, the {}'s side: for account {}.\n\
         # {purpose}.\n\
         #\n\
         #   AWS_PROFILE=… bash {}{usage}\n\
         #\n\
         # It stops at the first command that fails; what was made until then stays.\n\
         set -euo pipefail\n\
         # No pager waits for a key, and the region says which partition the account is in.\n\
         export AWS_PAGER='' AWS_REGION={region} AWS_DEFAULT_REGION={region}\n",
        setting.share,
        setting.side_word(),
        setting.account,
        setting.file_name(),
        region = setting.region,
    )
}

/// Stops before anything is made with the credentials of another account.
fn account_check(setting: &Setting<'_>) -> String {
    let account = setting.account;
    format!(
        "# Only with credentials of the right account.\n\
         account=$(aws sts get-caller-identity --output text --query Account)\n\
         if [ \"$account\" != {account} ]; then\n  \
           echo \"these credentials are of account $account, this script is for {account}\" >&2\n  \
           exit 1\n\
         fi\n"
    )
}

fn document(variable: &str, json: &str) -> String {
    format!("{variable}=$(cat <<'{END}'\n{json}\n{END}\n)\n")
}

fn create_policy(variable: &str, policy: &Policy<'_>, setting: &Setting<'_>) -> String {
    let options = [
        option("policy-name", policy.name.as_str()),
        option("description", &policy.description),
        format!("--policy-document \"${variable}\""),
        tags(setting),
        "--output text --query Policy.Arn".to_owned(),
    ];
    command("create-policy", &options)
}

/// Stops before anything is made without callers, or with what is none.
fn callers_check(child: &Child<'_>) -> String {
    let account = child.setting.account;
    let start = format!("arn:{}:iam::{account}", child.setting.region.partition());
    format!(
        "# Who is to call: the ARNs given to this script.\n\
         if [ \"$#\" -eq 0 ]; then\n  \
           echo 'name the roles and users that are to call, by their ARNs' >&2\n  \
           exit 1\n\
         fi\n\
         for caller in \"$@\"; do\n  \
           case $caller in\n    \
             {start}:role/?* | {start}:user/?*) ;;\n    \
             *)\n      \
               echo \"$caller is not the ARN of a role or user of account {account}\" >&2\n      \
               exit 1\n      \
               ;;\n  \
           esac\n\
         done\n"
    )
}

/// Attaches the policy to the script's arguments: AWS takes names, a person has ARNs.
fn attach_given(grant: &Policy<'_>) -> String {
    let attach = |kind: &str| {
        format!(
            "    *:{kind}/*)\n      aws iam attach-{kind}-policy \\\n        --{kind}-name=\"${{caller##*/}}\" \\\n        {}\n      ;;\n",
            option("policy-arn", grant.arn.as_str())
        )
    };
    let (role, user) = (attach("role"), attach("user"));
    format!("# Each of them gets it.\nfor caller in \"$@\"; do\n  case $caller in\n{role}{user}  esac\ndone\n")
}

fn tags(setting: &Setting<'_>) -> String {
    option("tags", &format!("Key={TAG_SHARE},Value={}", setting.share))
}

fn command(name: &str, options: &[String]) -> String {
    format!("aws iam {name} \\\n  {}\n", options.join(" \\\n  "))
}
