//! Server functions: requests that were saved. A file of them is sent as a plain form, so that it can be chosen without a
//! script; `server/src/routes/saved.rs` takes it.

use crate::api::codec::Json;
use crate::error::AppError;
use domain::invoke::{InvokeOutcome, InvokeParams};
use domain::names::SavedId;
use domain::saved::{ImportView, SavedForm, SavedListView, SavedView};
use domain::wizard::FieldProblem;
use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

#[cfg(feature = "ssr")]
use crate::api::shelf::Shelf;
#[cfg(feature = "ssr")]
use crate::api::{answer, is_form_post, session};
#[cfg(feature = "ssr")]
use crate::error::ErrorKind;
#[cfg(feature = "ssr")]
use domain::share::intent::InvokeAction;
#[cfg(feature = "ssr")]
use services::ServiceError;

/// The field of a new one's name.
pub const SAVED_NAME: &str = "saved_name";

/// Where a file of saved requests is sent.
pub const READ_FILE: &str = "/api/read_saved_file";

/// A form that was filled in, and what came of it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FilledForm {
    /// What was filled in, by variable.
    pub values: BTreeMap<String, String>,
    /// What is wrong with it; then nothing was sent.
    pub problems: Vec<FieldProblem>,
    /// What came back, or why nothing was sent.
    pub result: Option<Result<InvokeOutcome, AppError>>,
}

/// A saved request as a form.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SavedFormView {
    /// The request.
    pub saved: SavedView,
    /// What the last plain form sent.
    pub filled: Option<FilledForm>,
}

/// Forms that were not taken, as typed; forms that were filled in; files that are about to be taken in.
#[cfg(feature = "ssr")]
static FORMS: Shelf<(SavedForm, Vec<FieldProblem>)> = Shelf::new(24, 16 * 1024 * 1024);
#[cfg(feature = "ssr")]
static FILLED: Shelf<FilledForm> = Shelf::new(24, 32 * 1024 * 1024);
/// A file's text, and why it was refused.
#[cfg(feature = "ssr")]
pub static FILES: Shelf<(String, Option<FieldProblem>)> = Shelf::new(12, 32 * 1024 * 1024);

/// Saved requests by endpoint; with `search` in name, description or endpoint.
#[server(prefix = "/api", endpoint = "list_saved", output = Json)]
pub async fn list_saved(#[server(default)] search: String) -> Result<SavedListView, AppError> {
    let (services, operator) = session()?;
    answer(services.saved_requests(&operator, &search).await)
}

/// Saves the playground's request under a name, and leads to where its variables are described.
#[server(prefix = "/api", endpoint = "save_request", output = Json)]
pub async fn save_request(
    #[server(flatten)] params: InvokeParams,
    #[server(default)] way: String,
    #[server(default)] saved_name: String,
) -> Result<String, AppError> {
    let (services, operator) = session()?;
    let way = InvokeAction::parse(&way).unwrap_or(InvokeAction::Invoke);
    let saved = services.save_request(&operator, params.clone(), way, &saved_name).await;
    let saved = match answer(saved) {
        Err(error) if is_form_post() => {
            let error = AppError { field: error.field.map(|_| SAVED_NAME.to_owned()), ..error };
            crate::api::playground::keep_refused(operator.key(), params, way, error);
            return Ok(String::new());
        }
        other => other?,
    };
    let to = format!("/saved/{saved}?new=1");
    leptos_axum::redirect(&to);
    Ok(to)
}

/// A saved request to look at and to change; `kept` names what was typed and not taken.
#[server(prefix = "/api", endpoint = "get_saved", output = Json)]
pub async fn get_saved(id: SavedId, #[server(default)] kept: String) -> Result<SavedView, AppError> {
    let (services, operator) = session()?;
    let mut view = answer(services.saved_request(&operator, &id).await)?;
    if let Some((form, problems)) = FORMS.take_back(operator.key(), &kept) {
        (view.form, view.problems) = (form, problems);
    }
    Ok(view)
}

