//! Saving the request that is in a form: within that form, so that it works without a script.

use crate::api::saved::{SAVED_NAME, SaveRequest as Save};
use crate::error::{AppError, failure_of};
use crate::ui::{ActionProblem, FieldError, TextInput};
use domain::invoke::InvokeParams;
use leptos::prelude::*;

/// Where a plain form sends it.
const ACTION: &str = "/api/save_request";

/// A name and a button that saves what the form around it would send.
#[component]
pub fn SaveRequest(
    /// The request as it stands, with its way; none where it is none yet.
    request: Callback<(), Option<(InvokeParams, String)>>,
    /// Why it was not saved just now.
    #[prop(optional_no_strip)]
    problem: Option<AppError>,
) -> impl IntoView {
    let save = ServerAction::<Save>::new();
    let name = RwSignal::new(String::new());
    let send = Callback::new(move |()| {
        if let Some((params, way)) = request.run(()) {
            save.dispatch(Save { params, way, saved_name: name.get_untracked() });
        }
    });
    // Enter in the name would press the form's first button, which sends the request.
    let on_key = move |event: leptos::ev::KeyboardEvent| {
        if event.key() == "Enter" && !event.ctrl_key() && !event.meta_key() {
            event.prevent_default();
            send.run(());
        }
    };
    let pending = save.pending();
    let open = problem.is_some();
    let error = Signal::stored(problem.map(|error| FieldError { message: error.message, hint: error.hint }));
    view! {
        <details class="more-options save-request" open=open>
            <summary>"Save request"</summary>
            <div class="save-request-fields">
                <div class="save-request-name" on:keydown=on_key>
                    <TextInput
                        name=SAVED_NAME
                        value=name
                        error
                        on_input=Callback::new(move |text| name.set(text))
                        label="Name of the saved request"
                        description="What stands in double braces, such as `{{customer_id}}`, can be filled in later."
                    />
                </div>
                <button
                    type="submit"
                    class="btn"
                    formaction=ACTION
                    formmethod="post"
                    aria-busy=move || pending.get().then_some("true")
                    on:click=move |event| {
                        event.prevent_default();
                        if !pending.get_untracked() {
                            send.run(());
                        }
                    }
                >
                    <span class="btn-label">"Save"</span>
                </button>
            </div>
            <ActionProblem error=failure_of(save)/>
        </details>
    }
}
