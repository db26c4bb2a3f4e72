//! The pipeline with its stages as they stand: what is true now, the drawing, what each stage did, what serves, and what
//! ran before. It is asked for again and again: AWS tells nobody.

mod banner;
mod details;
mod executions;
mod log;
mod said;
mod settings;
mod stages;
mod training;
mod versions;

use super::words::DEPLOY;
use crate::api::pipeline::operate::{StartExecution, get_idle_rules, get_pipeline, get_versions, list_executions};
use crate::api::runs::AsOf;
use crate::components::{Polled, RefreshWithoutScript, elapsed, use_polled};
use crate::error::{AppError, ErrorKind, failure_of};
use crate::ui::{ActionProblem, Button, ButtonKind, EmptyState, IconName, PageHeader, Resolve, Skeleton, Words};
use domain::endpoint::Page;
use domain::names::PipelineId;
use domain::pipeline::apply::Lane;
use domain::pipeline::execution::Execution;
use domain::pipeline::view::{IdleRule, PipelineStatus, PipelineView, VersionsView};
use leptos::form::ActionForm;
use leptos::prelude::*;
use leptos_router::hooks::{use_params_map, use_query_map};
use said::{Mood, Next, Said, When};

pub(super) use said::source_words;
pub(super) use training::metric;

/// What is asked for again and again.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
struct Shown {
    pipeline: PipelineView,
    /// The newest ones; none where there is no pipeline.
    executions: Option<Page<Execution>>,
}

impl Shown {
    fn newest(&self) -> Option<&Execution> {
        self.executions.as_ref()?.items.first()
    }

    fn is_going(&self) -> bool {
        let executes = |page: &Page<Execution>| page.items.iter().any(|execution| execution.status.is_going());
        let made = matches!(self.pipeline.status, PipelineStatus::Applying | PipelineStatus::Removing);
        made || self.executions.as_ref().is_some_and(executes)
    }
}

/// A pipeline's page, as far as its parts share it.
#[derive(Clone, Copy)]
struct Live {
    shown: Polled<Shown>,
    versions: Polled<Option<VersionsView>>,
}

/// The pipeline in the address.
pub(super) fn pipeline_in_address() -> Memo<Result<PipelineId, AppError>> {
    let params = use_params_map();
    Memo::new(move |_| {
        let id = params.read().get("id").unwrap_or_default();
        PipelineId::parse(&id).map_err(|error| AppError::new(ErrorKind::NotFound, error.to_string()))
    })
}

async fn shown(id: PipelineId) -> Result<AsOf<Shown>, AppError> {
    let AsOf { view: pipeline, now } = get_pipeline(id.clone()).await?;
    let executions = match &pipeline.state {
        // Deleted in between, it will be known the next time.
        Some(_) => list_executions(id, String::new()).await.ok().map(|page| page.view),
        None => None,
    };
    Ok(AsOf { view: Shown { pipeline, executions }, now })
}

/// The versions are beside the point where production can't be asked: the page says so in their place.
async fn versions(id: PipelineId) -> Result<AsOf<Option<VersionsView>>, AppError> {
    get_versions(id).await.map(|AsOf { view, now }| AsOf { view: Some(view), now })
}

/// All that the page begins with; `None` where there is no such pipeline.
async fn first(id: Result<PipelineId, AppError>, stage: &str) -> Result<Option<First>, AppError> {
    let Ok(id) = id else { return Ok(None) };
    match futures::join!(shown(id.clone()), versions(id.clone()), get_idle_rules(id.clone())) {
        (Err(error), ..) if error.kind == ErrorKind::NotFound => Ok(None),
        (Err(error), ..) => Err(error),
        (Ok(shown), versions, rules) => {
            let logs = log::first_logs(&id, &shown.view.pipeline, stage).await;
            // Beside the point where they can't be asked.
            Ok(Some(First { shown, versions, logs, idle: rules.unwrap_or_default() }))
        }
    }
}

