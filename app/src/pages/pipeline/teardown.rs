//! What would be taken away, before it is: a page of its own, so that it works without a script and can be left.

mod standing;

use super::overview::{NoSuchPipeline, pipeline_in_address};
use super::run::summary_of;
use crate::api::pipeline::run::{
    ForgetPipeline, RefusedTeardown, TearDownPipeline, TeardownPageView, get_pipeline_teardown,
};
use crate::components::{Sentence, ThreeLanes, lane_hue, lane_index};
use crate::error::{AppError, ErrorKind, failure_of};
use crate::ui::{
    ActionProblem, Button, ButtonKind, Card, EmptyState, ErrorPanel, FieldError, PageHeader, Resolve, Skeleton,
    TextInput, Words,
};
use domain::names::{AccountId, PipelineId};
use domain::pipeline::apply::{Lane, Plan, Step};
use domain::pipeline::view::{PipelineSummary, TeardownForm, TeardownView};
use domain::share::view::Span;
use leptos::form::ActionForm;
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;
use serde::{Deserialize, Serialize};

/// What the page is made of.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Found {
    view: TeardownView,
    pipeline: PipelineId,
    summary: Option<PipelineSummary>,
    refused: Option<RefusedTeardown>,
}

async fn find(pipeline: PipelineId, refused: String) -> Result<Option<Found>, AppError> {
    let TeardownPageView { dry_run: view, refused } = match get_pipeline_teardown(pipeline.clone(), refused).await {
        Ok(view) => view,
        Err(error) if error.kind == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let summary = summary_of(&pipeline).await?;
    Ok(Some(Found { view, pipeline, summary, refused }))
}

/// What would be taken away, before it is.
#[component]
pub fn PipelineTearDownPage() -> impl IntoView {
    let pipeline = pipeline_in_address();
    let query = use_query_map();
    let refused = Memo::new(move |_| query.with(|query| query.get("refused")).unwrap_or_default());
    let found = Resource::new(
        move || (pipeline.get(), refused.get()),
        async |(pipeline, refused)| match pipeline {
            Ok(pipeline) => find(pipeline, refused).await,
            // What can't be a pipeline's name is no pipeline's.
            Err(_) => Ok(None),
        },
    );
    let tear_down = ServerAction::<TearDownPipeline>::new();
    // Beyond the form: it is made anew with each dry run.
    let typed = RwSignal::new(TeardownForm::default());
    // Refused because something has changed since: what is shown then is shown afresh.
    Effect::new(move |_| {
        let value = tear_down.value().get();
        if matches!(value, Some(Err(error)) if error.kind == ErrorKind::Conflict) {
            found.refetch();
        }
    });
    view! {
        <Resolve
            resource=found
            failed="What stands could not be looked at"
            skeleton=|| {
                view! {
                    <Head/>
                    <div class="stack">
                        <div class="say"><Skeleton lines=2/></div>
                        <div class="three-lanes">
                            <div class="lane"><Skeleton lines=4/></div>
                            <div class="lane"><Skeleton lines=4/></div>
                            <div class="lane"><Skeleton lines=4/></div>
                        </div>
                    </div>
                }
            }
            children=Callback::new(move |found: Option<Found>| match found {
                Some(found) => view! { <Head/> <DryRun found typed tear_down/> }.into_any(),
                None => view! { <NoSuchPipeline/> }.into_any(),
            })
        />
    }
}

#[component]
fn Head() -> impl IntoView {
    view! {
        <PageHeader
            title="Take the pipeline away"
            sub="Nothing has been taken away yet. This is everything that would go, and in which order."
        />
    }
}

#[component]
fn DryRun(found: Found, typed: RwSignal<TeardownForm>, tear_down: ServerAction<TearDownPipeline>) -> impl IntoView {
    let Found { view, pipeline, summary, refused } = found;
    let failure = failure_of(tear_down);
    let failure = match refused {
        Some(RefusedTeardown { form, error }) => {
            if typed.with_untracked(|typed| *typed == TeardownForm::default()) {
                typed.set(form);
            }
            Signal::derive(move || failure.get().or_else(|| Some(error.clone())))
        }
        None => failure,
    };
    let name = summary.as_ref().map(|summary| summary.prefix.clone()).unwrap_or_default();
    let accounts = accounts(&view.plan, summary.as_ref());
    if view.plan.steps.is_empty() {
        return view! { <Nothing pipeline stays=view.stays.clone() standing=!view.standing.is_empty()/> }.into_any();
    }
    let lanes = Lane::ALL.map(|lane| standing::lane_items(&view, lane));
    let spans = sentence(&name, &view);
    let TeardownView { plan, stays, type_bucket, type_endpoint, fingerprint, .. } = view;
    let count = plan.steps.len();
    view! {
        <div class="stack teardown">
            <Refused failure/>
            <Sentence spans/>
            <ThreeLanes label="What stands" accounts lanes/>
            <Order plan/>
            <Stays stays/>
            <TearDownForm pipeline fingerprint type_bucket type_endpoint count typed failure tear_down/>
        </div>
    }
    .into_any()
}

/// The accounts: from the list, else from the steps.
fn accounts(plan: &Plan, summary: Option<&PipelineSummary>) -> [Option<AccountId>; 3] {
    Lane::ALL.map(|lane| match summary {
        Some(summary) => summary.accounts.get(lane_index(lane)).cloned(),
        None => plan.steps.iter().find(|step| step.lane == lane).map(|step| step.account.clone()),
    })
}

/// What will be gone, in plain words.
fn sentence(name: &str, view: &TeardownView) -> Vec<Span> {
    let span = |text: String, strong| Span { text, strong };
    let stacks = view.standing.stacks.values().filter(|stack| stack.ours).count();
    let mut things = Vec::new();
    if let Some(endpoint) = &view.type_endpoint {
        things.push(format!("the endpoint {endpoint}"));
    }
    if view.standing.bucket.is_some_and(|held| held.versions > 0) && standing::empties(&view.plan) {
        things.push("everything in the bucket".to_owned());
    }
    if stacks > 0 {
        things.push(if stacks == 1 { "one stack".to_owned() } else { format!("{stacks} stacks") });
    }
    let list = match things.split_last() {
        None => "what is left".to_owned(),
        Some((last, [])) => last.clone(),
        Some((last, before)) => format!("{} and {last}", before.join(", ")),
    };
    vec![
        span("Taking away the pipeline ".into(), false),
        span(name.to_owned(), true),
        span(" deletes ".into(), false),
        span(list, true),
        span(", in an order in which each can go.".into(), false),
    ]
}

/// Why it was not done, unless that is said at a field.
#[component]
fn Refused(failure: Signal<Option<AppError>>) -> impl IntoView {
    move || {
        let error = failure.get().filter(|error| error.field.is_none());
        error.map(|error| view! { <ErrorPanel error title="Nothing was taken away"/> })
    }
}

#[component]
fn Order(plan: Plan) -> impl IntoView {
    let count = plan.steps.len();
    let rows = plan.steps.into_iter().map(|step| view! { <StepLine step/> }).collect_view();
    view! {
        <Card title=|| "In this order" aside=move || if count == 1 { "1 step".to_owned() } else { format!("{count} steps") }>
            <ol class="lines">{rows}</ol>
        </Card>
    }
}

#[component]
fn StepLine(step: Step) -> impl IntoView {
    let hue = lane_hue(step.lane);
    view! {
        <li class="line">
            <span class="mark mark-remove" aria-hidden="true">"−"</span>
            <div class="line-text"><p class="line-title">{step.title}</p></div>
            <span class="line-aside muted">{step.lane.label()} " " <code class=hue>{step.account.to_string()}</code></span>
        </li>
    }
}

#[component]
fn Stays(stays: Vec<String>) -> impl IntoView {
    (!stays.is_empty()).then(|| {
        let rows = stays
            .into_iter()
            .map(|text| {
                view! {
                    <li class="line">
                        <span class="mark mark-keep" aria-hidden="true">"="</span>
                        <div class="line-text"><p><Words text/></p></div>
                    </li>
                }
            })
            .collect_view();
        view! {
            <Card title=|| "What stays, and why">
                <ul class="lines">{rows}</ul>
            </Card>
        }
    })
}

/// Names where something is lost with them, and the button.
#[component]
fn TearDownForm(
    pipeline: PipelineId,
    fingerprint: String,
    type_bucket: Option<String>,
    type_endpoint: Option<String>,
    count: usize,
    typed: RwSignal<TeardownForm>,
    failure: Signal<Option<AppError>>,
    tear_down: ServerAction<TearDownPipeline>,
) -> impl IntoView {
    let before = typed.get_untracked();
    let problem = move |field: &'static str| {
        Signal::derive(move || {
            let error = failure.get().filter(|error| error.field.as_deref() == Some(field));
            error.map(|error| FieldError { message: error.message, hint: error.hint })
        })
    };
    let asked = type_bucket.is_some() || type_endpoint.is_some();
    let bucket = type_bucket.map(|name| {
        view! {
            <TextInput
                name="form[bucket]"
                label="The bucket's name"
                description=format!("Type `{name}`: all versions of all its objects go, models included.")
                mono=true
                value=Signal::stored(before.bucket)
                on_input=Callback::new(move |text| typed.update(|typed| typed.bucket = text))
                error=problem("bucket")
            />
        }
    });
    let endpoint = type_endpoint.map(|name| {
        view! {
            <TextInput
                name="form[endpoint]"
                label="The endpoint's name"
                description=format!("Type `{name}`: whoever invokes it gets an error from then on.")
                mono=true
                value=Signal::stored(before.endpoint)
                on_input=Callback::new(move |text| typed.update(|typed| typed.endpoint = text))
                error=problem("endpoint")
            />
        }
    });
    let back = format!("/pipelines/{pipeline}");
    let label = if count == 1 { "Take away 1 thing".to_owned() } else { format!("Take away {count} things") };
    view! {
        <ActionForm action=tear_down>
            <input type="hidden" name="pipeline" value=pipeline.to_string()/>
            <input type="hidden" name="fingerprint" value=fingerprint/>
            {asked.then(|| view! {
                <Card title=|| "This can't be brought back">
                    <div class="card-body teardown-names">{bucket} {endpoint}</div>
                </Card>
            })}
            <div class="form-actions teardown-actions">
                <Button kind=ButtonKind::Danger submit=true busy=tear_down.pending()>{label}</Button>
                <Button href=back>"Keep the pipeline"</Button>
            </div>
        </ActionForm>
    }
}

