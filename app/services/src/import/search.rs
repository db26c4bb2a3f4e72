//! Looking through accounts: lists first, then closely at what may belong to a share.

use crate::ports::gateway::{GatewayResult, ListedPolicy, ListedRole, Piece, Tags};
use crate::{Operator, ServiceResult, Services, words};
use domain::arn::{Arn, CallerArn};
use domain::connection::{ConnectionState, ConnectionView, Identity};
use domain::names::{ConnectionId, RoleName};
use domain::share::TAG_SHARE;
use domain::share::import::{SearchedAccount, SearchedView, opens_outward};
use domain::share::inventory::{ObservedPolicy, ObservedRole};
use futures::stream::{self, StreamExt as _, TryStreamExt as _};
use std::collections::{BTreeMap, BTreeSet};

/// How many accounts are searched side by side.
const ACCOUNTS: usize = 4;
/// How many roles or policies of an account are looked at closely side by side.
const TOGETHER: usize = 6;
/// How many pages of a list, a hundred entries each, are looked through.
const PAGES: usize = 50;

/// What is looked at closely.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Closely {
    /// What carries a share's tag.
    Tagged,
    /// That, and every role that lets another account in.
    Roles,
}

/// A connection, with what was found through it.
pub(super) struct Searched {
    pub(super) account: Option<SearchedAccount>,
    pub(super) view: SearchedView,
}

impl Services {
    /// Searches what is connected, an account at most once. An account that can't be searched does not hide the others.
    pub(super) async fn search(&self, operator: &Operator, closely: Closely) -> ServiceResult<Vec<Searched>> {
        let mut seen = BTreeSet::new();
        let connections = self.connections(operator, false).await?.into_iter();
        let once = connections.filter(|c| c.account().is_none_or(|account| seen.insert(account.clone())));
        let look = |connection| self.search_connection(connection, closely);
        Ok(stream::iter(once.map(look)).buffered(ACCOUNTS).collect().await)
    }

    async fn search_connection(&self, connection: ConnectionView, closely: Closely) -> Searched {
        let ConnectionView { id, state, .. } = connection;
        let mut view = SearchedView {
            connection: id.clone(),
            account: None,
            roles: 0,
            policies: 0,
            failed: None,
            notes: Vec::new(),
        };
        let identity = match state {
            ConnectionState::Ready { identity } => identity,
            ConnectionState::Failed { message, hint } => {
                view.failed = Some((message, hint));
                return Searched { account: None, view };
            }
        };
        view.account = Some(identity.account.clone());
        let account = match self.search_account(&id, identity, closely, &mut view).await {
            Ok(account) => Some(account),
            Err(error) => {
                view.failed = Some((error.to_string(), words::hint(&error)));
                None
            }
        };
        Searched { account, view }
    }

    async fn search_account(
        &self,
        connection: &ConnectionId,
        identity: Identity,
        closely: Closely,
        view: &mut SearchedView,
    ) -> GatewayResult<SearchedAccount> {
        let Identity { account, caller: console, .. } = identity;
        let (roles, policies, users) = tokio::join!(
            self.listed_roles(connection),
            self.listed_policies(connection),
            self.listed_users(connection)
        );
        let (roles, policies) = (roles?, policies?);
        // Users are needed for their paths alone, which few have.
        let users = users.unwrap_or_else(|error| {
            view.notes.push(format!("Its users could not be listed: {error}."));
            Listed::default()
        });
        (view.roles, view.policies) = (roles.items.len(), policies.items.len());
        if roles.cut || policies.cut {
            view.notes.push(format!("Only the first {} roles and policies were looked at.", PAGES * 100));
        }
        let untold = roles.items.iter().map(|role| &role.tags).chain(policies.items.iter().map(|policy| &policy.tags));
        if let Some(why) = untold.filter_map(unreadable).next() {
            view.notes.push(format!("Not all tags could be read: {why}. Shares may be missing here."));
        }
        let wanted = |role: &&ListedRole| {
            is_tagged(&role.tags) || closely == Closely::Roles && opens_outward(&role.trust, &account)
        };
        let names = roles.items.iter().filter(wanted).filter_map(|role| RoleName::parse(role.arn.resource_name()).ok());
        let observed = self.observed_roles(connection, names.collect()).await?;
        let tagged = policies.items.iter().filter(|policy| is_tagged(&policy.tags)).map(|policy| policy.arn.clone());
        let attached = observed.iter().flat_map(|role| role.attached.iter().cloned());
        let own = attached.filter(|arn| arn.account_id().as_ref() == Some(&account));
        let arns: BTreeSet<Arn> = tagged.chain(own).collect();
        let callers = roles.items.iter().filter_map(|role| CallerArn::parse(role.arn.as_str()).ok());
        Ok(SearchedAccount {
            policies: self.observed_policies(connection, arns).await?,
            connection: connection.clone(),
            callers: callers.chain(users.items).collect(),
            roles: observed,
            account,
            console,
        })
    }