/// What the page begins with.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
struct First {
    shown: AsOf<Shown>,
    versions: Result<AsOf<Option<VersionsView>>, AppError>,
    logs: log::FirstLogs,
    /// Rules that start nothing.
    idle: Vec<IdleRule>,
}

/// The pipeline with its stages as they stand.
#[component]
pub fn PipelinePage() -> impl IntoView {
    let id = pipeline_in_address();
    let asked = use_query_map().with_untracked(|query| query.get("stage")).unwrap_or_default();
    let page = Resource::new(
        move || id.get(),
        move |id| {
            let asked = asked.clone();
            async move { first(id, &asked).await }
        },
    );
    view! {
        <Resolve
            resource=page
            failed="The pipeline could not be loaded"
            skeleton=|| {
                view! {
                    <PageHeader title="Pipeline"/>
                    <div class="stack">
                        <div class="card"><Skeleton lines=2/></div>
                        <div class="card"><Skeleton lines=6/></div>
                    </div>
                }
            }
            children=Callback::new(move |found: Option<First>| match found {
                Some(first) => view! { <Pipeline first/> }.into_any(),
                None => view! { <NoSuchPipeline/> }.into_any(),
            })
        />
    }
}

/// The address is no pipeline's.
#[component]
pub(super) fn NoSuchPipeline() -> impl IntoView {
    #[cfg(feature = "ssr")]
    if let Some(response) = use_context::<leptos_axum::ResponseOptions>() {
        response.set_status(http::StatusCode::NOT_FOUND);
    }
    view! {
        <PageHeader title="No such pipeline"/>
        <div class="card">
            <EmptyState
                title="This console knows no pipeline at this address"
                body="It may be another console's, or it was taken away and forgotten."
            >
                <Button href="/pipelines">"Go to the pipelines"</Button>
            </EmptyState>
        </div>
    }
}

#[component]
fn Pipeline(first: First) -> impl IntoView {
    let First { shown: first, versions: versions_first, logs, idle } = first;
    let id = first.view.pipeline.id.clone();
    // What waits for a person waits without the page's turning under their hands.
    let going = first.view.is_going() && first.view.pipeline.waiting.is_none();
    let (asked, again) = (id.clone(), id.clone());
    let pipeline = first.view.pipeline.clone();
    let shown = use_polled(first.clone(), Shown::is_going, move || shown(asked.clone()));
    let (versions_first, trouble) = match versions_first {
        Ok(versions) => (versions, None),
        Err(error) => (AsOf { view: None, now: first.now }, Some(error)),
    };
    let changes = |versions: &Option<VersionsView>| {
        let endpoint = versions.as_ref().and_then(|versions| versions.endpoint.as_ref());
        endpoint.is_some_and(|endpoint| !matches!(endpoint.status.as_str(), "InService" | "Failed" | "OutOfService"))
    };
    let versions = use_polled(versions_first, changes, move || versions(again.clone()));
    versions.trouble.set(trouble);
    let live = Live { shown, versions };
    // What serves changes when a deployment begins or ends.
    let deployment = Memo::new(move |_| {
        let stages =
            shown.view.with(|shown| shown.pipeline.state.clone()).map(|state| state.stages).unwrap_or_default();
        stages.into_iter().find(|stage| stage.name == DEPLOY).map(|stage| (stage.execution, stage.status))
    });
    Effect::new(move |before: Option<_>| {
        let deployment = deployment.get();
        if before.is_some_and(|before| before != deployment) {
            versions.ask.run(());
        }
        deployment
    });
    let start = ServerAction::<StartExecution>::new();
    again_after(start, shown.ask);
    // Resources are counted, and so are the places that wait for them: in the executions' part the server comes to those
    // sooner than the browser does. So the last part's is made before any of them.
    let runs = settings::listed_runs(id.clone());
    let accounts = Lane::ALL.map(|lane| lane.place(&pipeline.intent).account.to_string()).join(" → ");
    let sub = format!("{accounts} · {}", pipeline.intent.region);
    view! {
        <PageHeader title=pipeline.intent.prefix.to_string() sub=sub>
            <Actions live start/>
        </PageHeader>
        <div class="stack">
            <banner::Banner live/>
            <Now live/>
            <ActionProblem error=failure_of(start)/>
            <stages::Stages live/>
            <details::StageCards live logs/>
            <versions::Versions live/>
            <executions::Executions live idle/>
            <settings::Settings live runs/>
        </div>
        {going.then(|| view! { <RefreshWithoutScript/> })}
    }
}

