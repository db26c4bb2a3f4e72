//! A request as a script for bash in which curl itself signs the call. The AWS CLI gets the credentials, as signing is all
//! that curl knows of AWS.
//!
//! Source: curl's manual, `--aws-sigv4`, `--config`; SageMaker Runtime API reference, InvokeEndpoint, InvokeEndpointAsync.

use super::call::{Body, Call};
use super::{CodeCredentials, CodeLanguage, CodeView, cli};
use crate::quote::bash;
use crate::share::intent::InvokeAction;

/// Credentials go to curl in a file that is none: on its command line every user of the machine could read them.
const CREDENTIALS: &str = r#"curl_credentials() {
  printf 'user = "%s:%s"\n' "$AWS_ACCESS_KEY_ID" "$AWS_SECRET_ACCESS_KEY"
  if [ -n "${AWS_SESSION_TOKEN:-}" ]; then
    printf 'header = "x-amz-security-token: %s"\n' "$AWS_SESSION_TOKEN"
  fi
}
"#;

pub(super) fn render(call: &Call<'_>) -> CodeView {
    let file_name = format!("invoke-{}-curl.sh", call.endpoint);
    let first = match call.credentials {
        CodeCredentials::Role { .. } => cli::assume_role(call.credentials),
        CodeCredentials::Profile(profile) => format!(
            "# Step 1: the credentials of this profile, unless another is named. They stay in variables, and are not shown.\n\
             {}credentials=$(aws configure export-credentials --profile \"$profile\" --format env)\nunset AWS_SESSION_TOKEN\neval \"$credentials\"\n",
            cli::profile_line("profile", profile.as_str())
        ),
    };
    let text = format!(
        "{}\n{first}\n# Step 2: call the endpoint with them.\n{CREDENTIALS}\
         address=\"${{AWS_ENDPOINT_URL_SAGEMAKER_RUNTIME:-${{AWS_ENDPOINT_URL:-{}}}}}\"\n{}",
        cli::head(call),
        call.address(),
        command(call)
    );
    let run = call.run(&format!("bash {file_name}"));
    // Version 1 has no command that exports a profile's credentials.
    let needs = match call.credentials {
        CodeCredentials::Role { .. } => "bash, curl 7.86 or later, and the AWS CLI for the credentials.",
        CodeCredentials::Profile(_) => "bash, curl 7.86 or later, and version 2 of the AWS CLI for the credentials.",
    };
    call.view(CodeLanguage::Curl, file_name, text, needs, run)
}

fn command(call: &Call<'_>) -> String {
    let (send, data) = match (cli::body_command(call.body), call.body) {
        (None, Body::File(name)) => (String::new(), format!("@{name}")),
        (command, _) => (command.map(|command| format!("{command} |\n  ")).unwrap_or_default(), "@-".into()),
    };
    let path = if call.way == InvokeAction::Async { "async-invocations" } else { "invocations" };
    let mut options: Vec<String> = vec![
        "--silent --show-error --fail-with-body".into(),
        "--config <(curl_credentials)".into(),
        format!("--aws-sigv4 aws:amz:{}:sagemaker", call.region),
    ];
    // Where no `Accept` is asked for, curl's own goes out, which takes anything: without it, curl's signature is wrong.
    let headers = call.members.iter().map(|member| format!("{}: {}", member.header(call.way), member.value));
    let mut headers: Vec<String> = headers.collect();
    // What curl would say of itself.
    if call.way == InvokeAction::Async {
        headers.push("Content-Type: application/octet-stream".into());
    }
    options.extend(headers.iter().map(|header| format!("--header {}", bash(header))));
    options.push(format!("--data-binary {data}"));
    match call.way {
        // Where the answer will be is said in the headers.
        InvokeAction::Async => options.push("--output /dev/null --dump-header -".into()),
        InvokeAction::Invoke | InvokeAction::Stream => options.push("--dump-header /dev/stderr".into()),
    }
    options.push(format!("\"$address/endpoints/{}/{path}\"", call.endpoint));
    format!("{send}curl {}\n", options.join(" \\\n    "))
}
