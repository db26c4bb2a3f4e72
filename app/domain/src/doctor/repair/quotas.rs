//! IAM's quotas: what a repair would take over one is said. Where the quota can't be raised no plan can make it.

use super::DocumentChange;
use crate::doctor::evidence::{Document, Origin};
use crate::evaluate::Layer;
use crate::policy::{PolicyDocument, quotas};
use crate::share::plan::Holder;

/// A quota that is gone over.
pub(super) struct Exceeded {
    /// The rest of a sentence: ``but `name` would have …``.
    pub(super) words: String,
    /// Whether it is one that nobody can have raised.
    pub(super) fixed: bool,
}

/// The first quota that the changes go over. `after` holds every document of the role or user as it would be.
pub(super) fn exceeded(changes: &[DocumentChange], after: &[Document]) -> Option<Exceeded> {
    changes.iter().find_map(|change| {
        let text = change.after.as_deref()?;
        match &change.place {
            Origin::Inline { holder } => inline(holder, after),
            Origin::Trust { .. } => over(&change.name, "'s trust policy", text, quotas::TRUST_POLICY)
                .map(|over| Exceeded { fixed: false, ..over }),
            Origin::Managed { .. } if change.before.is_none() && change.layer == Layer::Identity => attached(after),
            Origin::Managed { .. } => over(&change.name, "", text, quotas::MANAGED_POLICY),
            Origin::Control { .. } | Origin::Session => None,
        }
    })
}

fn over(name: &str, what: &str, text: &str, most: usize) -> Option<Exceeded> {
    let size = PolicyDocument::size(text);
    let words =
        || format!("but `{name}`{what} would have {size} characters, and IAM takes {most}: shorten it by hand first");
    (size > most).then(|| Exceeded { words: words(), fixed: true })
}

fn inline(holder: &Holder, after: &[Document]) -> Option<Exceeded> {
    let (name, most) = match holder {
        Holder::Role(name) => (name.to_string(), quotas::INLINE_OF_ROLE),
        Holder::User(name) => (name.to_string(), quotas::INLINE_OF_USER),
        Holder::Group(name) => (name.to_string(), quotas::INLINE_OF_GROUP),
    };
    let of_it = |one: &&Document| matches!(&one.origin, Origin::Inline { holder: of } if of == holder);
    let all: String = after.iter().filter(of_it).map(|one| one.text.as_str()).collect();
    over(&name, "'s inline policies", &all, most)
}

fn attached(after: &[Document]) -> Option<Exceeded> {
    let own = |one: &&Document| matches!(&one.origin, Origin::Managed { group: None, .. });
    let count = after.iter().filter(own).count();
    let most = quotas::ATTACHED;
    let words = || format!("but that would be {count} attached policies, and IAM allows {most} unless that was raised");
    (count > most).then(|| Exceeded { words: words(), fixed: false })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn inline(name: &str, characters: usize) -> Document {
        let holder = Holder::Role("SageMakerExternal".parse().unwrap());
        Document { name: name.into(), origin: Origin::Inline { holder }, text: "x".repeat(characters) }
    }

    fn change(of: &Document, before: Option<&Document>) -> DocumentChange {
        DocumentChange {
            layer: Layer::Identity,
            name: of.name.clone(),
            place: of.origin.clone(),
            before: before.map(|one| one.text.clone()),
            after: Some(of.text.clone()),
        }
    }

    #[test]
    fn inline_policies_count_together_and_white_space_does_not() {
        let (old, new) = (inline("old", 10_000), inline("new", 240));
        assert!(exceeded(&[change(&new, None)], &[old.clone(), new.clone()]).is_none());
        let more = Document { text: format!("{} \n y", new.text), ..new };
        let over = exceeded(&[change(&more, None)], &[old, more.clone()]).unwrap();
        assert!(over.fixed && over.words.contains("10241 characters"), "{}", over.words);
    }

    #[test]
    fn what_may_have_been_raised_is_said_and_tried_all_the_same() {
        let attached = |n: usize| Document {
            name: format!("p{n}"),
            origin: Origin::Managed {
                arn: format!("arn:aws:iam::111111111111:policy/p{n}").parse().unwrap(),
                version: "v1".into(),
                others: Vec::new(),
                group: None,
            },
            text: "{}".into(),
        };
        let all: Vec<_> = (0..11).map(attached).collect();
        assert!(exceeded(&[change(&all[9], None)], &all[..10]).is_none());
        let over = exceeded(&[change(&all[10], None)], &all).unwrap();
        assert!(!over.fixed && over.words.contains("11 attached policies"), "{}", over.words);
    }
}