/// There is nothing to take away: what is left is the console's own record.
#[component]
fn Nothing(pipeline: PipelineId, stays: Vec<String>, standing: bool) -> impl IntoView {
    let forget = ServerAction::<ForgetPipeline>::new();
    let body = if standing {
        "What is there under its names was made by others, and stays."
    } else {
        "None of its stacks is in the three accounts. The console still has its record, with its runs."
    };
    view! {
        <div class="stack">
            <div class="card">
                <EmptyState title="Nothing of this pipeline stands" body>
                    <ActionForm action=forget>
                        <input type="hidden" name="pipeline" value=pipeline.to_string()/>
                        <Button kind=ButtonKind::Primary submit=true busy=forget.pending()>"Forget the pipeline"</Button>
                        <ActionProblem error=failure_of(forget)/>
                    </ActionForm>
                </EmptyState>
            </div>
            <Stays stays/>
        </div>
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use domain::pipeline::apply::{Action, Contents, Part, Standing, StandingStack};
    use domain::pipeline::observed::StackState;
    use std::collections::BTreeMap;

    fn view() -> TeardownView {
        let stack = |part| {
            let state = StackState::CreateComplete;
            (part, StandingStack { name: "churn-x".into(), state, ours: true, resources: BTreeMap::new() })
        };
        let step = Step {
            id: "empty".into(),
            title: "Empty bucket b".into(),
            lane: Lane::SharedServices,
            account: "111111111111".parse().unwrap(),
            connection: "shared".parse().unwrap(),
            action: Action::EmptyBucket,
            after: Vec::new(),
        };
        TeardownView {
            standing: Standing {
                stacks: [stack(Part::SharedServices), stack(Part::Training)].into(),
                bucket: Some(Contents { versions: 4, ..Contents::default() }),
                endpoint: true,
                ..Standing::default()
            },
            plan: Plan { steps: vec![step] },
            stays: Vec::new(),
            type_bucket: Some("b".into()),
            type_endpoint: Some("churn-live".into()),
            fingerprint: String::new(),
        }
    }

    #[test]
    fn the_sentence_names_what_is_lost_first() {
        let said = |view: &TeardownView| sentence("churn", view).into_iter().map(|span| span.text).collect::<String>();
        assert_eq!(
            said(&view()),
            "Taking away the pipeline churn deletes the endpoint churn-live, everything in the bucket and 2 stacks, in an \
             order in which each can go."
        );
        let mut little = view();
        little.type_endpoint = None;
        little.standing.bucket = None;
        little.standing.stacks.remove(&Part::Training);
        assert!(said(&little).contains("deletes one stack,"), "{}", said(&little));
    }

    #[test]
    fn accounts_come_from_the_steps_where_there_is_no_record() {
        let accounts = accounts(&view().plan, None);
        assert_eq!(accounts.map(|account| account.is_some()), [true, false, false]);
    }
}
