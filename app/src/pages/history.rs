//! History: every call that was made, to look for, to look at and to make again. What is looked for is in the address.

mod call;
mod search;
mod settings;

pub use call::CallPage;
pub use settings::HistorySettingsPage;

use crate::api::encoded;
use crate::api::history::list_calls;
use crate::components::PlaygroundTabs;
use crate::ui::{
    Badge, Button, ButtonKind, Column, EmptyState, PageHeader, Resolve, Rows, Skeleton, Table, Time, Tone, duration_us,
    size,
};
use domain::history::{Call, CallClass, CallView, HistoryForm, HistoryView};
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;
use search::Search;

const COLUMNS: [Column; 7] = [
    Column::new("When"),
    Column::new("Endpoint"),
    Column::new("Result"),
    Column::number("Sent"),
    Column::number("Received"),
    Column::number("Took"),
    Column::new("Who"),
];

/// All calls, newest first.
#[component]
pub fn HistoryPage() -> impl IntoView {
    let query = use_query_map();
    let form = Memo::new(move |_| {
        let query = query.read();
        let part = |name: &str| query.get(name).unwrap_or_default();
        HistoryForm {
            text: part("text"),
            endpoint: part("endpoint"),
            through: part("through"),
            result: part("result"),
            code: part("code"),
            who: part("who"),
            from: part("from"),
            to: part("to"),
            before: part("before"),
        }
    });
    let history = Resource::new(move || form.get(), list_calls);
    view! {
        <PageHeader title="History" sub="Every call of the playground and of forms, newest first. Batches and load checks keep their own.">
            <Button href="/history/settings">"What is kept"</Button>
        </PageHeader>
        <PlaygroundTabs/>
        <Resolve
            resource=history
            failed="The history could not be loaded"
            skeleton=|| view! { <div class="card"><Skeleton lines=10/></div> }
            children=Callback::new(move |view: HistoryView| view! { <Found view/> })
        />
    }
}

#[component]
fn Found(view: HistoryView) -> impl IntoView {
    let HistoryView { form, problems, page, known, settings, lost, now } = view;
    let first = form.before.is_empty();
    let (narrowed, wrong) = (form.is_narrowed(), !problems.is_empty());
    let pager = (!first || page.next.is_some()).then(|| {
        let at = |before: &str| address(&HistoryForm { before: before.to_owned(), ..form.clone() });
        let newest = (!first).then(|| view! { <Button small=true href=at("")>"Newest"</Button> });
        let older = page.next.as_deref().map(|next| view! { <Button small=true href=at(next)>"Older"</Button> });
        view! { <nav class="pager" aria-label="Pages">{newest}{older}</nav> }
    });
    let empty = move || {
        if narrowed || !first {
            let body = if wrong {
                "Mend what is marked above, then search again."
            } else {
                "Look for less, or for other days."
            };
            view! { <EmptyState title="No call was found" body><Button href="/history">"Show all calls"</Button></EmptyState> }
                .into_any()
        } else {
            view! {
                <EmptyState
                    title="No call yet"
                    body="Every call of the playground is listed here: who made it, when, how large it was, how long it took and how it ended."
                >
                    <Button kind=ButtonKind::Primary href="/playground">"Go to the playground"</Button>
                </EmptyState>
            }
            .into_any()
        }
    };
    let lost = (lost > 0).then(|| {
        let said = format!(
            "{lost} calls are missing since the console was started: they came faster than they could be written."
        );
        view! { <p class="say">{said}</p> }
    });
    let bodies = if settings.keep_bodies { "Bodies are kept, too." } else { "Bodies are not kept." };
    view! {
        <div class="stack">
            <Search form known problems/>
            {lost}
            <div class="card">
                <Table
                    label="Calls"
                    columns=COLUMNS.to_vec()
                    rows=Rows::Ready(page.items)
                    failed="The history could not be loaded"
                    empty
                    children=Callback::new(move |view: CallView| row(view, now))
                />
                {pager}
            </div>
            <p class="field-about">
                {format!("Calls are kept for {} days. {bodies} ", settings.call_days)}
                <a href="/history/settings">"Change what is kept"</a>
            </p>
        </div>
    }
}

fn row(view: CallView, now: domain::time::Timestamp) -> impl IntoView {
    let CallView { id, call } = view;
    let Call { at, endpoint, label, class, code, sent, received, role_us, call_us, first_us, who, .. } = call;
    let took = duration_us(role_us.saturating_add(call_us));
    let first = first_us.map(|first| view! { <p class="cell-sub">{format!("first {}", duration_us(first))}</p> });
    view! {
        <td class="nowrap"><Time at=at now=now/></td>
        <td>
            <a class="cell-main" href=format!("/history/{id}")>{endpoint.to_string()}</a>
            <p class="cell-sub">{label}</p>
        </td>
        <td>
            <ClassBadge ended=class/>
            {(!code.is_empty()).then(|| view! { <p class="cell-sub">{code}</p> })}
        </td>
        <td class="num nowrap">{size(sent)}</td>
        <td class="num nowrap">{received.map(size)}</td>
        <td class="num nowrap">{took} {first}</td>
        <td class="nowrap muted">{who}</td>
    }
}

/// How a call ended, in a word or two.
#[component]
fn ClassBadge(ended: CallClass) -> impl IntoView {
    let tone = match ended {
        CallClass::Answered => Tone::Ok,
        CallClass::Taken | CallClass::Stopped => Tone::Neutral,
        CallClass::Refused => Tone::Warn,
        CallClass::Denied | CallClass::Failed | CallClass::Broken => Tone::Bad,
    };
    view! { <Badge tone dot=true>{ended.label()}</Badge> }
}

/// The address of a search.
fn address(form: &HistoryForm) -> String {
    let there = form.fields().into_iter().filter(|(_, value)| !value.trim().is_empty());
    let parts: Vec<String> = there.map(|(name, value)| format!("{name}={}", encoded(value.trim()))).collect();
    if parts.is_empty() { "/history".into() } else { format!("/history?{}", parts.join("&")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_says_what_is_looked_for_and_nothing_else() {
        assert_eq!(address(&HistoryForm::default()), "/history");
        let form = HistoryForm { text: " a&b ".into(), before: "1-2".into(), ..HistoryForm::default() };
        assert_eq!(address(&form), "/history?text=a%26b&before=1-2");
    }
}
