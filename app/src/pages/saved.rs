//! Saved requests: all of them by endpoint, one to change, one as a form, and files of them.

mod edit;
mod fill;
mod import;

pub use edit::SavedPage;
pub use fill::SavedFormPage;
pub use import::SavedImportPage;

use crate::api::encoded;
use crate::api::saved::list_saved;
use crate::components::PlaygroundTabs;
use crate::error::{AppError, ErrorKind};
use crate::ui::{
    Button, ButtonKind, Card, EmptyState, IconName, PageHeader, Resolve, Skeleton, TextInput, Time, thousands,
};
use domain::names::SavedId;
use domain::saved::{SavedFolder, SavedListView, SavedSummary};
use domain::time::Timestamp;
use leptos::prelude::*;
use leptos_router::hooks::{use_params_map, use_query_map};

/// All saved requests.
#[component]
pub fn SavedListPage() -> impl IntoView {
    let query = use_query_map();
    // What was done just now is in the address: then the list is another one.
    let asked = Memo::new(move |_| {
        let query = query.read();
        let part = |name: &str| query.get(name).unwrap_or_default();
        (part("search"), part("added"), part("replaced"))
    });
    let saved = Resource::new(move || asked.get(), |(search, ..)| list_saved(search));
    let said = move || {
        let (_, added, replaced) = asked.get();
        match (added.parse::<usize>(), replaced.parse::<usize>()) {
            (Ok(added), Ok(replaced)) => Some(format!("{} added, {} replaced.", requests(added), requests(replaced))),
            _ => None,
        }
    };
    view! {
        <PageHeader title="Saved requests" sub="Kept to be sent again: each is a form for people who know the values.">
            <Button href="/saved/import">"Import a file"</Button>
        </PageHeader>
        <PlaygroundTabs/>
        {move || said().map(|said| view! { <p class="say" role="status">{said}</p> })}
        <Resolve
            resource=saved
            failed="The saved requests could not be loaded"
            skeleton=|| view! { <div class="card"><Skeleton lines=8/></div> }
            children=Callback::new(move |view: SavedListView| view! { <Listed view/> })
        />
    }
}

/// `1 request`, `12 requests`.
fn requests(number: usize) -> String {
    if number == 1 { "1 request".into() } else { format!("{} requests", thousands(number)) }
}

#[component]
fn Listed(view: SavedListView) -> impl IntoView {
    let SavedListView { search, folders, now } = view;
    if folders.is_empty() && search.is_empty() {
        return view! {
            <div class="card">
                <EmptyState
                    title="Nothing saved yet"
                    body="Write a request in the playground, put `{{name}}` where a value is to be filled in, and save it: it becomes a form."
                >
                    <Button kind=ButtonKind::Primary href="/playground">"Go to the playground"</Button>
                </EmptyState>
            </div>
        }
        .into_any();
    }
    let none = folders.is_empty().then(|| {
        view! {
            <div class="card">
                <EmptyState title="Nothing was found" body="No name, description or endpoint has this in it.">
                    <Button href="/saved">"Show all"</Button>
                </EmptyState>
            </div>
        }
    });
    let all = (!folders.is_empty()).then(|| {
        let ids: Vec<_> =
            folders.iter().flat_map(|folder| &folder.requests).map(|request| request.id.clone()).collect();
        view! { <p><a href=export_address(&ids) rel="external" download="">"Export these as a file"</a></p> }
    });
    let folders = folders.into_iter().map(|folder| view! { <Folder folder now/> }).collect_view();
    view! {
        <div class="stack">
            <form class="saved-search" method="get" action="/saved" role="search" aria-label="Saved requests">
                <TextInput name="search" label="Search" kind="search" value=Signal::stored(search)/>
                <Button submit=true icon=IconName::Search>"Search saved requests"</Button>
            </form>
            {none}
            {folders}
            {all}
        </div>
    }
    .into_any()
}

#[component]
fn Folder(folder: SavedFolder, now: Timestamp) -> impl IntoView {
    let SavedFolder { endpoint, requests } = folder;
    let count = match requests.len() {
        1 => "1 request".to_owned(),
        count => format!("{count} requests"),
    };
    let name = endpoint.to_string();
    let lines = requests.into_iter().map(|request| view! { <Line request now/> }).collect_view();
    view! {
        <Card title=move || name.clone() aside=move || count.clone()>
            <ul class="lines">{lines}</ul>
        </Card>
    }
}

#[component]
fn Line(request: SavedSummary, now: Timestamp) -> impl IntoView {
    let SavedSummary { id, name, description, variables, changed, .. } = request;
    let values = match variables {
        0 => "nothing to fill in".to_owned(),
        1 => "1 value to fill in".to_owned(),
        count => format!("{count} values to fill in"),
    };
    let edit = format!("Edit {name}");
    view! {
        <li class="line">
            <div class="line-text">
                <a class="line-title" href=format!("/saved/{id}/form")>{name}</a>
                {(!description.is_empty()).then(|| view! { <p class="line-detail">{description}</p> })}
                <p class="line-detail">{values} " · changed " <Time at=changed now=now/></p>
            </div>
            <div class="line-aside">
                <a class="btn btn-small" href=format!("/saved/{id}") aria-label=edit>"Edit"</a>
            </div>
        </li>
    }
}

/// Where a file of these is downloaded.
fn export_address(ids: &[SavedId]) -> String {
    let ids: Vec<String> = ids.iter().map(|id| format!("id={}", encoded(id.as_str()))).collect();
    format!("/saved/export?{}", ids.join("&"))
}

/// The id in the address.
fn id_in_address() -> Memo<Result<SavedId, AppError>> {
    let params = use_params_map();
    Memo::new(move |_| {
        let id = params.read().get("id").unwrap_or_default();
        SavedId::parse(&id).map_err(|error| AppError::new(ErrorKind::NotFound, error.to_string()))
    })
}

/// What is not there is an answer, not a failure to try again.
fn if_there_is<T>(found: Result<T, AppError>) -> Result<Option<T>, AppError> {
    match found {
        Err(AppError { kind: ErrorKind::NotFound, .. }) => Ok(None),
        found => found.map(Some),
    }
}

/// The address is no saved request's.
#[component]
fn NothingSaved() -> impl IntoView {
    #[cfg(feature = "ssr")]
    if let Some(response) = use_context::<leptos_axum::ResponseOptions>() {
        response.set_status(http::StatusCode::NOT_FOUND);
    }
    view! {
        <PageHeader title="No such saved request"/>
        <div class="card">
            <EmptyState title="Nothing is saved at this address" body="It was deleted, or the address has a typing mistake.">
                <Button href="/saved">"Go to the saved requests"</Button>
            </EmptyState>
        </div>
    }
}
