//! Step 1: the three accounts and their region.

use super::StepContext;
use super::preflight::{Asked, Preflight, lane_class};
use crate::api::accounts::list_connections;
use crate::api::pipeline::wizard::SavePipelineAccounts;
use crate::pages::step::{ConnectionCards, RegionField, StepEnd, StepStart};
use crate::ui::{Button, ButtonKind, EmptyState, Resolve, Skeleton};
use domain::connection::{ConnectionState, ConnectionView};
use domain::pipeline::apply::Lane;
use domain::pipeline::draft::AccountsForm;
use leptos::form::ActionForm;
use leptos::prelude::*;

/// What is chosen, as others on the page follow it.
#[derive(Clone, Copy)]
struct Chosen {
    shared_services: RwSignal<String>,
    training: RwSignal<String>,
    production: RwSignal<String>,
    region: RwSignal<String>,
}

impl Chosen {
    fn of(form: &AccountsForm) -> Self {
        Self {
            shared_services: RwSignal::new(form.shared_services.clone()),
            training: RwSignal::new(form.training.clone()),
            production: RwSignal::new(form.production.clone()),
            region: RwSignal::new(form.region.clone()),
        }
    }
    fn lane(self, lane: Lane) -> RwSignal<String> {
        match lane {
            Lane::SharedServices => self.shared_services,
            Lane::Training => self.training,
            Lane::Production => self.production,
        }
    }
    fn form(self) -> AccountsForm {
        AccountsForm {
            shared_services: self.shared_services.get(),
            training: self.training.get(),
            production: self.production.get(),
            region: self.region.get(),
        }
    }
}

#[component]
pub(super) fn AccountsStep(ctx: StepContext, save: ServerAction<SavePipelineAccounts>) -> impl IntoView {
    let connections = Resource::new(|| (), |()| list_connections());
    let chosen = Chosen::of(&ctx.draft.accounts);
    let inner = ctx.clone();
    let asked = Signal::derive(move || asked(chosen.form()));
    view! {
        <ActionForm action=save attr:class="step" attr:novalidate="">
            <StepStart draft=ctx.id()/>
            <Resolve
                resource=connections
                skeleton=|| view! { <div class="card"><Skeleton lines=9/></div> }
                failed="The connections could not be loaded"
                children=Callback::new(move |list: Vec<ConnectionView>| {
                    view! { <AccountFields ctx=inner.clone() list chosen/> }
                })
            />
            <Preflight
                draft=ctx.draft.id.clone()
                asked
                missing="Choose the three accounts: then it shows here who the console is in each, whether CodeCommit can be used, and whether the quotas are large enough."
            />
            <StepEnd
                bar=ctx.bar("Choose names and model")
                known=&["shared_services", "training", "production", "region"]
                says="Nothing is changed before you apply."
                busy=save.pending()
                saved=save.value()
            />
        </ActionForm>
    }
}

/// Nothing is asked before all three are chosen.
fn asked(form: AccountsForm) -> Asked {
    let missing = [&form.shared_services, &form.training, &form.production].into_iter().any(String::is_empty);
    if missing { Asked::Nothing } else { Asked::Accounts(form) }
}

#[component]
fn AccountFields(ctx: StepContext, list: Vec<ConnectionView>, chosen: Chosen) -> impl IntoView {
    if list.is_empty() {
        return view! {
            <div class="card">
                <EmptyState
                    title="No AWS profile was found"
                    body="The console takes its accounts from your AWS configuration files. Add a profile for each of the three accounts, then look again."
                >
                    <Button kind=ButtonKind::Primary href="/accounts">"Look at the accounts"</Button>
                </EmptyState>
            </div>
        }
        .into_any();
    }
    let known = list.clone();
    let same = Memo::new(move |_| same(&known, &chosen.form()));
    let lanes = Lane::ALL
        .map(|lane| view! { <AccountLane ctx=ctx.clone() lane list=list.clone() chosen/> }.into_any())
        .collect_view();
    let region = if ctx.exists {
        let region = ctx.draft.accounts.region.clone();
        view! {
            <p class="step-fixed">
                <input type="hidden" name="form[region]" value=region.clone()/>
                <span class="field-label">"Region"</span>
                <code>{region}</code>
            </p>
        }
        .into_any()
    } else {
        view! {
            <RegionField
                region=chosen.region
                description="Of all three accounts: a key is used in its own region only."
                error=ctx.problem("region")
            />
        }
        .into_any()
    };
    view! {
        <div class="account-lanes">{lanes}</div>
        <p class="account-same" role="status">{move || same.get()}</p>
        <div class="card">
            <div class="card-body">{region}</div>
        </div>
    }
    .into_any()
}

