//! Load checks: a new one, and those that were made.

mod compare;
mod form;
mod one;
mod plots;

pub use one::LoadPage;

use crate::api::load::{LoadsView, PrepareLoad, list_loads};
use crate::api::runs::AsOf;
use crate::components::PlaygroundTabs;
use crate::ui::{
    Badge, Card, Column, EmptyState, PageHeader, Resolve, Rows, Skeleton, Table, Time, Tone, duration_us, thousands,
};
use domain::load::{LoadEnd, LoadPace, LoadSetup, LoadState, LoadView};
use domain::names::LoadId;
use domain::time::Timestamp;
use form::Form;
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

const COLUMNS: [Column; 7] = [
    Column::new("When"),
    Column::new("Endpoint"),
    Column::new("Pace"),
    Column::number("Calls"),
    Column::number("Answers a second"),
    Column::number("p50"),
    Column::number("p99"),
];

/// A new load check, and those there are.
#[component]
pub fn LoadsPage() -> impl IntoView {
    let query = use_query_map();
    let asked = Memo::new(move |_| {
        let query = query.read();
        let part = |name: &str| query.get(name).unwrap_or_default();
        (part("through"), part("endpoint"), part("kept"), LoadId::parse(&part("like")).ok())
    });
    let loads =
        Resource::new(move || asked.get(), |(through, endpoint, kept, like)| list_loads(through, endpoint, kept, like));
    let prepare = ServerAction::<PrepareLoad>::new();
    view! {
        <PageHeader title="Load check" sub="One request over and over, for a bounded time: how long answers take, and how many come in a second." />
        <PlaygroundTabs/>
        <Resolve
            resource=loads
            failed="The load checks could not be loaded"
            skeleton=|| view! { <div class="card"><Skeleton lines=10 /></div> }
            children=Callback::new(move |page: AsOf<LoadsView>| {
                let AsOf { view: LoadsView { loads, form, targets, limits }, now } = page;
                view! {
                    <div class="stack">
                        <Form form targets limits prepare check=false />
                        <Past loads now />
                    </div>
                }
            })
        />
    }
}

#[component]
fn Past(loads: Vec<LoadView>, now: Timestamp) -> impl IntoView {
    let row = Callback::new(move |load: LoadView| {
        let href = format!("/playground/load/{}", load.id);
        let endpoint = load.setup.as_ref().map(|setup| setup.params.endpoint.to_string());
        let failed = (load.failed > 0).then(|| view! { <p class="cell-sub">{thousands(load.failed)} " failed"</p> });
        view! {
            <td class="nowrap">
                <a href=href>
                    <Time at=load.created now />
                </a>
            </td>
            <td>{endpoint}</td>
            <td class="nowrap">{load.setup.as_ref().map(pace_in_words)}</td>
            <td class="num nowrap">{thousands(load.calls)} {failed}</td>
            <td class="num">{tenths(load.tenths_a_second())}</td>
            <td class="num nowrap">{took(load.took.p50)}</td>
            <td class="num nowrap">{took(load.took.p99)}</td>
        }
    });
    view! {
        <Card title=|| "Load checks">
            <Table
                label="Load checks"
                columns=COLUMNS.to_vec()
                rows=Rows::Ready(loads)
                failed="The load checks could not be loaded"
                empty=|| {
                    view! {
                        <EmptyState
                            title="No load checks yet"
                            body="Set one up above: you see how many calls it makes at most before the first one is made."
                        />
                    }
                }
                children=row
            />
        </Card>
    }
}

/// `4 at once`, `10 a second`.
fn pace_in_words(setup: &LoadSetup) -> String {
    match setup.pace {
        LoadPace::AtOnce => format!("{} at once", setup.at_once),
        LoadPace::Rate(rate) => format!("{rate} a second"),
    }
}

/// Tenths as a number: `12.5`.
fn tenths(tenths: u64) -> String {
    format!("{}.{}", thousands(tenths / 10), tenths % 10)
}

/// How long, or a dash where nothing was measured.
fn took(us: u64) -> String {
    if us == 0 { "–".into() } else { duration_us(us) }
}

/// Where a check is, in a word.
#[component]
fn StateBadge(state: LoadState, end: Option<LoadEnd>, failed: u64) -> impl IntoView {
    let (tone, words) = match (state, end) {
        (LoadState::Ready, _) => (Tone::Neutral, "Not begun"),
        (LoadState::Running, _) => (Tone::Accent, "Measuring"),
        (LoadState::Stopping, _) => (Tone::Accent, "Ending"),
        (LoadState::Done, Some(LoadEnd::Stopped)) => (Tone::Warn, "Stopped"),
        (LoadState::Done, Some(LoadEnd::Early)) => (Tone::Warn, "Ended early"),
        (LoadState::Done, _) if failed > 0 => (Tone::Warn, "Done"),
        (LoadState::Done, _) => (Tone::Ok, "Done"),
    };
    view! {
        <Badge tone dot=true>
            {words}
        </Badge>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_told_with_their_units() {
        assert_eq!([0, 125, 12_345].map(tenths), ["0.0", "12.5", "1,234.5"]);
        assert_eq!([0, 34_900].map(took), ["–", "34 ms"]);
    }
}
