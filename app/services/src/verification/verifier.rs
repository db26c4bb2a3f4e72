//! Runs the proofs in order, tries again while IAM catches up, and writes the result into the share.

use super::proofs::{Console, Proof, Verdict};
use crate::activity::Happened;
use crate::ports::gateway::RoleCredentials;
use crate::ports::store::ShareRecord;
use crate::{Services, playground};
use domain::activity::ActivityOutcome;
use domain::names::AccountId;
use domain::share::intent::ShareIntent;
use domain::share::view::ShareState;
use domain::verification::{ProofKind, ProofState, ProofView, VerificationView};
use std::sync::Arc;
use std::time::Instant;
use tokio::sync::watch;

/// How often a denial that the documents agree with is looked at again: what was read may lag as well.
const AGREED_TRIES: u32 = 2;

pub(super) struct Verifier {
    pub(super) services: Services,
    pub(super) record: Arc<ShareRecord>,
    by: String,
    view: VerificationView,
    sender: watch::Sender<VerificationView>,
    until: tokio::time::Instant,
}

impl Verifier {
    pub(super) fn new(
        services: Services,
        record: Arc<ShareRecord>,
        by: &str,
    ) -> (Self, watch::Receiver<VerificationView>) {
        let view = VerificationView {
            share: record.intent.id.clone(),
            running: true,
            revision: 1,
            started: services.now(),
            finished: None,
            proofs: Proof::ALL.into_iter().map(|proof| blank(proof, &record.intent)).collect(),
        };
        let (sender, receiver) = watch::channel(view.clone());
        let until = tokio::time::Instant::now() + services.inner.settings.propagation.budget;
        (Self { services, record, by: by.to_owned(), view, sender, until }, receiver)
    }

    pub(super) async fn run(mut self) {
        let console = self.console();
        let mut assumed: Option<Arc<RoleCredentials>> = None;
        for proof in Proof::ALL {
            if let Some(why) = self.skips(proof, &console) {
                self.end(proof, ProofState::Skipped, why);
                continue;
            }
            if let Some(credentials) = self.prove(proof, assumed.clone()).await {
                assumed = Some(credentials);
            }
        }
        self.finish().await;
    }

    fn console(&self) -> Console {
        match playground::blocked(&self.record.intent, self.record.state) {
            None => Console::MayCall,
            Some(why) => Console::MayNot(why),
        }
    }

    /// Why a proof would prove nothing.
    fn skips(&self, proof: Proof, console: &Console) -> Option<String> {
        if let (Console::MayNot(why), true) = (console, proof.needs_console()) {
            return Some(format!("{why}, so it can't make this call"));
        }
        let assumed = self.state(Proof::AssumeRole);
        if proof != Proof::AssumeRole && assumed == ProofState::Failed {
            return Some("the role can't be assumed even with everything right, so this would prove nothing".into());
        }
        let intent = &self.record.intent;
        if proof != Proof::AssumeRole && proof != Proof::Stranger && assumed == ProofState::Skipped {
            return Some("the role was not assumed, so this would prove nothing".into());
        }
        match proof {
            Proof::NoExternalId if intent.external_id.is_none() => Some("the share asks for no external ID".into()),
            Proof::OtherEndpoint if intent.endpoints == domain::share::intent::EndpointScope::All => {
                Some(format!("every endpoint in {} is shared", intent.region))
            }
            _ => None,
        }
    }

    /// Tries one proof until it is shown one way or the other, or time is up. Gives the credentials it got, if any.
    async fn prove(&mut self, proof: Proof, assumed: Option<Arc<RoleCredentials>>) -> Option<Arc<RoleCredentials>> {
        let backoff = self.services.inner.settings.propagation;
        let mut agreed = 0;
        let mut tries = 0;
        loop {
            tries += 1;
            self.change(proof, |view| {
                view.state = ProofState::Running;
                view.attempts = tries;
                view.next_try = None;
            });
            let began = Instant::now();
            let verdict = self.attempt(proof, assumed.as_ref()).await;
            let took = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
            let request_id = verdict.request_id();
            self.change(proof, |view| {
                view.took_ms = Some(took);
                view.request_id = request_id;
            });
            let detail = match verdict {
                Verdict::Shown { detail, credentials, .. } => {
                    self.end(proof, ProofState::Passed, detail);
                    return credentials;
                }
                Verdict::Otherwise { detail, agreed: documents, .. } => {
                    agreed += 1;
                    if !documents || agreed >= AGREED_TRIES {
                        self.end(proof, ProofState::Failed, detail);
                        return None;
                    }
                    detail
                }
                Verdict::Impossible { detail } => {
                    self.end(proof, ProofState::Skipped, detail);
                    return None;
                }
                Verdict::Later { detail, .. } => detail,
            };
            let wait = backoff.wait(tries);
            if tokio::time::Instant::now() + wait > self.until {
                let waited = backoff.budget.as_secs();
                self.end(proof, ProofState::Failed, format!("{detail}; still so after {waited} s"));
                return None;
            }
            let next = self.services.now().plus_ms(i64::try_from(wait.as_millis()).unwrap_or(i64::MAX));
            self.change(proof, |view| {
                view.state = ProofState::Propagating;
                view.detail = detail;
                view.next_try = Some(next);
            });
            tokio::time::sleep(wait).await;
        }
    }

