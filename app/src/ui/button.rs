//! Buttons, and links that look like buttons.

use super::{Icon, IconName, pressed_early};
use leptos::ev::MouseEvent;
use leptos::prelude::*;

/// How much a button asks for attention. At most one primary a page.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ButtonKind {
    /// The page's one main action.
    Primary,
    /// Any other action.
    #[default]
    Secondary,
    /// Beside the way: cancel, save for later.
    Quiet,
    /// Takes something away.
    Danger,
}

impl ButtonKind {
    fn class(self, small: bool) -> String {
        let kind = match self {
            Self::Primary => "btn btn-primary",
            Self::Secondary => "btn",
            Self::Quiet => "btn btn-quiet",
            Self::Danger => "btn btn-danger",
        };
        format!("{kind}{}", if small { " btn-small" } else { "" })
    }
}

/// A button; the label says verb and object. With `href` it is a link (it goes somewhere and changes nothing), with
/// `submit` it sends the form it stands in, else it does `on_click`.
#[component]
pub fn Button(
    /// How it looks.
    #[prop(optional)]
    kind: ButtonKind,
    /// Smaller, for rows and cards.
    #[prop(optional)]
    small: bool,
    /// Before the label.
    #[prop(optional, into)]
    icon: Option<IconName>,
    /// Where it goes, as a link.
    #[prop(optional, into)]
    href: Option<String>,
    /// Sends the form it stands in, or the one that `form` names.
    #[prop(optional)]
    submit: bool,
    /// Why it can't be pressed, shown beside it; `None` when it can.
    #[prop(optional, into)]
    disabled_reason: Signal<Option<String>>,
    /// Whether its work is under way: it stays in place, shows that, and takes no second press.
    #[prop(optional, into)]
    busy: Signal<bool>,
    /// The form value it sends when it submits.
    #[prop(optional, into)]
    name: Option<String>,
    /// Sent under `name`.
    #[prop(optional, into)]
    value: Option<String>,
    /// The `id` of the form it submits, when it stands outside of it (in a [`super::BottomBar`]).
    #[prop(optional, into)]
    form: Option<String>,
    /// What to do when pressed, instead of submitting.
    #[prop(optional, into)]
    on_click: Option<Callback<MouseEvent>>,
    /// The label.
    children: Children,
) -> impl IntoView {
    let class = kind.class(small);
    let icon = icon.map(|name| view! { <Icon name=name /> });
    let label = view! { <span class="btn-label">{children()}</span> };
    if let Some(href) = href {
        return view! {
            <a href=href class=class>
                {icon}
                {label}
            </a>
        }
        .into_any();
    }
    view! {
        <button
            type=if submit { "submit" } else { "button" }
            node_ref=pressed_early()
            data-early=(!submit).then_some("")
            class=class
            class:is-busy=busy
            name=name
            value=value
            form=form
            disabled=move || disabled_reason.get().is_some()
            aria-busy=move || busy.get().then_some("true")
            on:click=move |event| {
                if busy.get_untracked() {
                    event.prevent_default();
                } else if let Some(on_click) = on_click {
                    on_click.run(event);
                }
            }
        >
            {icon}
            {label}
            {move || disabled_reason.get().map(|why| view! { <span class="visually-hidden">" (" {why} ")"</span> })}
        </button>
        {move || disabled_reason.get().map(|why| view! { <span class="btn-reason" aria-hidden="true">{why}</span> })}
    }
    .into_any()
}
