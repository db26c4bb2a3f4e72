//! A request as a Python script with boto3. What it shares with the Lambda function is here too.

use super::call::{Body, Call, long_lines};
use super::{CodeCredentials, CodeLanguage, CodeView};
use crate::quote::python as literal;
use crate::share::intent::InvokeAction;

pub(super) fn render(call: &Call<'_>) -> CodeView {
    let file_name = format!("invoke-{}.py", call.endpoint);
    let answer = match call.way {
        InvokeAction::Invoke => {
            "    print(\n        \
             answer[\"ContentType\"], answer.get(\"InvokedProductionVariant\"), file=sys.stderr\n    )\n    \
             sys.stdout.buffer.write(answer[\"Body\"].read())\n"
        }
        InvokeAction::Stream => {
            "    for event in answer[\"Body\"]:\n        \
             if \"PayloadPart\" in event:\n            \
             sys.stdout.buffer.write(event[\"PayloadPart\"][\"Bytes\"])\n            \
             sys.stdout.buffer.flush()\n"
        }
        InvokeAction::Async => {
            "    print(answer[\"OutputLocation\"])\n    \
             print(\"a failure would be at\", answer.get(\"FailureLocation\"), file=sys.stderr)\n"
        }
    };
    let (modules, profile): (&[&str], String) = match call.credentials {
        CodeCredentials::Role { .. } => (&["sys"], String::new()),
        CodeCredentials::Profile(profile) => {
            let own = literal(profile.as_str());
            let line = format!("PROFILE = os.environ.get(\"AWS_PROFILE\") or {own}\n");
            (&["os", "sys"], format!("# Another profile, where this machine calls it otherwise.\n{line}"))
        }
    };
    let text = format!(
        "\"\"\"{}.\n\n{}.\n\"\"\"\n\n{}\n{profile}{}\n\ndef main():\n{}    answer = runtime.{}(**REQUEST)\n{answer}\n\nmain()\n",
        call.purpose(),
        call.prints(),
        imports(call, modules),
        constants(call),
        client(call),
        call.operation(),
    );
    let run = call.run(&format!("python3 {file_name}"));
    call.view(CodeLanguage::Python, file_name, text, "Python 3.9 or later, and `pip install boto3`.", run)
}

/// The import lines: `modules` of the standard library and what the body needs, then boto3, with an empty line behind.
pub(super) fn imports(call: &Call<'_>, modules: &[&str]) -> String {
    let mut own: Vec<&str> = modules.to_vec();
    if matches!(call.body, Body::Base64(_)) {
        own.push("base64");
    }
    own.sort_unstable();
    own.dedup();
    let mut lines: Vec<String> = own.iter().map(|module| format!("import {module}\n")).collect();
    if matches!(call.body, Body::File(_)) {
        lines.push("from pathlib import Path\n".into());
    }
    format!("{}\nimport boto3\n", lines.concat())
}

/// The values of the request: region, role where there is one, body, and the operation's members.
pub(super) fn constants(call: &Call<'_>) -> String {
    let mut text = format!("REGION = {}\n", literal(call.region));
    if let CodeCredentials::Role { arn, external_id, session } = call.credentials {
        let id = external_id.as_ref().map(|id| ("ExternalId", id.as_str()));
        let members = [("RoleArn", arn.as_str()), ("RoleSessionName", session.as_str())].into_iter().chain(id);
        let lines: Vec<String> =
            members.map(|(name, value)| format!("    \"{name}\": {},\n", literal(value))).collect();
        text.push_str(&format!("ROLE = {{\n{}}}\n", lines.concat()));
    }
    let members = call.members.iter().map(|member| format!("    \"{}\": {},\n", member.camel(), literal(member.value)));
    let members: Vec<String> = members.collect();
    let endpoint = literal(call.endpoint);
    text + &format!(
        "BODY = {}\nREQUEST = {{\n    \"EndpointName\": {endpoint},\n{}    \"Body\": BODY,\n}}\n",
        body(call.body),
        members.concat()
    )
}

fn body(body: Body<'_>) -> String {
    match body {
        // Bytes themselves can be written in ASCII only.
        Body::Text(text) => {
            let (before, after) = if text.is_ascii() { ("b", "") } else { ("", ".encode()") };
            match long_lines(text) {
                Some(lines) => {
                    let lines = lines.into_iter().map(|line| format!("    {before}{}\n", literal(line)));
                    format!("(\n{}){after}", lines.collect::<String>())
                }
                None => format!("{before}{}{after}", literal(text)),
            }
        }
        Body::Base64(text) => format!("base64.b64decode(\"{text}\")"),
        Body::File(name) => format!("Path(__file__).with_name(\"{name}\").read_bytes()"),
    }
}

/// The lines that make `runtime`.
fn client(call: &Call<'_>) -> &'static str {
    match call.credentials {
        CodeCredentials::Role { .. } => {
            "    # Your own credentials, from the environment or a profile, assume the role.\n    \
             sts = boto3.client(\"sts\", region_name=REGION)\n    \
             credentials = sts.assume_role(**ROLE)[\"Credentials\"]\n    \
             # The role's credentials call the endpoint.\n    \
             runtime = boto3.client(\n        \
             \"sagemaker-runtime\",\n        \
             region_name=REGION,\n        \
             aws_access_key_id=credentials[\"AccessKeyId\"],\n        \
             aws_secret_access_key=credentials[\"SecretAccessKey\"],\n        \
             aws_session_token=credentials[\"SessionToken\"],\n    )\n"
        }
        CodeCredentials::Profile(_) => {
            "    session = boto3.Session(profile_name=PROFILE)\n    \
             runtime = session.client(\"sagemaker-runtime\", region_name=REGION)\n"
        }
    }
}
