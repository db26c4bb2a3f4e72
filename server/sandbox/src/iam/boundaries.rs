//! Permissions boundaries of users and roles.

use super::input::{self, missing, no_such_entity};
use super::managed;
use super::model::{Grants, Kind};
use crate::call::Call;
use crate::error::Failure;
use crate::protocol::Reply;
use crate::protocol::query::Xml;

/// The boundary that a creating call asks for, if any; it must exist.
pub fn wanted(call: &Call<'_>) -> Result<Option<String>, Failure> {
    let Some(arn) = call.params.optional("PermissionsBoundary") else { return Ok(None) };
    let known = managed::find(arn).is_some() || call.read_iam(|iam| iam.policy(call.account(), arn).is_some());
    if known {
        return Ok(Some(arn.to_owned()));
    }
    Err(no_such_entity(format!("Scope ARN: {arn} does not exist or is not attachable.")))
}

/// The boundary as results carry it.
pub fn xml(xml: Xml, grants: &Grants) -> Xml {
    let Some(arn) = &grants.boundary else { return xml };
    xml.node("PermissionsBoundary", |xml| {
        xml.text("PermissionsBoundaryType", "Policy").text("PermissionsBoundaryArn", arn)
    })
}

/// PutRolePermissionsBoundary, PutUserPermissionsBoundary.
pub fn put(call: &Call<'_>, kind: Kind) -> Result<Reply, Failure> {
    let name = input::named(call, kind)?;
    call.params.required("PermissionsBoundary")?;
    let boundary = wanted(call)?;
    call.change_iam(|iam| {
        iam.grants_mut(kind, name).ok_or_else(|| missing(kind, name))?.boundary = boundary;
        Ok(Reply::Xml(None))
    })
}

/// DeleteRolePermissionsBoundary, DeleteUserPermissionsBoundary.
pub fn delete(call: &Call<'_>, kind: Kind) -> Result<Reply, Failure> {
    let name = input::named(call, kind)?;
    call.change_iam(|iam| {
        let grants = iam.grants_mut(kind, name).ok_or_else(|| missing(kind, name))?;
        match grants.boundary.take() {
            Some(_) => Ok(Reply::Xml(None)),
            None => Err(no_such_entity(format!("{} {name} does not have a permissions boundary.", kind.title()))),
        }
    })
}
