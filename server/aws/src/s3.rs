//! S3: an object put, read up to a limit, or looked for, with a role's or a connection's credentials.

use crate::cache::Lru;
use crate::connections::{Connection, Connections, aws_region, role_keys};
use crate::error::{Call, Origin, found};
use async_trait::async_trait;
use aws_config::BehaviorVersion;
use aws_sdk_s3::Client;
use aws_sdk_s3::config::Builder;
use aws_types::request_id::RequestId;
use bytes::{Bytes, BytesMut};
use domain::names::Region;
use domain::s3::Location;
use services::ports::gateway::{Answered, GatewayResult, Object, RoleCredentials, RuntimeCaller, S3Gateway};
use std::sync::Arc;

/// Sessions and regions whose clients are kept.
const CLIENTS: usize = 64;
const SERVICE: &str = "S3";

/// The adapter.
#[derive(Debug)]
pub(crate) struct AwsS3 {
    connections: Arc<Connections>,
    clients: Lru<(String, Region), Session>,
}

/// A client, and who it is.
#[derive(Debug, Clone)]
struct Session {
    who: Who,
    client: Client,
}

#[derive(Debug, Clone)]
enum Who {
    Role(Arc<Origin>),
    Connection(Arc<Connection>),
}

impl Session {
    fn call<'a>(&'a self, region: &'a Region, operation: &'static str) -> Call<'a> {
        let origin = match &self.who {
            Who::Role(origin) => origin,
            Who::Connection(connection) => &connection.origin,
        };
        origin.call(SERVICE, region.as_str(), operation)
    }
}

impl AwsS3 {
    pub(crate) fn new(connections: Arc<Connections>) -> Self {
        Self { connections, clients: Lru::new(CLIENTS) }
    }

    async fn session(&self, caller: &RuntimeCaller, region: &Region) -> GatewayResult<Session> {
        match caller {
            RuntimeCaller::Role(credentials) => {
                // The access key's id names the session; it is no secret.
                let key = (credentials.access_key_id.clone(), region.clone());
                let kept = self.clients.get(&key);
                Ok(kept.unwrap_or_else(|| self.clients.insert(key, self.role_session(credentials, region))))
            }
            RuntimeCaller::Connection(id) => {
                let connection = self.connections.get(id).await?;
                let client = connection.s3(region);
                Ok(Session { who: Who::Connection(connection), client })
            }
        }
    }

    fn role_session(&self, credentials: &RoleCredentials, region: &Region) -> Session {
        let parent = self.connections.session(&credentials.access_key_id);
        let builder = match &parent {
            Some(connection) => Builder::from(&connection.sdk),
            None => Builder::new().behavior_version(BehaviorVersion::latest()).http_client(self.connections.http()),
        };
        let builder = builder
            .credentials_provider(role_keys(credentials))
            .identity_cache(aws_config::identity::IdentityCache::no_cache());
        let origin = Origin::nobody(parent.as_ref().and_then(|parent| parent.sdk.endpoint_url()));
        if let Some(account) = credentials.session_arn.account_id() {
            origin.learn(&account);
        }
        let client = Client::from_conf(builder.region(aws_region(region)).build());
        Session { who: Who::Role(Arc::new(origin)), client }
    }
}

#[async_trait]
impl S3Gateway for AwsS3 {
    async fn put_object(
        &self,
        caller: &RuntimeCaller,
        region: &Region,
        place: &Location,
        content_type: &str,
        body: Bytes,
    ) -> GatewayResult<Answered<()>> {
        let session = self.session(caller, region).await?;
        let request = session.client.put_object().bucket(&place.bucket).key(&place.key).content_type(content_type);
        let answer = request.body(body.into()).send().await;
        let answer = answer.map_err(|error| session.call(region, "PutObject").failed(error))?;
        Ok(Answered { value: (), request_id: answer.request_id().map(str::to_owned) })
    }

    async fn object(
        &self,
        caller: &RuntimeCaller,
        region: &Region,
        place: &Location,
        most: usize,
    ) -> GatewayResult<Option<Object>> {
        let session = self.session(caller, region).await?;
        let call = session.call(region, "GetObject");
        let answer = session.client.get_object().bucket(&place.bucket).key(&place.key).send().await;
        let Some(mut answer) = found(answer.map_err(|error| call.failed(error)))? else { return Ok(None) };
        let bytes = answer.content_length().and_then(|length| u64::try_from(length).ok()).unwrap_or_default();
        let mut body = BytesMut::with_capacity(most.min(usize::try_from(bytes).unwrap_or(most)));
        // What is over the limit is not asked of S3 at all where it need not be: dropping the stream ends it.
        while body.len() < most {
            match answer.body.next().await {
                Some(Ok(chunk)) => body.extend_from_slice(&chunk[..chunk.len().min(most - body.len())]),
                Some(Err(error)) => return Err(call.unexpected(&format!("its body broke off ({error})"))),
                None => break,
            }
        }
        Ok(Some(Object { content_type: answer.content_type, bytes, body: body.freeze() }))
    }

    async fn has_object(&self, caller: &RuntimeCaller, region: &Region, place: &Location) -> GatewayResult<bool> {
        let session = self.session(caller, region).await?;
        let request = session.client.list_objects_v2().bucket(&place.bucket).prefix(&place.key).max_keys(1);
        let answer = request.send().await.map_err(|error| session.call(region, "ListObjectsV2").failed(error))?;
        // The first key with this prefix is the key itself, where it is there.
        Ok(answer.contents().first().is_some_and(|object| object.key() == Some(&place.key)))
    }
}
