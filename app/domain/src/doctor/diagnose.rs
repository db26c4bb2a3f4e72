//! From the links on paper to a diagnosis: with what the live calls have shown.

use super::diagnosis::{Diagnosis, Link, LinkKind, LinkState, Suspect, Suspicion, Verdict};
use super::evidence::Evidence;
use super::links::{Asked, CHILD, PARENT, SESSION};
use super::live::{Live, Outcome};
use super::message::{self, Denied, MessageKind, PolicyKind, Reason};
use super::paper::{Paper, assume, invoke};
use super::question::Question;
use super::repair::{Mended, Repair, Whose};
use crate::endpoint::EndpointStatus;
use crate::evaluate::Layer;

/// Diagnoses a handshake from what could be read and what the live calls have shown.
pub fn diagnose(question: &Question, evidence: &Evidence, live: &Live) -> Diagnosis {
    let asked = Asked::new(question, evidence);
    let mut now = Mended::new(&asked.meant, evidence);
    let mut links = vec![
        asked.caller(),
        asked.permission(&mut now),
        asked.trust(&mut now),
        asked.session(),
        asked.role_permission(&mut now),
        asked.endpoint(),
    ];
    let assumes = assume(&asked.meant, evidence);
    let invokes = invoke(&asked.meant, evidence, question.action.iam());
    after_assuming(&mut links, live.assumed(), &assumes);
    after_invoking(&mut links, live.invoked(), &invokes, asked.meant != *question);
    if live.is_told() {
        doubt_what_was_sent(link(&mut links, LinkKind::Trust), question);
    }
    let first_broken = links.iter().find(|link| link.state.is_broken()).map(|link| link.kind);
    let verdict = verdict(&links);
    let sentence = sentence(question, &links, verdict);
    let wait = wait(&links, evidence, live);
    Diagnosis { question: question.clone(), verdict, sentence, first_broken, links, wait }
}

fn link(links: &mut [Link], kind: LinkKind) -> &mut Link {
    links.iter_mut().find(|link| link.kind == kind).unwrap_or_else(|| unreachable!("every link was made"))
}

/// AWS has gone through a link, whatever was read about it.
fn prove(link: &mut Link) {
    if link.state == LinkState::Denied {
        link.sentence =
            format!("a call went through, so that what was read is out of date or not all: {}", link.sentence);
        link.repairs.clear();
        link.alternatives.clear();
    }
    link.state = LinkState::Proven;
    link.unread.clear();
}

fn after_assuming(links: &mut [Link], outcome: &Outcome, paper: &Paper) {
    use LinkKind::{Caller, Permission, Session, Trust};
    match outcome {
        Outcome::NotMade => {}
        Outcome::Succeeded => {
            [Caller, Permission, Trust, Session].into_iter().for_each(|kind| prove(link(links, kind)))
        }
        Outcome::Denied { message } => {
            let said = message::parse(message).ok();
            if let Some((kind, layer)) = told(said.as_ref(), &[(Permission, CHILD), (Trust, PARENT)]) {
                return break_at(link(links, kind), message, said.as_ref(), paper.is_read(layer));
            }
            let broken =
                [Caller, Permission, Trust, Session].iter().any(|kind| link(links, *kind).state == LinkState::Denied);
            let mut disputed = false;
            for kind in [Permission, Trust] {
                let link = link(links, kind);
                if link.state == LinkState::Denied {
                    link.aws_says = Some(message.clone());
                } else if link.state == LinkState::Unknown {
                    link.aws_says = Some(message.clone());
                    disputed = true;
                }
            }
            if !broken && !disputed {
                for kind in [Permission, Trust] {
                    dispute(link(links, kind), message, said.as_ref());
                }
            }
        }
        Outcome::Failed { message, .. } => {
            let kind = match message::parse(message).ok().map(|said| said.kind) {
                Some(MessageKind::DurationOverMaximum | MessageKind::DurationOfChain) => Session,
                Some(
                    MessageKind::Expired
                    | MessageKind::BadCredentials
                    | MessageKind::RootCaller
                    | MessageKind::NoCredentials,
                ) => Caller,
                _ => return,
            };
            refuse(link(links, kind), message);
        }
    }
}

