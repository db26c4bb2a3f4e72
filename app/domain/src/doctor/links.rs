//! The links of a handshake on paper: what the documents and the facts say, before any call is made.

use super::diagnosis::{Link, LinkKind, LinkState};
use super::evidence::{Evidence, Piece, Unread, reading};
use super::paper::{Paper, Standing, assume, invoke};
use super::question::{Question, Target};
use super::repair::{Mended, Repair, RequestChange, RequestField, Whose, mend, repairs};
use crate::endpoint::{EndpointStatus, EndpointView};
use crate::evaluate::{Layer, Principal};
use crate::names::RoleName;
use crate::share::Side;
use crate::share::plan::Action;

/// The layers of the caller's side of AssumeRole.
pub(super) const CHILD: &[Layer] = &[Layer::ServiceControl, Layer::Identity, Layer::Boundary, Layer::Session];
/// The layers of the role's side of AssumeRole.
pub(super) const PARENT: &[Layer] = &[Layer::Resource, Layer::ResourceControl];
/// The layers of the invocation by the role's session.
pub(super) const SESSION: &[Layer] = CHILD;

/// What a session of a role gets at most when it assumes a role, and what everybody gets who asks for nothing.
///
/// Source: IAM user guide, "Roles terms and concepts", role chaining.
const HOUR: u32 = 3600;

/// The handshake as it would be asked if the caller named what is really there: the role as it is spelt, the region
/// the endpoint is in. Whether the documents allow the handshake is worked out for that one.
pub(super) struct Asked<'a> {
    pub(super) asked: &'a Question,
    pub(super) meant: Question,
    pub(super) evidence: &'a Evidence,
}

impl<'a> Asked<'a> {
    pub(super) fn new(asked: &'a Question, evidence: &'a Evidence) -> Self {
        let mut meant = asked.clone();
        if let Some(role) = evidence.role.read() {
            meant.role = role.arn.clone();
        }
        match (&evidence.endpoint, elsewhere(asked, evidence).as_slice()) {
            (Piece::Read(found), _) if asked.endpoint.name.is_some() => {
                meant.endpoint.name = Some(found.name.clone());
            }
            (Piece::Missing, [only]) => {
                let name = asked.endpoint.name.as_ref().map(|_| only.name.clone());
                meant.endpoint = Target { arn: only.arn.clone(), name };
            }
            _ => {}
        }
        Self { asked, meant, evidence }
    }

    fn link(&self, kind: LinkKind, state: LinkState, sentence: impl Into<String>) -> Link {
        let account = if kind.side() == Side::Child { self.asked.child() } else { self.asked.parent() };
        Link {
            kind,
            side: kind.side(),
            account,
            state,
            sentence: sentence.into(),
            explanations: Vec::new(),
            unread: Vec::new(),
            caveats: Vec::new(),
            aws_says: None,
            suspicions: Vec::new(),
            repairs: Vec::new(),
            alternatives: Vec::new(),
        }
    }

    fn repair(&self, side: Side, whose: Whose, sentence: impl Into<String>, requests: Vec<RequestChange>) -> Repair {
        let account = if side == Side::Child { self.asked.child() } else { self.asked.parent() };
        Repair { side, account, whose, sentence: sentence.into(), changes: Vec::new(), requests, steps: Vec::new() }
    }

    fn code(&self, sentence: impl Into<String>, field: RequestField, before: &str, after: Option<String>) -> Repair {
        let change = RequestChange { field, before: Some(before.to_owned()), after };
        self.repair(Side::Child, Whose::Code, sentence, vec![change])
    }

