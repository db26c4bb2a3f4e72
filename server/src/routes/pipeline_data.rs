//! A pipeline's table on its way in, never held in memory. The form is a plain one, so that a table can be sent without a
//! script; a script, which shows how far it is, is told where to go instead of being sent there.

use super::batch::unreadable;
use crate::security::refusal::local;
use crate::state::ConsoleState;
use app::api::pipeline::wizard::REFUSED;
use app::error::AppError;
use axum::extract::multipart::{Multipart, MultipartError};
use axum::extract::{FromRequest as _, Request, State};
use axum::http::header::ACCEPT;
use axum::response::{IntoResponse, Redirect, Response};
use axum::{Extension, Json};
use domain::names::DraftId;
use domain::pipeline::draft::PipelineStep;
use domain::wizard::FieldProblem;
use serde_json::json;
use services::{Operator, ServiceResult};

/// Longer than any ID.
const LONGEST_ID: usize = 256;

/// `POST /api/upload_pipeline_data`: the file becomes the draft's table; what is refused is told by the page it came from.
pub async fn upload(
    State(state): State<ConsoleState>,
    Extension(operator): Extension<Operator>,
    request: Request,
) -> Response {
    let script = request.headers().get(ACCEPT).is_some_and(|accept| accept == "application/json");
    let mut draft = None;
    let taken = take(&state, &operator, request, &mut draft).await;
    let page = match draft {
        Some(draft) => format!("/pipelines/new/{draft}/{}", PipelineStep::Data.slug()),
        None => "/pipelines".to_owned(),
    };
    let to = match taken {
        Ok(()) => page,
        Err(error) => {
            let AppError { message, hint, .. } = AppError::from(error);
            let problem = FieldProblem { field: "file".into(), message, hint };
            let bytes = problem.message.len();
            format!("{page}?kept={}#field-file", REFUSED.keep(operator.key(), problem, bytes))
        }
    };
    if script { Json(json!({ "to": to })).into_response() } else { Redirect::to(local(&to)).into_response() }
}

async fn take(
    state: &ConsoleState,
    operator: &Operator,
    request: Request,
    draft: &mut Option<DraftId>,
) -> ServiceResult<()> {
    let form = Multipart::from_request(request, state).await;
    let mut form = form.map_err(|rejection| unreadable(&rejection.body_text()))?;
    let broken = |error: MultipartError| unreadable(&error.body_text());
    while let Some(mut field) = form.next_field().await.map_err(broken)? {
        match (field.name(), &*draft) {
            (Some("draft"), _) => {
                // The form's limit is the table's: what is no file is read no further than an ID is long.
                let mut id = Vec::new();
                while let Some(part) = field.chunk().await.map_err(broken)? {
                    id.extend_from_slice(&part);
                    if id.len() > LONGEST_ID {
                        return Err(unreadable("the draft's ID is too long"));
                    }
                }
                let id = String::from_utf8_lossy(&id);
                *draft = Some(DraftId::parse(&id).map_err(|error| unreadable(&error.to_string()))?);
            }
            (Some("file"), Some(draft)) => {
                let name = field.file_name().unwrap_or_default().to_owned();
                let mut upload = state.pipelines.begin_data_upload(operator, draft, &name).await?;
                while let Some(part) = field.chunk().await.map_err(broken)? {
                    upload.write(&part).await?;
                }
                return upload.finish().await;
            }
            _ => {}
        }
    }
    Err(unreadable("it has no file, or does not say first which draft it is for"))
}
