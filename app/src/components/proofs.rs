//! Proofs that a share works, and that nothing else does.

use super::live::{Live, elapsed};
use super::run::RequestId;
use crate::ui::{Icon, IconName, Words, duration_ms};
use domain::time::Timestamp;
use domain::verification::{ProofKind, ProofState, ProofView, VerificationView};
use leptos::prelude::*;

/// A verification, followed live: what must be allowed, then what must be denied.
#[component]
pub fn ProofList(
    /// The verification.
    live: Live<VerificationView>,
) -> impl IntoView {
    let Live { view, now } = live;
    let of = move |kind: ProofKind| {
        Signal::derive(move || view.with(|v| v.proofs.iter().filter(|p| p.kind == kind).cloned().collect::<Vec<_>>()))
    };
    view! {
        <div class="proofs" data-state=move || view.with(state_key)>
            <ProofGroup title="Must be allowed" id="proofs-positive" proofs=of(ProofKind::Positive) now/>
            <ProofGroup title="Must be denied" id="proofs-negative" proofs=of(ProofKind::Negative) now/>
        </div>
    }
}

#[component]
fn ProofGroup(
    title: &'static str,
    id: &'static str,
    proofs: Signal<Vec<ProofView>>,
    now: RwSignal<Timestamp>,
) -> impl IntoView {
    let shown = move || {
        proofs.with(|all| {
            format!("{} of {} proven", all.iter().filter(|p| p.state == ProofState::Passed).count(), all.len())
        })
    };
    view! {
        <section class="card" aria-labelledby=id>
            <div class="card-head">
                <h2 id=id>{title}</h2>
                <p class="card-aside">{shown}</p>
            </div>
            <ul class="proofs-list">
                {move || proofs.get().into_iter().map(|proof| view! { <ProofItem proof now/> }).collect_view()}
            </ul>
        </section>
    }
}

#[component]
fn ProofItem(proof: ProofView, now: RwSignal<Timestamp>) -> impl IntoView {
    let (class, sign, said) = match proof.state {
        ProofState::Pending => ("mark mark-pending", None, "Waiting"),
        ProofState::Running => ("mark mark-running", None, "Under way"),
        ProofState::Propagating => ("mark mark-waiting", Some(IconName::Clock), "AWS is still propagating the change"),
        ProofState::Passed => ("mark mark-create", Some(IconName::Check), "Shown"),
        ProofState::Failed => ("mark mark-conflict", Some(IconName::Cross), "Not so"),
        ProofState::Skipped => ("mark mark-keep", Some(IconName::ArrowRight), "Skipped"),
    };
    let facts = {
        let proof = proof.clone();
        move || proof_facts(&proof, now.get())
    };
    let request = proof.request_id.clone().map(|id| view! { <RequestId id/> });
    view! {
        <li class="proofs-item" data-proof=proof.id data-state=proof_key(proof.state)>
            <span class=class title=said>
                {sign.map(|name| view! { <Icon name/> })}
                <span class="visually-hidden">{format!("{said}: ")}</span>
            </span>
            <div class="proofs-what">
                <p class="proofs-title">{proof.title}</p>
                {(!proof.detail.is_empty()).then(|| view! { <p class="proofs-detail"><Words text=proof.detail/></p> })}
            </div>
            <p class="proofs-facts">{facts} {request}</p>
        </li>
    }
}

/// `3 tries · 41 ms`, and when it is tried again.
fn proof_facts(proof: &ProofView, now: Timestamp) -> String {
    let mut parts = Vec::new();
    if proof.state == ProofState::Propagating {
        parts.push(match proof.next_try.map(|at| at.since(now)) {
            Some(ms) if ms >= 1_000 => format!("next try in {}", elapsed(ms)),
            _ => "trying again".to_owned(),
        });
    }
    if proof.attempts > 1 {
        parts.push(format!("{} tries", proof.attempts));
    }
    if let (Some(ms), true) = (proof.took_ms, matches!(proof.state, ProofState::Passed | ProofState::Failed)) {
        parts.push(duration_ms(ms));
    }
    parts.join(" · ")
}

fn state_key(view: &VerificationView) -> &'static str {
    match (view.running, view.passed()) {
        (true, _) => "running",
        (false, true) => "passed",
        (false, false) => "failed",
    }
}

fn proof_key(state: ProofState) -> &'static str {
    match state {
        ProofState::Pending => "pending",
        ProofState::Running => "running",
        ProofState::Propagating => "propagating",
        ProofState::Passed => "passed",
        ProofState::Failed => "failed",
        ProofState::Skipped => "skipped",
    }
}