fn after_invoking(links: &mut [Link], outcome: &Outcome, paper: &Paper, asked_otherwise: bool) {
    use LinkKind::{Endpoint, RolePermission};
    match outcome {
        Outcome::NotMade => {}
        Outcome::Succeeded => links.iter_mut().for_each(prove),
        Outcome::Denied { message } => {
            let said = message::parse(message).ok();
            if asked_otherwise && link(links, Endpoint).state == LinkState::Denied {
                // The call named an endpoint that is not there, which no policy allows.
                link(links, Endpoint).aws_says = Some(message.clone());
                return;
            }
            if let Some((kind, layer)) = told(said.as_ref(), &[(RolePermission, SESSION)]) {
                return break_at(link(links, kind), message, said.as_ref(), paper.is_read(layer));
            }
            let link = link(links, RolePermission);
            if link.state == LinkState::Allowed {
                dispute(link, message, said.as_ref());
            }
            link.aws_says = Some(message.clone());
        }
        Outcome::Failed { code, message } => {
            let kind = message::parse(message).or_else(|_| message::parse(code)).ok().map(|said| said.kind);
            match kind {
                Some(MessageKind::EndpointNotFound) => refuse(link(links, Endpoint), message),
                Some(MessageKind::Model) => {
                    // The model was reached: everything before it let the call through.
                    links.iter_mut().for_each(prove);
                    let endpoint = link(links, Endpoint);
                    endpoint.aws_says = Some(message.clone());
                    endpoint.sentence = format!("{}; the model itself failed", endpoint.sentence);
                }
                _ => {}
            }
        }
    }
}

/// The link that AWS's stated reason is about, among these.
fn told(said: Option<&Denied>, links: &[(LinkKind, &[Layer])]) -> Option<(LinkKind, Layer)> {
    let layer = said?.reason.as_ref()?.policy.layer()?;
    let (kind, _) = links.iter().find(|(_, layers)| layers.contains(&layer))?;
    Some((*kind, layer))
}

/// AWS says which kind of policy it was: that is sure when none of the kind could be read, and a dispute when all could.
fn break_at(link: &mut Link, message: &str, said: Option<&Denied>, read: bool) {
    let reason = said.and_then(|said| said.reason.as_ref()).map(Reason::sentence).unwrap_or_default();
    match link.state {
        LinkState::Denied => link.aws_says = Some(message.to_owned()),
        _ if read && link.state == LinkState::Allowed => dispute(link, message, said),
        _ => {
            link.state = LinkState::Denied;
            link.sentence = format!("AWS says that {reason}");
            link.aws_says = Some(message.to_owned());
            link.repairs.extend(whom_to_ask(link, said));
        }
    }
}

/// Who can do something about a policy that can't be read from here.
fn whom_to_ask(link: &Link, said: Option<&Denied>) -> Option<Repair> {
    let reason = said?.reason.as_ref()?;
    let (side, account) = (link.side, link.account.clone());
    let (whose, whom) = match reason.policy {
        PolicyKind::ServiceControl | PolicyKind::ResourceControl => {
            let whom =
                format!("the administrators of the organisation of account {account}, in its management account");
            (Whose::Organization, whom)
        }
        PolicyKind::Identity | PolicyKind::Resource | PolicyKind::Boundary => {
            (Whose::Owner, format!("an administrator of account {account} who can read its policies"))
        }
        // Made by whoever called, or on the way.
        PolicyKind::Session | PolicyKind::VpcEndpoint => return None,
    };
    let what = if reason.explicit { "which one it is, and to except this call" } else { "to have it allow this call" };
    let sentence = format!("ask {whom} {what}: it can't be read from here");
    Some(Repair { side, account, whose, sentence, changes: Vec::new(), requests: Vec::new(), steps: Vec::new() })
}

/// AWS refuses for a reason of its own, whatever the documents say.
fn refuse(link: &mut Link, message: &str) {
    if link.state != LinkState::Denied {
        link.state = LinkState::Denied;
        link.sentence = format!("AWS says: {}", message.trim().trim_end_matches('.'));
        if let Some(sentence) = message::parse(message).ok().and_then(|said| said.advice()) {
            let (side, account) = (link.side, link.account.clone());
            let (changes, requests, steps) = (Vec::new(), Vec::new(), Vec::new());
            link.repairs.push(Repair { side, account, whose: Whose::Owner, sentence, changes, requests, steps });
        }
    }
    link.aws_says = Some(message.to_owned());
}

