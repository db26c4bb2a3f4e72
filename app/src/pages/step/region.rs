//! Choosing a region.

use crate::pages::parts::REGIONS;
use crate::ui::{Choice, FieldError, Select, TextInput};
use leptos::prelude::*;

/// A region from the list, or typed.
#[component]
pub(in crate::pages) fn RegionField(
    /// The chosen one.
    region: RwSignal<String>,
    /// What is where: a line below the label.
    description: &'static str,
    /// What is wrong.
    error: Signal<Option<FieldError>>,
) -> impl IntoView {
    let choices = Signal::derive(move || region.with(|current| choices(current)));
    view! {
        <div class="step-narrow step-region">
            <Select
                name="form[region]"
                label="Region"
                choices
                value=region
                description
                error
                on_change=Callback::new(move |value: String| region.set(value))
            />
            <details class="step-more">
                <summary>"Another region"</summary>
                <TextInput
                    name="other_region"
                    label="Region code"
                    description="Used instead of the one above."
                    placeholder="ap-east-1"
                    mono=true
                />
            </details>
        </div>
    }
}

/// The regions to choose from; the current one is always among them.
fn choices(current: &str) -> Vec<Choice> {
    let known = REGIONS.iter().any(|(code, _)| *code == current);
    let first = match (current, known) {
        ("", _) => Some(Choice::new("", "Choose a region")),
        (_, false) => Some(Choice::new(current, current)),
        (_, true) => None,
    };
    let listed = REGIONS.iter().map(|(code, place)| Choice::new(*code, format!("{code} · {place}")));
    first.into_iter().chain(listed).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_region_that_is_not_listed_stays_a_choice() {
        assert_eq!(choices("mx-central-1")[0].value, "mx-central-1");
        assert_eq!(choices("").first().map(|c| c.value.as_str()), Some(""));
        assert_eq!(choices("eu-west-1").len(), REGIONS.len());
    }

    #[test]
    fn every_listed_region_is_a_region() {
        for (code, _) in REGIONS {
            assert!(domain::names::Region::parse(code).is_ok(), "{code}");
        }
    }
}
