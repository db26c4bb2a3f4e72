//! What the history keeps, and deleting from it.

use crate::api::history::{DeleteCalls, SetHistory, get_history_settings};
use crate::components::PlaygroundTabs;
use crate::error::failure_of;
use crate::ui::{
    ActionProblem, Button, ButtonKind, Card, Checkbox, Choice, PageHeader, RadioCards, Resolve, Select, Skeleton,
    TextInput,
};
use domain::history::{HistorySettings, limits};
use leptos::form::ActionForm;
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

/// What is kept.
#[component]
pub fn HistorySettingsPage() -> impl IntoView {
    let query = use_query_map();
    // What was done just now: read anew, and said.
    let done = Memo::new(move |_| {
        let query = query.read();
        (query.get("kept"), query.get("gone"))
    });
    let settings = Resource::new(move || done.get(), |_| get_history_settings());
    let said = move || match done.get() {
        (Some(_), _) => Some("What is kept was changed.".to_owned()),
        (_, Some(gone)) if gone.parse::<u64>().is_ok() => Some(format!("{gone} entries were deleted.")),
        _ => None,
    };
    view! {
        <PageHeader title="What the history keeps" sub="For everybody who uses this console."/>
        <PlaygroundTabs/>
        {move || said().map(|said| view! { <p class="say" role="status">{said}</p> })}
        <Resolve
            resource=settings
            failed="The settings could not be loaded"
            skeleton=|| view! { <div class="card"><Skeleton lines=8/></div> }
            children=Callback::new(move |settings: HistorySettings| {
                view! {
                    <div class="stack">
                        <Keep settings/>
                        <Delete/>
                    </div>
                }
            })
        />
    }
}

#[component]
fn Keep(settings: HistorySettings) -> impl IntoView {
    let set = ServerAction::<SetHistory>::new();
    let number = |value: u32| Signal::stored(value.to_string());
    let within =
        |range: std::ops::RangeInclusive<u32>, unit: &str| format!("{} to {} {unit}.", range.start(), range.end());
    view! {
        <Card title=|| "Keep">
            <ActionForm action=set>
                <div class="card-body stack">
                    <p class="field-about">
                        "Of every call: when, which session, through what, to which endpoint, its sizes, times, status and AWS's \
                        request ID. Never a credential."
                    </p>
                    <TextInput
                        name="call_days"
                        label="Keep calls for so many days"
                        inputmode="numeric"
                        description=within(limits::CALL_DAYS, "days")
                        value=number(settings.call_days)
                    />
                    <Checkbox
                        name="keep_bodies"
                        value="true"
                        label="Keep bodies, too"
                        checked=settings.keep_bodies
                        description="Then what is sent to models and what they answer is written into the console's database, \
                        with custom attributes and sessions, and everybody who signs in here can read it. Leave it off where \
                        that may be personal or secret. It holds for calls from now on; turning it off deletes nothing."
                    />
                    <TextInput
                        name="body_kb"
                        label="The largest body to keep, in kB"
                        inputmode="numeric"
                        description=format!("{} Of a larger one nothing is kept.", within(limits::BODY_KB, "kB"))
                        value=number(settings.body_kb)
                    />
                    <TextInput
                        name="body_days"
                        label="Keep bodies for so many days"
                        inputmode="numeric"
                        description=format!("{} Never longer than the call itself.", within(limits::BODY_DAYS, "days"))
                        value=number(settings.body_days)
                    />
                    <ActionProblem error=failure_of(set)/>
                    <div class="form-actions">
                        <Button kind=ButtonKind::Primary submit=true busy=set.pending()>"Save settings"</Button>
                        <Button href="/history">"Back to the history"</Button>
                    </div>
                </div>
            </ActionForm>
        </Card>
    }
}

#[component]
fn Delete() -> impl IntoView {
    let delete = ServerAction::<DeleteCalls>::new();
    let ages =
        [("30", "Older than 30 days"), ("7", "Older than 7 days"), ("1", "Older than a day"), ("0", "All of them")];
    let ages: Vec<Choice> = ages.into_iter().map(|(value, label)| Choice::new(value, label)).collect();
    let what = vec![
        Choice::new("true", "Bodies only").detail("The calls stay, without what was said."),
        Choice::new("false", "Calls").detail("With their bodies."),
    ];
    view! {
        <Card title=|| "Delete">
            <ActionForm action=delete>
                <div class="card-body stack">
                    <RadioCards name="only_bodies" label="What" choices=what value=Signal::stored("true".to_owned())/>
                    <Select name="older_days" label="Which" choices=ages value=Signal::stored("30".to_owned())/>
                    <p class="field-about">"What is deleted is gone: it can't be brought back. The activity says that it was done."</p>
                    <ActionProblem error=failure_of(delete)/>
                    <div class="form-actions">
                        <Button kind=ButtonKind::Danger submit=true busy=delete.pending()>"Delete from the history"</Button>
                    </div>
                </div>
            </ActionForm>
        </Card>
    }
}
