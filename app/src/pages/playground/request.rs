//! The request: what the body is, the body, what is said beside it, how the answer is asked for, and the button that
//! sends it. Without a script it is a plain form of text.

mod editor;
mod file;
mod grid;
mod kinds;
mod options;
mod samples;
mod sending;
mod typed;
mod ways;

pub(super) use samples::Earlier;
pub(super) use sending::{ms_since, now_ms};
pub(super) use typed::Typed;

use super::later::Later;
use super::streaming::Live;
use crate::api::playground::InvokeEndpoint;
use crate::components::{CarryRequest, SaveRequest};
use crate::error::AppError;
use crate::ui::{Button, ButtonKind, Checkbox, IconName, TextInput, Words, size, thousands};
use domain::body::{BodyKind, BodyProblem, csv};
use domain::endpoint::EndpointStatus;
use domain::invoke::{InvokeParams, TargetView};
use domain::names::EndpointName;
use editor::{TextBody, UnderText};
use file::FilePane;
use grid::Grid;
use kinds::Kinds;
use leptos::ev::{KeyboardEvent, SubmitEvent};
use leptos::html;
use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use options::Options;
use samples::{Samples, UseSample};
use sending::{Sending, Waiting};
use ways::{Ways, WaysNot};

/// The form's id.
pub(super) const FORM: &str = "invoke-form";

/// Sends the form as it stands now, as its button does.
#[cfg_attr(not(feature = "hydrate"), allow(dead_code, reason = "only a browser presses buttons"))]
pub(super) fn send_again() {
    #[cfg(feature = "hydrate")]
    // What was set just now is in the form by the next picture.
    request_animation_frame(|| {
        use leptos::wasm_bindgen::JsCast as _;
        let form = document().get_element_by_id(FORM).and_then(|form| form.dyn_into::<web_sys::HtmlFormElement>().ok());
        if let Some(form) = form {
            let _ = form.request_submit();
        }
    });
}

const CONTENT_TYPES: [&str; 9] = [
    "text/csv",
    "application/json",
    "application/jsonlines",
    "text/plain",
    "text/libsvm",
    "application/x-npy",
    "application/x-image",
    "image/png",
    "image/jpeg",
];

fn content_types() -> Vec<String> {
    CONTENT_TYPES.map(str::to_owned).into()
}

/// What stands in the way of sending.
fn reason(
    typed: Typed,
    target: StoredValue<TargetView>,
    bytes: Memo<usize>,
    problem: Memo<Option<BodyProblem>>,
) -> Signal<Option<String>> {
    // Without a script a button that asks for more would stay as it was drawn.
    let follows = RwSignal::new(false);
    Effect::new(move |_| follows.set(true));
    Signal::derive(move || {
        let (blocked, limit) = target.with_value(|target| (target.blocked.is_some(), target.body_limit()));
        if blocked {
            return Some("not from here".to_owned());
        }
        if bytes.get() > limit {
            return Some(format!("over {}", size(limit)));
        }
        if let BodyKind::File = typed.kind.get()
            && let Some(why) = typed.file.with(|file| Some(file.why_not()).filter(|why| !why.is_empty()))
        {
            return Some(why.replace('`', ""));
        }
        // Of these there is nothing to send while something is wrong with them.
        if typed.kind.get() == BodyKind::Bytes && problem.with(Option::is_some) {
            return Some("these are no bytes".to_owned());
        }
        let way = typed.way();
        let missing = |target: &TargetView| if follows.get() { options::missing(typed, target) } else { None };
        target
            .with_value(|target| ways::hindrance(target, way).or_else(|| missing(target)))
            .or_else(|| options::problem(typed))
    })
}

/// Why sending the body asks for a second press, in words: it is no JSON, or not yet.
fn doubt(
    typed: Typed,
    problem: Memo<Option<BodyProblem>>,
    unfilled: Memo<Option<String>>,
) -> impl Fn() -> Option<String> + Copy + Send + Sync + 'static {
    move || match typed.kind.get() {
        BodyKind::Json | BodyKind::JsonLines => {
            problem.get().map(|problem| editor::in_words(&problem)).or_else(|| unfilled.get())
        }
        _ => None,
    }
}