    async fn observed_roles(
        &self,
        connection: &ConnectionId,
        names: Vec<RoleName>,
    ) -> GatewayResult<Vec<ObservedRole>> {
        let look = |name: RoleName| async move { self.inner.gateways.iam.role(connection, &name).await };
        let found: Vec<_> = stream::iter(names.into_iter().map(look)).buffered(TOGETHER).try_collect().await?;
        Ok(found.into_iter().flatten().collect())
    }

    async fn observed_policies(
        &self,
        connection: &ConnectionId,
        arns: BTreeSet<Arn>,
    ) -> GatewayResult<Vec<ObservedPolicy>> {
        let look = |arn: Arn| async move { self.inner.gateways.iam.policy(connection, &arn).await };
        let found: Vec<_> = stream::iter(arns.into_iter().map(look)).buffered(TOGETHER).try_collect().await?;
        Ok(found.into_iter().flatten().collect())
    }

    async fn listed_roles(&self, connection: &ConnectionId) -> GatewayResult<Listed<ListedRole>> {
        let mut listed = Listed::default();
        while listed.goes_on() {
            let page = self.inner.gateways.iam.tagged_roles(connection, listed.next.as_deref()).await?;
            listed.add(page.items, page.next);
        }
        Ok(listed)
    }

    async fn listed_policies(&self, connection: &ConnectionId) -> GatewayResult<Listed<ListedPolicy>> {
        let mut listed = Listed::default();
        while listed.goes_on() {
            let page = self.inner.gateways.iam.tagged_policies(connection, listed.next.as_deref()).await?;
            listed.add(page.items, page.next);
        }
        Ok(listed)
    }

    async fn listed_users(&self, connection: &ConnectionId) -> GatewayResult<Listed<CallerArn>> {
        let mut listed = Listed::default();
        while listed.goes_on() {
            let page = self.inner.gateways.iam.users(connection, listed.next.as_deref()).await?;
            listed.add(page.items.into_iter().map(|user| user.arn).collect(), page.next);
        }
        Ok(listed)
    }
}

/// A list as far as it was read.
struct Listed<T> {
    items: Vec<T>,
    next: Option<String>,
    pages: usize,
    cut: bool,
}

impl<T> Default for Listed<T> {
    fn default() -> Self {
        Self { items: Vec::new(), next: None, pages: 0, cut: false }
    }
}

impl<T> Listed<T> {
    /// Whether there is another page to read; notes when there is one that is not read.
    fn goes_on(&mut self) -> bool {
        self.cut = self.next.is_some() && self.pages == PAGES;
        self.pages == 0 || self.next.is_some() && !self.cut
    }

    fn add(&mut self, items: Vec<T>, next: Option<String>) {
        self.items.extend(items);
        self.next = next;
        self.pages += 1;
    }
}

fn is_tagged(tags: &Piece<Tags>) -> bool {
    tags.read().is_some_and(|tags: &BTreeMap<String, String>| tags.contains_key(TAG_SHARE))
}

fn unreadable(tags: &Piece<Tags>) -> Option<String> {
    match tags {
        Piece::Unreadable { why } => Some(why.clone()),
        Piece::Read(_) | Piece::Missing => None,
    }
}