    /// The caller is there and of the right kind.
    pub(super) fn caller(&self) -> Link {
        let kind = LinkKind::Caller;
        let (caller, account) = (&self.asked.caller, self.asked.child());
        let cant = match caller {
            // Source: STS API reference, AssumeRole.
            Principal::Root { .. } => Some("root users"),
            // Source: IAM user guide, "Compare AWS STS credentials": such a session may call GetCallerIdentity alone.
            Principal::FederatedUser { .. } => Some("federated users"),
            _ => None,
        };
        if let Some(who) = cant {
            let mut link =
                self.link(kind, LinkState::Denied, format!("`{caller}` can't assume a role: {who} never can"));
            let sentence = format!("call as a role or a user of account {account}: {who} can't assume roles");
            link.repairs.push(self.code(sentence, RequestField::Caller, &caller.to_string(), None));
            return link;
        }
        let name = self.asked.caller_name();
        match &self.evidence.caller {
            Piece::Read(found) => self.link(
                kind,
                LinkState::Allowed,
                format!("`{}` exists in account {account}", found.arn.arn().resource()),
            ),
            Piece::Missing => {
                let sentence = format!("account {account} has no role or user `{name}`: it was deleted or is misspelt");
                let mut link = self.link(kind, LinkState::Denied, sentence);
                let sentence =
                    format!("call as a role or a user that exists in account {account}, or make `{name}` again");
                link.repairs.push(self.code(sentence, RequestField::Caller, &caller.to_string(), None));
                link
            }
            Piece::Unreadable { why } => {
                let what = format!("whether `{name}` exists");
                let mut link = self.link(kind, LinkState::Unknown, format!("{what} can't be read: {why}"));
                link.unread.push(Unread::new(what, why, reading::EXISTENCE));
                link
            }
        }
    }

    /// Somebody else has to call: what the documents say of this caller is beside the point.
    fn other_caller(&self, kind: LinkKind) -> Option<Link> {
        let cant = matches!(self.asked.caller, Principal::Root { .. } | Principal::FederatedUser { .. });
        (cant || self.evidence.caller.is_missing()).then(|| {
            self.link(kind, LinkState::Unknown, "who calls has to change first, and decides what is asked here")
        })
    }

    /// The caller's side of AssumeRole.
    pub(super) fn permission(&self, now: &mut Mended) -> Link {
        if let Some(link) = self.other_caller(LinkKind::Permission) {
            return link;
        }
        let (who, role) = (self.asked.caller_name(), self.meant.role_name());
        let allowed = format!("account {} lets `{who}` assume `{role}`", self.asked.child());
        let unknown = format!("whether account {} lets `{who}` assume `{role}` can't be told", self.asked.child());
        let papers = |question: &Question, evidence: &Evidence| vec![assume(question, evidence)];
        self.decided(LinkKind::Permission, CHILD, &papers, (&allowed, &unknown), now)
    }

    /// The role's side of AssumeRole.
    pub(super) fn trust(&self, now: &mut Mended) -> Link {
        let (who, role) = (self.asked.caller_name(), self.meant.role_name());
        let account = self.asked.parent();
        if self.evidence.role.is_missing() {
            let sentence = format!("account {account} has no role `{}`", self.asked.role_name());
            let mut link = self.link(LinkKind::Trust, LinkState::Denied, sentence);
            let sentence =
                format!("make the role `{}` in account {account}, by applying the share again", self.asked.role_name());
            link.repairs.push(self.repair(Side::Parent, Whose::Owner, sentence, Vec::new()));
            return link;
        }
        if let Some(link) = self.other_caller(LinkKind::Trust) {
            return link;
        }
        let allowed = format!("the trust policy of `{role}` lets `{who}` in");
        let unknown = format!("whether `{role}` lets `{who}` in can't be told");
        let papers = |question: &Question, evidence: &Evidence| vec![assume(question, evidence)];
        let mut link = self.decided(LinkKind::Trust, PARENT, &papers, (&allowed, &unknown), now);
        let (asked, meant) = (&self.asked.role, &self.meant.role);
        if asked != meant {
            let sentence = if asked.as_str().eq_ignore_ascii_case(meant.as_str()) {
                format!("the call asks for `{asked}`, which differs in case from the role `{meant}`")
            } else {
                format!("the call asks for `{asked}`, but the role is `{meant}`")
            };
            link.sentence =
                if link.state == LinkState::Denied { format!("{sentence}; and {}", link.sentence) } else { sentence };
            link.state = LinkState::Denied;
            let sentence = format!("ask for the role as it is: `{meant}`");
            link.repairs.insert(0, self.code(sentence, RequestField::RoleArn, asked.as_str(), Some(meant.to_string())));
        }
        link
    }

