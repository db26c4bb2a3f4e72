//! Undo: a page of its own that lists what would be removed, so that it works without a script and can be left.

use super::share_in_address;
use crate::api::runs::{UndoShare, get_undo};
use crate::components::Sentence;
use crate::ui::{Button, ButtonKind, Card, EmptyState, ErrorPanel, IconName, PageHeader, Resolve, Skeleton};
use domain::share::Side;
use domain::share::view::UndoView;
use leptos::form::ActionForm;
use leptos::prelude::*;

/// Taking a share back.
#[component]
pub fn UndoPage() -> impl IntoView {
    let id = share_in_address();
    let plan = Resource::new(
        move || id.get(),
        async |id| match id {
            Ok(id) => get_undo(id).await,
            Err(error) => Err(error),
        },
    );
    let share = move || id.get().map(|id| id.to_string()).unwrap_or_default();
    let undo = ServerAction::<UndoShare>::new();
    view! {
        <PageHeader title="Undo share" sub="Nothing has been removed yet. This is everything that Undo will do." />
        <Resolve
            resource=plan
            failed="The undo could not be planned"
            skeleton=|| {
                view! {
                    <div class="card">
                        <Skeleton lines=6 />
                    </div>
                }
            }
            children=Callback::new(move |plan: UndoView| view! { <Plan plan=plan share=share() undo=undo /> })
        />
    }
}

#[component]
fn Plan(plan: UndoView, share: String, undo: ServerAction<UndoShare>) -> impl IntoView {
    let back = format!("/shares/{share}");
    let UndoView { sentence, steps } = plan;
    let count = steps.len();
    let value = undo.value();
    if steps.is_empty() {
        return view! {
            <div class="stack">
                <Sentence spans=sentence />
                <div class="card">
                    <EmptyState title="Nothing is left to undo" body="None of what this share made is in AWS any more.">
                        <Button href=back>"Back to the share"</Button>
                    </EmptyState>
                </div>
            </div>
        }
        .into_any();
    }
    let rows = steps
        .into_iter()
        .map(|step| {
            let (side, hue) = match step.side {
                Side::Parent => ("Parent", "hue-parent"),
                Side::Child => ("Child", "hue-child"),
            };
            view! {
                <li class="line">
                    <span class="mark mark-remove" aria-hidden="true">
                        "−"
                    </span>
                    <div class="line-text">
                        <p class="line-title">{step.title}</p>
                    </div>
                    <span class="line-aside muted">
                        {side} " " <code class=hue>{step.account.to_string()}</code>
                    </span>
                </li>
            }
        })
        .collect_view();
    let calls = if count == 1 { "1 step".to_owned() } else { format!("{count} steps") };
    view! {
        <div class="stack">
            <Sentence spans=sentence />
            <Card title=|| "In this order" aside=move || calls.clone()>
                <ol class="lines">{rows}</ol>
            </Card>
            {move || {
                value
                    .get()
                    .and_then(Result::err)
                    .map(|error| view! { <ErrorPanel error=error title="The share could not be undone" /> })
            }}
            <ActionForm action=undo>
                <input type="hidden" name="share" value=share />
                <div class="form-actions">
                    <Button kind=ButtonKind::Danger submit=true icon=IconName::Undo busy=undo.pending()>
                        "Undo share"
                    </Button>
                    <Button href=back>"Keep the share"</Button>
                </div>
            </ActionForm>
        </div>
    }
    .into_any()
}
