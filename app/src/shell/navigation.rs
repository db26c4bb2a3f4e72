//! The main navigation: at the left, or behind a menu at phone width.

use crate::ui::{Icon, IconName};
use leptos::html;
use leptos::prelude::*;
use leptos_router::hooks::use_location;

/// The pages one can go to, in order: address, name, icon.
pub(super) const PAGES: [(&str, &str, IconName); 8] = [
    ("/", "Overview", IconName::Overview),
    ("/shares", "Shares", IconName::Shares),
    ("/map", "Map", IconName::Map),
    ("/playground", "Playground", IconName::Playground),
    ("/pipelines", "Pipelines", IconName::Pipelines),
    ("/doctor", "Doctor", IconName::Doctor),
    ("/accounts", "Accounts", IconName::Accounts),
    ("/activity", "Activity", IconName::Activity),
];

/// The name and the sign: a bridge of two pylons and a cable.
#[component]
pub(super) fn Brand() -> impl IntoView {
    view! {
        <a class="brand" href="/">
            <svg class="brand-sign" viewBox="0 0 24 24" aria-hidden="true" focusable="false">
                <path d="M2 18h20M5 18V6M19 18V6M2 12c2-1 3-3 3-6 1.500 5 4 7 7 7s5.500-2 7-7c0 3 1 5 3 6M9.500 12.700V18M14.500 12.700V18" />
            </svg>
            "Sagebridge"
        </a>
    }
}

/// The links.
#[component]
pub(super) fn Navigation() -> impl IntoView {
    let path = use_location().pathname;
    view! {
        <ul class="nav">
            {PAGES
                .into_iter()
                .map(|(href, name, icon)| {
                    let current = move || path.with(|path| is_at(href, path)).then_some("page");
                    view! {
                        <li>
                            <a href=href class="nav-item" aria-current=current>
                                <Icon name=icon />
                                {name}
                            </a>
                        </li>
                    }
                })
                .collect_view()}
        </ul>
    }
}

/// Whether a path belongs to the page of the navigation.
fn is_at(href: &str, path: &str) -> bool {
    // The playground's other pages have addresses of their own.
    let also = if href == "/playground" { &["/history", "/saved"][..] } else { &[] };
    let below = |page: &str| path.strip_prefix(page).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    if href == "/" { path == "/" } else { below(href) || also.iter().any(|page| below(page)) }
}

/// At phone width: the brand and a menu that opens without a script.
#[component]
pub(super) fn TopBar(hidden: Memo<bool>, children: Children) -> impl IntoView {
    let menu = NodeRef::<html::Details>::new();
    let path = use_location().pathname;
    Effect::new(move |_| {
        path.track();
        if let Some(menu) = menu.get() {
            menu.set_open(false);
        }
    });
    view! {
        <header class="topbar" hidden=hidden>
            <Brand />
            <details class="menu" node_ref=menu>
                <summary>
                    <Icon name=IconName::Menu />
                    "Menu"
                </summary>
                <div class="menu-panel">
                    <nav aria-label="Main">
                        <Navigation />
                    </nav>
                    {children()}
                </div>
            </details>
        </header>
    }
}

#[cfg(test)]
mod tests {
    use super::is_at;

    #[test]
    fn a_page_is_current_for_all_that_is_below_it() {
        let at = |path| ["/", "/shares", "/playground"].map(|href| is_at(href, path));
        assert_eq!(at("/"), [true, false, false]);
        assert_eq!(at("/shares/x"), [false, true, false]);
        assert_eq!(at("/sharesx"), [false, false, false]);
        for path in ["/playground", "/playground/batch", "/history/17", "/saved"] {
            assert_eq!(at(path), [false, false, true], "{path}");
        }
    }
}
