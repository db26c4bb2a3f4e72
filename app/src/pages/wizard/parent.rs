//! Step 1: the account that owns the endpoints, and their region.

use super::connections::ConnectionCards;
use super::step::{StepContext, StepEnd, StepStart};
use crate::api::accounts::list_connections;
use crate::api::wizard::SaveParent;
use crate::pages::parts::REGIONS;
use crate::ui::{Button, ButtonKind, Choice, EmptyState, Resolve, Select, Skeleton, TextInput};
use domain::connection::ConnectionView;
use leptos::form::ActionForm;
use leptos::prelude::*;

#[component]
pub(super) fn ParentStep(ctx: StepContext, save: ServerAction<SaveParent>) -> impl IntoView {
    let connections = Resource::new(|| (), |()| list_connections());
    let region = RwSignal::new(ctx.draft.parent.region.clone());
    let inner = ctx.clone();
    view! {
        <ActionForm action=save attr:class="step" attr:novalidate="">
            <StepStart ctx=ctx.clone()/>
            <Resolve
                resource=connections
                skeleton=|| view! { <div class="card"><Skeleton lines=4/></div> }
                failed="The connections could not be loaded"
                children=Callback::new(move |list: Vec<ConnectionView>| {
                    view! { <ParentFields ctx=inner.clone() list region/> }
                })
            />
            <StepEnd
                ctx
                known=&["connection", "region"]
                says="Nothing is changed before you apply."
                busy=save.pending()
                saved=save.value()
            />
        </ActionForm>
    }
}

#[component]
fn ParentFields(ctx: StepContext, list: Vec<ConnectionView>, region: RwSignal<String>) -> impl IntoView {
    if list.is_empty() {
        return view! {
            <div class="card">
                <EmptyState
                    title="No AWS profile was found"
                    body="The console takes its accounts from your AWS configuration files. Add a profile for the account that \
                          owns the endpoints, then look again."
                >
                    <Button kind=ButtonKind::Primary href="/accounts">"Look at the accounts"</Button>
                </EmptyState>
            </div>
        }
        .into_any();
    }
    let fixed = ctx.share_exists;
    let error = ctx.problem("connection");
    let on_choose = Callback::new(move |chosen: ConnectionView| {
        if let Some(its) = chosen.region {
            region.set(its.to_string());
        }
    });
    view! {
        <div class="card">
            <div class="card-body step-body">
                <ConnectionCards
                    except=None
                    only=None
                    name="form[connection]"
                    label="Parent account"
                    connections=list
                    chosen=ctx.draft.parent.connection.clone()
                    fixed
                    error
                    on_choose
                />
                <RegionField ctx=ctx.clone() region/>
            </div>
        </div>
    }
    .into_any()
}

/// A region from the list, or typed.
#[component]
fn RegionField(ctx: StepContext, region: RwSignal<String>) -> impl IntoView {
    let choices = Signal::derive(move || region.with(|current| choices(current)));
    view! {
        <div class="step-narrow step-region">
            <Select
                name="form[region]"
                label="Region"
                choices
                value=region
                description="Where the endpoints are. A share is for one region."
                error=ctx.problem("region")
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
