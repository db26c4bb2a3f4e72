//! Saving the request that is in a form: within that form, so that it works without a script.

use crate::api::saved::SaveRequest as Save;
use crate::error::failure_of;
use crate::ui::{ActionProblem, TextInput};
use leptos::html;
use leptos::prelude::*;

/// Where a plain form sends it.
const ACTION: &str = "/api/save_request";

/// A name and a button that saves what the form around it would send.
#[component]
pub fn SaveRequest() -> impl IntoView {
    let save = ServerAction::<Save>::new();
    let button = NodeRef::<html::Button>::new();
    let send = Callback::new(move |()| {
        if let Some(call) = button.get_untracked().and_then(|button| read(&button)) {
            save.dispatch(call);
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
    view! {
        <details class="more-options save-request">
            <summary>"Save request"</summary>
            <div class="save-request-fields">
                <div class="save-request-name" on:keydown=on_key>
                    <TextInput
                        name="saved_name"
                        label="Name of the saved request"
                        description="What stands in double braces, such as `{{customer_id}}`, can be filled in later."
                    />
                </div>
                <button
                    type="submit"
                    class="btn"
                    formaction=ACTION
                    formmethod="post"
                    node_ref=button
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

/// What the form around the button says now.
fn read(button: &leptos::web_sys::HtmlButtonElement) -> Option<Save> {
    use leptos::form::FromFormData as _;
    let data = leptos::web_sys::FormData::new_with_form(&button.form()?).ok()?;
    Save::from_form_data(&data).ok()
}
