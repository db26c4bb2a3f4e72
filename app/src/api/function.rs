//! Server functions: the test function of a share. What a call of it gave is kept for the page that follows, so that it
//! is there without a script too.

use crate::api::codec::Json;
use crate::error::AppError;
use domain::names::ShareId;
use domain::share::function::{FunctionForm, FunctionOutcome, FunctionPageView};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

#[cfg(feature = "ssr")]
mod kept;

#[cfg(feature = "ssr")]
use crate::api::{answer, session};

/// A call of a function: what was sent, and what came of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptCall {
    /// As typed or chosen.
    pub endpoint: String,
    /// As typed.
    pub content_type: String,
    /// As typed.
    pub body: String,
    /// The outcome, or why there is none.
    pub result: Result<FunctionOutcome, AppError>,
}

/// The page, with the last call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FunctionView {
    /// The page.
    pub page: FunctionPageView,
    /// The call that the address names.
    pub call: Option<KeptCall>,
}

/// How a share's test function stands, and what can be done about it. Changes nothing.
#[server(prefix = "/api", endpoint = "get_test_function", output = Json)]
pub async fn get_test_function(
    share: ShareId,
    #[server(default)] form: FunctionForm,
    #[server(default)] result: String,
) -> Result<FunctionView, AppError> {
    let (services, operator) = session()?;
    let call = kept::take_back(operator.key(), &share, &result);
    let page = answer(services.test_function(&operator, &share, form).await)?;
    Ok(FunctionView { page, call })
}

/// Makes a share's test function, or brings it up to date; the page shows the progress.
#[server(prefix = "/api", endpoint = "make_test_function", output = Json)]
pub async fn make_test_function(
    share: ShareId,
    #[server(default)] form: FunctionForm,
    fingerprint: String,
) -> Result<(), AppError> {
    let (services, operator) = session()?;
    answer(services.make_function(&operator, &share, form, &fingerprint).await)?;
    leptos_axum::redirect(&page_of(&share));
    Ok(())
}

/// Calls a share's test function, and leads to what it said.
#[server(prefix = "/api", endpoint = "run_test_function", output = Json)]
pub async fn run_test_function(
    share: ShareId,
    endpoint: String,
    #[server(default)] content_type: String,
    #[server(default)] body: String,
) -> Result<(), AppError> {
    let (services, operator) = session()?;
    let result = answer(services.run_function(&operator, &share, &endpoint, &content_type, &body).await);
    let id = kept::keep(operator.key(), &share, KeptCall { endpoint, content_type, body, result });
    leptos_axum::redirect(&format!("{}?result={id}#result", page_of(&share)));
    // The page shows a failure from what was kept; in the address it would only be shown twice.
    Ok(())
}

/// Lets a share's test function call through the share; the page shows the progress.
#[server(prefix = "/api", endpoint = "allow_test_function", output = Json)]
pub async fn allow_test_function(share: ShareId, fingerprint: String) -> Result<(), AppError> {
    let (services, operator) = session()?;
    answer(services.allow_function(&operator, &share, &fingerprint).await)?;
    leptos_axum::redirect(&page_of(&share));
    Ok(())
}

/// Deletes a share's test function and what was made for it; the page shows the progress.
#[server(prefix = "/api", endpoint = "delete_test_function", output = Json)]
pub async fn delete_test_function(share: ShareId, fingerprint: String) -> Result<(), AppError> {
    let (services, operator) = session()?;
    answer(services.delete_function(&operator, &share, &fingerprint).await)?;
    leptos_axum::redirect(&page_of(&share));
    Ok(())
}

#[cfg(feature = "ssr")]
fn page_of(share: &ShareId) -> String {
    format!("/shares/{share}/function")
}
