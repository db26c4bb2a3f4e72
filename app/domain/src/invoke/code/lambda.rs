//! A request as a Lambda function in Python: the role is assumed once and its session used until shortly before it ends.
//!
//! Source: Lambda developer guide, "Define Lambda function handler in Python", "Building with Python: runtimes".

use super::call::Call;
use super::{CodeCredentials, CodeLanguage, CodeView, python};
use crate::share::intent::InvokeAction;
use crate::share::render::lambda::{FILE_NAME, HANDLER, RUNTIME, TIMEOUT_SECONDS};

const CLIENT: &str = r#"# A session is given up this long before it ends, so that none ends within a call.
EARLY = timedelta(minutes=5)

# The client of the last session and how long to use it: kept between invocations.
kept = {}


def runtime():
    now = datetime.now(timezone.utc)
    if not kept or now >= kept["until"]:
        # The function's own role assumes the shared one.
        sts = boto3.client("sts", region_name=REGION)
        credentials = sts.assume_role(**ROLE)["Credentials"]
        kept["client"] = boto3.client(
            "sagemaker-runtime",
            region_name=REGION,
            aws_access_key_id=credentials["AccessKeyId"],
            aws_secret_access_key=credentials["SecretAccessKey"],
            aws_session_token=credentials["SessionToken"],
        )
        kept["until"] = credentials["Expiration"] - EARLY
    return kept["client"]
"#;

const OWN_CLIENT: &str = r#"# The function's own role calls the endpoint. Made once, and kept between invocations.
client = boto3.client("sagemaker-runtime", region_name=REGION)


def runtime():
    return client
"#;

/// How bytes travel in the function's answer, which is JSON.
const ANSWERED: &str = r#"    try:
        encoding, text = "text", content.decode()
    except UnicodeDecodeError:
        encoding, text = "base64", base64.b64encode(content).decode()
    return {
        "content_type": answer.get("ContentType"),
        "variant": answer.get("InvokedProductionVariant"),
        "encoding": encoding,
        "body": text,
    }
"#;

pub(super) fn render(call: &Call<'_>) -> CodeView {
    let role = matches!(call.credentials, CodeCredentials::Role { .. });
    let (answer, encodes) = match call.way {
        InvokeAction::Invoke => (format!("    content = answer[\"Body\"].read()\n{ANSWERED}"), true),
        InvokeAction::Stream => (
            format!(
                "    # The parts in the order in which they come.\n    \
                 parts = [event[\"PayloadPart\"][\"Bytes\"] for event in answer[\"Body\"]]\n    \
                 content = b\"\".join(parts)\n{ANSWERED}"
            ),
            true,
        ),
        InvokeAction::Async => (
            "    # Where the answer will be, or the failure.\n    \
             return {\n        \
             \"output\": answer[\"OutputLocation\"],\n        \
             \"failure\": answer.get(\"FailureLocation\"),\n    }\n"
                .to_owned(),
            false,
        ),
    };
    let mut imports = python::imports(call, if encodes { &["base64"] } else { &[] });
    if role {
        imports = with_times(&imports);
    }
    let text = format!(
        "\"\"\"{}.\n\nErrors of AWS are not caught: they end the invocation with AWS's own message.\n\"\"\"\n\n{}\n{}\n{}\n\n\
         def lambda_handler(event, context):\n    answer = runtime().{}(**REQUEST)\n{answer}",
        call.purpose(),
        imports.trim_start_matches('\n'),
        python::constants(call),
        if role { CLIENT } else { OWN_CLIENT },
        call.operation(),
    );
    let needs = format!(
        "A Lambda function with the runtime {RUNTIME}, the handler {HANDLER} and a timeout of {TIMEOUT_SECONDS} seconds; \
         boto3 is there already."
    );
    let may = if role { "assume the role" } else { "call the endpoint" };
    let run = format!("Save it as {FILE_NAME} in the function, whose execution role may {may}; the event is not read.");
    call.view(CodeLanguage::Lambda, FILE_NAME.into(), text, &needs, run)
}

/// The imports with those for the session's end, each in its place.
fn with_times(imports: &str) -> String {
    let times = "from datetime import datetime, timedelta, timezone\n";
    let at = imports.find("from ").or_else(|| imports.find("\nimport boto3")).unwrap_or(0);
    format!("{}{times}{}", &imports[..at], &imports[at..])
}
