//! A modal dialog: the browser's own `<dialog>`, which brings the focus trap, Esc and the backdrop.

use super::{Icon, IconName};
use leptos::html;
use leptos::prelude::*;

/// A dialog that is open while `open` is true. Its content is rendered only then.
#[component]
pub fn Dialog(
    /// Whether it is open; closing by Esc or the close button sets it to false.
    open: RwSignal<bool>,
    /// Its heading, which also names it.
    #[prop(into)]
    title: String,
    /// What it holds.
    children: ChildrenFn,
) -> impl IntoView {
    let label = title.clone();
    let node = NodeRef::<html::Dialog>::new();
    // Hydration takes its time, and a key may open the dialog in its middle: what the server did not draw waits for its end.
    let hydrated = RwSignal::new(false);
    node.on_load(move |_| hydrated.set(true));
    Effect::new(move |_| {
        let Some(dialog) = node.get() else { return };
        match (open.get(), dialog.open()) {
            (true, false) => _ = dialog.show_modal(),
            (false, true) => dialog.close(),
            _ => {}
        }
    });
    view! {
        <dialog class="dialog" node_ref=node aria-label=label on:close=move |_| open.set(false)>
            <div class="dialog-head">
                <h2>{title}</h2>
                <button type="button" class="dialog-close" aria-label="Close" on:click=move |_| open.set(false)>
                    <Icon name=IconName::Cross />
                </button>
            </div>
            <div class="dialog-body">{move || (hydrated.get() && open.get()).then(|| children())}</div>
        </dialog>
    }
}
