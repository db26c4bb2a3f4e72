//! A request as a module for Node.js, with the AWS SDK for JavaScript v3.

use super::call::{Body, Call, long_lines};
use super::{CodeCredentials, CodeLanguage, CodeView};
use crate::quote::javascript as literal;
use crate::share::intent::InvokeAction;

pub(super) fn render(call: &Call<'_>) -> CodeView {
    let file_name = format!("invoke-{}.mjs", call.endpoint);
    let command = match call.way {
        InvokeAction::Invoke => "InvokeEndpointCommand",
        InvokeAction::Stream => "InvokeEndpointWithResponseStreamCommand",
        InvokeAction::Async => "InvokeEndpointAsyncCommand",
    };
    let (provider, credentials) = credentials(call.credentials);
    let members = call.members.iter().map(|member| format!("    {}: {},\n", member.camel(), literal(member.value)));
    let members: Vec<String> = members.collect();
    let read =
        if matches!(call.body, Body::File(_)) { "import { readFile } from \"node:fs/promises\";\n\n" } else { "" };
    let text = format!(
        "// {}.\n// {}.\n{read}\
         import {{ {command}, SageMakerRuntimeClient }} from \"@aws-sdk/client-sagemaker-runtime\";\n\
         import {{ {provider} }} from \"@aws-sdk/credential-providers\";\n\n\
         const region = {};\n{}\n{credentials}\n\
         const client = new SageMakerRuntimeClient({{ region, credentials }});\n\
         const answer = await client.send(\n  new {command}({{\n    EndpointName: {},\n{}    Body: body,\n  }}),\n);\n{}",
        call.purpose(),
        call.prints(),
        literal(call.region),
        body(call.body),
        literal(call.endpoint),
        members.concat(),
        answer(call.way),
    );
    let needs =
        "Node.js 20 or later, and `npm install @aws-sdk/client-sagemaker-runtime @aws-sdk/credential-providers`.";
    let run = call.run(&format!("node {file_name}"));
    call.view(CodeLanguage::JavaScript, file_name, text, needs, run)
}

/// The provider's name, and the lines that make `credentials`.
fn credentials(credentials: &CodeCredentials) -> (&'static str, String) {
    match credentials {
        CodeCredentials::Role { arn, external_id, session } => {
            let id = external_id.as_ref().map(|id| ("ExternalId", id.as_str()));
            let members = [("RoleArn", arn.as_str()), ("RoleSessionName", session.as_str())].into_iter().chain(id);
            let lines: Vec<String> =
                members.map(|(name, value)| format!("    {name}: {},\n", literal(value))).collect();
            let text = format!(
                "// Your own credentials, from the environment or a profile, assume the role: once, and again before its \
                 session ends.\n\
                 const credentials = fromTemporaryCredentials({{\n  params: {{\n{}  }},\n  clientConfig: {{ region }},\n}});\n",
                lines.concat()
            );
            ("fromTemporaryCredentials", text)
        }
        CodeCredentials::Profile(profile) => {
            let profile = literal(profile.as_str());
            ("fromIni", format!("const credentials = fromIni({{ profile: process.env.AWS_PROFILE ?? {profile} }});\n"))
        }
    }
}

fn body(body: Body<'_>) -> String {
    match body {
        Body::Text(text) => match long_lines(text) {
            Some(lines) => {
                let lines: Vec<String> = lines.into_iter().map(|line| format!("  {}", literal(line))).collect();
                format!("const body = Buffer.from(\n{},\n);\n", lines.join(" +\n"))
            }
            None => format!("const body = Buffer.from({});\n", literal(text)),
        },
        Body::Base64(text) => format!("const body = Buffer.from(\"{text}\", \"base64\");\n"),
        Body::File(name) => format!("const body = await readFile(new URL(\"{name}\", import.meta.url));\n"),
    }
}

fn answer(way: InvokeAction) -> &'static str {
    match way {
        InvokeAction::Invoke => {
            "console.error(answer.ContentType, answer.InvokedProductionVariant ?? \"\");\n\
             process.stdout.write(answer.Body);\n"
        }
        // An exception among the events is thrown by the SDK.
        InvokeAction::Stream => {
            "for await (const event of answer.Body) {\n  \
             if (event.PayloadPart) {\n    process.stdout.write(event.PayloadPart.Bytes);\n  }\n}\n"
        }
        InvokeAction::Async => {
            "console.log(answer.OutputLocation);\n\
             console.error(\"a failure would be at\", answer.FailureLocation);\n"
        }
    }
}
