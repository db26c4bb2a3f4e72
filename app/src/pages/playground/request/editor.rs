//! The text of a body: a text area, and over it the editor once its file has come. What is wrong with the text is told
//! below it and in the editor's margin.

use super::typed::Typed;
use crate::ui::{Button, FieldError, TextArea, Words, size};
use domain::body::{BodyKind, BodyProblem, json};
use domain::invoke::TargetView;
use leptos::ev::MouseEvent;
use leptos::prelude::*;

/// The editor's file, which is no part of the page's own program: other pages never load it.
#[cfg(feature = "hydrate")]
const MODULE: &str = "/editor/editor.js";
/// The text area's id, which the editor asks for.
const AREA: &str = "field-body";
const EDITOR: &str = "body-editor";

/// A body that is typed as text.
#[component]
pub(super) fn TextBody(
    typed: Typed,
    target: StoredValue<TargetView>,
    problem: Memo<Option<BodyProblem>>,
    bytes: Memo<usize>,
) -> impl IntoView {
    let on_input = Callback::new(move |text: String| {
        typed.body.set(text);
        typed.touched.set(true);
    });
    let error = Signal::derive(move || {
        let limit = target.with_value(TargetView::body_limit);
        let message = format!("{} are more than InvokeEndpoint takes", size(bytes.get()));
        let hint = format!(
            "This endpoint takes {}. Send less, or use an asynchronous endpoint with its input in S3.",
            size(limit)
        );
        (bytes.get() > limit).then_some(FieldError { message, hint: Some(hint) })
    });
    load();
    follow(typed);
    let label = move || if typed.kind.get() == BodyKind::Bytes { "Body in hex or base64" } else { "Body" };
    let place = move || problem.get().map(|BodyProblem { line, column, message }| format!("{line}:{column}:{message}"));
    let about = move || {
        let words = [error.get().map(|error| error.message), problem.get().map(|problem| in_words(&problem))];
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

/// What is wrong with the body, and what to do with it as a whole.
#[component]
pub(super) fn UnderText(typed: Typed, problem: Memo<Option<BodyProblem>>) -> impl IntoView {
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
            <p class="body-problem" role="status">
                {move || problem.get().map(|problem| view! { <Words text=in_words(&problem)/> })}
            </p>
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