/// One of the three: what it is for, and the connections to choose from.
#[component]
fn AccountLane(ctx: StepContext, lane: Lane, list: Vec<ConnectionView>, chosen: Chosen) -> impl IntoView {
    let (field, name, about, hands_on) = match lane {
        Lane::SharedServices => (
            "shared_services",
            "form[shared_services]",
            "Keeps the training template, the data, the models and their key, and runs the pipeline.",
            Some("data"),
        ),
        Lane::Training => (
            "training",
            "form[training]",
            "Trains: a state machine starts a SageMaker training job and writes the model back to the bucket.",
            Some("model"),
        ),
        Lane::Production => (
            "production",
            "form[production]",
            "Serves: a function deploys each approved model to the endpoint, and an alarm takes a bad one back.",
            None,
        ),
    };
    let on_choose = Callback::new(move |connection: ConnectionView| {
        chosen.lane(lane).set(connection.id.to_string());
        if let (Lane::SharedServices, Some(region)) = (lane, connection.region) {
            chosen.region.set(region.to_string());
        }
    });
    let now = chosen.lane(lane).get_untracked();
    let error = ctx.problem(field);
    view! {
        <div class=format!("lane account-lane {}", lane_class(lane))>
            <h2 class="lane-head">
                <span class="lane-key" aria-hidden="true"></span>
                {lane.label()}
            </h2>
            <div class="account-lane-body">
                <p class="account-about">{about}</p>
                <ConnectionCards
                    name
                    label=format!("{} account", lane.label())
                    connections=list
                    chosen=now
                    except=None
                    only=None
                    fixed=ctx.exists
                    error
                    on_choose
                />
            </div>
        </div>
        {hands_on.map(|what| view! { <p class="account-arrow" aria-hidden="true"><span>{what}</span></p> })}
    }
}

/// What it means that accounts are the same one; nothing where they are three.
fn same(list: &[ConnectionView], form: &AccountsForm) -> Option<String> {
    let account = |chosen: &String| {
        let found = list.iter().find(|connection| connection.id.as_str() == chosen)?;
        match &found.state {
            ConnectionState::Ready { identity } => Some(identity.account.to_string()),
            ConnectionState::Failed { .. } => None,
        }
    };
    let lanes = [&form.shared_services, &form.training, &form.production].map(account);
    let said = |account: &str, who: &str| {
        format!("Account {account} is to be {who}: that works, but only policies keep the two apart, not accounts.")
    };
    Some(match &lanes {
        [Some(a), Some(b), Some(c)] if a == b && b == c => {
            format!("All three are account {a}: that works, but only policies keep them apart, not accounts.")
        }
        [Some(a), Some(b), _] if a == b => said(a, "shared services and training"),
        [Some(a), _, Some(c)] if a == c => said(a, "shared services and production"),
        [_, Some(b), Some(c)] if b == c => said(b, "training and production"),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_asked_before_three_accounts_are_chosen() {
        let form = |production: &str| AccountsForm {
            shared_services: "a".into(),
            training: "b".into(),
            production: production.into(),
            region: "eu-west-1".into(),
        };
        assert_eq!(asked(form("")), Asked::Nothing);
        assert_eq!(asked(form("a")), Asked::Accounts(form("a")));
    }
}
