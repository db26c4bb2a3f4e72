//! Server functions: the handshake doctor. The question is in the address, so a diagnosis can be reloaded and passed
//! on; what live calls have shown is kept beside it for whoever made them.

use crate::api::codec::Json;
use crate::error::AppError;
use domain::doctor::{DiagnosisView, QuestionForm};
use domain::names::ShareId;
use domain::wizard::FieldProblem;
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

mod address;
#[cfg(feature = "ssr")]
mod kept;

pub use address::of as doctor_address;

#[cfg(feature = "ssr")]
use crate::api::{answer, session};
#[cfg(feature = "ssr")]
use services::error::ServiceError;

/// What the address asks for: a question, or a share to fill one in from.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Asked {
    /// The question as it was typed.
    pub form: QuestionForm,
    /// Fills in what is left empty.
    pub share: String,
    /// Asks for live calls that were made.
    pub live: String,
}

/// The doctor's page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DoctorView {
    /// The form, filled in as far as it is known.
    pub form: QuestionForm,
    /// What is wrong with it, when something was asked.
    pub problems: Vec<FieldProblem>,
    /// What was found, when it could be asked.
    pub diagnosis: Option<Box<DiagnosisView>>,
    /// Shares to ask about: id and label.
    pub shares: Vec<(ShareId, String)>,
}

/// Diagnoses what the address asks for. Reads both accounts, and changes nothing.
#[server(prefix = "/api", endpoint = "get_diagnosis", output = Json)]
pub async fn get_diagnosis(#[server(default)] asked: Asked) -> Result<DoctorView, AppError> {
    let (services, operator) = session()?;
    let shares = answer(services.shares(&operator).await)?;
    let shares = shares.into_iter().filter(|share| share.state != domain::share::view::ShareState::Undone);
    let label =
        |share: &domain::share::view::ShareSummary| format!("{} → {} · {}", share.child, share.parent, share.role_name);
    let shares = shares.map(|share| (share.id.clone(), label(&share))).collect();
    let mut form = asked.form;
    if let Ok(share) = ShareId::parse(&asked.share) {
        form = address::filled(form, answer(services.question_of_share(&operator, &share).await)?);
    }
    if form == QuestionForm::default() {
        return Ok(DoctorView { form, problems: Vec::new(), diagnosis: None, shares });
    }
    let (problems, diagnosis) = match form.parse() {
        Ok(question) => {
            let live = kept::take_back(operator.key(), &asked.live, &question);
            let diagnosis = answer(services.diagnose(&operator, &question, live).await)?;
            (Vec::new(), Some(Box::new(diagnosis)))
        }
        Err(problems) => (problems, None),
    };
    Ok(DoctorView { form, problems, diagnosis, shares })
}

/// Reads a pasted error message and leads to the diagnosis, with whatever it says filled in.
#[server(prefix = "/api", endpoint = "read_message", output = Json)]
pub async fn read_message(message: String) -> Result<String, AppError> {
    let (services, operator) = session()?;
    let (_, form) = answer(services.read_message(&operator, &message).await)?;
    let to = address::of(&form, &[]);
    leptos_axum::redirect(&to);
    Ok(to)
}

/// Makes the calls of a handshake as the console itself, and leads to what they show.
#[server(prefix = "/api", endpoint = "try_handshake", output = Json)]
pub async fn try_handshake(form: QuestionForm) -> Result<String, AppError> {
    let (services, operator) = session()?;
    let question = answer(form.parse().map_err(|problems| ServiceError::Invalid { problems }))?;
    let live = answer(services.try_handshake(&operator, &question).await)?;
    let id = kept::keep(operator.key(), question, live);
    let to = address::of(&form, &[("live", &id)]);
    leptos_axum::redirect(&to);
    Ok(to)
}

/// Makes every repair that can be made from here, as a run, and leads to its progress.
#[server(prefix = "/api", endpoint = "repair_handshake", output = Json)]
pub async fn repair_handshake(
    form: QuestionForm,
    fingerprint: String,
    #[server(default)] live: String,
) -> Result<String, AppError> {
    let (services, operator) = session()?;
    let question = answer(form.parse().map_err(|problems| ServiceError::Invalid { problems }))?;
    let shown = kept::take_back(operator.key(), &live, &question);
    let run = answer(services.repair(&operator, &question, &shown, &fingerprint).await)?;
    let to = address::of(&form, &[("run", run.as_str())]);
    leptos_axum::redirect(&to);
    Ok(to)
}