    /// The session as STS gives it.
    pub(super) fn session(&self) -> Link {
        let kind = LinkKind::Session;
        let seconds = self.asked.duration_seconds.unwrap_or(HOUR);
        if seconds <= HOUR {
            // No role's maximum is below an hour.
            return self.link(
                kind,
                LinkState::Allowed,
                format!("a session of {seconds} s is within every role's maximum"),
            );
        }
        let shorter = |most: u32| {
            let sentence = format!("ask for {most} s at most: send `DurationSeconds={most}`, or none");
            self.code(sentence, RequestField::DurationSeconds, &seconds.to_string(), Some(most.to_string()))
        };
        if self.asked.chains() {
            let sentence = format!(
                "the call asks for {seconds} s, and a role's session that assumes a role gets {HOUR} s at most: chaining"
            );
            let mut link = self.link(kind, LinkState::Denied, sentence);
            link.repairs.push(shorter(HOUR));
            return link;
        }
        let role = match &self.evidence.role {
            Piece::Read(role) => role,
            piece => {
                let why = piece.why().unwrap_or("it does not exist");
                let what = format!("the longest session of `{}`", self.asked.role_name());
                let mut link = self.link(kind, LinkState::Unknown, format!("{what} can't be read: {why}"));
                link.unread.push(Unread::new(what, why, reading::ROLE));
                return link;
            }
        };
        let most = role.max_session_seconds;
        if seconds <= most {
            return self.link(
                kind,
                LinkState::Allowed,
                format!("a session of {seconds} s is within the role's {most} s"),
            );
        }
        let sentence =
            format!("the call asks for {seconds} s, and `{}` gives {most} s at most", role.arn.resource_name());
        let mut link = self.link(kind, LinkState::Denied, sentence);
        link.repairs.push(shorter(most));
        if let Ok(name) = RoleName::parse(role.arn.resource_name()) {
            let sentence = format!("let sessions of `{name}` last {seconds} s");
            let longer = Action::UpdateMaxSession { role: name, seconds, previous: most };
            let repair = self.repair(Side::Parent, Whose::Account, sentence, Vec::new());
            link.alternatives.push(Repair { steps: vec![longer], ..repair });
        }
        link
    }

    /// What the role's session may do.
    pub(super) fn role_permission(&self, now: &mut Mended) -> Link {
        if self.asked.endpoint.account() != self.asked.parent() {
            let sentence = format!(
                "which role of account {} is to be assumed has to be chosen first",
                self.asked.endpoint.account()
            );
            return self.link(LinkKind::RolePermission, LinkState::Unknown, sentence);
        }
        let (role, endpoint) = (self.meant.role_name(), self.meant.endpoint.called());
        let actions = self.asked.actions();
        let listed = actions.iter().map(|action| format!("`{action}`")).collect::<Vec<_>>().join(" and ");
        let allowed = format!("a session of `{role}` may call {listed} on `{endpoint}`");
        let unknown = format!("whether a session of `{role}` may call {listed} on `{endpoint}` can't be told");
        let papers = move |question: &Question, evidence: &Evidence| {
            actions.iter().map(|action| invoke(question, evidence, action)).collect()
        };
        self.decided(LinkKind::RolePermission, SESSION, &papers, (&allowed, &unknown), now)
    }

    /// A link that documents decide. `now` is the handshake with what the links before it had mended.
    fn decided(
        &self,
        kind: LinkKind,
        layers: &[Layer],
        papers: &dyn Fn(&Question, &Evidence) -> Vec<Paper>,
        (allowed, unknown): (&str, &str),
        now: &mut Mended,
    ) -> Link {
        let mut link = self.link(kind, LinkState::Allowed, allowed);
        let mut denials = Vec::new();
        for paper in papers(&self.meant, self.evidence) {
            for caveat in paper.caveats(layers) {
                if !link.caveats.contains(&caveat) {
                    link.caveats.push(caveat);
                }
            }
            match paper.stand(layers) {
                Standing::Denied(explanation) => {
                    denials.push(paper.sentence(&explanation));
                    link.explanations.push(explanation);
                }
                Standing::Allowed(explanation) => link.explanations.push(explanation),
                Standing::Unknown(explanation, unread) => {
                    link.explanations.push(explanation);
                    link.unread.extend(unread.into_iter().filter(|one| !link.unread.contains(one)).collect::<Vec<_>>());
                    link.state = LinkState::Unknown;
                }
            }
        }
        if denials.is_empty() && link.state == LinkState::Unknown {
            link.sentence = match link.unread.first() {
                Some(first) => format!("{unknown}: {}, {}", first.what, first.why),
                None => unknown.to_owned(),
            };
        }
        if !denials.is_empty() {
            (link.state, link.sentence) = (LinkState::Denied, denials.join("; and "));
            link.unread.clear();
            let mended = mend(now.clone(), layers, papers);
            link.repairs = repairs(now, &mended);
            *now = mended;
        }
        link
    }

