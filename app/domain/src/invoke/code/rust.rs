//! A request as a program in Rust, with the AWS SDK for Rust: its `main.rs`, formatted as rustfmt does by default, and
//! the dependencies that it needs.

use super::call::{Body, Call, long_lines};
use super::{CodeCredentials, CodeLanguage, CodeView};
use crate::quote::rust as literal;
use crate::share::intent::InvokeAction;
use std::fmt::Write as _;

pub(super) fn render(call: &Call<'_>) -> CodeView {
    let role = matches!(call.credentials, CodeCredentials::Role { .. });
    let mut uses = vec![
        if role { "aws_config::sts::AssumeRoleProvider" } else { "" },
        "aws_config::{BehaviorVersion, Region}",
        "aws_sdk_sagemakerruntime::Client",
        if role { "aws_sdk_sagemakerruntime::config::Builder" } else { "" },
        "aws_sdk_sagemakerruntime::error::DisplayErrorContext",
        "aws_sdk_sagemakerruntime::primitives::Blob",
        if call.way == InvokeAction::Stream { "aws_sdk_sagemakerruntime::types::ResponseStream" } else { "" },
        if matches!(call.body, Body::Base64(_)) { "base64::{Engine, engine::general_purpose::STANDARD}" } else { "" },
        "std::error::Error",
        if call.way == InvokeAction::Async { "" } else { "std::io::Write" },
    ];
    uses.retain(|path| !path.is_empty());
    let uses: Vec<String> = uses.into_iter().map(|path| format!("use {path};\n")).collect();
    let (constant, body) = body(call.body);
    let text = format!(
        "// {}.\n// {}.\n\n{}{constant}\n#[tokio::main]\nasync fn main() -> Result<(), Box<dyn Error>> {{\n\
         {}{}\n    Ok(())\n}}\n\n\
         fn in_words(error: impl Error + Send + Sync + 'static) -> String {{\n    \
         DisplayErrorContext(error).to_string()\n}}\n",
        call.purpose(),
        call.prints(),
        uses.concat(),
        client(call),
        send(call, &body),
    );
    let base64 = if matches!(call.body, Body::Base64(_)) { " base64@0.22" } else { "" };
    let needs = format!(
        "A new project (`cargo new`), and in it `cargo add aws-config aws-sdk-sagemakerruntime{base64} tokio \
         --features tokio/macros,tokio/rt-multi-thread`."
    );
    let run = call.run("cargo run");
    let run = format!("Save it as src/main.rs. {run}");
    call.view(CodeLanguage::Rust, "main.rs".into(), text, &needs, run)
}

/// The constant that holds the body, if one does, and the expression of it.
fn body(body: Body<'_>) -> (String, String) {
    match body {
        Body::Text(text) => {
            let value = match long_lines(text) {
                Some(lines) => {
                    let lines: Vec<String> =
                        lines.into_iter().map(|line| format!("    {},\n", literal(line))).collect();
                    format!("concat!(\n{})", lines.concat())
                }
                None => literal(text),
            };
            (constant(&value), "Blob::new(BODY)".into())
        }
        Body::Base64(text) => (constant(&format!("\"{text}\"")), "Blob::new(STANDARD.decode(BODY)?)".into()),
        Body::File(name) => (String::new(), format!("Blob::new(std::fs::read(\"{name}\")?)")),
    }
}

/// A constant text, on a line of its own where it is too long to stand behind its name.
fn constant(value: &str) -> String {
    let between = if value.starts_with('"') && value.len() > 78 { "\n    " } else { " " };
    format!("\nconst BODY: &str ={between}{value};\n")
}

/// The lines that make `client`.
fn client(call: &Call<'_>) -> String {
    let region = literal(call.region);
    match call.credentials {
        CodeCredentials::Role { arn, external_id, session } => {
            let mut text = format!(
                "    let region = Region::new({region});\n    \
                 // Your own credentials, from the environment or a profile, assume the role.\n    \
                 let own = aws_config::defaults(BehaviorVersion::latest())\n        \
                 .region(region.clone())\n        .load()\n        .await;\n    \
                 let role = AssumeRoleProvider::builder({})\n        .session_name({})\n",
                literal(arn.as_str()),
                literal(session.as_str()),
            );
            if let Some(id) = external_id {
                // Writing to a String can't fail.
                let _ = writeln!(text, "        .external_id({})", literal(id.as_str()));
            }
            text.push_str(
                "        .region(region)\n        .configure(&own)\n        .build()\n        .await;\n    \
                 let config = Builder::from(&own).credentials_provider(role).build();\n    \
                 let client = Client::from_conf(config);\n",
            );
            text
        }
        CodeCredentials::Profile(profile) => format!(
            "    let profile = std::env::var(\"AWS_PROFILE\").unwrap_or({}.into());\n    \
             let config = aws_config::defaults(BehaviorVersion::latest())\n        \
             .profile_name(profile)\n        .region(Region::new({region}))\n        .load()\n        .await;\n    \
             let client = Client::new(&config);\n",
            literal(profile.as_str())
        ),
    }
}

fn send(call: &Call<'_>, body: &str) -> String {
    let members = call.members.iter().map(|m| format!("        .{}({})\n", m.snake, literal(m.value)));
    let members: Vec<String> = members.collect();
    let (mutable, after) = match call.way {
        InvokeAction::Invoke => (
            "",
            "    eprintln!(\"{:?}\", answer.content_type());\n    \
             let bytes = answer.body().map(Blob::as_ref).unwrap_or_default();\n    \
             std::io::stdout().write_all(bytes)?;\n",
        ),
        InvokeAction::Stream => (
            "mut ",
            "    let mut out = std::io::stdout();\n    \
             while let Some(event) = answer.body.recv().await.map_err(in_words)? {\n        \
             if let ResponseStream::PayloadPart(part) = event {\n            \
             out.write_all(part.bytes().map(Blob::as_ref).unwrap_or_default())?;\n            \
             out.flush()?;\n        }\n    }\n",
        ),
        InvokeAction::Async => (
            "",
            "    println!(\"{}\", answer.output_location().unwrap_or_default());\n    \
             let failure = answer.failure_location().unwrap_or_default();\n    \
             eprintln!(\"a failure would be at {failure}\");\n",
        ),
    };
    let (operation, endpoint) = (call.operation(), literal(call.endpoint));
    format!(
        "    let {mutable}answer = client\n        .{operation}()\n        .endpoint_name({endpoint})\n{}        \
         .body({body})\n        .send()\n        .await\n        .map_err(in_words)?;\n{}",
        members.concat(),
        after.trim_end_matches('\n'),
    )
}
