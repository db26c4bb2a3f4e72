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
use crate::api::{answer, is_form_post, session};
#[cfg(feature = "ssr")]
use domain::doctor::message::Denied;
#[cfg(feature = "ssr")]
use domain::doctor::{Live, Question};
#[cfg(feature = "ssr")]
use services::Operator;
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
    /// Asks for a message that was pasted.
    pub message: String,
    /// Asks for a text that could not be read as one.
    pub refused: String,
}

/// A text that could not be read as a message.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefusedText {
    /// As it was pasted.
    pub text: String,
    /// Why it was refused.
    pub problem: Option<FieldProblem>,
}

/// What a pasted message says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ToldView {
    /// Asks for it; empty where nothing that is asked next is about it.
    pub id: String,
    /// AWS's words.
    pub text: String,
    /// The reason AWS gives, if any.
    pub reason: Option<String>,
    /// What it means and what to do, where that needs no diagnosis.
    pub advice: Option<String>,
    /// Whether the question is still about the call of this message.
    pub counts: bool,
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
    /// The message it started from.
    pub told: Option<ToldView>,
    /// The text that was refused just now, if one was.
    pub refused: RefusedText,
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
    let message = kept::message(operator.key(), &asked.message);
    let told = message.as_ref().map(|message| told(&asked.message, message, &form));
    let refused = kept::refused(operator.key(), &asked.refused).unwrap_or_default();
    if form == QuestionForm::default() && told.is_none() {
        return Ok(DoctorView { form, problems: Vec::new(), diagnosis: None, shares, told, refused });
    }
    let (problems, diagnosis) = match form.parse() {
        Ok(question) => {
            let live = known_calls(&operator, &asked.live, &asked.message, &question, &form);
            let diagnosis = answer(services.diagnose(&operator, &question, live).await)?;
            (Vec::new(), Some(Box::new(diagnosis)))
        }
        Err(problems) => (left_out(problems, message.as_ref()), None),
    };
    Ok(DoctorView { form, problems, diagnosis, shares, told, refused })
}

/// What is known of the calls: those made from here, and the one a pasted message tells of.
#[cfg(feature = "ssr")]
fn known_calls(operator: &Operator, live: &str, message: &str, question: &Question, form: &QuestionForm) -> Live {
    let mut known = kept::take_back(operator.key(), live, question);
    let told = kept::message(operator.key(), message).filter(|message| message.is_about(form));
    known.calls.extend(told.and_then(|message| message.call()));
    known
}

#[cfg(feature = "ssr")]
fn told(id: &str, message: &Denied, form: &QuestionForm) -> ToldView {
    ToldView {
        id: if message.is_beyond() { String::new() } else { id.to_owned() },
        text: message.text.clone(),
        reason: message.reason.as_ref().map(|reason| reason.sentence()),
        advice: message.advice(),
        counts: message.is_about(form),
    }
}

/// Says of what a message leaves out what it is, in place of that nothing was typed. Of a message that is about
/// something else nothing is asked.
#[cfg(feature = "ssr")]
fn left_out(mut problems: Vec<FieldProblem>, message: Option<&Denied>) -> Vec<FieldProblem> {
    if message.is_some_and(Denied::is_beyond) {
        return Vec::new();
    }
    for missing in message.map(Denied::missing).unwrap_or_default() {
        if let Some(problem) = problems.iter_mut().find(|problem| problem.field == missing.field) {
            problem.message = format!("the message does not say {}", missing.what);
        }
    }
    problems
}

/// Reads a pasted error message and leads to the diagnosis, with whatever it says filled in. A plain form comes back to
/// a page made anew, so what it sent is kept for that one where it can't be read.
#[server(prefix = "/api", endpoint = "read_message", output = Json)]
pub async fn read_message(message: String) -> Result<String, AppError> {
    let (services, operator) = session()?;
    let read = services.read_message(&operator, &message).await;
    if let (true, Err(ServiceError::Invalid { problems })) = (is_form_post(), &read) {
        let problem = problems.first().cloned();
        let id = kept::keep_refused(operator.key(), RefusedText { text: message, problem });
        let to = address::back_with("refused", &id);
        leptos_axum::redirect(&to);
        return Ok(to);
    }
    let (message, form) = answer(read)?;
    let id = kept::keep_message(operator.key(), message);
    let to = address::of(&form, &[("message", &id)]);
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
    #[server(default)] message: String,
) -> Result<String, AppError> {
    let (services, operator) = session()?;
    let question = answer(form.parse().map_err(|problems| ServiceError::Invalid { problems }))?;
    let shown = known_calls(&operator, &live, &message, &question, &form);
    let run = answer(services.repair(&operator, &question, &shown, &fingerprint).await)?;
    let to = address::of(&form, &[("run", run.as_str())]);
    leptos_axum::redirect(&to);
    Ok(to)
}
