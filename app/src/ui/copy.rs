//! Copying a value in one click, and ARNs that truncate in the middle.

use super::{Icon, IconName, pressed_early};
use leptos::prelude::*;

/// Copies `text`. Without a script it is not shown: the text itself can be selected.
#[component]
pub fn CopyButton(
    /// What to copy.
    #[prop(into)]
    text: Signal<String>,
    /// Its label, verb and object: `Copy the role's ARN`.
    #[prop(into)]
    label: String,
    /// Only the icon; else with the word `Copy` beside it.
    #[prop(optional)]
    compact: bool,
) -> impl IntoView {
    let copied = RwSignal::new(false);
    let on_click = move |_| {
        #[cfg(feature = "hydrate")]
        {
            let copying = window().navigator().clipboard().write_text(&text.get_untracked());
            leptos::task::spawn_local(async move {
                // Refused where the page has no focus, or too long after the press: then nothing was copied, and nothing
                // says so.
                if wasm_bindgen_futures::JsFuture::from(copying).await.is_ok() {
                    _ = copied.try_set(true);
                    set_timeout(move || _ = copied.try_set(false), std::time::Duration::from_millis(1600));
                }
            });
        }
        #[cfg(not(feature = "hydrate"))]
        let _ = text;
    };
    view! {
        <button
            type="button"
            node_ref=pressed_early()
            data-early=""
            class="copy"
            class:is-copied=copied
            title=label.clone()
            aria-label=label
            on:click=on_click
        >
            <span class="copy-icon">
                <Icon name=IconName::Copy />
            </span>
            <span class="copy-done">
                <Icon name=IconName::Check />
            </span>
            {(!compact).then(|| view! { <span class="copy-word" aria-hidden="true">"Copy"</span> })}
            <span class="visually-hidden" role="status">
                {move || copied.get().then_some("Copied")}
            </span>
        </button>
    }
}

/// An ARN or another long identifier: mono, truncated in the middle when there is no room, copied in one click. Whole
/// when selected or read aloud.
#[component]
pub fn ArnText(
    /// The whole identifier.
    #[prop(into)]
    arn: String,
    /// The copy button's label: `Copy the role's ARN`.
    #[prop(into, default = "Copy the ARN".into())]
    label: String,
) -> impl IntoView {
    let (head, tail) = split(&arn);
    let (head, tail, title) = (head.to_owned(), tail.to_owned(), arn.clone());
    view! {
        <span class="arn" title=title>
            <code class="arn-text">
                <span class="arn-head">{head}</span>
                <span class="arn-tail">{tail}</span>
            </code>
            <CopyButton text=arn label=label compact=true />
        </span>
    }
}

/// The end that must stay visible: the resource's name, or the last characters.
fn split(arn: &str) -> (&str, &str) {
    const LONGEST_TAIL: usize = 24;
    let name = arn.rfind(['/', ':']).filter(|at| arn.len() - at <= LONGEST_TAIL && *at > 0);
    let at = name.unwrap_or_else(|| {
        let from = arn.len().saturating_sub(LONGEST_TAIL / 2);
        (from..=arn.len()).find(|i| arn.is_char_boundary(*i)).unwrap_or(arn.len())
    });
    arn.split_at(at)
}

#[cfg(test)]
mod tests {
    use super::split;

    #[test]
    fn an_arns_name_stays_whole() {
        assert_eq!(
            split("arn:aws:iam::111111111111:role/SageMakerExternal"),
            ("arn:aws:iam::111111111111:role", "/SageMakerExternal")
        );
    }

    #[test]
    fn a_name_that_is_too_long_keeps_its_end() {
        let (head, tail) = split("arn:aws:iam::111111111111:role/a-very-long-name-that-does-not-fit-anywhere");
        assert_eq!(tail, "fit-anywhere");
        assert!(head.starts_with("arn:aws"));
    }
}