/// What is sent.
#[component]
pub(super) fn Request(
    target: TargetView,
    endpoint: EndpointName,
    typed: Typed,
    invoke: ServerAction<InvokeEndpoint>,
    live: Live,
    later: Later,
    as_typed: Callback<(), Option<(InvokeParams, String)>>,
    earlier: Earlier,
    /// Why it was not saved just now.
    not_saved: Option<AppError>,
) -> impl IntoView {
    let form = NodeRef::<html::Form>::new();
    let kept = StoredValue::new(target.clone());
    let bytes = Memo::new(move |_| typed.bytes());
    let problem = Memo::new(move |_| typed.problem());
    let unfilled = editor::unfilled(typed);
    let doubt = doubt(typed, problem, unfilled);
    let reason = reason(typed, kept, bytes, problem);
    let sending = Sending::new(invoke, live, later);
    // Whether it was pressed once although something is wrong; another body is another question.
    let asked = RwSignal::new(false);
    Effect::new(move |_| {
        typed.body.track();
        typed.kind.track();
        asked.set(false);
    });
    let press = move |event: KeyboardEvent| {
        if event.key() == "Enter" && (event.ctrl_key() || event.meta_key()) {
            event.prevent_default();
            if let (Some(form), None, false) = (form.get_untracked(), reason.get_untracked(), sending.is_busy_now()) {
                _ = form.request_submit();
            }
        }
    };
    let send = move || match kept.with_value(|target| typed.params(target)) {
        Ok(params) => {
            asked.set(false);
            sending.send(params, typed.way_untracked());
        }
        // What can't be sent says so at its place.
        Err(_) => asked.set(true),
    };
    // With a script the request is not what stands in fields: the editor is none.
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        if untrack(doubt).is_some() { asked.set(true) } else { send() }
    };
    let busy = Signal::derive(move || sending.is_busy());
    let limit = target.body_limit();
    view! {
        <section
            class="pane request"
            aria-label="Request"
            on:keydown=press
            on:submit:capture=submit
            on:dragover=move |event| allow_drop(&event)
            on:drop:capture=move |event| drop_file(&event, typed)
            on:paste:capture=move |event| paste_file(&event, typed)
        >
            <form node_ref=form id=FORM action=InvokeEndpoint::url() method="post">
                <Head target=target.clone() typed earlier/>
                <input type="hidden" name="through" value=target.through.to_string()/>
                <input type="hidden" name="endpoint" value=endpoint.to_string()/>
                <Fields target=target.clone() typed/>
                <div class="pane-body">
                    <Kinds typed/>
                    <Body target=kept typed problem unfilled bytes/>
                    <Options typed target/>
                </div>
                <Anyway asked doubt=Signal::derive(doubt) send=Callback::new(move |()| send())/>
                <div class="pane-foot request-foot">
                    <Size bytes limit/>
                    <kbd class="with-script" aria-hidden="true">
                        "Ctrl Enter"
                    </kbd>
                    <Button kind=ButtonKind::Primary submit=true icon=IconName::Play busy disabled_reason=reason>
                        "Invoke endpoint"
                    </Button>
                    <Waiting sending/>
                </div>
                <CarryRequest request=as_typed/>
                <SaveRequest request=as_typed problem=not_saved/>
            </form>
        </section>
    }
}

/// The heading, with what is to know before anything is sent.
#[component]
fn Head(target: TargetView, typed: Typed, earlier: Earlier) -> impl IntoView {
    let at = (target.through.to_string(), endpoint_of(&target));
    let sample = target.sample.clone().map(|sample| view! { <UseSample sample typed/> });
    let asleep = target.status.filter(|status| !status.answers()).map(|status| not_answering(&target, status));
    view! {
        <div class="pane-head">
            <h2>"Request"</h2>
            <span class="pane-head-aside">
                <span class="muted">{move || lines_in_words(typed)}</span>
                {sample}
                <Samples typed earlier at/>
            </span>
        </div>
        {target.blocked.map(|why| view! { <p class="pane-note"><Words text=why/></p> })}
        {asleep.map(|text| view! { <p class="pane-note"><Words text/></p> })}
    }
}

