// Invokes the SageMaker endpoint echo in eu-west-1 through a role of its account.
// The answer goes to standard output as it is, what is known about it to standard error.

use aws_config::sts::AssumeRoleProvider;
use aws_config::{BehaviorVersion, Region};
use aws_sdk_sagemakerruntime::Client;
use aws_sdk_sagemakerruntime::config::Builder;
use aws_sdk_sagemakerruntime::error::DisplayErrorContext;
use aws_sdk_sagemakerruntime::primitives::Blob;
use std::error::Error;
use std::io::Write;

const BODY: &str = concat!(
    "{\"it's\": \"so\",\n",
    "\"quotes\": \"\\\"'''\\\"\", \"shell\": \"$(id) `id` ${HOME}\",\r\n",
    "\t\"more\": \"\u{0}\u{e9}\u{8a9e}\u{1f309}\u{202e}\u{2028} {} {{x}}\"}\n",
);

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
    let answer = client
        .invoke_endpoint()
        .endpoint_name("echo")
        .content_type("application/json")
        .custom_attributes("trace=\"a\\b\"")
        .inference_id("id-1")
        .body(Blob::new(BODY))
        .send()
        .await
        .map_err(in_words)?;
    eprintln!("{:?}", answer.content_type());
    let bytes = answer.body().map(Blob::as_ref).unwrap_or_default();
    std::io::stdout().write_all(bytes)?;
    Ok(())
}

fn in_words(error: impl Error + Send + Sync + 'static) -> String {
    DisplayErrorContext(error).to_string()
}
