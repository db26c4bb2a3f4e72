//! What the history keeps, and deleting from it.

use crate::api::history::{DeleteCalls, SetHistory, SettingsView, get_history_settings};
use crate::components::PlaygroundTabs;
use crate::error::{failure_of, problem_at};
use crate::ui::{
    ActionProblem, Button, ButtonKind, Card, Checkbox, Choice, Confirm, PageHeader, RadioCards, Resolve, Select,
    Skeleton, TextInput, thousands,
};
use domain::history::limits;
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
        ["changed", "gone", "kept"].map(|name| query.get(name).unwrap_or_default())
    });
    let settings = Resource::new(move || done.get(), |[.., kept]| get_history_settings(kept));
    let said = move || match done.get() {
        [changed, ..] if !changed.is_empty() => Some("What is kept was changed.".to_owned()),
        [_, gone, _] => match gone.parse::<u64>() {
            Ok(1) => Some("1 entry was deleted.".into()),
            Ok(gone) => Some(format!("{} entries were deleted.", thousands(gone))),
            Err(_) => None,
        },
    };
    view! {
        <PageHeader title="What the history keeps" sub="For everybody who uses this console."/>
        <PlaygroundTabs/>
        {move || said().map(|said| view! { <p class="say" role="status">{said}</p> })}
        <Resolve
            resource=settings
            failed="The settings could not be loaded"
            skeleton=|| view! { <div class="card"><Skeleton lines=8/></div> }
            children=Callback::new(move |view: SettingsView| {
                view! {
                    <div class="stack">
                        <Keep view/>
                        <Delete/>
                    </div>
                }
            })
        />
    }
}

#[component]
fn Keep(view: SettingsView) -> impl IntoView {
    let SettingsView { form, problems } = view;
    let set = ServerAction::<SetHistory>::new();
    let error = move |field: &str| Signal::stored(problem_at(&problems, field));
    let within =
        |range: std::ops::RangeInclusive<u32>, unit: &str| format!("{} to {} {unit}.", range.start(), range.end());
    view! {
        <Card title=|| "Keep">
            <ActionForm action=set attr:novalidate="">
                <div class="card-body stack">
                    <p class="field-about">
                        "Of every call: when, which session, through what, to which endpoint, its sizes, times, status and AWS's \
                        request ID. Never a credential."
                    </p>
                    <TextInput
                        name="form[call_days]"
                        label="Keep calls for so many days"
                        inputmode="numeric"
                        description=within(limits::CALL_DAYS, "days")
                        value=Signal::stored(form.call_days)
                        error=error("call_days")
                    />
                    <Checkbox
                        name="form[keep_bodies]"
                        value="true"
                        label="Keep bodies, too"
                        checked=form.keep_bodies
                        description="Then what is sent to models and what they answer is written into the console's database, \
                        with custom attributes and sessions, and everybody who signs in here can read it. Leave it off where \
                        that may be personal or secret. It holds for calls from now on; turning it off deletes nothing."
                    />
                    <TextInput
                        name="form[body_kb]"
                        label="The largest body to keep, in kB"
                        inputmode="numeric"
                        description=format!("{} Of a larger one nothing is kept.", within(limits::BODY_KB, "kB"))
                        value=Signal::stored(form.body_kb)
                        error=error("body_kb")
                    />
                    <TextInput
                        name="form[body_days]"
                        label="Keep bodies for so many days"
                        inputmode="numeric"
                        description=format!("{} Never longer than the call itself.", within(limits::BODY_DAYS, "days"))
                        value=Signal::stored(form.body_days)
                        error=error("body_days")
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
                    <p class="field-about">"The activity says that it was done."</p>
                    <ActionProblem error=failure_of(delete)/>
                    <Confirm
                        label="Delete…"
                        lost="What is chosen above is gone then, for everybody, and can't be brought back."
                        button="Delete from the history"
                        busy=delete.pending()
                    />
                </div>
            </ActionForm>
        </Card>
    }
}
