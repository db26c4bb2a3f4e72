//! Step 2: which endpoints.

use super::picker::{Load, PickItem, PickWords, Picker};
use super::step::StepContext;
use crate::api::runs::AsOf;
use crate::api::wizard::{SaveEndpoints, list_endpoints};
use crate::pages::step::{StepEnd, StepStart};
use crate::ui::{Choice, RadioCards};
use domain::endpoint::{EndpointView, Page};
use domain::names::{ConnectionId, Region};
use domain::time::Timestamp;
use leptos::form::ActionForm;
use leptos::prelude::*;
use std::collections::BTreeSet;

const WORDS: PickWords = PickWords {
    filter: "Filter endpoints by name",
    failed: "The endpoints could not be loaded",
    empty: "No endpoints in this region",
    empty_hint: "Go back to choose another region or account, or deploy an endpoint with SageMaker first. To share \
                 endpoints that are yet to come, choose all in this region.",
};

#[component]
pub(super) fn EndpointsStep(ctx: StepContext, save: ServerAction<SaveEndpoints>) -> impl IntoView {
    let chosen = RwSignal::new(ctx.draft.endpoints.arns.iter().cloned().collect::<BTreeSet<_>>());
    let scope = RwSignal::new(ctx.draft.endpoints.scope.clone());
    let region = ctx.draft.parent.region.clone();
    let account = ctx.draft.parent_account.as_ref().map(|a| format!(" of {a}")).unwrap_or_default();
    let label = format!("Endpoints in {region}{account}");
    let says = Signal::derive(move || {
        let count = chosen.with(BTreeSet::len);
        match (scope.get().as_str(), count) {
            ("all", _) => "Every endpoint in the region, those to come included".to_owned(),
            (_, 0) => "No endpoint chosen yet".to_owned(),
            (_, 1) => "1 endpoint chosen".to_owned(),
            (_, count) => format!("{count} endpoints chosen"),
        }
    });
    view! {
        <ActionForm action=save attr:class="step step-endpoints" attr:novalidate="">
            <StepStart draft=ctx.id()/>
            <RadioCards
                name="form[scope]"
                label="What is shared"
                choices=vec![
                    Choice::new("named", "Chosen endpoints").detail("Each by its ARN. What is deployed later stays closed."),
                    Choice::new("all", format!("All in {region}"))
                        .detail("Also those to come. Wider than most shares need."),
                ]
                value=Signal::stored(ctx.draft.endpoints.scope.clone())
                error=ctx.problem("scope")
                on_change=Callback::new(move |value: String| scope.set(value))
            />
            <div class="card only-named">
                <Picker
                    name="form[arns][]"
                    label=Signal::stored(label)
                    chosen
                    load=loader(&ctx)
                    key=Signal::stored(String::new())
                    place=ctx.place.clone()
                    words=WORDS
                    error=ctx.problem("arns")
                />
            </div>
            <StepEnd bar=ctx.bar() known=&["scope", "arns"] says busy=save.pending() saved=save.value()/>
        </ActionForm>
    }
}

fn loader(ctx: &StepContext) -> Load {
    let connection = ConnectionId::parse(&ctx.draft.parent.connection);
    let region = Region::parse(&ctx.draft.parent.region);
    Callback::new(move |(contains, after): (String, String)| {
        let (connection, region) = (connection.clone(), region.clone());
        Box::pin(async move {
            let (Ok(connection), Ok(region)) = (connection, region) else {
                return Ok(Page { items: Vec::new(), next: None });
            };
            let AsOf { view: page, now } = list_endpoints(connection, region, contains, after).await?;
            Ok(Page { items: page.items.into_iter().map(|endpoint| pick(endpoint, now)).collect(), next: page.next })
        }) as _
    })
}

fn pick(endpoint: EndpointView, now: Timestamp) -> PickItem {
    let exact = endpoint.created.map(|at| format!("created {}", at.rfc3339().replace('T', " ").replace('Z', " UTC")));
    let created = endpoint.created.map(|at| format!("created {}", at.ago(now)));
    let facts: Vec<String> = endpoint.runs_on.into_iter().chain(created).collect();
    let answers = endpoint.status.answers();
    let warning = (!answers).then(|| match endpoint.failure_reason {
        Some(why) => format!("Does not answer now: {why}"),
        None => "Does not answer now. It can be shared all the same.".to_owned(),
    });
    PickItem {
        value: endpoint.arn.as_str().to_owned(),
        label: endpoint.name.to_string(),
        detail: facts.join(" · "),
        exact,
        badge: Some((answers, endpoint.status.as_str().to_owned())),
        warning,
    }
}
