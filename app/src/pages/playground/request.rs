//! The request: headers, body, size, and the button that sends it.

use super::Typed;
use super::streaming::Live;
use crate::api::playground::{InvokeEndpoint, StreamEndpoint};
use crate::ui::{Button, ButtonKind, Choice, FieldError, IconName, Select, TextArea, TextInput, Words, size};
use domain::endpoint::Sample;
use domain::invoke::{TargetView, limits};
use domain::names::EndpointName;
use domain::share::intent::InvokeAction;
use leptos::ev::{KeyboardEvent, SubmitEvent};
use leptos::form::{ActionForm, FromFormData as _};
use leptos::html;
use leptos::prelude::*;

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

const CONTENT_TYPES: [&str; 7] = [
    "text/csv",
    "application/json",
    "application/jsonlines",
    "text/plain",
    "text/libsvm",
    "application/x-npy",
    "application/x-image",
];

/// `1,100,000`
fn thousands(number: usize) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

fn content_types() -> Vec<String> {
    CONTENT_TYPES.map(str::to_owned).into()
}

/// What is sent.
#[component]
pub(super) fn Request(
    target: TargetView,
    endpoint: EndpointName,
    typed: Typed,
    invoke: ServerAction<InvokeEndpoint>,
    live: Live,
) -> impl IntoView {
    let form = NodeRef::<html::Form>::new();
    let touch = move |signal: RwSignal<String>| {
        Callback::new(move |text: String| {
            signal.set(text);
            typed.touched.set(true);
        })
    };
    let bytes = Memo::new(move |_| typed.body.with(String::len));
    let blocked = target.blocked.clone();
    let reason = {
        let blocked = blocked.clone();
        Signal::derive(move || match bytes.get() > limits::BODY_BYTES {
            _ if blocked.is_some() => Some("not from here".to_owned()),
            true => Some(format!("over {}", size(limits::BODY_BYTES))),
            false => None,
        })
    };
    let send = move |event: KeyboardEvent| {
        if event.key() == "Enter" && (event.ctrl_key() || event.meta_key()) {
            event.prevent_default();
            if let (Some(form), None) = (form.get_untracked(), reason.get_untracked()) {
                _ = form.request_submit();
            }
        }
    };
    // Before the form's own handler, which knows answers as a whole only.
    let submit = move |event: SubmitEvent| {
        if typed.way.with_untracked(|way| way != InvokeAction::Stream.key()) {
            return live.clear();
        }
        if let Ok(call) = StreamEndpoint::from_event(&event) {
            event.prevent_default();
            invoke.value().set(None);
            live.start(call);
        }
    };
    let pending = invoke.pending();
    let busy = Signal::derive(move || pending.get() || live.is_going());
    let ways = ways(&target);
    let sample = target.sample.clone().map(|sample| view! { <UseSample sample typed/> });
    let error = Signal::derive(move || {
        let message = format!("{} are more than InvokeEndpoint takes", size(bytes.get()));
        let hint = "Send less, or put the input in S3 and use an asynchronous endpoint.".to_owned();
        (bytes.get() > limits::BODY_BYTES).then_some(FieldError { message, hint: Some(hint) })
    });
    let more_open = typed.custom_attributes.with_untracked(|a| !a.is_empty());
    view! {
        <section class="pane" aria-label="Request" on:keydown=send on:submit:capture=submit>
            <ActionForm action=invoke node_ref=form attr:id=FORM>
                <div class="pane-head">
                    <h2>"Request"</h2>
                    <span class="pane-head-aside">
                        <span class="muted">{move || lines_in_words(&typed.body.read())}</span>
                        {sample}
                    </span>
                </div>
                {blocked.map(|why| view! { <p class="pane-note"><Words text=why /></p> })}
                <input type="hidden" name="through" value=target.through.to_string() />
                <input type="hidden" name="endpoint" value=endpoint.to_string() />
                <div class="pane-fields">
                    <TextInput
                        name="content_type"
                        label="Content type"
                        value=typed.content_type
                        suggestions=content_types()
                        on_input=touch(typed.content_type)
                    />
                    <TextInput
                        name="accept"
                        label="Accept"
                        value=typed.accept
                        placeholder="Any"
                        suggestions=content_types()
                        on_input=touch(typed.accept)
                    />
                    <Select
                        name="way"
                        label="Answer"
                        choices=ways
                        value=typed.way
                        on_change=Callback::new(move |way| typed.way.set(way))
                    />
                </div>
                <div class="pane-body">
                    <TextArea
                        name="body"
                        label="Body"
                        value=typed.body
                        error
                        rows=11
                        mono=true
                        on_input=touch(typed.body)
                    />
                    <details class="more-options" open=more_open>
                        <summary>"Options"</summary>
                        <TextInput
                            name="custom_attributes"
                            label="Custom attributes"
                            description="Passed on to the model's container as they are, at most 1,024 ASCII characters."
                            value=typed.custom_attributes
                            mono=true
                            on_input=touch(typed.custom_attributes)
                        />
                    </details>
                </div>
                <div class="pane-foot">
                    <div class="size">
                        <meter
                            class="meter"
                            aria-label="Size of the body"
                            min="0"
                            max=limits::BODY_BYTES.to_string()
                            high=(limits::BODY_BYTES / 10 * 9).to_string()
                            value=move || bytes.get().to_string()
                        ></meter>
                        <span>{move || format!("{} of {}", size(bytes.get()), size(limits::BODY_BYTES))}</span>
                    </div>
                    <kbd class="with-script" aria-hidden="true">
                        "Ctrl Enter"
                    </kbd>
                    <Button
                        kind=ButtonKind::Primary
                        submit=true
                        icon=IconName::Play
                        busy
                        disabled_reason=reason
                    >
                        "Invoke endpoint"
                    </Button>
                </div>
            </ActionForm>
        </section>
    }
}

