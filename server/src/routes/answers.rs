//! Whole answers of models, as files: nothing that a model gave is ever shown by this address.

use crate::security::refusal::Refusal;
use crate::state::ConsoleState;
use axum::Extension;
use axum::extract::{Path, State};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use services::{Operator, WholeAnswer};

/// `GET /playground/answers/{id}`: a file to keep, of no type that a browser would open.
pub async fn download(
    State(state): State<ConsoleState>,
    Extension(operator): Extension<Operator>,
    Path(id): Path<String>,
) -> Response {
    match state.services.whole_answer(&operator, &id) {
        Ok(WholeAnswer { file_name, bytes }) => {
            let disposition = HeaderValue::from_str(&format!("attachment; filename=\"{file_name}\""))
                .unwrap_or_else(|_| HeaderValue::from_static("attachment"));
            let kind = HeaderValue::from_static("application/octet-stream");
            ([(header::CONTENT_TYPE, kind), (header::CONTENT_DISPOSITION, disposition)], bytes).into_response()
        }
        Err(error) => Refusal::service(error).respond_as(false),
    }
}
