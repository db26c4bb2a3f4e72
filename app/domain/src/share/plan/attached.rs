//! Whom the share's runs attached a policy to.

use super::Action;
use crate::arn::{Arn, CallerArn};
use std::collections::BTreeSet;

/// Whom a share's runs, undoing ones included, attached `policy` to and have not detached from since: the ones a later
/// plan may detach. `steps` are those that were begun, oldest first, each with whether AWS confirmed it: an attachment
/// whose answer was lost counts, a detachment that failed does not.
pub fn attached_by<'a>(policy: &Arn, steps: impl IntoIterator<Item = (&'a Action, bool)>) -> BTreeSet<CallerArn> {
    let mut holders = BTreeSet::new();
    for (action, confirmed) in steps {
        match action {
            Action::Attach { to, policy: what } if what == policy => {
                holders.insert(to.clone());
            }
            Action::Detach { from, policy: what } if what == policy && confirmed => {
                holders.remove(from);
            }
            _ => {}
        }
    }
    holders
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_holder_that_was_detached_is_not_the_shares_any_more() {
        let policy: Arn = "arn:aws:iam::222222222222:policy/grant".parse().expect("an ARN");
        let who = |name: &str| CallerArn::parse(&format!("arn:aws:iam::222222222222:role/{name}")).expect("a caller");
        let attach = |name: &str| Action::Attach { to: who(name), policy: policy.clone() };
        let detach = |name: &str| Action::Detach { from: who(name), policy: policy.clone() };
        let steps = [(attach("a"), true), (attach("b"), false), (attach("c"), true), (detach("a"), true)];
        let failed = [(detach("c"), false)];
        let all = steps.iter().chain(&failed).map(|(action, confirmed)| (action, *confirmed));
        assert_eq!(attached_by(&policy, all), BTreeSet::from([who("b"), who("c")]));
    }
}
