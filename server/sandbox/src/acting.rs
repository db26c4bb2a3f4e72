//! Services that call other services: as a role that they were handed, or on behalf of who called them.
//!
//! What they may is asked of the same policies as for a request from outside, and the fault switches and counters see
//! them too; only the wire is left out.

use crate::app::App;
use crate::call::Call;
use crate::caller::{Caller, Who};
use crate::error::Failure;
use crate::protocol::Reply;
use crate::protocol::query::Params;
use crate::s3::{self, Visitor};
use crate::service::{self, Protocol};
use crate::session::{Claims, SessionOf};
use crate::{authorize, clock, dispatch, ids, passrole, sts};
use domain::arn::Arn;
use domain::names::{AccountId, Region};
use serde_json::Value;
use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

/// How long a service's session of a role lasts.
const SESSION_MS: i64 = 24 * 3600 * 1000;

/// A service at work for somebody.
#[derive(Debug, Clone)]
pub struct Acting {
    visitor: Visitor,
}

impl Acting {
    /// On behalf of who makes this call, with their permissions.
    pub fn for_caller(call: &Call<'_>) -> Self {
        Self {
            visitor: Visitor {
                caller: call.caller.clone(),
                temporary: call.temporary,
                region: call.region.clone(),
                source_ip: call.source_ip,
                request_id: ids::request(),
            },
        }
    }

    /// As a role that trusts `service`, a service's principal. `source` is the ARN of the resource that it works for,
    /// `aws:SourceArn` to the role's trust policy.
    pub fn as_role(
        app: &App,
        region: &Region,
        role: &str,
        service: &str,
        source: Option<&str>,
        session: &str,
    ) -> Result<Self, Failure> {
        let account = Arn::parse(role).ok().and_then(|arn| arn.account_id());
        let found = account.and_then(|account| {
            let role = passrole::trusting_for(app, &account, role, service, source)?;
            Some((account, role))
        });
        let (account, found) = found.ok_or_else(|| {
            Failure::access_denied(format!(
                "{service} is not authorized to perform: sts:AssumeRole on resource: {role}"
            ))
        })?;
        let caller = role_session(app, &account, (&found.name, &found.id), session);
        Ok(Self::of(caller, region.clone()))
    }

    /// As a role that these assume: their policies and the role's trust policy must both allow it.
    pub fn assume(&self, app: &App, role: &str, session: &str) -> Result<Self, Failure> {
        let (account, found) = sts::trusting(&self.call(app), role, session)?;
        let caller = role_session(app, &account, (&found.name, &found.id), session);
        Ok(Self::of(caller, self.visitor.region.clone()))
    }

    fn of(caller: Caller, region: Region) -> Self {
        let source_ip = IpAddr::V4(Ipv4Addr::LOCALHOST);
        Self { visitor: Visitor { caller, temporary: true, region, source_ip, request_id: ids::request() } }
    }

    /// The same in another region.
    pub fn in_region(mut self, region: Region) -> Self {
        self.visitor.region = region;
        self
    }

    /// Who acts.
    pub fn caller(&self) -> &Caller {
        &self.visitor.caller
    }

    /// A call, now, for what is asked without an operation: S3's objects, a permission.
    pub fn call<'a>(&'a self, app: &'a App) -> Call<'a> {
        self.visitor.call(app)
    }

    /// Calls an operation of a service with a table, authorised like any call, and waits until what it changed lasts.
    /// The input is as the operation's JSON has it, members of path and query among the rest; for a query service it
    /// is flattened as a form has it. Of S3, which has no table, these are the operations on buckets.
    pub async fn ask(&self, app: &App, service: &str, operation: &str, input: Value) -> Result<Reply, Failure> {
        if service == "s3" {
            return s3::ask(&self.call(app), operation, input).await.map(Reply::Json);
        }
        let service = service::named(service)
            .ok_or_else(|| Failure::validation(format!("`{service}` is not a service of the sandbox")))?;
        let mut call = self.call(app);
        match service.protocol {
            Protocol::Query { .. } => call.params = Params::flatten(&input),
            Protocol::Json { .. } | Protocol::Rest { .. } => call.body = input,
        }
        dispatch::within(call, service, service.operation(operation)?).await
    }

    /// The same, for the output of a service that speaks JSON.
    pub async fn json(&self, app: &App, service: &str, operation: &str, input: Value) -> Result<Value, Failure> {
        match self.ask(app, service, operation, input).await? {
            Reply::Json(output) | Reply::Rest(_, output) => Ok(output),
            Reply::Xml(_) => Ok(Value::Null),
        }
    }
}

fn role_session(app: &App, account: &AccountId, (name, id): (&str, &str), session: &str) -> Caller {
    let of = SessionOf::Role {
        name: name.to_owned(),
        id: id.to_owned(),
        session: session.to_owned(),
        policy: None,
        policy_arns: Vec::new(),
        tags: BTreeMap::new(),
    };
    let expires = clock::now().plus_ms(SESSION_MS);
    let claims = Claims { key: String::new(), account: account.clone(), expires, era: app.faults.era(), of };
    Caller {
        account: account.clone(),
        arn: format!("arn:aws:sts::{account}:assumed-role/{name}/{session}"),
        user_id: format!("{id}:{session}"),
        who: Who::Role(Arc::new(claims)),
    }
}
