//! Whose permissions the work on a stack has: the service role's, or those of who asked for it. It outlives a restart.

use crate::acting::Acting;
use crate::app::App;
use crate::call::Call;
use crate::caller::{Caller, Who};
use crate::clock;
use crate::error::Failure;
use crate::ids;
use crate::protocol::query::Params;
use crate::session::Claims;
use domain::names::{AccountId, Region};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

/// CloudFormation as a principal.
pub const SERVICE: &str = "cloudformation.amazonaws.com";
const SESSION: &str = "AWSCloudFormation";

/// Who acts.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum Actor {
    /// A service role, by ARN.
    Role(String),
    /// Who called.
    Caller(Box<Kept>),
}

/// A caller, as it is kept.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct Kept {
    account: AccountId,
    arn: String,
    user_id: String,
    temporary: bool,
    source_ip: IpAddr,
    identity: Identity,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
enum Identity {
    Root,
    User { name: String, id: String },
    Session(Claims),
}

impl Actor {
    /// The stack's role, or without one who calls.
    pub fn of(call: &Call<'_>, role: Option<&str>) -> Self {
        if let Some(role) = role {
            return Self::Role(role.to_owned());
        }
        let Caller { account, arn, user_id, who } = call.caller.clone();
        let identity = match who {
            Who::Root => Identity::Root,
            Who::User { name, id } => Identity::User { name, id },
            Who::Role(claims) => Identity::Session(Claims::clone(&claims)),
        };
        let (temporary, source_ip) = (call.temporary, call.source_ip);
        Self::Caller(Box::new(Kept { account, arn, user_id, temporary, source_ip, identity }))
    }

    /// The way to call other services.
    pub fn acting(&self, app: &App, region: &Region, stack: &str) -> Result<Acting, Failure> {
        match self {
            Self::Role(role) => Acting::as_role(app, region, role, SERVICE, Some(stack), SESSION),
            Self::Caller(kept) => {
                let who = match kept.identity.clone() {
                    Identity::Root => Who::Root,
                    Identity::User { name, id } => Who::User { name, id },
                    Identity::Session(claims) => Who::Role(Arc::new(claims)),
                };
                let caller =
                    Caller { account: kept.account.clone(), arn: kept.arn.clone(), user_id: kept.user_id.clone(), who };
                let request_id = ids::request();
                Ok(Acting::for_caller(&Call {
                    app,
                    caller: &caller,
                    temporary: kept.temporary,
                    region: region.clone(),
                    now: clock::now(),
                    request_id: &request_id,
                    source_ip: kept.source_ip,
                    params: Params::default(),
                    body: Value::Null,
                    generation: AtomicU64::new(0),
                }))
            }
        }
    }
}
