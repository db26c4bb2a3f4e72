//! A request as a script of AWS CLI commands for bash: one that assumes the role, one that calls the endpoint. Works with
//! both versions of the AWS CLI. What it shares with the script for curl is here too.
//!
//! Source: AWS CLI command reference, `sts assume-role`, `sagemaker-runtime invoke-endpoint` and
//! `invoke-endpoint-async`; AWS CLI user guide, "Load a parameter from a file".

use super::call::{Body, Call, Member};
use super::{CodeCredentials, CodeLanguage, CodeView};
use crate::quote::{bash, option};
use crate::share::intent::InvokeAction;
use serde_json::{Map, Value};

/// What the AWS CLI takes for the address of a value instead of the value itself.
const ADDRESSES: [&str; 4] = ["file://", "fileb://", "http://", "https://"];

pub(super) fn render(call: &Call<'_>) -> CodeView {
    let file_name = format!("invoke-{}.sh", call.endpoint);
    let first = match call.credentials {
        CodeCredentials::Role { .. } => {
            let export = "export AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN\n";
            format!("{}{export}\n# Step 2: call the endpoint with them.\n", assume_role(call.credentials))
        }
        CodeCredentials::Profile(profile) => {
            format!(
                "# As this profile, unless another is named.\n{}",
                profile_line("export AWS_PROFILE", profile.as_str())
            )
        }
    };
    let text = format!(
        "{}\n{first}folder=$(mktemp -d)\ntrap 'rm -rf \"$folder\"' EXIT\n{}{}",
        head(call),
        match body_command(call.body) {
            Some(command) => format!("{command} >\"$folder/body\"\n"),
            None => String::new(),
        },
        command(call)
    );
    let run = call.run(&format!("bash {file_name}"));
    call.view(CodeLanguage::Cli, file_name, text, "bash and the AWS CLI, version 2 or 1.", run)
}

/// The lines above the first command.
pub(super) fn head(call: &Call<'_>) -> String {
    format!(
        "#!/usr/bin/env bash\n# {}.\n# {}.\nset -euo pipefail\n\
         # No pager waits for a key.\nexport AWS_PAGER='' AWS_REGION={region} AWS_DEFAULT_REGION={region}\n",
        call.purpose(),
        call.prints(),
        region = call.region,
    )
}

/// The first step: the role's credentials in variables, which are never printed.
pub(super) fn assume_role(credentials: &CodeCredentials) -> String {
    let CodeCredentials::Role { arn, external_id, session } = credentials else { return String::new() };
    let mut options = vec![option("role-arn", arn.as_str()), option("role-session-name", session.as_str())];
    let id = external_id.as_ref().map(|id| Member { snake: "external_id", value: id.as_str() });
    options.extend(members(id.as_slice()));
    options.push("--output text".into());
    options.push("--query 'Credentials.[AccessKeyId,SecretAccessKey,SessionToken]'".into());
    format!(
        "# Step 1: assume the role. Its credentials stay in variables, and are not shown.\n\
         credentials=$(aws sts assume-role \\\n  {})\n\
         read -r AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN <<<\"$credentials\"\n",
        options.join(" \\\n  ")
    )
}

/// `NAME="${AWS_PROFILE:-…}"`, whatever the profile's name has in it.
pub(super) fn profile_line(name: &str, profile: &str) -> String {
    format!("own={}\n{name}=\"${{AWS_PROFILE:-$own}}\"\n", bash(profile))
}

/// The command that writes the body to standard output; none where it is in a file already.
pub(super) fn body_command(body: Body<'_>) -> Option<String> {
    match body {
        // No word of a shell can hold a NUL.
        Body::Text(text) if text.contains('\0') => {
            let escaped = text.replace('\\', "\\\\").replace('\0', "\\0000");
            Some(format!("printf '%b' {}", bash(&escaped)))
        }
        Body::Text(text) => Some(format!("printf '%s' {}", bash(text))),
        Body::Base64(text) => Some(format!("base64 --decode <<<'{text}'")),
        Body::File(_) => None,
    }
}

/// Members whose values the AWS CLI would fetch from somewhere go as JSON, where a value is a value.
fn members(members: &[Member<'_>]) -> Vec<String> {
    let is_address = |member: &&Member<'_>| ADDRESSES.iter().any(|start| member.value.starts_with(start));
    let (as_json, plain): (Vec<_>, Vec<_>) = members.iter().partition(is_address);
    let mut options: Vec<String> = plain.iter().map(|member| option(&member.kebab(), member.value)).collect();
    if !as_json.is_empty() {
        let fields: Map<String, Value> = as_json.iter().map(|m| (m.camel(), Value::from(m.value))).collect();
        options.push(option("cli-input-json", &Value::Object(fields).to_string()));
    }
    options
}

fn command(call: &Call<'_>) -> String {
    let body = match call.body {
        Body::File(name) => format!("--body fileb://{name}"),
        Body::Text(_) | Body::Base64(_) => "--body \"fileb://$folder/body\"".into(),
    };
    let mut options = vec![option("endpoint-name", call.endpoint)];
    options.extend(members(&call.members));
    options.push(body);
    if call.way == InvokeAction::Async {
        options.push("--output text --query '[OutputLocation,FailureLocation]'".into());
        return format!(
            "locations=$(aws sagemaker-runtime invoke-endpoint-async \\\n  {})\n\
             read -r answer failure <<<\"$locations\"\n\
             echo \"$answer\"\necho \"a failure would be at $failure\" >&2\n",
            options.join(" \\\n  ")
        );
    }
    options.push("\"$folder/answer\" >&2".into());
    format!("aws sagemaker-runtime invoke-endpoint \\\n  {}\ncat \"$folder/answer\"\n", options.join(" \\\n  "))
}
