// Invokes the SageMaker endpoint echo in eu-west-1 through a role of its account.
// The answer goes to standard output as it comes, piece by piece.

use aws_config::sts::AssumeRoleProvider;
use aws_config::{BehaviorVersion, Region};
use aws_sdk_sagemakerruntime::Client;
use aws_sdk_sagemakerruntime::config::Builder;
use aws_sdk_sagemakerruntime::error::DisplayErrorContext;
use aws_sdk_sagemakerruntime::primitives::Blob;
use aws_sdk_sagemakerruntime::types::ResponseStream;
use base64::{Engine, engine::general_purpose::STANDARD};
use std::error::Error;
use std::io::Write;

const BODY: &str = "AAH/iVBORw0KGgo=";

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let region = Region::new("eu-west-1");
    // Your own credentials, from the environment or a profile, assume the role.
    let own = aws_config::defaults(BehaviorVersion::latest())
        .region(region.clone())
        .load()
        .await;
    let role = AssumeRoleProvider::builder("arn:aws:iam::111111111111:role/SageMakerExternal")
        .session_name("sagebridge-code")
        .external_id("sagebridge-fixed")
        .region(region)
        .configure(&own)
        .build()
        .await;
    let config = Builder::from(&own).credentials_provider(role).build();
    let client = Client::from_conf(config);
    let mut answer = client
        .invoke_endpoint_with_response_stream()
        .endpoint_name("echo")
        .content_type("application/octet-stream")
        .custom_attributes("parts=3")
        .body(Blob::new(STANDARD.decode(BODY)?))
        .send()
        .await
        .map_err(in_words)?;
    let mut out = std::io::stdout();
    while let Some(event) = answer.body.recv().await.map_err(in_words)? {
        if let ResponseStream::PayloadPart(part) = event {
            out.write_all(part.bytes().map(Blob::as_ref).unwrap_or_default())?;
            out.flush()?;
        }
    }
    Ok(())
}

fn in_words(error: impl Error + Send + Sync + 'static) -> String {
    DisplayErrorContext(error).to_string()
}
