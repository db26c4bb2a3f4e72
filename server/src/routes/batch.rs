//! A batch's file on its way in, and its result on its way out: neither is ever held in memory. The form is a plain one, so
//! that a file can be sent without a script.

use crate::security::refusal::{Refusal, local};
use crate::state::ConsoleState;
use app::api::batch::REFUSED;
use app::error::AppError;
use axum::Extension;
use axum::body::Body;
use axum::extract::multipart::{Multipart, MultipartError};
use axum::extract::{FromRequest as _, Path, Request, State};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Redirect, Response};
use bytes::Bytes;
use domain::names::BatchId;
use domain::wizard::FieldProblem;
use futures::stream;
use services::batch::BatchDownload;
use services::{Operator, ServiceError, ServiceResult};
use std::io;
use tokio::io::AsyncReadExt as _;

/// How much of a result is read at a time.
const PIECE: usize = 64 * 1024;

/// `POST /api/upload_batch`: the file becomes a batch that is yet to be set up; what is refused is told by the page it came
/// from.
pub async fn upload(
    State(state): State<ConsoleState>,
    Extension(operator): Extension<Operator>,
    request: Request,
) -> Response {
    let to = match take(&state, &operator, request).await {
        Ok(id) => format!("/playground/batch/{id}"),
        Err(error) => {
            let AppError { message, hint, .. } = AppError::from(error);
            let bytes = message.len();
            let problem = FieldProblem { field: "file".into(), message, hint };
            format!("/playground/batch?kept={}#field-file", REFUSED.keep(operator.key(), problem, bytes))
        }
    };
    Redirect::to(local(&to)).into_response()
}

async fn take(state: &ConsoleState, operator: &Operator, request: Request) -> ServiceResult<BatchId> {
    let form = Multipart::from_request(request, state).await;
    let mut form = form.map_err(|rejection| unreadable(&rejection.body_text()))?;
    let broken = |error: MultipartError| unreadable(&error.body_text());
    while let Some(mut field) = form.next_field().await.map_err(broken)? {
        if field.name() != Some("file") {
            continue;
        }
        let name = field.file_name().unwrap_or_default().to_owned();
        let mut upload = state.services.begin_upload(operator, &name).await?;
        while let Some(part) = field.chunk().await.map_err(broken)? {
            upload.write(&part).await?;
        }
        return upload.finish().await;
    }
    Err(unreadable("it has no file"))
}

/// A form with a file in it that does not come as it should.
pub(super) fn unreadable(why: &str) -> ServiceError {
    let problem = FieldProblem {
        field: "file".into(),
        message: format!("the form could not be read: {why}"),
        hint: Some("choose the file again".into()),
    };
    ServiceError::Invalid { problems: vec![problem] }
}

/// `GET /playground/batch/{id}/result`: as much of the result as there is, never as something that the browser shows as
/// ours.
pub async fn download(
    State(state): State<ConsoleState>,
    Extension(operator): Extension<Operator>,
    Path(id): Path<String>,
) -> Response {
    let Ok(batch) = BatchId::parse(&id) else {
        return Refusal::not_found(&format!("/playground/batch/{id}/result")).respond_as(false);
    };
    match state.services.batch_result(&operator, &batch).await {
        Ok(result) => attachment(result),
        Err(error) => Refusal::service(error).respond_as(false),
    }
}

fn attachment(result: BatchDownload) -> Response {
    let BatchDownload { file_name, media_type, file, bytes } = result;
    // A batch goes on meanwhile: what is written after this moment is not part of the answer.
    let pieces = stream::try_unfold(file.take(bytes), |mut file| async move {
        let mut piece = Vec::with_capacity(PIECE);
        let read = (&mut file).take(PIECE as u64).read_to_end(&mut piece).await?;
        Ok::<_, io::Error>((read > 0).then(|| (Bytes::from(piece), file)))
    });
    let disposition = HeaderValue::from_str(&format!("attachment; filename=\"{file_name}\""))
        .unwrap_or_else(|_| HeaderValue::from_static("attachment"));
    let kind = HeaderValue::from_static(media_type);
    let headers = [(header::CONTENT_TYPE, kind), (header::CONTENT_DISPOSITION, disposition)];
    (headers, Body::from_stream(pieces)).into_response()
}
