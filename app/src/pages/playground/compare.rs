//! The same request to two targets at the same time: answers and times side by side, and what differs.

mod difference;
mod form;

use super::response::Outcome;
use crate::api::compare::{CompareRequests, CompareView, Compared, get_comparison};
use crate::components::PlaygroundTabs;
use crate::error::AppError;
use crate::ui::{ErrorPanel, PageHeader, Resolve, Skeleton};
use difference::Differs;
use domain::invoke::InvokeOutcome;
use domain::invoke::compare::CompareSide;
use form::Form;
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

/// Two targets beside each other.
#[component]
pub fn ComparePage() -> impl IntoView {
    let query = use_query_map();
    let asked = Memo::new(move |_| {
        let query = query.read();
        ["from", "kept"].map(|name| query.get(name).unwrap_or_default())
    });
    let compared = Resource::new(move || asked.get(), |[from, kept]| get_comparison(from, kept));
    let compare = ServerAction::<CompareRequests>::new();
    view! {
        <PageHeader title="Compare" sub="The same request to two endpoints, variants or models at the same time: answers and times side by side, and what differs." />
        <PlaygroundTabs/>
        <Resolve
            resource=compared
            failed="The comparison could not be loaded"
            skeleton=|| view! { <div class="card"><Skeleton lines=10 /></div> }
            children=Callback::new(move |view: CompareView| {
                let CompareView { form, file, problems, compared, targets } = view;
                let sides = [form.left.clone(), form.right.clone()];
                let kept = asked.with_untracked(|[_, kept]| kept.clone());
                view! {
                    <div class="stack">
                        <Form form file problems targets compare kept />
                        {compared.map(|compared| view! { <Both compared sides compare /> })}
                    </div>
                }
            })
        />
    }
}

/// What came of it, until it is asked again.
#[component]
fn Both(compared: Compared, sides: [CompareSide; 2], compare: ServerAction<CompareRequests>) -> impl IntoView {
    let pending = compare.pending();
    let Compared { left, right, difference } = compared;
    let labels = sides.map(|side| side.label());
    // Endpoints of one name are told apart by their place.
    let [first, second] = labels.clone();
    let titles = [format!("First: {first}"), format!("Second: {second}")];
    let spent = [&left, &right].map(|side| side.as_ref().ok().filter(|outcome| outcome.result.is_ok()).cloned());
    let [left_title, right_title] = titles;
    let [left_name, right_name] = labels;
    view! {
        <div class="stack" id="compared" class:is-old=move || pending.get()>
            <Differs difference spent />
            <div class="playground compare-sides">
                <Side title=left_title endpoint=left_name side=left />
                <Side title=right_title endpoint=right_name side=right />
            </div>
        </div>
    }
}

#[component]
fn Side(title: String, endpoint: String, side: Result<InvokeOutcome, AppError>) -> impl IntoView {
    let shown = match side {
        Ok(outcome) => view! { <Outcome outcome endpoint heading=title.clone() /> }.into_any(),
        Err(error) => {
            view! { <ErrorPanel error=error title=format!("{title}: the endpoint was not called") /> }.into_any()
        }
    };
    view! {
        <section class="pane" aria-label=title>
            {shown}
        </section>
    }
}
