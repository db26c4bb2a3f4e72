//! What stands in the way of a plan, with the ways around it.

use crate::api::wizard::ResolveConflict;
use crate::ui::{Button, ButtonKind, Words};
use domain::share::Side;
use domain::share::view::ConflictView;
use leptos::form::ActionForm;
use leptos::prelude::*;

/// A resource of the intended name that the console did not make. Nothing happens to it unless someone says so here.
#[component]
pub fn ConflictPanel(
    /// The conflict.
    conflict: ConflictView,
    /// The draft to resolve it in.
    #[prop(into)]
    draft: String,
    /// Where the wizard's steps are: `/shares/new/d1`.
    #[prop(into)]
    base: String,
    /// The action that both buttons dispatch.
    resolve: ServerAction<ResolveConflict>,
) -> impl IntoView {
    let title_id = format!("conflict-{}", conflict.what);
    let labelled_by = title_id.clone();
    let step = if conflict.what == "grant" { "child" } else { "role" };
    let change = format!("{base}/{step}");
    let other = conflict.other_share.clone().map(|share| {
        view! { <Button kind=ButtonKind::Quiet href=format!("/shares/{share}")>"Go to that share"</Button> }
    });
    let place = match conflict.side {
        Side::Parent => "parent account",
        Side::Child => "child account",
    };
    let kind = if conflict.what == "role" { "role" } else { "policy" };
    let adopt = conflict.can_adopt.then(|| {
        let label = format!("Take over {}", conflict.name);
        view! { <Choice draft=draft.clone() what=conflict.what.clone() choice="adopt" label resolve/> }
    });
    let other_name = format!("Use {} instead", conflict.other_name);
    let consequence = if conflict.can_adopt {
        "Taking it over changes it as shown below; Undo gives it back as it was."
    } else {
        "It can't be taken over."
    };
    view! {
        <section class="conflict" aria-labelledby=labelled_by>
            <span class="mark mark-conflict" aria-hidden="true">"!"</span>
            <div class="conflict-body">
                <h2 id=title_id class="conflict-title">
                    {format!("There is already a {kind} {} in the {place}", conflict.name)}
                </h2>
                <p><Words text=conflict.message/></p>
                <p class="conflict-note">{consequence}</p>
                <div class="conflict-choices">
                    <Choice draft=draft.clone() what=conflict.what.clone() choice="other_name" label=other_name resolve/>
                    {adopt}
                    <Button kind=ButtonKind::Quiet href=change>"Choose another name"</Button>
                    {other}
                </div>
            </div>
        </section>
    }
}

#[component]
fn Choice(
    draft: String,
    what: String,
    choice: &'static str,
    label: String,
    resolve: ServerAction<ResolveConflict>,
) -> impl IntoView {
    let busy = resolve.pending();
    view! {
        <ActionForm action=resolve>
            <input type="hidden" name="draft" value=draft/>
            <input type="hidden" name="what" value=what/>
            <input type="hidden" name="choice" value=choice/>
            <Button submit=true busy>{label}</Button>
        </ActionForm>
    }
}
