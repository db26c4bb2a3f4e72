//! What stands where content is not: empty, failed, on its way.

use super::{Button, Icon, IconName, Words};
use crate::error::{AppError, ErrorKind};
use leptos::prelude::*;

/// Says what would be here and offers the first step.
#[component]
pub fn EmptyState(
    /// What there is none of: `No shares yet`.
    #[prop(into)]
    title: String,
    /// What it is for, in a sentence.
    #[prop(into)]
    body: String,
    /// The first step: a button or a link.
    #[prop(optional)]
    children: Option<Children>,
) -> impl IntoView {
    view! {
        <div class="empty">
            <svg class="empty-art" viewBox="0 0 120 56" aria-hidden="true" focusable="false">
                <rect class="art-child" x="2" y="10" width="36" height="36" rx="8" />
                <rect class="art-parent" x="82" y="10" width="36" height="36" rx="8" />
                <path class="art-link" d="M44 28h30M69 23l6 5-6 5" />
            </svg>
            <h2>{title}</h2>
            <p>
                <Words text=body />
            </p>
            {children.map(|children| view! { <div class="empty-action">{children()}</div> })}
        </div>
    }
}

/// A failure: what happened, what to do next, AWS's request id, and a way to try again.
#[component]
pub fn ErrorPanel(
    /// What failed.
    error: AppError,
    /// What could not be done, as a heading: `The shares could not be loaded`.
    #[prop(into)]
    title: String,
    /// Tries again; without it no button is offered.
    #[prop(optional, into)]
    retry: Option<Callback<()>>,
) -> impl IntoView {
    let signed_out = error.kind == ErrorKind::SignedOut;
    view! {
        <div class="error-panel" role="alert">
            <Icon name=IconName::Alert />
            <div class="error-panel-text">
                <h2>{title}</h2>
                <p>
                    <Words text=error.message />
                </p>
                {error.hint.map(|hint| view! { <p class="error-panel-hint"><Words text=hint /></p> })}
                {error
                    .explanation
                    .map(|why| {
                        view! {
                            <p class="error-panel-why">
                                <Words text=why.sentence />
                            </p>
                            {why.fix.map(|fix| view! { <p class="error-panel-why"><Words text=fix /></p> })}
                        }
                    })}
                {error
                    .request_id
                    .map(|id| {
                        view! {
                            <p class="error-panel-id">"AWS request " <code>{id}</code></p>
                        }
                    })}
                <div class="error-panel-actions">
                    {if signed_out {
                        view! { <a class="btn btn-small" href="/sign-in">"Sign in"</a> }.into_any()
                    } else {
                        retry
                            .map(|retry| {
                                view! {
                                    <Button small=true icon=IconName::Refresh on_click=move |_| retry.run(())>
                                        "Try again"
                                    </Button>
                                }
                            })
                            .into_any()
                    }}
                </div>
            </div>
        </div>
    }
}

/// Why an action did not do what it should, right at its button.
#[component]
pub fn ActionProblem(
    /// The action's last failure, if it failed.
    #[prop(into)]
    error: Signal<Option<AppError>>,
) -> impl IntoView {
    move || {
        error.get().map(|error| {
            view! {
                <p class="action-problem" role="alert">
                    <Words text=error.message />
                    {error.hint.map(|hint| view! { " " <span class="field-hint"><Words text=hint /></span> })}
                </p>
            }
        })
    }
}

/// Grey lines where content will be, so that nothing moves when it comes.
#[component]
pub fn Skeleton(
    /// How many lines.
    #[prop(default = 3)]
    lines: usize,
) -> impl IntoView {
    view! {
        <div class="skeleton" aria-busy="true">
            <span class="visually-hidden" role="status">
                "Loading"
            </span>
            {(0..lines).map(|_| view! { <span class="skeleton-line" aria-hidden="true"></span> }).collect_view()}
        </div>
    }
}
