//! What pages and server functions find in their context, and what is answered where there is neither.

use crate::security::headers::page_csp;
use crate::security::is_machine;
use crate::security::refusal::Refusal;
use crate::state::ConsoleState;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use http::header::CONTENT_SECURITY_POLICY;
use leptos::nonce::use_nonce;
use leptos::prelude::{LeptosOptions, provide_context, use_context};
use leptos_axum::ResponseOptions;
use services::Operator;

/// For each request: the use cases, the operator if there is a session, and for pages the content security policy that
/// allows their own scripts.
pub fn context(state: ConsoleState) -> impl Fn() + Clone + Send + Sync + 'static {
    move || {
        provide_context(state.services.clone());
        provide_context(state.pipelines.clone());
        if let Some(operator) = use_context::<Parts>().and_then(|parts| parts.extensions.get::<Operator>().cloned()) {
            provide_context(operator);
        }
        if let (Some(nonce), Some(response)) = (use_nonce(), use_context::<ResponseOptions>())
            && let Some(policy) = page_csp(&nonce, state.reload_port)
        {
            response.insert_header(CONTENT_SECURITY_POLICY, policy);
        }
    }
}

/// The document.
pub fn document(options: LeptosOptions) -> impl Fn() -> leptos::prelude::AnyView + Clone + Send + Sync + 'static {
    use leptos::prelude::IntoAny;
    move || app::shell::shell(options.clone()).into_any()
}

/// No route: a file of the site, or nothing.
pub async fn fallback(State(state): State<ConsoleState>, request: Request) -> Response {
    let path = request.uri().path();
    if let Some(file) = state.assets.serve(request.method(), path, request.headers()) {
        return file;
    }
    if is_machine(path) || path.starts_with("/pkg/") {
        return Refusal::not_found(path).respond_as(is_machine(path));
    }
    let render = leptos_axum::render_app_async_with_context(context(state.clone()), document(state.leptos.clone()));
    let mut page = render(request).await.into_response();
    if page.status() == StatusCode::OK {
        *page.status_mut() = StatusCode::NOT_FOUND;
    }
    page
}

/// A route, but not for this method.
pub async fn wrong_method(request: Request) -> Response {
    Refusal::method(request.method()).respond_as(is_machine(request.uri().path()))
}