/// Brings the sample back, once something else is typed.
#[component]
fn UseSample(sample: Sample, typed: Typed) -> impl IntoView {
    let other = {
        let sample = sample.clone();
        Memo::new(move |_| {
            typed.body.with(|body| *body != sample.body) || typed.content_type.with(|kind| *kind != sample.content_type)
        })
    };
    let on_click = Callback::new(move |_| {
        typed.take(&sample);
        typed.touched.set(false);
    });
    let button = move || view! { <Button kind=ButtonKind::Quiet small=true on_click>"Use sample"</Button> };
    view! { <span class="with-script">{move || other.get().then(button)}</span> }
}

/// How the answer can be asked for.
fn ways(target: &TargetView) -> Vec<Choice> {
    let stream = Choice::new(InvokeAction::Stream.key(), "Piece by piece");
    let allowed = target.ways.contains(&InvokeAction::Stream);
    vec![
        Choice::new(InvokeAction::Invoke.key(), "As a whole"),
        if allowed { stream } else { stream.disabled("the share does not allow streams") },
    ]
}

fn lines_in_words(body: &str) -> String {
    match body.lines().filter(|line| !line.trim().is_empty()).count() {
        0 => "empty".into(),
        1 => "1 line".into(),
        n => format!("{} lines", thousands(n)),
    }
}

#[cfg(test)]
mod tests {
    use super::{lines_in_words, thousands};

    #[test]
    fn lines_are_counted_in_words_that_can_be_read() {
        assert_eq!(lines_in_words(" \n"), "empty");
        assert_eq!(lines_in_words("1,2\n\n"), "1 line");
        assert_eq!(lines_in_words(&"1,2\n".repeat(1200)), "1,200 lines");
        assert_eq!([7, 100, 1000, 1_700_000].map(thousands), ["7", "100", "1,000", "1,700,000"]);
    }
}
