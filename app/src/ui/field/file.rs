//! A file to choose.

use super::{Ids, about};
use crate::ui::heard_early;
use leptos::prelude::*;

/// A file to choose. Its text is sent with the form; nothing of it is read before.
#[component]
pub fn FileInput(
    /// The form value's name.
    #[prop(into)]
    name: String,
    /// The label.
    #[prop(into)]
    label: String,
    /// A line below the label.
    #[prop(optional, into)]
    description: Option<String>,
    /// Which files are offered: media types and endings.
    accept: &'static str,
    /// The largest file that is taken, in bytes. A larger one is refused before it is sent.
    most: u64,
) -> impl IntoView {
    let ids = Ids::new(&name, None, description.is_some());
    let control = heard_early::<leptos::html::Input>();
    let described_by = ids.described.then(|| ids.description());
    view! {
        <div class="field">
            <label class="field-label" for=ids.control.clone()>
                {label}
            </label>
            {about(ids.description(), description)}
            <input
                class="input file-input"
                id=ids.control.clone()
                type="file"
                name=name
                accept=accept
                aria-describedby=described_by
                node_ref=control
                on:change=move |_| refuse_larger(control, most)
            />
        </div>
    }
}

/// Says at the field that the chosen file is too large; the form is not sent until another is chosen.
#[cfg_attr(not(feature = "hydrate"), allow(unused_variables, reason = "files are chosen in browsers"))]
fn refuse_larger(control: NodeRef<leptos::html::Input>, most: u64) {
    #[cfg(feature = "hydrate")]
    if let Some(input) = control.get_untracked() {
        let larger = input.files().and_then(|files| files.get(0)).is_some_and(|file| file.size() > most as f64);
        let said = || format!("This file is larger than {}: choose another.", crate::ui::size(most));
        input.set_custom_validity(&if larger { said() } else { String::new() });
        input.report_validity();
    }
}
