//! The test function: a Lambda function in the child account that calls through the share as the child's own code would.
//! The choices are in the address, so that what would be made can be looked at before it is.

mod called;
mod choose;
mod made;

use super::{if_there_is, share_in_address, there_is};
use crate::api::encoded;
use crate::api::function::{
    AllowTestFunction, DeleteTestFunction, FunctionView, MakeTestFunction, RunTestFunction, get_test_function,
};
use crate::api::runs::{AsOf, RetryRun, get_run};
use crate::components::{ArrowTone, PlanLanes, RefreshWithoutScript, Revised as _, RunProgress, use_live};
use crate::ui::{Button, CopyButton, EmptyState, PageHeader, Resolve, Skeleton, Words};
use choose::Choose;
use domain::run::RunView;
use domain::share::diff::{Change, LaneItem};
use domain::share::function::{FunctionForm, FunctionPageView};
use domain::time::Timestamp;
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;
use made::Made;

/// What can be done on the page; each looks at the accounts anew when it has been done.
#[derive(Clone, Copy)]
struct Actions {
    make: ServerAction<MakeTestFunction>,
    run: ServerAction<RunTestFunction>,
    allow: ServerAction<AllowTestFunction>,
    delete: ServerAction<DeleteTestFunction>,
    retry: ServerAction<RetryRun>,
}

/// The test function of a share.
#[component]
pub fn FunctionPage() -> impl IntoView {
    let id = share_in_address();
    let query = use_query_map();
    let asked = Memo::new(move |_| {
        let query = query.read();
        let part = |name: &str| query.get(name).unwrap_or_default();
        let form = FunctionForm {
            name: part("name"),
            endpoint: part("endpoint"),
            role: part("role"),
            role_name: part("role_name"),
            role_arn: part("role_arn"),
        };
        (form, part("result"))
    });
    let actions = Actions {
        make: ServerAction::new(),
        run: ServerAction::new(),
        allow: ServerAction::new(),
        delete: ServerAction::new(),
        retry: ServerAction::new(),
    };
    let (made, allowed) = (actions.make.version(), actions.allow.version());
    let (deleted, retried) = (actions.delete.version(), actions.retry.version());
    let done = Memo::new(move |_| (made.get(), allowed.get(), deleted.get(), retried.get()));
    let view = Resource::new(
        move || (id.get(), asked.get(), done.get()),
        async |(id, (form, result), _)| match id {
            Ok(id) => if_there_is(get_test_function(id, form, result).await),
            // What can't be a share's name is no share's.
            Err(_) => Ok(None),
        },
    );
    let ended = Callback::new(move |()| view.refetch());
    view! {
        <PageHeader
            title="Test function"
            sub="A Lambda function in the child account that calls through the share, as the child's own code would."
        />
        <Resolve
            resource=view
            failed="The test function could not be loaded"
            skeleton=|| view! { <div class="card"><Skeleton lines=10/></div> }
            children=Callback::new(move |view: Option<FunctionView>| {
                there_is(view, move |view| view! { <Function view actions ended/> })
            })
        />
    }
}

#[component]
fn Function(view: FunctionView, actions: Actions, ended: Callback<()>) -> impl IntoView {
    let FunctionView { page, call } = view;
    let back = format!("/shares/{}", page.share);
    let run =
        page.run.clone().map(|run| view! { <Running run now=page.now page=page.clone() retry=actions.retry ended/> });
    let blocked = page.blocked.clone().map(|why| {
        let back = back.clone();
        view! {
            <div class="card">
                <EmptyState title="No test function can be made now" body=blocked_body(&why)>
                    <Button href=back>"Back to the share"</Button>
                </EmptyState>
            </div>
        }
    });
    let left = (!page.left.is_empty()).then(|| {
        let left = page.left.iter().map(|text| view! { <Words text=text.clone()/> " " }).collect_view();
        view! { <p class="say" role="status">{left}</p> }
    });
    let handler =
        (!page.handler.is_empty()).then(|| view! { <Handler name=page.file_name.clone() text=page.handler.clone()/> });
    let content = match (page.made.clone(), page.planned.clone()) {
        (Some(made), _) => view! { <Made page=page.clone() made call actions/> }.into_any(),
        (None, Some(planned)) => view! { <Choose page=page.clone() planned make=actions.make/> }.into_any(),
        (None, None) => ().into_any(),
    };
    view! {
        <div class="stack function">
            {run}
            {left}
            {blocked}
            {content}
            {handler}
            <p><a href=back>"Back to the share"</a></p>
        </div>
    }
}