fn endpoint_of(target: &TargetView) -> String {
    target.endpoint.as_ref().map(ToString::to_string).unwrap_or_default()
}

/// That the endpoint does not answer now, and what may be done about it.
fn not_answering(target: &TargetView, status: EndpointStatus) -> String {
    let name = target.endpoint.as_ref().map(|name| format!("`{name}`")).unwrap_or_else(|| "The endpoint".into());
    let then = match status {
        EndpointStatus::Creating => "It answers once it is InService, usually within minutes.",
        EndpointStatus::Deleting => "It will be gone soon.",
        EndpointStatus::Failed => "It could not be made; the account that owns it sees why.",
        _ => "The account that owns it can bring it back.",
    };
    format!("{name} is {}: a call would be refused. {then}", status.as_str())
}

/// Content type, Accept, and how the answer comes.
#[component]
fn Fields(target: TargetView, typed: Typed) -> impl IntoView {
    let set_accept = Callback::new(move |text| {
        typed.accept.set(text);
        typed.touched.set(true);
    });
    view! {
        <div class="pane-fields">
            <TextInput
                name="content_type"
                label="Content type"
                value=typed.content_type
                suggestions=content_types()
                error=options::at_field(typed, "content_type")
                on_input=Callback::new(move |text| typed.follow_type(text))
            />
            <TextInput
                name="accept"
                label="Accept"
                value=typed.accept
                placeholder="Any"
                suggestions=content_types()
                error=options::at_field(typed, "accept")
                on_input=set_accept
            />
            <Ways typed target=target.clone()/>
        </div>
        <WaysNot target/>
    }
}

/// The body, as its kind is typed. All of it stays in the page: what is not shown is not forgotten.
#[component]
fn Body(
    target: StoredValue<TargetView>,
    typed: Typed,
    problem: Memo<Option<BodyProblem>>,
    unfilled: Memo<Option<String>>,
    bytes: Memo<usize>,
) -> impl IntoView {
    let in_grid = RwSignal::new(false);
    let is = move |kind: BodyKind| typed.kind.get() == kind;
    let grid = move || is(BodyKind::Csv) && in_grid.get();
    view! {
        <div class="body-text" hidden=move || is(BodyKind::File) || grid()>
            <TextBody typed target problem unfilled bytes/>
        </div>
        {move || is(BodyKind::File).then(|| view! { <FilePane typed/> })}
        {move || grid().then(|| view! { <Grid typed/> })}
        <div hidden=move || is(BodyKind::File)>
            <UnderText typed problem unfilled bytes/>
        </div>
        <div class="csv-tools with-script" hidden=move || !is(BodyKind::Csv)>
            <Checkbox
                name="body_grid"
                label="Edit as a grid"
                checked=in_grid
                on_change=Callback::new(move |on| in_grid.set(on))
            />
            <HeaderRow typed/>
        </div>
    }
}

/// Whether the first row of CSV is sent: offered where it looks like a header.
#[component]
fn HeaderRow(typed: Typed) -> impl IntoView {
    let header = Memo::new(move |_| match typed.kind.get() {
        BodyKind::Csv => typed.body.with(|text| csv::Table::of(text).header()),
        _ => None,
    });
    let first = move || {
        header.get().map(|cells| {
            let shown: Vec<_> = cells.iter().take(4).map(String::as_str).collect();
            let more = if cells.len() > shown.len() { ", …" } else { "" };
            format!("The first row looks like a header: {}{more}", shown.join(", "))
        })
    };
    let offered = Memo::new(move |_| header.with(Option::is_some) || typed.without_header.get());
    move || {
        offered.get().then(|| {
            view! {
                <div class="header-row">
                    <Checkbox
                        name="body_without_header"
                        label="Leave out the first row when sending"
                        checked=typed.without_header
                        on_change=Callback::new(move |on| typed.without_header.set(on))
                    />
                    <p class="muted">{first}</p>
                </div>
            }
        })
    }
}

