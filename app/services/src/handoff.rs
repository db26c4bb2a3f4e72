//! Hand-off between two administrators: what is handed over, and what is taken back.
//!
//! A file changes nothing by itself. An offer that is opened, or an acceptance that is taken, becomes a draft of the
//! wizard, and its review shows what it would do.

use crate::drafts::{fresh, fresh_external_id};
use crate::ports::store::ShareRecord;
use crate::{Operator, ServiceError, ServiceResult, Services};
use domain::connection::{ConnectionState, Identity};
use domain::handoff::{HandOffError, HandOffFile, HandOffView, NamedText, ShareAcceptance, ShareOffer};
use domain::names::{AccountId, ConnectionId, DraftId, EndpointName, ShareId};
use domain::share::Side;
use domain::share::intent::{CallerScope, EndpointScope, ShareIntent};
use domain::share::render::{Language, Program, child_side, parent_side};
use domain::share::view::ShareState;
use domain::wizard::{FieldProblem, ShareDraft, WizardStep};
use std::collections::BTreeSet;

/// The form field of an offer.
pub const OFFER_FIELD: &str = "offer";
/// The form field of an acceptance.
pub const ACCEPTANCE_FIELD: &str = "acceptance";

impl Services {
    /// What the other administrator gets, and what there is to do.
    pub async fn hand_off(&self, _operator: &Operator, share: &ShareId) -> ServiceResult<HandOffView> {
        let record = self.standing_record(share).await?;
        let (intent, offer) = (&record.intent, offer_of(&record));
        let own = if intent.offered().is_some() { Side::Child } else { Side::Parent };
        let (what_to_do, file) = match own {
            Side::Parent => (offer.what_to_do(), NamedText { file_name: offer.file_name(), text: offer.to_file() }),
            Side::Child => {
                let acceptance = acceptance_of(intent, &offer)?;
                let file = NamedText { file_name: acceptance.file_name(), text: acceptance.to_file() };
                (acceptance.what_to_do(), file)
            }
        };
        Ok(HandOffView {
            share: share.clone(),
            role_name: intent.role_name.to_string(),
            state: record.state,
            own,
            connected: intent.elsewhere().is_none(),
            parent: intent.parent.clone(),
            child: intent.child.clone(),
            region: intent.region.clone(),
            role_arn: intent.role_arn().to_string(),
            external_id: intent.external_id.as_ref().map(ToString::to_string),
            endpoints: match intent.endpoints {
                EndpointScope::All => Vec::new(),
                EndpointScope::Named(_) => offer.names().iter().map(ToString::to_string).collect(),
            },
            callers: match &intent.callers {
                CallerScope::WholeAccount => Vec::new(),
                CallerScope::Named(callers) => callers.iter().map(ToString::to_string).collect(),
            },
            what_to_do,
            file,
            child_programs: Language::ALL.map(|language| child_program(intent, &offer, language)).into(),
            parent_programs: match own {
                Side::Parent => Language::ALL.map(|language| parent_side(intent, language)).into(),
                Side::Child => Vec::new(),
            },
        })
    }

    /// One file of a hand-off, for downloading. `NotFound` for one that this side doesn't have.
    pub async fn hand_off_file(
        &self,
        _operator: &Operator,
        share: &ShareId,
        file: HandOffFile,
    ) -> ServiceResult<NamedText> {
        let record = self.standing_record(share).await?;
        let (intent, offer) = (&record.intent, offer_of(&record));
        let program = |Program { file_name, text, .. }: Program| NamedText { file_name, text };
        let offered = intent.offered().is_some();
        match file {
            HandOffFile::Offer if !offered => Ok(NamedText { file_name: offer.file_name(), text: offer.to_file() }),
            HandOffFile::Acceptance if offered => {
                let acceptance = acceptance_of(intent, &offer)?;
                Ok(NamedText { file_name: acceptance.file_name(), text: acceptance.to_file() })
            }
            HandOffFile::Program(Side::Child, language) => Ok(program(child_program(intent, &offer, language))),
            HandOffFile::Program(Side::Parent, language) if !offered => Ok(program(parent_side(intent, language))),
            other => Err(ServiceError::NotFound { what: "hand-off file", id: other.key() }),
        }
    }

    /// Opens an offer's file in a wizard that accepts it. Refused as `Invalid`, at the field, when the file is damaged,
    /// too large, newer, of another kind, or for an account that no connection leads to. Nothing is kept then.
    pub async fn open_offer(&self, _operator: &Operator, text: &str) -> ServiceResult<DraftId> {
        given(OFFER_FIELD, text)?;
        let offer = ShareOffer::parse(text).map_err(|error| refused(OFFER_FIELD, &error))?;
        without_path(&offer)?;
        let known = self.inner.stores.shares.get(&offer.share).await?.map(|record| record.value);
        if let Some(record) = known.as_ref().filter(|record| record.intent.parent_connection().is_some()) {
            let message = format!("this console made the offer itself: it is its share `{}`", record.intent.id);
            let hint = format!("open it in the console of account {}", offer.child);
            return Err(problem(OFFER_FIELD, message, hint));
        }
        let (connection, identity) = self.connection_for(&offer).await?;
        let id = fresh(DraftId::parse)?;
        let draft = match known.filter(|record| record.state != ShareState::Undone) {
            // Accepted before: who calls stays as chosen then, the rest is as this offer says.
            Some(record) => ShareDraft {
                reached: WizardStep::Callers,
                offer: Some(offer.clone()),
                console_caller: identity.caller,
                console_identity: Some(identity.arn),
                ..ShareDraft::of_share(id, &record.intent, &fresh_external_id()?)
            }
            .editing(),
            None => ShareDraft::of_offer(id, &offer, &connection, &identity),
        };
        self.inner.stores.drafts.create(&draft, self.now()).await?;
        Ok(draft.id)
    }

