//! A request as code: the program in the language that is chosen, for the request as it stands in its form.
//!
//! The programs are written on the server. Without a script the form itself asks for one of them as a file.

use crate::api::encoded;
use crate::api::playground::{DOWNLOAD_CODE, RenderCode};
use crate::ui::{CopyButton, ErrorPanel, Skeleton, Tab, TabPanel, Tabs, Words};
use domain::invoke::InvokeParams;
use domain::invoke::code::{CodeLanguage, CodeView};
use leptos::html;
use leptos::prelude::*;

/// How long nothing has to change before the code follows, in milliseconds.
#[cfg(feature = "hydrate")]
const QUIET_MS: u64 = 300;

/// What the shown code is of: the request, the way, the language.
type Shown = (InvokeParams, String, String);

/// A folded section with the request of a form as code in each language. While it is open it follows what is typed.
#[component]
pub fn CopyAsCode(
    /// The id of the form with the request: the fields of [`RenderCode`], for who has no script.
    form: &'static str,
    /// The request as it stands, with its way; none where it is none yet.
    request: Callback<(), Option<(InvokeParams, String)>>,
) -> impl IntoView {
    let details = NodeRef::<html::Details>::new();
    let selected = RwSignal::new(CodeLanguage::Python.key());
    let code = ServerAction::<RenderCode>::new();
    let shown = StoredValue::new(None::<Shown>);
    let follow = move || {
        if !details.get_untracked().is_some_and(|details| details.has_attribute("open")) {
            return;
        }
        let Some((params, way)) = request.run(()) else { return };
        let now = (params, way, selected.get_untracked().to_owned());
        if shown.with_value(|shown| shown.as_ref() != Some(&now)) {
            let (params, way, language) = now.clone();
            shown.set_value(Some(now));
            code.dispatch(RenderCode { params, way, language });
        }
    };
    follow_along(follow);
    Effect::new(move |_| {
        // It may have been opened before there was a script to see it.
        _ = (details.get(), selected.get());
        follow();
    });
    let tabs = CodeLanguage::ALL.map(|language| Tab { key: language.key(), label: language.label() });
    let panel = move |language: CodeLanguage| {
        let current = move || selected.get() == language.key();
        view! {
            <TabPanel key=language.key() selected>
                {move || current().then(|| view! { <Code code language/> })}
            </TabPanel>
        }
    };
    let downloads = CodeLanguage::ALL.map(|language| {
        view! {
            <button
                type="submit"
                class="btn btn-small"
                form=form
                formaction=DOWNLOAD_CODE
                name="language"
                value=language.key()
            >
                <span class="btn-label">{format!("Download {}", language.label())}</span>
            </button>
        }
    });
    view! {
        <details class="card code-fold" node_ref=details on:toggle=move |_| follow()>
            <summary class="card-head">
                <h2>"Copy as code"</h2>
                <span class="card-aside">"This request, as a program of your own"</span>
            </summary>
            <div class="with-script">
                <Tabs label="Language" tabs=tabs.into() selected/>
                {CodeLanguage::ALL.map(panel).collect_view()}
            </div>
            <div class="code-downloads without-script">{downloads.collect_view()}</div>
        </details>
    }
}

/// The last answer, where it is of this language.
#[component]
fn Code(code: ServerAction<RenderCode>, language: CodeLanguage) -> impl IntoView {
    move || match code.value().get() {
        Some(Ok(view)) if view.language == language => view! { <Program view/> }.into_any(),
        Some(Err(error)) if !code.pending().get() => {
            view! { <ErrorPanel error title="There is no code for this request"/> }.into_any()
        }
        _ => view! { <div class="code-about"><Skeleton lines=8/></div> }.into_any(),
    }
}

#[component]
fn Program(view: CodeView) -> impl IntoView {
    let CodeView { file_name, text, needs, run, .. } = view;
    let (copy, named, saved_as) = (format!("Copy {file_name}"), file_name.clone(), file_name.clone());
    // It is ASCII, and no browser runs what it is told to keep as a file.
    let href = format!("data:text/plain;charset=utf-8,{}", encoded(&text));
    view! {
        <div class="code-about">
            <p><b>"Needs "</b><Words text=needs/></p>
            <p><b>"To run it "</b><Words text=run/></p>
        </div>
        <div class="code-file">
            <code>{named}</code>
            <CopyButton text=text.clone() label=copy/>
            <a class="btn btn-small" href=href download=saved_as rel="external">
                <span class="btn-label">"Download" <span class="visually-hidden">" "{file_name}</span></span>
            </a>
        </div>
        <pre class="code-text" tabindex="0"><code>{text}</code></pre>
    }
}

/// Calls `follow` a moment after anything was typed, chosen or pressed: a button may have filled the form.
fn follow_along(follow: impl Fn() + Copy + 'static) {
    #[cfg(feature = "hydrate")]
    {
        let quiet = std::time::Duration::from_millis(QUIET_MS);
        let later = StoredValue::new(None::<leptos::leptos_dom::helpers::TimeoutHandle>);
        let again = move || {
            if let Some(handle) = later.get_value() {
                handle.clear();
            }
            later.set_value(set_timeout_with_handle(follow, quiet).ok());
        };
        let typed = window_event_listener(leptos::ev::input, move |_| again());
        let chosen = window_event_listener(leptos::ev::change, move |_| again());
        let pressed = window_event_listener(leptos::ev::click, move |_| again());
        on_cleanup(move || {
            typed.remove();
            chosen.remove();
            pressed.remove();
            if let Some(handle) = later.try_get_value().flatten() {
                handle.clear();
            }
        });
    }
    #[cfg(not(feature = "hydrate"))]
    let _ = follow;
}