/// A body with something wrong in it was to be sent: it may be, by whoever means it.
#[component]
fn Anyway(asked: RwSignal<bool>, doubt: Signal<Option<String>>, send: Callback<()>) -> impl IntoView {
    let question = move || {
        let what = doubt.get()?;
        let on_click = Callback::new(move |_| send.run(()));
        Some(view! {
            <div class="pane-note anyway" role="alert">
                <p><Words text=format!("{what} It was not sent: most models refuse such a body.")/></p>
                <Button small=true on_click>"Invoke with it as it is"</Button>
            </div>
        })
    };
    move || asked.get().then(question).flatten()
}

/// How much of what the endpoint takes the body is.
#[component]
fn Size(bytes: Memo<usize>, limit: usize) -> impl IntoView {
    view! {
        <div class="size">
            <meter
                class="meter"
                aria-label="Size of the body"
                min="0"
                max=limit.to_string()
                high=(limit / 10 * 9).to_string()
                value=move || bytes.get().to_string()
            ></meter>
            <span>{move || format!("{} of {}", size(bytes.get()), size(limit))}</span>
        </div>
    }
}

fn lines_in_words(typed: Typed) -> String {
    if typed.kind.get() == BodyKind::File {
        return String::new();
    }
    typed.body.with(|body| in_lines(body))
}

fn in_lines(body: &str) -> String {
    match body.lines().filter(|line| !line.trim().is_empty()).count() {
        0 => "empty".into(),
        1 => "1 line".into(),
        n => format!("{} lines", thousands(n)),
    }
}

/// Without this the browser opens what is dropped.
#[cfg_attr(not(feature = "hydrate"), allow(unused_variables, reason = "files are dropped in browsers"))]
fn allow_drop(event: &leptos::ev::DragEvent) {
    #[cfg(feature = "hydrate")]
    if event.data_transfer().is_some_and(|data| data.types().includes(&"Files".into(), 0)) {
        event.prevent_default();
    }
}

#[cfg_attr(not(feature = "hydrate"), allow(unused_variables, reason = "files are dropped in browsers"))]
fn drop_file(event: &leptos::ev::DragEvent, typed: Typed) {
    #[cfg(feature = "hydrate")]
    if let Some(file) = event.data_transfer().and_then(|data| data.files()).and_then(|files| files.get(0)) {
        event.prevent_default();
        // The editor would take its text.
        event.stop_propagation();
        file::choose(typed, file);
    }
}

#[cfg_attr(not(feature = "hydrate"), allow(unused_variables, reason = "files are pasted in browsers"))]
fn paste_file(event: &leptos::ev::ClipboardEvent, typed: Typed) {
    #[cfg(feature = "hydrate")]
    {
        let data = event.clipboard_data();
        // A spreadsheet brings a picture of its cells along: what also is text is text.
        let data = data.filter(|data| !data.types().includes(&"text/plain".into(), 0));
        if let Some(file) = data.and_then(|data| data.files()).and_then(|files| files.get(0)) {
            event.prevent_default();
            event.stop_propagation();
            file::choose(typed, file);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{in_lines, thousands};

    #[test]
    fn lines_are_counted_in_words_that_can_be_read() {
        assert_eq!(in_lines(" \n"), "empty");
        assert_eq!(in_lines("1,2\n\n"), "1 line");
        assert_eq!(in_lines(&"1,2\n".repeat(1200)), "1,200 lines");
        assert_eq!([7, 100, 1000, 1_700_000].map(thousands), ["7", "100", "1,000", "1,700,000"]);
    }
}
