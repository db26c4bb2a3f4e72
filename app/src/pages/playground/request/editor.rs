//! The text of a body: a text area, and over it the editor once its file has come. What is wrong with the text is told
//! below it and in the editor's margin.

use super::typed::Typed;
use crate::ui::{Button, FieldError, TextArea, Words, size};
use domain::body::{self, BodyKind, BodyProblem, json};
use domain::endpoint::EndpointKind;
use domain::invoke::TargetView;
use leptos::ev::MouseEvent;
use leptos::prelude::*;

/// The editor's file, which is no part of the page's own program: other pages never load it.
#[cfg(feature = "hydrate")]
const MODULE: &str = "/editor/editor.js";
/// The text area's id, which the editor asks for.
const AREA: &str = "field-body";
const EDITOR: &str = "body-editor";

/// Whose limit a body has.
fn limited_by(target: &TargetView) -> &'static str {
    match target.shape.as_ref().map(|shape| shape.kind) {
        Some(EndpointKind::Serverless) => "a serverless endpoint",
        Some(EndpointKind::Asynchronous) => "an asynchronous request",
        Some(EndpointKind::RealTime) | None => "InvokeEndpoint",
    }
}

/// What is sent as JSON only once a saved request fills it in, in words.
pub(super) fn unfilled(typed: Typed) -> Memo<Option<String>> {
    Memo::new(move |_| {
        let kind = typed.kind.get();
        typed.body.with(|text| unfilled_in_words(&body::unfilled(kind, text)))
    })
}

fn unfilled_in_words(variables: &[&str]) -> Option<String> {
    let quoted = |variable: &&str| format!("`{variable}`");
    Some(match variables {
        [] => return None,
        [one] => format!("`{one}` is filled in once the request is saved."),
        [first, second] => format!("`{first}` and `{second}` are filled in once the request is saved."),
        [some @ .., _] => {
            let some: Vec<_> = some.iter().take(3).map(quoted).collect();
            format!("{} and others are filled in once the request is saved.", some.join(", "))
        }
    })
}

/// A body that is typed as text.
#[component]
pub(super) fn TextBody(
    typed: Typed,
    target: StoredValue<TargetView>,
    problem: Memo<Option<BodyProblem>>,
    unfilled: Memo<Option<String>>,
    bytes: Memo<usize>,
) -> impl IntoView {
    let on_input = Callback::new(move |text: String| {
        typed.body.set(text);
        typed.touched.set(true);
    });
    let error = Signal::derive(move || {
        let (limit, what) = target.with_value(|target| (target.body_limit(), limited_by(target)));
        let message = format!("{} are more than {what} takes", size(bytes.get()));
        let hint =
            format!("The limit is {}. Send less, or use an asynchronous endpoint with its input in S3.", size(limit));
        (bytes.get() > limit).then_some(FieldError { message, hint: Some(hint) })
    });
    load();
    follow(typed);
    let label = move || if typed.kind.get() == BodyKind::Bytes { "Body in hex or base64" } else { "Body" };
    let place = move || problem.get().map(|BodyProblem { line, column, message }| format!("{line}:{column}:{message}"));
    let about = move || {
        let problem = problem.get().map(|problem| in_words(&problem));
        let words = [error.get().map(|error| error.message), problem.or_else(|| unfilled.get())];
        words.into_iter().flatten().collect::<Vec<_>>().join(" ")
    };
    let invalid = move || (problem.with(Option::is_some) || error.with(Option::is_some)).then_some("");
    view! {
        <TextArea name="body" label="Body" value=typed.body error rows=11 mono=true on_input/>
        <body-editor
            id=EDITOR
            class="with-script"
            for=AREA
            label=label
            language=move || match typed.kind.get() {
                BodyKind::Json | BodyKind::JsonLines => "json",
                _ => "text",
            }
            problem=place
            about=about
            invalid=invalid
        ></body-editor>
    }
}

/// What is wrong, where, in words.
pub(super) fn in_words(BodyProblem { line, column, message }: &BodyProblem) -> String {
    format!("Line {line}, column {column}: {message}.")
}

/// What is wrong with the body or worth knowing of it, and what to do with it as a whole.
#[component]
pub(super) fn UnderText(
    typed: Typed,
    problem: Memo<Option<BodyProblem>>,
    unfilled: Memo<Option<String>>,
    bytes: Memo<usize>,
) -> impl IntoView {
    let empty = move || match typed.kind.get() {
        BodyKind::Text | BodyKind::File => false,
        // Its first row may be left out.
        BodyKind::Csv => bytes.get() == 0 || typed.body.with(|text| text.trim().is_empty()),
        BodyKind::Json | BodyKind::JsonLines | BodyKind::Bytes => typed.body.with(|text| text.trim().is_empty()),
    };
    let note = Memo::new(move |_| match problem.with(Option::is_some) {
        true => None,
        false => unfilled.get().or_else(|| empty().then(|| "The body is empty.".to_owned())),
    });
    let is_json = move || typed.kind.get() == BodyKind::Json;
    let rewrite = move |with: fn(&str) -> String| {
        Callback::new(move |_: MouseEvent| {
            typed.touched.set(true);
            typed.body.update(|text| *text = with(text));
        })
    };
    let buttons = move || {
        let broken = Signal::derive(move || problem.with(Option::is_some).then(|| "not while it is broken".to_owned()));
        view! {
            <span class="body-buttons with-script">
                <Button small=true disabled_reason=broken on_click=rewrite(json::format)>"Format"</Button>
                <Button small=true disabled_reason=broken on_click=rewrite(json::compact)>"Compact"</Button>
            </span>
        }
    };
    view! {
        <div class="under-body">
            <div class="body-told">
                <p class="body-problem" role="status">
                    {move || problem.get().map(|problem| view! { <Words text=in_words(&problem)/> })}
                </p>
                {move || note.get().map(|text| view! { <p class="body-note"><Words text/></p> })}
            </div>
            {move || is_json().then(buttons)}
        </div>
    }
}

/// Gets the editor, once for as long as the console stays open.
fn load() {
    #[cfg(feature = "hydrate")]
    Effect::new(|_| {
        let document = document();
        let selector = format!("script[src='{MODULE}']");
        let (Ok(None), Some(head)) = (document.query_selector(&selector), document.head()) else { return };
        let Ok(script) = document.create_element("script") else { return };
        let named = script.set_attribute("type", "module").and_then(|()| script.set_attribute("src", MODULE));
        if named.is_ok() {
            // Without it the text area is what one types in.
            let _ = head.append_child(&script);
        }
    });
}

/// What changes the text but typing does so in the text area; the editor is told to look there.
#[cfg_attr(not(feature = "hydrate"), allow(unused_variables, reason = "the editor lives in browsers"))]
fn follow(typed: Typed) {
    #[cfg(feature = "hydrate")]
    Effect::new(move |before: Option<()>| {
        typed.body.track();
        if before.is_some() {
            // The text area has it by the next picture.
            request_animation_frame(|| {
                let told = web_sys::Event::new("follow").ok().zip(document().get_element_by_id(EDITOR));
                if let Some((event, editor)) = told {
                    let _ = editor.dispatch_event(&event);
                }
            });
        }
    });
}