/// Changes a saved request. What is wrong shows at its field.
#[server(prefix = "/api", endpoint = "update_saved", output = Json)]
pub async fn update_saved(id: SavedId, version: i64, #[server(default)] form: SavedForm) -> Result<String, AppError> {
    let (services, operator) = session()?;
    let problems = answer(services.update_saved(&operator, &id, version, &form).await)?;
    let to = if problems.is_empty() {
        format!("/saved/{id}?changed={}", version + 1)
    } else {
        let bytes = form.body.len();
        format!("/saved/{id}?kept={}", FORMS.keep(operator.key(), (form, problems), bytes))
    };
    leptos_axum::redirect(&to);
    Ok(to)
}

/// Drops a saved request.
#[server(prefix = "/api", endpoint = "delete_saved", output = Json)]
pub async fn delete_saved(id: SavedId) -> Result<(), AppError> {
    let (services, operator) = session()?;
    answer(services.delete_saved(&operator, &id).await)?;
    leptos_axum::redirect("/saved");
    Ok(())
}

/// A saved request as a form; `result` names what a plain form sent.
#[server(prefix = "/api", endpoint = "get_saved_form", output = Json)]
pub async fn get_saved_form(id: SavedId, #[server(default)] result: String) -> Result<SavedFormView, AppError> {
    let (services, operator) = session()?;
    let saved = answer(services.saved_request(&operator, &id).await)?;
    Ok(SavedFormView { saved, filled: FILLED.take_back(operator.key(), &result) })
}

/// Sends a saved request with these values.
#[server(prefix = "/api", endpoint = "invoke_saved", output = Json)]
pub async fn invoke_saved(
    id: SavedId,
    #[server(default)] values: BTreeMap<String, String>,
) -> Result<FilledForm, AppError> {
    let (services, operator) = session()?;
    let mut filled = FilledForm { values, ..FilledForm::default() };
    match services.invoke_saved(&operator, &id, &filled.values).await {
        Err(ServiceError::Invalid { problems }) => filled.problems = problems,
        other => filled.result = Some(other.map_err(Into::into)),
    }
    if is_form_post() {
        let kept = FILLED.keep(operator.key(), filled.clone(), bytes(&filled));
        leptos_axum::redirect(&format!("/saved/{id}/form?result={kept}#answer"));
    }
    Ok(filled)
}

/// A file that was read, before anything of it is added.
#[server(prefix = "/api", endpoint = "get_saved_import", output = Json)]
pub async fn get_saved_import(#[server(default)] kept: String) -> Result<ImportView, AppError> {
    let (services, operator) = session()?;
    let Some((text, problem)) = FILES.take_back(operator.key(), &kept) else { return Ok(ImportView::default()) };
    if problem.is_some() {
        return Ok(ImportView { lines: Vec::new(), problem });
    }
    let lines = answer(services.look_at_import(&operator, &text).await)?;
    Ok(ImportView { lines, problem })
}

/// Adds what the file `kept` has. Those whose place in the file is in `replace` take the place of what is there.
#[server(prefix = "/api", endpoint = "import_saved", output = Json)]
pub async fn import_saved(kept: String, #[server(default)] choices: Vec<String>) -> Result<String, AppError> {
    let (services, operator) = session()?;
    let gone = || AppError::new(ErrorKind::Conflict, "the file is not here any more").hint("Choose it again.");
    let (text, _) = FILES.take_back(operator.key(), &kept).ok_or_else(gone)?;
    // `3-replace` or `3-copy`: a choice for each that clashes.
    let replace = choices.iter().filter_map(|choice| choice.strip_suffix("-replace")?.parse().ok()).collect();
    let imported = answer(services.import_saved(&operator, &text, &domain::saved::Import { replace }).await)?;
    let to = format!("/saved?added={}&replaced={}", imported.added, imported.replaced);
    leptos_axum::redirect(&to);
    Ok(to)
}

#[cfg(feature = "ssr")]
fn bytes(filled: &FilledForm) -> usize {
    let answer = filled.result.as_ref().and_then(|result| result.as_ref().ok()?.result.as_ref().ok());
    filled.values.values().map(String::len).sum::<usize>() + answer.map_or(0, |answer| answer.written_bytes())
}