    /// The endpoint, where the call goes.
    pub(super) fn endpoint(&self) -> Link {
        let kind = LinkKind::Endpoint;
        let (endpoint, account) = (&self.asked.endpoint, self.asked.parent());
        let name = endpoint.called();
        if endpoint.account() != account {
            let sentence = format!(
                "`{name}` is an endpoint of account {}, and a session of `{}` calls account {account}: SageMaker looks in \
                 the account of the credentials",
                endpoint.account(),
                self.asked.role_name()
            );
            let mut link = self.link(kind, LinkState::Denied, sentence);
            let sentence = format!("assume a role of account {}, where the endpoint is", endpoint.account());
            link.repairs.push(self.code(sentence, RequestField::RoleArn, self.asked.role.as_str(), None));
            return link;
        }
        match &self.evidence.endpoint {
            Piece::Read(found) => self.found(found),
            Piece::Missing => self.not_found(),
            Piece::Unreadable { why } => {
                let what = format!("whether `{name}` is there and in service");
                let mut link = self.link(kind, LinkState::Unknown, format!("{what} can't be read: {why}"));
                link.unread.push(Unread::new(what, why, reading::ENDPOINT));
                link
            }
        }
    }

    fn found(&self, found: &EndpointView) -> Link {
        let kind = LinkKind::Endpoint;
        let (name, status) = (&found.name, found.status.as_str());
        let region = self.asked.endpoint.region();
        if let Some(sent) = self.asked.endpoint.name.as_ref().filter(|sent| *sent != name) {
            // Source: SageMaker API reference, CreateEndpoint, EndpointName: its case must be matched in InvokeEndpoint.
            let sentence =
                format!("the call asks for `{sent}`, and the endpoint is `{name}`: InvokeEndpoint compares case");
            let mut link = self.link(kind, LinkState::Denied, sentence);
            let sentence = format!("call the endpoint as it is spelt: `{name}`");
            link.repairs.push(self.code(sentence, RequestField::EndpointName, sent.as_str(), Some(name.to_string())));
            return link;
        }
        if found.status.answers() {
            return self.link(kind, LinkState::Allowed, format!("`{name}` is in {region} and {status}"));
        }
        let why = found.failure_reason.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default();
        let mut link = self.link(kind, LinkState::Denied, format!("`{name}` is {status} and answers no calls{why}"));
        let sentence = match found.status {
            EndpointStatus::Creating => format!("wait until `{name}` is InService"),
            EndpointStatus::Deleting => format!("make `{name}` again, or call another endpoint: it is being deleted"),
            _ => format!("bring `{name}` back in service: update it with a configuration that works, or make it again"),
        };
        link.repairs.push(self.repair(Side::Parent, Whose::Owner, sentence, Vec::new()));
        link
    }

    fn not_found(&self) -> Link {
        let (name, region) = (self.asked.endpoint.called(), self.asked.endpoint.region());
        let account = self.asked.parent();
        let regions: Vec<String> = elsewhere(self.asked, self.evidence)
            .iter()
            .filter_map(|one| one.arn.arn().region_code())
            .map(String::from)
            .collect();
        if regions.is_empty() {
            let sentence = format!("account {account} has no endpoint `{name}` in {region}");
            let mut link = self.link(LinkKind::Endpoint, LinkState::Denied, sentence);
            let sentence = format!("make `{name}` in {region}, or call an endpoint that exists");
            link.repairs.push(self.repair(Side::Parent, Whose::Owner, sentence, Vec::new()));
            return link;
        }
        let there = regions.join(" and ");
        let sentence = format!("`{name}` is not in {region}, where the call goes, but in {there}");
        let mut link = self.link(LinkKind::Endpoint, LinkState::Denied, sentence);
        let sentence = format!("make the SageMaker Runtime client for {there}: `region_name=\"{}\"`", regions[0]);
        let after = (regions.len() == 1).then(|| regions[0].clone());
        link.repairs.push(self.code(sentence, RequestField::Region, region.as_str(), after));
        link
    }
}

/// Endpoints of the name in other regions of the role's account.
fn elsewhere<'e>(question: &Question, evidence: &'e Evidence) -> Vec<&'e EndpointView> {
    let account = question.parent();
    let same = |one: &&EndpointView| {
        one.arn.arn().account() == account.as_str()
            && one.arn.lower_name() == question.endpoint.arn.lower_name()
            && one.arn != question.endpoint.arn
    };
    evidence.elsewhere.iter().filter(same).collect()
}