    async fn finish(mut self) {
        self.view.running = false;
        self.view.finished = Some(self.services.now());
        self.view.revision += 1;
        let (view, last_run) = (self.view.clone(), self.record.last_run.clone());
        let state = self.outcome();
        let written = self.services.change_share(&self.record.intent.id, |share| {
            // A run that began meanwhile made another share of it: what was seen says nothing about that one.
            let standing = matches!(share.state, ShareState::Applied | ShareState::Verified | ShareState::NotWorking);
            if standing && share.last_run == last_run {
                share.state = state;
                share.verification = Some(view.clone());
            }
        });
        if let Err(error) = written.await {
            tracing::error!(%error, "a verification's result could not be written");
        }
        let failed = self.view.proofs.iter().any(|p| p.state == ProofState::Failed);
        let outcome = if failed { ActivityOutcome::Failed } else { ActivityOutcome::Done };
        let happened = Happened::done("verified a share").of_share(&self.record.intent.id).outcome(outcome);
        self.services.note(&self.by, happened.detail(tally(&self.view.proofs))).await;
        self.sender.send_replace(self.view);
    }

    /// Proofs against strangers alone show that a share is closed, not that it works.
    fn outcome(&self) -> ShareState {
        if self.view.proofs.iter().any(|p| p.state == ProofState::Failed) {
            ShareState::NotWorking
        } else if self.state(Proof::AssumeRole) == ProofState::Passed {
            ShareState::Verified
        } else {
            ShareState::Applied
        }
    }

    fn state(&self, proof: Proof) -> ProofState {
        self.view.proofs[proof as usize].state
    }

    fn end(&mut self, proof: Proof, state: ProofState, detail: String) {
        self.change(proof, |view| {
            view.state = state;
            view.detail = detail;
            view.next_try = None;
        });
    }

    fn change(&mut self, proof: Proof, change: impl FnOnce(&mut ProofView)) {
        change(&mut self.view.proofs[proof as usize]);
        self.view.revision += 1;
        self.sender.send_replace(self.view.clone());
    }
}

/// `5 of 5 proofs shown`, and what became of the others.
fn tally(proofs: &[ProofView]) -> String {
    let count = |state| proofs.iter().filter(|p| p.state == state).count();
    let others = [(ProofState::Failed, "shown otherwise"), (ProofState::Skipped, "skipped")];
    let others = others.into_iter().map(|(state, words)| (count(state), words)).filter(|(count, _)| *count > 0);
    let others: String = others.map(|(count, words)| format!(", {count} {words}")).collect();
    format!("{} of {} proofs shown{others}", count(ProofState::Passed), proofs.len())
}

fn blank(proof: Proof, intent: &ShareIntent) -> ProofView {
    let (kind, account): (ProofKind, Option<&AccountId>) = match proof {
        Proof::AssumeRole | Proof::Invoke => (ProofKind::Positive, Some(&intent.child)),
        Proof::NoExternalId | Proof::OtherEndpoint => (ProofKind::Negative, Some(&intent.child)),
        Proof::Stranger => (ProofKind::Negative, Some(&intent.parent)),
    };
    ProofView {
        id: proof.id().into(),
        kind,
        title: proof.title(intent),
        account: account.cloned(),
        state: ProofState::Pending,
        detail: String::new(),
        attempts: 0,
        request_id: None,
        took_ms: None,
        next_try: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_trail_tells_only_what_there_is_to_tell() {
        use ProofState::{Failed, Passed, Skipped};
        let tally = |states: &[ProofState]| {
            let proofs = states.iter().map(|state| ProofView {
                id: String::new(),
                kind: ProofKind::Positive,
                title: String::new(),
                account: None,
                state: *state,
                detail: String::new(),
                attempts: 1,
                request_id: None,
                took_ms: None,
                next_try: None,
            });
            tally(&proofs.collect::<Vec<_>>())
        };
        assert_eq!(tally(&[Passed, Passed]), "2 of 2 proofs shown");
        assert_eq!(tally(&[Passed, Failed, Skipped]), "1 of 3 proofs shown, 1 shown otherwise, 1 skipped");
        assert_eq!(tally(&[Skipped, Skipped]), "0 of 2 proofs shown, 2 skipped");
    }
}
