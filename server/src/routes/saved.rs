//! Files of saved requests: downloads, and the form that takes one. A plain form, so that a file can be chosen without a
//! script.

use super::hand_off::{Sent, attachment};
use crate::security::refusal::{Refusal, local};
use crate::state::ConsoleState;
use app::api::saved::FILES;
use app::error::AppError;
use axum::Extension;
use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse, Redirect, Response};
use domain::names::SavedId;
use domain::wizard::FieldProblem;
use services::Operator;

/// `GET /saved/export?id=…&id=…`: a file of these, or of all where none is named.
pub async fn export(
    State(state): State<ConsoleState>,
    Extension(operator): Extension<Operator>,
    RawQuery(query): RawQuery,
) -> Response {
    let query = query.unwrap_or_default();
    let asked = query.split('&').filter_map(|part| part.strip_prefix("id="));
    let Ok(ids) = asked.map(SavedId::parse).collect::<Result<Vec<_>, _>>() else {
        return Refusal::not_found("/saved/export").respond_as(false);
    };
    match state.services.export_saved(&operator, &ids).await {
        Ok(file) => attachment(file),
        Err(error) => Refusal::service(error).respond_as(false),
    }
}

/// `POST /api/read_saved_file`: on to what the file would add, or back with the reason why it is refused.
pub async fn read(State(state): State<ConsoleState>, Extension(operator): Extension<Operator>, sent: Sent) -> Response {
    let text = sent.into_text();
    let (text, problem) = match state.services.look_at_import(&operator, &text).await {
        Ok(_) => (text, None),
        Err(error) => {
            let AppError { field, message, hint, .. } = AppError::from(error);
            (String::new(), Some(FieldProblem { field: field.unwrap_or_default(), message, hint }))
        }
    };
    let bytes = text.len();
    let id = FILES.keep(operator.key(), (text, problem), bytes);
    Redirect::to(local(&format!("/saved/import?kept={id}"))).into_response()
}
