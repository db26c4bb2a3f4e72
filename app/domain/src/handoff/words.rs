//! What the person who gets a file is to do, in words: for people who have no Sagebridge, and for those who wonder.

use super::{OfferedEndpoints, ShareAcceptance, ShareOffer};
use crate::arn::CallerArn;
use crate::share::intent::CallerScope;

/// How many of all endpoints are named.
const EXAMPLES: usize = 3;

pub(super) fn for_the_child(offer: &ShareOffer) -> Vec<String> {
    let ShareOffer { parent, child, region, role, grant_name, .. } = offer;
    let mut words = vec![
        format!(
            "Account {parent} offers SageMaker endpoints in {region} to account {child}. Open this file in a Sagebridge \
             that is connected to account {child}, under Accept a share."
        ),
        format!(
            "Or do it by hand: in account {child}, create a policy, {grant_name} for example, that allows \
             sts:AssumeRole on {role}, and attach it to the roles and users that are to call."
        ),
        match &offer.callers {
            CallerScope::Named(callers) => {
                format!("The role trusts {} and nobody else.", list(callers.iter().map(CallerArn::as_str)))
            }
            CallerScope::WholeAccount => format!(
                "The role trusts the whole of account {child}. Send back who is to call, so that it can be narrowed \
                 to them."
            ),
        },
    ];
    let what = match &offer.endpoints {
        OfferedEndpoints::All { known } if known.is_empty() => "any endpoint".to_owned(),
        OfferedEndpoints::All { known } => {
            format!("any endpoint, such as {},", either(known.iter().take(EXAMPLES).map(|name| name.as_str())))
        }
        OfferedEndpoints::Named(named) => list(named.iter().map(|e| e.name.as_str())),
    };
    let with = offer.external_id.as_ref().map(|id| format!(" with the external ID {id}, which is not a secret"));
    let with = with.unwrap_or_default();
    words.push(format!("To call, assume the role{with}, and invoke {what} in {region} with the session it gives."));
    words
}

pub(super) fn for_the_parent(acceptance: &ShareAcceptance) -> Vec<String> {
    let ShareAcceptance { child, role, callers, .. } = acceptance;
    let parent = acceptance.parent();
    let who = list(callers.iter().map(CallerArn::as_str));
    vec![
        format!(
            "Account {child} accepts the share. Open this file in the Sagebridge of account {parent} that made the \
             offer."
        ),
        format!("Or do it by hand: in account {parent}, let the trust policy of {role} name {who} and nobody else."),
    ]
}

/// `a`, `a and b`, `a, b and c`.
fn list<'a>(texts: impl IntoIterator<Item = &'a str>) -> String {
    joined(texts, "and")
}

/// `a`, `a or b`, `a, b or c`.
fn either<'a>(texts: impl IntoIterator<Item = &'a str>) -> String {
    joined(texts, "or")
}

fn joined<'a>(texts: impl IntoIterator<Item = &'a str>, word: &str) -> String {
    let texts: Vec<&str> = texts.into_iter().collect();
    match texts.split_last() {
        Some((last, [])) => (*last).to_owned(),
        Some((last, rest)) => format!("{} {word} {last}", rest.join(", ")),
        None => String::new(),
    }
}