fn blocked_body(why: &str) -> String {
    format!("{}. The handler below runs in any function of the child account.", crate::ui::sentence_case(why))
}

/// A run that is under way, or failed, followed live. When it ends the page is made anew.
#[component]
fn Running(
    run: RunView,
    now: Timestamp,
    page: FunctionPageView,
    retry: ServerAction<RetryRun>,
    ended: Callback<()>,
) -> impl IntoView {
    let id = run.id.clone();
    let under_way = !run.finished();
    let live = use_live(AsOf { view: run, now }, format!("/events/runs/{id}"), move || get_run(id.clone()));
    let finished = Memo::new(move |_| live.view.with(|run| run.finished()));
    Effect::new(move |before: Option<bool>| {
        let finished = finished.get();
        if before == Some(false) && finished {
            ended.run(());
        }
        finished
    });
    view! {
        <section aria-label="Progress of the test function">
            {under_way.then(|| view! { <RefreshWithoutScript/> })}
            <RunProgress live child=page.child parent=page.parent arrow=page.arrow retry/>
        </section>
    }
}

/// The two accounts with the function between them.
#[component]
fn FunctionLanes(page: FunctionPageView, child_lane: Vec<LaneItem>, tone: ArrowTone) -> impl IntoView {
    let item = |key: &str, name: String, detail: String| LaneItem {
        key: key.into(),
        name,
        detail,
        change: Change::Keep,
        arn: None,
        documents: Vec::new(),
    };
    let mut parent_lane = vec![item("parent-role", page.role_name.clone(), "role · assumed by the function".into())];
    parent_lane.extend(
        page.endpoint
            .iter()
            .map(|one| item("parent-endpoint", one.name.to_string(), "endpoint · what it calls".into())),
    );
    view! {
        <PlanLanes
            label="Function"
            child=page.child
            parent=page.parent
            arrow=page.arrow
            child_lane
            parent_lane
            tone=Signal::stored(tone)
            linked=false
        />
    }
}

/// The choices as hidden fields.
#[component]
fn FormFields(form: FunctionForm) -> impl IntoView {
    [
        ("form[name]", form.name),
        ("form[endpoint]", form.endpoint),
        ("form[role]", form.role),
        ("form[role_name]", form.role_name),
        ("form[role_arn]", form.role_arn),
    ]
    .into_iter()
    .map(|(name, value)| view! { <input type="hidden" name=name value=value/> })
    .collect_view()
}

/// The handler, to read, copy and download.
#[component]
fn Handler(name: String, text: String) -> impl IntoView {
    // Without a route of its own: the text is on the page already.
    let href = format!("data:text/x-python;charset=utf-8,{}", encoded(&text));
    let copy = text.clone();
    view! {
        <details class="card doc">
            <summary class="card-head doc-head">
                <span class="doc-title">"Handler"</span>
                <span class="card-aside">{name.clone()}</span>
            </summary>
            <div class="doc-body" id="handler">
                <div class="doc-copy">
                    <CopyButton text=copy label="Copy the handler" compact=true/>
                </div>
                <pre class="code-block" tabindex="0" aria-label="Handler">{text}</pre>
                <p class="function-download"><a href=href download=name>"Download the handler"</a></p>
            </div>
        </details>
    }
}
