//! What is looked at before anything is made, account by account; asked again while answers change.

use crate::api::pipeline::wizard::get_pipeline_preflight;
use crate::error::AppError;
use crate::ui::{Button, ButtonKind, Icon, IconName, Resolve, Skeleton, Words};
use domain::names::DraftId;
use domain::pipeline::apply::Lane;
use domain::pipeline::draft::{AccountsForm, ModelForm};
use domain::pipeline::view::{PreflightAccount, PreflightItem, PreflightView, Standpoint};
use leptos::prelude::*;

/// What is asked for.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) enum Asked {
    /// Nothing: accounts are missing.
    #[default]
    Nothing,
    /// The draft as it was saved.
    Saved,
    /// With accounts that are chosen and not saved yet.
    Accounts(AccountsForm),
    /// With names that are typed and not saved yet.
    Model(Box<ModelForm>),
}

/// The card.
#[component]
pub(super) fn Preflight(
    draft: DraftId,
    #[prop(into)] asked: Signal<Asked>,
    /// What is said while there is nothing to ask.
    missing: &'static str,
    /// Where what was found is noted, for fields that it is about.
    #[prop(optional)]
    found: Option<RwSignal<Vec<PreflightItem>>>,
) -> impl IntoView {
    let preflight = Resource::new(
        move || asked.get(),
        move |asked| {
            let draft = draft.clone();
            async move { ask(draft, asked).await }
        },
    );
    if let Some(found) = found {
        Effect::new(move |_| {
            if let Some(Ok(answer)) = preflight.get() {
                found.set(answer.map(|view| view.items).unwrap_or_default());
            }
        });
    }
    view! {
        <section class="card preflight" aria-labelledby="preflight-title">
            <div class="card-head">
                <h2 id="preflight-title">"Before anything is made"</h2>
                <div class="card-aside script-only">
                    <Button
                        small=true
                        kind=ButtonKind::Quiet
                        icon=IconName::Refresh
                        on_click=Callback::new(move |_| preflight.refetch())
                    >
                        "Look again"
                    </Button>
                </div>
            </div>
            <Resolve
                resource=preflight
                skeleton=|| view! { <Skeleton lines=5/> }
                failed="The accounts could not be looked at"
                children=Callback::new(move |view: Option<PreflightView>| match view {
                    Some(view) => view! { <Found view/> }.into_any(),
                    None => view! { <p class="card-body muted">{missing}</p> }.into_any(),
                })
            />
        </section>
    }
}

async fn ask(draft: DraftId, asked: Asked) -> Result<Option<PreflightView>, AppError> {
    let (accounts, model) = match asked {
        Asked::Nothing => return Ok(None),
        Asked::Saved => (None, None),
        Asked::Accounts(form) => (Some(form), None),
        Asked::Model(form) => (None, Some(*form)),
    };
    get_pipeline_preflight(draft, accounts, model).await.map(Some)
}

#[component]
fn Found(view: PreflightView) -> impl IntoView {
    let summary = summary(&view.items);
    let PreflightView { accounts, items } = view;
    let lanes = Lane::ALL
        .map(|lane| {
            let account = accounts.iter().find(|account| account.lane == lane).cloned();
            let items = items.iter().filter(|item| item.lane == lane).cloned().collect();
            view! { <LaneFound lane account items/> }
        })
        .collect_view();
    view! {
        <p class="preflight-summary" role="status">{summary}</p>
        <div class="preflight-lanes">{lanes}</div>
    }
}

#[component]
fn LaneFound(lane: Lane, account: Option<PreflightAccount>, items: Vec<PreflightItem>) -> impl IntoView {
    let number = account.as_ref().and_then(|account| account.account.as_ref()).map(ToString::to_string);
    let identity = account.and_then(|account| account.identity);
    let rows = items.into_iter().map(|item| view! { <Item item/> }).collect_view();
    view! {
        <section class=format!("preflight-lane {}", lane_class(lane)) aria-label=lane.label()>
            <h3 class="lane-head">
                <span class="lane-key" aria-hidden="true"></span>
                {lane.label()}
                {number.map(|number| view! { " " <code class="lane-account">{number}</code> })}
            </h3>
            {identity.map(|arn| view! { <p class="preflight-identity"><code>{arn}</code></p> })}
            <ul>{rows}</ul>
        </section>
    }
}

/// What stands in the way, by itself.
#[component]
pub(super) fn InTheWay(blockers: Vec<PreflightItem>) -> impl IntoView {
    let summary = summary(&blockers);
    let rows = blockers.into_iter().map(|item| view! { <Item item/> }).collect_view();
    view! {
        <section class="card preflight-blockers" aria-labelledby="in-the-way">
            <div class="card-head">
                <h2 id="in-the-way">{summary}</h2>
            </div>
            <ul class="card-body">{rows}</ul>
        </section>
    }
}

#[component]
fn Item(item: PreflightItem) -> impl IntoView {
    let (class, name, said) = match item.standpoint {
        Standpoint::Fine => ("checks-sign is-passed", IconName::Check, "Fine"),
        Standpoint::Unclear => ("checks-sign is-warning", IconName::Alert, "Unclear"),
        Standpoint::Wrong => ("checks-sign is-error", IconName::Cross, "Wrong"),
    };
    view! {
        <li class="preflight-item" data-key=item.key>
            <span class=class><Icon name/></span>
            <div>
                <p>
                    <span class="visually-hidden">{format!("{said}: ")}</span>
                    <Words text=item.message/>
                </p>
                {item.hint.map(|hint| view! { <p class="checks-reason"><Words text=hint/></p> })}
            </div>
        </li>
    }
}

/// The class that gives a lane its hue.
pub(super) fn lane_class(lane: Lane) -> &'static str {
    match lane {
        Lane::SharedServices => "lane-shared",
        Lane::Training => "lane-training",
        Lane::Production => "lane-production",
    }
}

fn summary(items: &[PreflightItem]) -> String {
    let count = |standpoint| items.iter().filter(|item| item.standpoint == standpoint).count();
    match (count(Standpoint::Wrong), count(Standpoint::Unclear)) {
        (0, 0) => "Nothing stands in the way.".into(),
        (0, 1) => "Nothing stands in the way; one thing is to know.".into(),
        (0, unclear) => format!("Nothing stands in the way; {unclear} things are to know."),
        (1, _) => "One thing stands in the way.".into(),
        (wrong, _) => format!("{wrong} things stand in the way."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_in_the_way_is_counted_before_what_is_to_know() {
        let item = |standpoint| PreflightItem {
            key: "bucket".into(),
            lane: Lane::SharedServices,
            standpoint,
            message: String::new(),
            hint: None,
        };
        let (fine, unclear, wrong) = (item(Standpoint::Fine), item(Standpoint::Unclear), item(Standpoint::Wrong));
        assert_eq!(summary(std::slice::from_ref(&fine)), "Nothing stands in the way.");
        assert_eq!(summary(&[fine, unclear.clone()]), "Nothing stands in the way; one thing is to know.");
        assert_eq!(summary(&[unclear, wrong.clone(), wrong]), "2 things stand in the way.");
    }
}
