//! Server functions of the wizard *Build a training pipeline*. As in the share's wizard, saving keeps what was typed and
//! leads by redirect, so that plain forms and scripts take the same way.

use crate::api::codec::Json;
use crate::api::wizard::Go;
use crate::error::AppError;
use domain::evaluate::Explanation;
use domain::names::{DraftId, PipelineId, RunId};
use domain::pipeline::draft::{AccountsForm, DataForm, ModelForm};
use domain::pipeline::view::{DataView, PipelineDraftView, PipelineReviewView, PreflightView, PreparationView};
use domain::wizard::FieldProblem;
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

#[cfg(feature = "ssr")]
use crate::api::pipeline::pipelines;
#[cfg(feature = "ssr")]
use crate::api::{answer, shelf::Shelf};
#[cfg(feature = "ssr")]
use domain::pipeline::draft::{PipelineForm, PipelineStep};
#[cfg(feature = "ssr")]
use services::pipeline::Typed;

/// Where a pipeline's table is sent: a form with `draft`, then `file`.
pub const UPLOAD_DATA: &str = "/api/upload_pipeline_data";

/// Why tables were refused.
#[cfg(feature = "ssr")]
pub static REFUSED: Shelf<FieldProblem> = Shelf::new(50, 1024 * 1024);

/// A draft's table on its page.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DataStepView {
    /// The table; none before one was given.
    pub data: Option<DataView>,
    /// How far its reading is, where this process reads it or has read it.
    pub reading: Option<PreparationView>,
    /// Why the file that was sent just now was refused.
    pub problem: Option<FieldProblem>,
    /// The largest file that is taken, in bytes.
    pub most_bytes: u64,
}

/// Starts a wizard.
#[server(prefix = "/api", endpoint = "start_pipeline", output = Json)]
pub async fn start_pipeline() -> Result<DraftId, AppError> {
    let (pipelines, _, operator) = pipelines()?;
    let draft = answer(pipelines.start_draft(&operator).await)?;
    leptos_axum::redirect(&path(&draft, PipelineStep::Accounts));
    Ok(draft)
}

/// Opens a pipeline in the wizard, filled in.
#[server(prefix = "/api", endpoint = "edit_pipeline", output = Json)]
pub async fn edit_pipeline(pipeline: PipelineId) -> Result<DraftId, AppError> {
    let (pipelines, _, operator) = pipelines()?;
    let draft = answer(pipelines.edit(&operator, &pipeline).await)?;
    leptos_axum::redirect(&path(&draft, PipelineStep::Model));
    Ok(draft)
}

/// Throws an unfinished wizard away. What was applied stays.
#[server(prefix = "/api", endpoint = "delete_pipeline_draft", output = Json)]
pub async fn delete_pipeline_draft(draft: DraftId) -> Result<(), AppError> {
    let (pipelines, _, operator) = pipelines()?;
    answer(pipelines.discard_draft(&operator, &draft).await)?;
    leptos_axum::redirect("/pipelines");
    Ok(())
}

/// The wizard's answers so far, with what is wrong with them.
#[server(prefix = "/api", endpoint = "get_pipeline_draft", output = Json)]
pub async fn get_pipeline_draft(draft: DraftId) -> Result<PipelineDraftView, AppError> {
    let (pipelines, _, operator) = pipelines()?;
    answer(pipelines.draft(&operator, &draft).await)
}

/// Saves step 1. A typed `other_region` goes before the one from the list.
#[server(prefix = "/api", endpoint = "save_pipeline_accounts", output = Json)]
pub async fn save_pipeline_accounts(
    draft: DraftId,
    #[server(default)] form: AccountsForm,
    #[server(default)] other_region: String,
    #[server(default)] go: Go,
) -> Result<String, AppError> {
    let typed = other_region.trim();
    let region = if typed.is_empty() { form.region } else { typed.to_owned() };
    save(&draft, PipelineStep::Accounts, PipelineForm::Accounts(AccountsForm { region, ..form }), go).await
}

/// Saves step 2.
#[server(prefix = "/api", endpoint = "save_pipeline_model", output = Json)]
pub async fn save_pipeline_model(
    draft: DraftId,
    #[server(default)] form: ModelForm,
    #[server(default)] go: Go,
) -> Result<String, AppError> {
    save(&draft, PipelineStep::Model, PipelineForm::Model(Box::new(form)), go).await
}

/// Saves step 3, and reads the table through as the answers say. While it is being read the wizard stays here.
#[server(prefix = "/api", endpoint = "save_pipeline_data", output = Json)]
pub async fn save_pipeline_data(
    draft: DraftId,
    #[server(default)] form: DataForm,
    #[server(default)] go: Go,
) -> Result<String, AppError> {
    save(&draft, PipelineStep::Data, PipelineForm::Data(form), go).await
}

/// What the accounts of step 1 and the names of step 2 are up to in AWS; with answers that are not saved yet.
#[server(prefix = "/api", endpoint = "get_pipeline_preflight", output = Json)]
pub async fn get_pipeline_preflight(
    draft: DraftId,
    #[server(default)] accounts: Option<AccountsForm>,
    #[server(default)] model: Option<ModelForm>,
) -> Result<PreflightView, AppError> {
    let (pipelines, _, operator) = pipelines()?;
    let typed = Typed { accounts, model: model.map(Box::new) };
    answer(pipelines.preflight_of(&operator, &draft, typed).await)
}

