//! The theme switch: a plain form that sets a cookie; with the script the page changes at once.

use crate::api::shell::{SetTheme, Theme};
use crate::ui::{Icon, IconName};
use leptos::prelude::*;

const THEMES: [(Theme, &str, IconName); 3] = [
    (Theme::System, "Theme as the system", IconName::Screen),
    (Theme::Light, "Light theme", IconName::Sun),
    (Theme::Dark, "Dark theme", IconName::Moon),
];

/// System, light or dark.
#[component]
pub(super) fn ThemeSwitch(theme: Theme) -> impl IntoView {
    let action = ServerAction::<SetTheme>::new();
    let input = action.input();
    let chosen = use_context::<RwSignal<Option<Theme>>>().unwrap_or_else(|| RwSignal::new(None));
    Effect::new(move |_| {
        let Some(SetTheme { theme }) = input.get() else { return };
        chosen.set(Some(theme));
        if let Some(root) = document().document_element() {
            _ = match theme.attribute() {
                Some(value) => root.set_attribute("data-theme", value),
                None => root.remove_attribute("data-theme"),
            };
        }
    });
    view! {
        <ActionForm action=action>
            <div class="theme" role="group" aria-label="Theme">
                {THEMES
                    .into_iter()
                    .map(|(each, label, icon)| {
                        view! {
                            <button
                                type="submit"
                                class="theme-choice"
                                name="theme"
                                value=each.key()
                                title=label
                                aria-label=label
                                aria-pressed=move || if chosen.get().unwrap_or(theme) == each { "true" } else { "false" }
                            >
                                <Icon name=icon />
                            </button>
                        }
                    })
                    .collect_view()}
            </div>
        </ActionForm>
    }
}