    /// Takes an acceptance's file at the share it is for: a wizard over the share, narrowed to those who accepted it,
    /// ready to be reviewed. Refused as `Invalid`, at the field, when the file is damaged or of another share.
    pub async fn take_acceptance(&self, _operator: &Operator, share: &ShareId, text: &str) -> ServiceResult<DraftId> {
        given(ACCEPTANCE_FIELD, text)?;
        let intent = self.standing_record(share).await?.intent;
        let refuse = |error: HandOffError| refused(ACCEPTANCE_FIELD, &error);
        let acceptance = ShareAcceptance::parse(text).map_err(refuse)?;
        acceptance.check_account(&intent.parent).map_err(refuse)?;
        let narrowed = acceptance.narrow(&intent).map_err(refuse)?;
        match intent.elsewhere() {
            Some(Side::Child) => {}
            Some(Side::Parent) => {
                let message = "this console accepted the share, and an acceptance is taken where it was offered".into();
                let hint = format!("send the file to the administrator of account {}", intent.parent);
                return Err(problem(ACCEPTANCE_FIELD, message, hint));
            }
            None => {
                let message =
                    format!("account {} is connected, so this console chooses its callers itself", intent.child);
                return Err(problem(ACCEPTANCE_FIELD, message, "edit the share instead".into()));
            }
        }
        let draft = ShareDraft::of_share(fresh(DraftId::parse)?, &narrowed, &fresh_external_id()?).editing();
        self.inner.stores.drafts.create(&draft, self.now()).await?;
        Ok(draft.id)
    }

    /// The first connection that leads to the account an offer is made to.
    async fn connection_for(&self, offer: &ShareOffer) -> ServiceResult<(ConnectionId, Identity)> {
        let mut reached: BTreeSet<AccountId> = BTreeSet::new();
        for connection in self.all_connections(false).await? {
            let ConnectionState::Ready { identity } = connection.state else { continue };
            if offer.check_account(&identity.account).is_ok() {
                return Ok((connection.id, identity));
            }
            reached.insert(identity.account);
        }
        let reached: Vec<String> = reached.iter().map(|account| format!("`{account}`")).collect();
        let to = if reached.is_empty() { "no account".into() } else { reached.join(", ") };
        let message = format!(
            "the offer is for account `{}` (at `child_account`), and this console is connected to {to}",
            offer.child
        );
        let hint = format!("connect account {}, or send the file to its administrator", offer.child);
        Err(problem(OFFER_FIELD, message, hint))
    }

    async fn standing_record(&self, share: &ShareId) -> ServiceResult<ShareRecord> {
        let record = self.share_record(share).await?.value;
        if record.state == ShareState::Undone {
            return Err(ServiceError::Conflict {
                message: "the share was undone: there is nothing to hand over".into(),
                hint: "share it again from its page".into(),
            });
        }
        Ok(record)
    }
}

fn offer_of(record: &ShareRecord) -> ShareOffer {
    let names: Vec<EndpointName> = record.endpoint_names.iter().filter_map(|name| name.parse().ok()).collect();
    ShareOffer::of(&record.intent, &names)
}

fn acceptance_of(intent: &ShareIntent, offer: &ShareOffer) -> ServiceResult<ShareAcceptance> {
    let callers = match &intent.callers {
        CallerScope::Named(callers) => callers.clone(),
        CallerScope::WholeAccount => BTreeSet::new(),
    };
    offer.accept(&callers, &intent.grant_name).map_err(|error| refused(ACCEPTANCE_FIELD, &error))
}

fn child_program(intent: &ShareIntent, offer: &ShareOffer, language: Language) -> Program {
    child_side(offer, &intent.grant_name, &intent.grantees, language)
}

/// Sagebridge gives its roles no path, and what the child's policy names has to be the very role.
fn without_path(offer: &ShareOffer) -> ServiceResult<()> {
    if offer.role.resource() == format!("role/{}", offer.role.resource_name()) {
        return Ok(());
    }
    let message = format!("the role `{}` has a path, which an offered role has not (at `role_arn`)", offer.role);
    Err(problem(OFFER_FIELD, message, "ask for a share of a role without a path".into()))
}

fn given(field: &str, text: &str) -> ServiceResult<()> {
    if text.trim().is_empty() {
        let message = "no file is chosen, and nothing is pasted".into();
        return Err(problem(field, message, "choose the file that was sent to you".into()));
    }
    Ok(())
}

fn refused(field: &str, error: &HandOffError) -> ServiceError {
    problem(field, error.to_string(), error.hint.clone())
}

fn problem(field: &str, message: String, hint: String) -> ServiceError {
    ServiceError::Invalid { problems: vec![FieldProblem { field: field.into(), message, hint: Some(hint) }] }
}