fn dispute(link: &mut Link, message: &str, said: Option<&Denied>) {
    let suspects = suspects(link, said);
    link.state = LinkState::Disputed;
    let says = match said.and_then(|said| said.reason.as_ref()) {
        Some(reason) => format!("says that {}", reason.sentence()),
        None => "denies it".to_owned(),
    };
    link.sentence = format!("{}, as far as can be read, but AWS {says}", link.sentence);
    link.aws_says = Some(message.to_owned());
    link.suspicions = suspects;
}

/// Nobody saw what the caller sent: the external ID is what the question takes it to be.
fn doubt_what_was_sent(trust: &mut Link, question: &Question) {
    if trust.state != LinkState::Disputed {
        return;
    }
    let said = trust.aws_says.as_deref().and_then(|said| message::parse(said).ok());
    let at = match said.and_then(|said| said.reason).map(|reason| reason.policy) {
        None => 0,
        // What AWS says stands first; both kinds can ask for an external ID.
        Some(PolicyKind::Resource | PolicyKind::ResourceControl) => 1,
        Some(_) => return,
    };
    let sent = match &question.external_id {
        Some(id) => format!("another external ID than `{id}`, or none"),
        None => "an external ID".to_owned(),
    };
    let sentence = format!("the caller may have sent {sent}: look into its code, and ask again with what it sends");
    trust.suspicions.insert(at, Suspicion { suspect: Suspect::ExternalId, sentence });
}

/// What could explain a denial that the documents don't, likeliest first. Where AWS says which kind of policy it was,
/// nothing else is guessed at.
fn suspects(link: &Link, said: Option<&Denied>) -> Vec<Suspicion> {
    if let Some(reason) = said.and_then(|said| said.reason.as_ref()) {
        return stated(link.kind, reason);
    }
    let mut found = Vec::new();
    let mut suspect = |suspect, sentence: &str| found.push(Suspicion { suspect, sentence: sentence.to_owned() });
    suspect(
        Suspect::Propagation,
        "a change of a policy or a role takes 10 to 60 s to be seen everywhere: try again in a minute",
    );
    let unread = |word: &str| link.caveats.iter().any(|one| one.what.contains(word));
    if unread("service control") {
        suspect(Suspect::ServiceControl, "a service control policy, which can't be read from here, may deny it");
    }
    if unread("resource control") {
        suspect(Suspect::ResourceControl, "a resource control policy, which can't be read from here, may deny it");
    }
    if link.kind == LinkKind::Permission {
        suspect(Suspect::SessionPolicy, "the caller's own session may have been narrowed by a session policy");
    }
    suspect(Suspect::VpcEndpoint, "a call that goes through a VPC endpoint is limited by the policy of that endpoint");
    suspect(
        Suspect::OtherRequest,
        "the call that was denied may have been made as somebody else, or with other values",
    );
    found
}

/// The kind of policy that AWS says it was, and how that goes with what was read.
fn stated(kind: LinkKind, reason: &Reason) -> Vec<Suspicion> {
    let now = if reason.explicit { "what is read now does not" } else { "what is read now does" };
    let changed = format!("{now}, so it was changed since");
    let unseen = format!("{now}, so one was changed since, or can't be read from here");
    let (suspect, why) = match reason.policy {
        PolicyKind::ServiceControl => (Suspect::ServiceControl, unseen),
        PolicyKind::ResourceControl => (Suspect::ResourceControl, unseen),
        PolicyKind::Identity => (Suspect::IdentityPolicy, changed),
        PolicyKind::Resource => (Suspect::ResourcePolicy, changed),
        PolicyKind::Boundary => (Suspect::Boundary, changed),
        PolicyKind::Session if kind == LinkKind::Permission => {
            let why = "the caller's own session was narrowed when it began, which can't be read from here";
            (Suspect::SessionPolicy, why.to_owned())
        }
        PolicyKind::Session => {
            let why = "another one was passed to AssumeRole than is looked at here: ask again with it";
            (Suspect::SessionPolicy, why.to_owned())
        }
        PolicyKind::VpcEndpoint => {
            let why = "the call goes through a VPC endpoint, whose policy can't be read from here";
            (Suspect::VpcEndpoint, why.to_owned())
        }
    };
    let mut found = vec![Suspicion { suspect, sentence: format!("AWS says that {}; {why}", reason.sentence()) }];
    if !matches!(suspect, Suspect::SessionPolicy | Suspect::VpcEndpoint) {
        let sentence = "if it was changed just now, AWS may not have caught up: that takes 10 to 60 s".to_owned();
        found.push(Suspicion { suspect: Suspect::Propagation, sentence });
    }
    found
}