/// Asks for the newest as soon as an action is done.
pub(super) fn again_after<S>(action: ServerAction<S>, ask: Callback<()>)
where
    S: leptos::server_fn::ServerFn<Error = AppError> + Clone + Send + Sync + 'static,
    S::Output: Clone + Send + Sync + 'static,
{
    Effect::new(move |before: Option<usize>| {
        let done = action.version().get();
        if before.is_some_and(|before| before != done) {
            ask.run(());
        }
        done
    });
}

fn said_now(live: Live) -> (Said, Next) {
    let endpoint = live.versions.view.with(|versions| versions.as_ref().and_then(|versions| versions.endpoint.clone()));
    live.shown.view.with(|shown| said::now(&shown.pipeline, shown.newest(), endpoint.as_ref()))
}

/// The sentence.
#[component]
fn Now(live: Live) -> impl IntoView {
    let said = Memo::new(move |_| said_now(live).0);
    let class = move || match said.with(|said| said.mood) {
        Mood::Plain => "say",
        Mood::Good => "say is-good",
        Mood::Bad => "say is-bad",
    };
    let when = move || {
        said.with(|said| said.when).map(|when| match when {
            When::Since(at) => format!("for {}", elapsed(live.shown.now.get().since(at))),
            When::At(at) => at.ago(live.shown.now.get()),
        })
    };
    let text = move || said.with(|said| said.text.clone());
    view! {
        <div class=class>
            <p role="status">{move || view! { <Words text=text()/> }}</p>
            {move || when().map(|when| view! { <p class="say-when">{when}</p> })}
        </div>
    }
}

/// What can be done now; the primary one last.
#[component]
fn Actions(live: Live, start: ServerAction<StartExecution>) -> impl IntoView {
    let next = Memo::new(move |_| said_now(live).1);
    let id = live.shown.view.with_untracked(|shown| shown.pipeline.id.to_string());
    // The page's own: pressed twice, one execution starts. Each answer brings another.
    let token = Memo::new(move |_| live.shown.view.with(|shown| shown.pipeline.start_token.clone()));
    let there = Memo::new(move |_| next.get() != Next::Nothing);
    let retry = ServerAction::<crate::api::pipeline::operate::RetryStage>::new();
    again_after(retry, live.shown.ask);
    let pipeline = id.clone();
    let main = move || match next.get() {
        Next::Approve { execution } => {
            let href = format!("/pipelines/{pipeline}/approve/{execution}");
            view! { <Button kind=ButtonKind::Primary icon=IconName::Check href>"Judge the model"</Button> }.into_any()
        }
        Next::Retry { execution, stage } => view! {
            <details::Retry retry pipeline=pipeline.clone() execution stage primary=true/>
        }
        .into_any(),
        Next::Start | Next::Wait | Next::Nothing => ().into_any(),
    };
    let begin = move || {
        let id = id.clone();
        there.get().then(move || {
            let kind = if next.get() == Next::Start { ButtonKind::Primary } else { ButtonKind::Secondary };
            view! {
                <ActionForm action=start>
                    <input type="hidden" name="pipeline" value=id/>
                    <input type="hidden" name="token" value=token/>
                    <Button kind icon=IconName::Play submit=true busy=start.pending()>"Start an execution"</Button>
                </ActionForm>
            }
        })
    };
    view! {
        {begin}
        {main}
    }
}
