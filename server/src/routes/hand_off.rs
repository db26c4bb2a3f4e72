//! Files between two administrators: downloads, and the forms that take what came back. The forms are plain ones, so
//! that a file can be chosen without a script; what is refused is told by the page they came from.

use crate::security::refusal::{Refusal, local};
use crate::state::ConsoleState;
use app::api::handoff::{Refused, kept};
use app::error::AppError;
use axum::Extension;
use axum::extract::multipart::Multipart;
use axum::extract::{FromRequest, Path, Request, State};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Redirect, Response};
use domain::handoff::{HandOffFile, NamedText};
use domain::names::{DraftId, ShareId};
use domain::wizard::{FieldProblem, WizardStep};
use services::{Operator, ServiceError, ServiceResult};

/// `GET /shares/{id}/hand-off/{file}`: a file to keep, never one that the browser shows as ours.
pub async fn download(
    State(state): State<ConsoleState>,
    Extension(operator): Extension<Operator>,
    Path((id, file)): Path<(String, String)>,
) -> Response {
    let (Ok(share), Some(file)) = (ShareId::parse(&id), HandOffFile::parse(&file)) else {
        return Refusal::not_found(&format!("/shares/{id}/hand-off/{file}")).respond_as(false);
    };
    match state.services.hand_off_file(&operator, &share, file).await {
        Ok(file) => attachment(file),
        Err(error) => Refusal::service(error).respond_as(false),
    }
}

/// A file to keep, under its name.
pub(super) fn attachment(NamedText { file_name, text }: NamedText) -> Response {
    let disposition = HeaderValue::from_str(&format!("attachment; filename=\"{file_name}\""))
        .unwrap_or_else(|_| HeaderValue::from_static("attachment"));
    let kind = HeaderValue::from_static(media_type(&file_name));
    ([(header::CONTENT_TYPE, kind), (header::CONTENT_DISPOSITION, disposition)], text).into_response()
}

fn media_type(file_name: &str) -> &'static str {
    match file_name.rsplit_once('.').map(|(_, ending)| ending) {
        Some("json") => "application/json",
        Some("yaml") => "application/yaml",
        _ => "text/plain; charset=utf-8",
    }
}

/// `POST /api/open_offer`: an offer becomes a wizard that accepts it.
pub async fn open_offer(
    State(state): State<ConsoleState>,
    Extension(operator): Extension<Operator>,
    sent: Sent,
) -> Response {
    let opened = state.services.open_offer(&operator, &sent.text).await;
    answer(&state, &operator, opened, sent, WizardStep::Callers, "/accept?kept=").await
}

/// `POST /api/take_acceptance`: an acceptance becomes the review of its share, narrowed.
pub async fn take_acceptance(
    State(state): State<ConsoleState>,
    Extension(operator): Extension<Operator>,
    sent: Sent,
) -> Response {
    let Ok(share) = ShareId::parse(&sent.share) else {
        let error = ServiceError::NotFound { what: "share", id: sent.share };
        return Refusal::service(error).respond_as(true);
    };
    let taken = state.services.take_acceptance(&operator, &share, &sent.text).await;
    answer(&state, &operator, taken, sent, WizardStep::Review, &format!("/shares/{share}/hand-off?kept=")).await
}

/// On to the wizard, or back to the page with what was given and why it was refused.
async fn answer(
    state: &ConsoleState,
    operator: &Operator,
    draft: ServiceResult<DraftId>,
    sent: Sent,
    step: WizardStep,
    back: &str,
) -> Response {
    let led = match draft {
        Ok(draft) => state.services.wizard_draft(operator, &draft).await.map(|draft| draft.path(step)),
        Err(error) => Err(error),
    };
    let to = match led {
        Ok(path) => path,
        Err(error) => {
            let AppError { field, message, hint, .. } = AppError::from(error);
            let problem = FieldProblem { field: field.unwrap_or_default(), message, hint };
            let id = kept::keep(operator.key(), Refused { text: sent.text, problem: Some(problem) });
            // To the field, also on a long page.
            format!("{back}{id}#field-text")
        }
    };
    Redirect::to(local(&to)).into_response()
}

/// What a form of `multipart/form-data` sent; its size is limited by [`crate::security::body`].
#[derive(Default)]
pub struct Sent {
    /// The chosen file's text, or else the pasted one.
    text: String,
    share: String,
}

impl Sent {
    /// The chosen file's text, or else the pasted one.
    pub(super) fn into_text(self) -> String {
        self.text
    }
}

impl<S: Send + Sync> FromRequest<S> for Sent {
    type Rejection = Response;

    async fn from_request(request: Request, state: &S) -> Result<Self, Response> {
        let form = Multipart::from_request(request, state).await;
        let mut form = form.map_err(|rejection| unreadable(&rejection.body_text()))?;
        let (mut sent, mut file) = (Self::default(), String::new());
        while let Some(field) = form.next_field().await.map_err(|error| unreadable(&error.body_text()))? {
            let name = field.name().unwrap_or_default().to_owned();
            let bytes = field.bytes().await.map_err(|error| unreadable(&error.body_text()))?;
            // What is no text is no JSON either: the parser says so, with the place.
            let text = String::from_utf8_lossy(&bytes).into_owned();
            match name.as_str() {
                "file" => file = text,
                "text" => sent.text = text,
                "share" => sent.share = text,
                _ => {}
            }
        }
        if !file.is_empty() {
            sent.text = file;
        }
        Ok(sent)
    }
}

fn unreadable(why: &str) -> Response {
    let problem = FieldProblem {
        field: "file".into(),
        message: format!("the form could not be read: {why}"),
        hint: Some("reload the page and try again".into()),
    };
    Refusal::service(ServiceError::Invalid { problems: vec![problem] }).respond_as(true)
}