/// A draft's table; `kept` names what was refused just now.
#[server(prefix = "/api", endpoint = "get_pipeline_data", output = Json)]
pub async fn get_pipeline_data(draft: DraftId, #[server(default)] kept: String) -> Result<DataStepView, AppError> {
    let (pipelines, _, operator) = pipelines()?;
    let data = answer(pipelines.data(&operator, &draft).await)?;
    let reading = answer(pipelines.preparation(&operator, &draft).await)?;
    let problem = REFUSED.take_back(operator.key(), &kept);
    Ok(DataStepView { data, reading, problem, most_bytes: pipelines.most_bytes() })
}

/// Takes the shipped table.
#[server(prefix = "/api", endpoint = "use_pipeline_sample", output = Json)]
pub async fn use_pipeline_sample(draft: DraftId) -> Result<(), AppError> {
    let (pipelines, _, operator) = pipelines()?;
    answer(pipelines.use_sample(&operator, &draft).await)?;
    leptos_axum::redirect(&path(&draft, PipelineStep::Data));
    Ok(())
}

/// Begins to read the table through, as the answers of step 3 say.
#[server(prefix = "/api", endpoint = "read_pipeline_data", output = Json)]
pub async fn read_pipeline_data(draft: DraftId) -> Result<(), AppError> {
    let (pipelines, _, operator) = pipelines()?;
    answer(pipelines.prepare_data(&operator, &draft).await)?;
    leptos_axum::redirect(&path(&draft, PipelineStep::Data));
    Ok(())
}

/// Stops the reading of the table.
#[server(prefix = "/api", endpoint = "stop_pipeline_data", output = Json)]
pub async fn stop_pipeline_data(draft: DraftId) -> Result<(), AppError> {
    let (pipelines, _, operator) = pipelines()?;
    answer(pipelines.cancel_preparation(&operator, &draft).await)?;
    leptos_axum::redirect(&path(&draft, PipelineStep::Data));
    Ok(())
}

/// Everything Apply would do.
#[server(prefix = "/api", endpoint = "review_pipeline", output = Json)]
pub async fn review_pipeline(draft: DraftId) -> Result<PipelineReviewView, AppError> {
    let (pipelines, _, operator) = pipelines()?;
    answer(pipelines.review(&operator, &draft).await)
}

/// Why a role of the review's matrix may or may not do what a column says.
#[server(prefix = "/api", endpoint = "explain_pipeline_access", output = Json)]
pub async fn explain_pipeline_access(draft: DraftId, role: String, column: usize) -> Result<Explanation, AppError> {
    let (pipelines, _, operator) = pipelines()?;
    answer(pipelines.explain_access(&operator, &draft, &role, column).await)
}

/// Does what was reviewed, and nothing else: `fingerprint` says which plan that was.
#[server(prefix = "/api", endpoint = "apply_pipeline", output = Json)]
pub async fn apply_pipeline(draft: DraftId, fingerprint: String) -> Result<RunId, AppError> {
    let (pipelines, _, operator) = pipelines()?;
    let run = answer(pipelines.apply(&operator, &draft, &fingerprint).await)?;
    leptos_axum::redirect(&path(&draft, PipelineStep::Apply));
    Ok(run)
}

#[cfg(feature = "ssr")]
fn path(draft: &DraftId, step: PipelineStep) -> String {
    format!("/pipelines/new/{draft}/{}", step.slug())
}

#[cfg(feature = "ssr")]
async fn save(draft: &DraftId, step: PipelineStep, form: PipelineForm, go: Go) -> Result<String, AppError> {
    let (pipelines, _, operator) = pipelines()?;
    let problems = answer(pipelines.save_step(&operator, draft, form).await)?;
    let complete = problems.is_empty();
    // Reading a table takes as long as it is large: the page shows how far it is, and goes on from there.
    let read = step == PipelineStep::Data && complete && go == Go::Next;
    let here = read && !answer(pipelines.ensure_prepared(&operator, draft).await)?;
    let to = if here { path(draft, step) } else { destination(draft, step, go, complete) };
    leptos_axum::redirect(&to);
    Ok(to)
}

/// Where a saved step leads.
#[cfg(feature = "ssr")]
fn destination(draft: &DraftId, step: PipelineStep, go: Go, complete: bool) -> String {
    let here = path(draft, step);
    match go {
        Go::Next if complete => step.next().map_or(here, |next| path(draft, next)),
        Go::Next => format!("{here}?check=1"),
        Go::Back => step.previous().map_or(here, |previous| path(draft, previous)),
        Go::Stay | Go::More | Go::Regenerate => here,
        Go::Later => "/pipelines".to_owned(),
    }
}

#[cfg(all(test, feature = "ssr"))]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn to(step: PipelineStep, go: Go, complete: bool) -> String {
        destination(&DraftId::parse("d1").unwrap(), step, go, complete)
    }

    #[test]
    fn a_complete_step_leads_on_and_an_unfinished_one_stays_to_say_why() {
        assert_eq!(to(PipelineStep::Accounts, Go::Next, true), "/pipelines/new/d1/model");
        assert_eq!(to(PipelineStep::Data, Go::Next, true), "/pipelines/new/d1/review");
        assert_eq!(to(PipelineStep::Data, Go::Next, false), "/pipelines/new/d1/data?check=1");
    }

    #[test]
    fn going_back_or_away_never_asks_for_completeness() {
        assert_eq!(to(PipelineStep::Model, Go::Back, false), "/pipelines/new/d1/accounts");
        assert_eq!(to(PipelineStep::Accounts, Go::Back, false), "/pipelines/new/d1/accounts");
        assert_eq!(to(PipelineStep::Data, Go::Later, false), "/pipelines");
        assert_eq!(to(PipelineStep::Model, Go::Stay, false), "/pipelines/new/d1/model");
    }
}
