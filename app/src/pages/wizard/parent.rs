//! Step 1: the account that owns the endpoints, and their region.

use super::step::StepContext;
use crate::api::accounts::list_connections;
use crate::api::wizard::SaveParent;
use crate::pages::step::{ConnectionCards, RegionField, StepEnd, StepStart};
use crate::ui::{Button, ButtonKind, EmptyState, Resolve, Skeleton};
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
            <StepStart draft=ctx.id()/>
            <Resolve
                resource=connections
                skeleton=|| view! { <div class="card"><Skeleton lines=4/></div> }
                failed="The connections could not be loaded"
                children=Callback::new(move |list: Vec<ConnectionView>| {
                    view! { <ParentFields ctx=inner.clone() list region/> }
                })
            />
            <StepEnd
                bar=ctx.bar()
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
                <RegionField
                    region
                    description="Where the endpoints are. A share is for one region."
                    error=ctx.problem("region")
                />
            </div>
        </div>
    }
    .into_any()
}
