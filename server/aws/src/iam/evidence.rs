//! Documents with where each of them lives, every one read for itself: one that can't be read does not hide the others.

use super::documents::default_version;
use super::inline;
use super::places::{Place, Places, holder};
use super::read::{boundary_of, document_of, get_role, max_session_of, tags_of, trust_of, versions};
use crate::connections::Connection;
use crate::error::found;
use domain::arn::{Arn, CallerArn, CallerKind};
use domain::names::{GroupName, RoleName};
use futures::StreamExt;
use services::ports::gateway::{
    CallerDocuments, Document, GatewayError, GatewayResult, Holder, Origin, OtherVersion, Piece, PolicySet,
    RoleDocuments, Tags, Unread,
};

/// Documents read at a time; a managed policy takes two calls at once, and IAM throttles early.
const AT_ONCE: usize = 4;

/// What was read, that there is nothing, or why it can't be told.
pub(super) fn piece<T>(read: GatewayResult<Option<T>>) -> Piece<T> {
    match read {
        Ok(read) => read.into(),
        Err(error) => Piece::unreadable(error.message),
    }
}

pub(super) async fn caller(c: &Connection, caller: &CallerArn) -> GatewayResult<Option<CallerDocuments>> {
    let holder = holder(caller).map_err(|error| c.iam_call("GetRole").invalid(error))?;
    let (entity, places) = tokio::join!(entity(c, caller), Places::of(c, &holder));
    if places.is_missing {
        return Ok(None);
    }
    let why = match found(entity) {
        Ok(None) => return Ok(None),
        Ok(Some(entity)) => {
            let (policies, boundary) = tokio::join!(read(c, places), read_boundary(c, entity.boundary));
            let (unique_id, tags) = (Some(entity.unique_id), Piece::Read(entity.tags));
            return Ok(Some(CallerDocuments { arn: entity.arn, unique_id, tags, policies, boundary }));
        }
        Err(error) if !places.heard => return Err(error),
        Err(error) => error.message,
    };
    let (tags, boundary) = (Piece::unreadable(&why), Piece::unreadable(&why));
    let policies = read(c, places).await;
    Ok(Some(CallerDocuments { arn: caller.clone(), unique_id: None, tags, policies, boundary }))
}

pub(super) async fn role(c: &Connection, name: &RoleName) -> GatewayResult<Option<RoleDocuments>> {
    let holder = Holder::Role(name.clone());
    let (role, places) = tokio::join!(get_role(c, name.as_str()), Places::of(c, &holder));
    let Some(role) = found(role)?.filter(|_| !places.is_missing) else { return Ok(None) };
    let arn = Arn::parse(role.arn()).map_err(|_| c.iam_call("GetRole").unexpected("no ARN"))?;
    let boundary = role.permissions_boundary().and_then(boundary_of);
    let (policies, boundary) = tokio::join!(read(c, places), read_boundary(c, boundary));
    Ok(Some(RoleDocuments {
        arn,
        unique_id: role.role_id().to_owned(),
        trust: trust_of(&role),
        max_session_seconds: max_session_of(&role),
        description: role.description().unwrap_or_default().to_owned(),
        tags: tags_of(role.tags()),
        policies,
        boundary,
    }))
}

/// What GetRole and GetUser tell of a caller.
struct Entity {
    arn: CallerArn,
    unique_id: String,
    tags: Tags,
    boundary: Option<Arn>,
}

async fn entity(c: &Connection, caller: &CallerArn) -> GatewayResult<Entity> {
    let (operation, arn, unique_id, tags, boundary) = match caller.kind() {
        CallerKind::Role => {
            let role = get_role(c, caller.name()).await?;
            let (tags, boundary) = (tags_of(role.tags()), role.permissions_boundary().and_then(boundary_of));
            ("GetRole", role.arn, role.role_id, tags, boundary)
        }
        CallerKind::User => {
            let call = c.iam_call("GetUser");
            let answer = c.iam.get_user().user_name(caller.name()).send().await.map_err(|e| call.failed(e))?;
            let user = answer.user.ok_or_else(|| call.unexpected("no user"))?;
            let (tags, boundary) = (tags_of(user.tags()), user.permissions_boundary().and_then(boundary_of));
            ("GetUser", user.arn, user.user_id, tags, boundary)
        }
    };
    let arn = CallerArn::parse(&arn).map_err(|_| c.iam_call(operation).unexpected("no ARN"))?;
    Ok(Entity { arn, unique_id, tags, boundary })
}

async fn read_boundary(c: &Connection, arn: Option<Arn>) -> Piece<Document> {
    match arn {
        // Not found is not missing: there is a boundary, which allows nothing where its policy is gone.
        Some(arn) => piece(managed(c, arn, None).await.map(Some)),
        None => Piece::Missing,
    }
}

/// Reads the documents. What was detached meanwhile is left out.
async fn read(c: &Connection, places: Places) -> PolicySet {
    let reading = places.found.into_iter().map(|place| async move {
        let what = place.what();
        (what, found(document(c, place).await))
    });
    let read: Vec<_> = futures::stream::iter(reading).buffered(AT_ONCE).collect().await;
    let mut unread: Vec<_> = places.lost.into_iter().map(|(what, error)| lost(what, error)).collect();
    let mut documents = Vec::with_capacity(read.len());
    for (what, result) in read {
        match result {
            Ok(document) => documents.extend(document),
            Err(error) => unread.push(lost(what, error)),
        }
    }
    PolicySet { documents, unread }
}

fn lost(what: String, error: GatewayError) -> Unread {
    let action = error.action();
    Unread::new(what, error.message, &[&action])
}

async fn document(c: &Connection, place: Place) -> GatewayResult<Document> {
    match place {
        Place::Managed { arn, group } => managed(c, arn, group).await,
        Place::Inline { holder, policy } => {
            let text = inline::read(c, &holder, &policy).await?;
            Ok(Document { name: policy, origin: Origin::Inline { holder }, text })
        }
    }
}

async fn managed(c: &Connection, arn: Arn, group: Option<GroupName>) -> GatewayResult<Document> {
    let version = default_version(c, &arn).await?;
    let (text, others) = tokio::join!(document_of(c, &arn, &version), others(c, &arn, &version));
    let (name, text) = (arn.resource_name().to_owned(), text?);
    Ok(Document { name, origin: Origin::Managed { arn, version, others, group }, text })
}

/// The other versions of a customer managed policy. They only help to mend: what can't be read of them is left out.
async fn others(c: &Connection, arn: &Arn, default: &str) -> Vec<OtherVersion> {
    if arn.account_id().is_none() {
        return Vec::new();
    }
    let all = match versions(c, arn).await {
        Ok(all) => all,
        Err(error) => {
            tracing::debug!(%arn, %error, "a policy's versions can't be listed");
            return Vec::new();
        }
    };
    let mut others = Vec::with_capacity(all.len());
    for id in all.into_iter().map(|version| version.id).filter(|id| id != default) {
        // A version newer than the one in force is one that somebody has gone back from.
        let text = if number(&id) > number(default) { document_of(c, arn, &id).await.ok() } else { None };
        others.push(OtherVersion { id, text });
    }
    others
}

/// `v12` → 12.
fn number(version: &str) -> Option<u32> {
    version.strip_prefix('v')?.parse().ok()
}
