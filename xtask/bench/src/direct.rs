//! The two ways without the console: the SDK with a role session that it keeps, and the way of many a first script,
//! which assumes the role for every call.

use crate::console::Console;
use crate::load::Caller;
use crate::share::{ENDPOINT, EXTERNAL_ID, ROLE, STREAMED, Size};
use anyhow::{Context, Result};
use aws_credential_types::Credentials;
use aws_sdk_sagemakerruntime as runtime;
use aws_sdk_sts as sts;
use aws_smithy_types::Blob;
use futures::FutureExt;
use futures::future::BoxFuture;
use std::time::{Duration, SystemTime};
use tokio::time::Instant;

/// What both ways need.
pub struct Direct {
    sts: sts::Client,
    runtime: runtime::Client,
    session: Credentials,
}

impl Direct {
    /// Takes the child's keys and assumes the role, waiting out the sandbox's propagation.
    pub async fn new(console: &Console) -> Result<Self> {
        let (key, secret) = console.keys("child")?;
        let config = sts::Config::builder()
            .behavior_version_latest()
            .region(sts::config::Region::new("eu-west-1"))
            .endpoint_url(&console.sandbox)
            .credentials_provider(Credentials::new(key, secret, None, None, "bench"))
            .build();
        let sts = sts::Client::from_conf(config);
        let deadline = Instant::now() + Duration::from_secs(60);
        let session = loop {
            match assume(&sts).await {
                Ok(session) => break session,
                Err(error) if Instant::now() > deadline => return Err(error),
                Err(_) => tokio::time::sleep(Duration::from_millis(500)).await,
            }
        };
        let config = runtime::Config::builder()
            .behavior_version_latest()
            .region(runtime::config::Region::new("eu-west-1"))
            .endpoint_url(&console.sandbox)
            .credentials_provider(session.clone())
            .build();
        Ok(Self { sts, runtime: runtime::Client::from_conf(config), session })
    }

    /// With the session that is there.
    pub fn once(&self, size: Size) -> Once {
        Once { runtime: self.runtime.clone(), session: self.session.clone(), body: size.body() }
    }

    /// Streams with the session that is there.
    pub fn streams(&self) -> Streams {
        Streams { runtime: self.runtime.clone() }
    }

    /// With a new session for each call.
    pub fn each_time(&self) -> EachTime {
        EachTime { sts: self.sts.clone(), runtime: self.runtime.clone(), body: Size::Kilobyte.body() }
    }
}

/// The SDK with a session that it keeps.
pub struct Once {
    runtime: runtime::Client,
    session: Credentials,
    body: String,
}

impl Caller for Once {
    fn call(&self) -> BoxFuture<'_, Result<Duration>> {
        async {
            let begin = Instant::now();
            invoke(&self.runtime, &self.session, &self.body).await?;
            Ok(begin.elapsed())
        }
        .boxed()
    }
}

/// Streams, each until its first piece.
pub struct Streams {
    runtime: runtime::Client,
}

impl Caller for Streams {
    fn call(&self) -> BoxFuture<'_, Result<Duration>> {
        async {
            let (body, told) = STREAMED;
            let begin = Instant::now();
            let request = self.runtime.invoke_endpoint_with_response_stream().endpoint_name(ENDPOINT);
            let request = request.content_type("text/csv").custom_attributes(told).body(Blob::new(body));
            let mut pieces = request.send().await.map_err(runtime::Error::from)?.body;
            let mut first = None;
            while pieces.recv().await?.is_some() {
                first.get_or_insert_with(|| begin.elapsed());
            }
            first.context("the stream had no piece")
        }
        .boxed()
    }
}

/// The SDK with a session of its own for every call.
pub struct EachTime {
    sts: sts::Client,
    runtime: runtime::Client,
    body: String,
}

impl Caller for EachTime {
    fn call(&self) -> BoxFuture<'_, Result<Duration>> {
        async {
            let begin = Instant::now();
            invoke(&self.runtime, &assume(&self.sts).await?, &self.body).await?;
            Ok(begin.elapsed())
        }
        .boxed()
    }
}

async fn assume(client: &sts::Client) -> Result<Credentials> {
    let request = client.assume_role().role_arn(ROLE).role_session_name("bench").external_id(EXTERNAL_ID);
    let answer = request.send().await.map_err(sts::Error::from).context("AssumeRole")?;
    let keys = answer.credentials.context("AssumeRole gave no credentials")?;
    let expires = SystemTime::try_from(keys.expiration)?;
    Ok(Credentials::new(keys.access_key_id, keys.secret_access_key, Some(keys.session_token), Some(expires), "role"))
}

async fn invoke(client: &runtime::Client, session: &Credentials, body: &str) -> Result<()> {
    let request = client.invoke_endpoint().endpoint_name(ENDPOINT).content_type("text/csv").body(Blob::new(body));
    let config = runtime::config::Config::builder().credentials_provider(session.clone());
    let answer = request.customize().config_override(config).send().await.map_err(runtime::Error::from)?;
    anyhow::ensure!(answer.body.is_some(), "InvokeEndpoint gave no body");
    Ok(())
}