/// What a verification shows, in a sentence.
pub fn proofs_sentence(view: &VerificationView) -> String {
    let count = |state| view.proofs.iter().filter(|p| p.state == state).count();
    let (all, skipped) = (view.proofs.len(), count(ProofState::Skipped));
    if view.running {
        if count(ProofState::Propagating) > 0 {
            return "The changes are made, but AWS has not caught up everywhere yet. That takes 10 to 60 seconds; \
                    the calls are tried again until then."
                .to_owned();
        }
        let done = count(ProofState::Passed) + count(ProofState::Failed) + skipped;
        return format!("Calling AWS to see what works: {done} of {all} proofs made.");
    }
    let left_out = match skipped {
        0 => String::new(),
        1 => " One proof could not be made; it says why.".to_owned(),
        n => format!(" {n} proofs could not be made; they say why."),
    };
    if !view.passed() {
        return match view.proofs.iter().find(|p| p.state == ProofState::Failed) {
            Some(failed) if failed.kind == ProofKind::Positive => format!("The share does not work yet.{left_out}"),
            Some(_) => format!("The share lets more through than it should.{left_out}"),
            None => format!("Nothing could be shown.{left_out}"),
        };
    }
    let positive = view.proofs.iter().any(|p| p.kind == ProofKind::Positive && p.state == ProofState::Passed);
    if !positive {
        return format!("Others are kept out. That the share works can't be shown from here.{left_out}");
    }
    let negative = view.proofs.iter().any(|p| p.kind == ProofKind::Negative && p.state == ProofState::Passed);
    let works = if negative { "The share works, and calls it does not allow are denied." } else { "The share works." };
    format!("{works}{left_out}")
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use domain::names::ShareId;

    fn proof(kind: ProofKind, state: ProofState) -> ProofView {
        ProofView {
            id: "invoke".into(),
            kind,
            title: "The endpoint answers".into(),
            account: None,
            state,
            detail: String::new(),
            attempts: 1,
            request_id: None,
            took_ms: None,
            next_try: None,
        }
    }

    fn view(running: bool, proofs: Vec<ProofView>) -> VerificationView {
        VerificationView {
            share: ShareId::parse("s1").unwrap(),
            running,
            revision: 1,
            started: Timestamp(0),
            finished: None,
            proofs,
        }
    }

    use ProofKind::{Negative, Positive};
    use ProofState::{Failed, Passed, Propagating, Running, Skipped};

    #[test]
    fn a_share_that_works_and_nothing_else_is_said_so() {
        let done = view(false, vec![proof(Positive, Passed), proof(Negative, Passed), proof(Negative, Skipped)]);
        let said = proofs_sentence(&done);
        assert_eq!(
            said,
            "The share works, and calls it does not allow are denied. One proof could not be made; it says why."
        );
    }

    #[test]
    fn denials_alone_show_that_a_share_is_closed_and_not_that_it_works() {
        let closed = view(false, vec![proof(Positive, Skipped), proof(Negative, Passed)]);
        let said = proofs_sentence(&closed);
        assert!(said.starts_with("Others are kept out. That the share works can't be shown from here."), "{said}");
    }

    #[test]
    fn a_negative_proof_that_failed_is_not_called_broken_but_too_wide() {
        let wide = view(false, vec![proof(Positive, Passed), proof(Negative, Failed)]);
        assert_eq!(proofs_sentence(&wide), "The share lets more through than it should.");
        let broken = view(false, vec![proof(Positive, Failed)]);
        assert_eq!(proofs_sentence(&broken), "The share does not work yet.");
    }

    #[test]
    fn while_running_it_counts_and_says_what_it_waits_for() {
        let going = view(true, vec![proof(Positive, Passed), proof(Negative, Running)]);
        assert_eq!(proofs_sentence(&going), "Calling AWS to see what works: 1 of 2 proofs made.");
        let waiting = view(true, vec![proof(Positive, Propagating)]);
        assert!(proofs_sentence(&waiting).contains("10 to 60 seconds"));
    }

    #[test]
    fn the_next_try_is_counted_down() {
        let mut waiting = proof(Positive, Propagating);
        waiting.attempts = 2;
        waiting.next_try = Some(Timestamp(4_000));
        assert_eq!(proof_facts(&waiting, Timestamp(0)), "next try in 4 s · 2 tries");
        assert_eq!(proof_facts(&waiting, Timestamp(3_900)), "trying again · 2 tries");
    }
}