fn verdict(links: &[Link]) -> Verdict {
    let any = |state| links.iter().any(|link| link.state == state);
    if links.iter().all(|link| link.state == LinkState::Proven) {
        Verdict::Works
    } else if any(LinkState::Denied) {
        Verdict::Broken
    } else if any(LinkState::Disputed) {
        Verdict::Disputed
    } else if any(LinkState::Unknown) {
        Verdict::Unknown
    } else {
        Verdict::Allowed
    }
}

fn sentence(question: &Question, links: &[Link], verdict: Verdict) -> String {
    let (who, role, endpoint) = (question.caller_name(), question.role_name(), question.endpoint.called());
    let at = |broken: &dyn Fn(&&Link) -> bool| {
        let link = links.iter().find(broken);
        link.map_or_else(String::new, |link| {
            format!("{} in account {}: {}", link.kind.label(), link.account, link.sentence)
        })
    };
    match verdict {
        Verdict::Works => format!("`{who}` invokes `{endpoint}` through `{role}`: live calls went through"),
        Verdict::Allowed => {
            format!(
                "as far as can be read, `{who}` may invoke `{endpoint}` through `{role}`; no live call has proven it all yet{}",
                still(links)
            )
        }
        Verdict::Broken | Verdict::Disputed => {
            let more = links.iter().filter(|link| link.state.is_broken()).count().saturating_sub(1);
            let further = match more {
                0 => String::new(),
                1 => "; one more link is broken".to_owned(),
                more => format!("; {more} more links are broken"),
            };
            format!("{}{further}", at(&|link| link.state.is_broken()))
        }
        Verdict::Unknown => {
            let unknown = |link: &&Link| link.state == LinkState::Unknown;
            let denied = links.iter().any(|link| unknown(&link) && link.aws_says.is_some());
            let found = if denied {
                "AWS denies the call, and nothing that could be read does; what is left is what can't be told"
            } else {
                "no broken link was found, but not all could be read"
            };
            format!("{found}. {}", at(&unknown))
        }
    }
}

/// What could not be read and may still deny, where no live call has gone through: a sentence of its own, after a stop.
fn still(links: &[Link]) -> String {
    let unproven = links.iter().filter(|link| link.state == LinkState::Allowed);
    let mut whats: Vec<&str> = Vec::new();
    for caveat in unproven.flat_map(|link| &link.caveats) {
        if !whats.contains(&caveat.what.as_str()) {
            whats.push(&caveat.what);
        }
    }
    let listed = match whats.as_slice() {
        [] => return String::new(),
        [one] => (*one).to_owned(),
        [others @ .., last] => format!("{} and {last}", others.join(", ")),
    };
    let mut letters = listed.chars();
    let first = letters.next().map(|letter| letter.to_ascii_uppercase()).into_iter();
    format!(". {}{} could not be read and may still deny it", first.collect::<String>(), letters.as_str())
}

/// Why waiting may help: AWS has not caught up, or the endpoint is on its way.
fn wait(links: &[Link], evidence: &Evidence, live: &Live) -> Option<String> {
    let denied = links.iter().any(|link| link.state == LinkState::Denied);
    let disputed = links.iter().any(|link| link.state == LinkState::Disputed);
    let refusal = |outcome: &Outcome| match outcome {
        Outcome::Denied { message } => Some(message.clone()),
        _ => None,
    };
    let refusals: Vec<String> = [live.assumed(), live.invoked()].into_iter().filter_map(refusal).collect();
    if !denied && (disputed || !refusals.is_empty()) {
        // AWS names the policy: waiting helps only where that was changed.
        let named = refusals.iter().any(|said| message::parse(said).is_ok_and(|said| said.reason.is_some()));
        let wait = if named {
            "if it was changed just now, try again in a minute or two: IAM's changes take 10 to 60 s to be seen everywhere"
        } else {
            "IAM's changes take 10 to 60 s to be seen everywhere: trying again for a minute or two settles it"
        };
        return Some(wait.into());
    }
    let creating = evidence.endpoint.read().filter(|one| one.status == EndpointStatus::Creating)?;
    Some(format!("`{}` is being created: it answers once it is InService", creating.name))
}
