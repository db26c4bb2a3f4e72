//! Where the model serves, and how a new version takes over.

use super::{INSTANCES, Typed, live};
use crate::pages::pipeline_wizard::StepContext;
use crate::ui::{Card, Checkbox, Choice, RadioCards, TextInput};
use domain::pipeline::intent::Update;
use leptos::prelude::*;

#[component]
pub(super) fn Serving(ctx: StepContext, typed: Typed) -> impl IntoView {
    let form = ctx.draft.model.clone();
    let endpoint_error = live(&ctx, "endpoint", typed.endpoint, |_| None);
    let (instance_error, count_error) = (ctx.problem("endpoint_instance"), ctx.problem("endpoint_count"));
    let (update_error, wait_error, alarms_error) = (ctx.problem("update"), ctx.problem("wait"), ctx.problem("alarms"));
    view! {
        <Card title=|| "Endpoint">
            <div class="card-body">
                <div class="batch-fields">
                    <TextInput
                        name="form[endpoint]"
                        label="Endpoint name"
                        description="In the production account; in lower case."
                        placeholder="churn"
                        mono=true
                        value=typed.endpoint
                        on_input=Callback::new(move |now: String| typed.endpoint.set(now))
                        error=endpoint_error
                    />
                    <TextInput
                        name="form[endpoint_instance]"
                        label="Instance type"
                        description="What the model runs on."
                        mono=true
                        id="field-endpoint-instance"
                        suggestions=INSTANCES.map(str::to_owned).to_vec()
                        value=Signal::stored(form.endpoint_instance)
                        error=instance_error
                    />
                    <TextInput
                        name="form[endpoint_count]"
                        label="Instances"
                        description="Updates in parts need at least two."
                        inputmode="numeric"
                        value=Signal::stored(form.endpoint_count)
                        error=count_error
                    />
                </div>
            </div>
        </Card>
        <Card title=|| "How a new version takes over">
            <div class="card-body">
                <p class="field-about">
                    "The endpoint answers all the time: a new version gets traffic beside the one that serves, and the first one goes only when the new one holds."
                </p>
                <div class="updates">
                <RadioCards
                    name="form[update]"
                    label="Update"
                    choices=updates()
                    value=Signal::stored(form.update)
                    error=update_error
                />
                </div>
                <div class="batch-fields">
                    <TextInput
                        name="form[wait]"
                        label="Watch each part, seconds"
                        description="How long the new version is watched before more traffic goes to it, each time; 0 to 3600."
                        inputmode="numeric"
                        value=Signal::stored(form.wait)
                        error=wait_error
                    />
                </div>
                <Checkbox
                    name="form[alarms]"
                    label="Take an update back when the endpoint fails"
                    description="Alarms on the endpoint's errors: when one goes off while an update is watched, all traffic goes back to the version before, by itself."
                    checked=Signal::stored(!form.alarms.is_empty())
                    error=alarms_error
                />
            </div>
        </Card>
    }
}

fn updates() -> Vec<Choice> {
    let choice = |update: Update| {
        let (label, about) = match update {
            Update::Canary => {
                ("Canary", "A second fleet; first a part of the traffic goes to it, then all. Needs two instances.")
            }
            Update::Linear => {
                ("Linear", "A second fleet; a quarter of the traffic more at a time. Needs two instances.")
            }
            Update::Rolling => (
                "Rolling",
                "Half of the instances at a time, without a second fleet: the cheapest. Needs two instances.",
            ),
            Update::AllAtOnce => {
                ("All at once", "A second fleet; all traffic moves at one time. One instance is enough.")
            }
        };
        Choice::new(update.key(), label).detail(about)
    };
    Update::ALL.map(choice).into()
}
