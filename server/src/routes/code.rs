//! A request as a file of code, for pages without a script: the request's own form is sent here by another button.

use crate::security::refusal::Refusal;
use crate::state::ConsoleState;
use axum::Extension;
use axum::extract::rejection::FormRejection;
use axum::extract::{Form, State};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use domain::invoke::InvokeParams;
use domain::invoke::code::CodeLanguage;
use domain::share::intent::InvokeAction;
use domain::wizard::FieldProblem;
use serde::Deserialize;
use services::{Operator, ServiceError};

/// The request's form, with the language that the button names.
#[derive(Deserialize)]
pub struct Asked {
    #[serde(flatten)]
    params: InvokeParams,
    #[serde(default)]
    way: String,
    language: CodeLanguage,
}

/// `POST /api/download_code`: a file to keep, never one that the browser shows as ours.
pub async fn download(
    State(state): State<ConsoleState>,
    Extension(operator): Extension<Operator>,
    asked: Result<Form<Asked>, FormRejection>,
) -> Response {
    let Asked { params, way, language } = match asked {
        Ok(Form(asked)) => asked,
        Err(rejection) => return Refusal::service(unreadable(&rejection)).respond_as(false),
    };
    let way = InvokeAction::parse(&way).unwrap_or(InvokeAction::Invoke);
    match state.services.code(&operator, &params, way, language).await {
        Ok(view) => {
            // Names of endpoints have letters, digits and hyphens only.
            let disposition = HeaderValue::from_str(&format!("attachment; filename=\"{}\"", view.file_name))
                .unwrap_or_else(|_| HeaderValue::from_static("attachment"));
            let kind = HeaderValue::from_static("text/plain; charset=utf-8");
            ([(header::CONTENT_TYPE, kind), (header::CONTENT_DISPOSITION, disposition)], view.text).into_response()
        }
        Err(error) => Refusal::service(error).respond_as(false),
    }
}

fn unreadable(rejection: &FormRejection) -> ServiceError {
    let problem = FieldProblem {
        field: "language".into(),
        message: format!("the form could not be read: {}", rejection.body_text()),
        hint: Some("reload the page and try again".into()),
    };
    ServiceError::Invalid { problems: vec![problem] }
}
