//! Doctor: which of two accounts and their documents is in the way, and what to change. The question is in the address.

mod ask;
mod found;
mod link;
mod repairs;
mod told;

use crate::api::doctor::{Asked, DoctorView, get_diagnosis};
use crate::api::runs::{RetryRun, get_run};
use crate::components::{RefreshWithoutScript, RunProgress, use_live};
use crate::ui::{Button, ButtonKind, PageHeader, Resolve, Skeleton};
use ask::{AskAgain, FirstQuestion};
use domain::doctor::QuestionForm;
use domain::names::RunId;
use domain::run::{RunState, RunView};
use found::{Found, arrow};
use leptos::prelude::*;
use leptos_router::hooks::{use_location, use_query_map};
use told::Told;

/// The handshake doctor.
#[component]
pub fn DoctorPage() -> impl IntoView {
    let query = use_query_map();
    let asked = Memo::new(move |_| {
        let query = query.read();
        let part = |name: &str| query.get(name).unwrap_or_default();
        Asked {
            form: QuestionForm {
                caller: part("caller"),
                role: part("role"),
                endpoint: part("endpoint"),
                region: part("region"),
                action: part("action"),
                external_id: part("external_id"),
                duration_seconds: part("duration_seconds"),
                session_policy: part("session_policy"),
            },
            share: part("share"),
            live: part("live"),
            message: part("message"),
            refused: part("refused"),
        }
    });
    let run = Memo::new(move |_| query.read().get("run").and_then(|id| RunId::parse(&id).ok()));
    let view = Resource::new(
        move || (asked.get(), run.get()),
        |(asked, run)| async move {
            let run = match run {
                Some(run) => Some(get_run(run).await?),
                None => None,
            };
            Ok((get_diagnosis(asked).await?, run))
        },
    );
    view! {
        <PageHeader
            title="Doctor"
            sub="Finds out why a caller can't invoke an endpoint: which account, which document, which statement."
        />
        <Resolve
            resource=view
            failed="The handshake could not be diagnosed"
            skeleton=|| view! { <div class="card"><Skeleton lines=10/></div> }
            children=Callback::new(move |(view, run): (DoctorView, Option<crate::api::runs::AsOf<RunView>>)| {
                let DoctorView { form, problems, diagnosis, shares, told, refused } = view;
                let message = told.as_ref().map(|told| told.id.clone()).unwrap_or_default();
                let told = told.map(|told| view! { <Told told/> });
                match diagnosis {
                    Some(found) => {
                        let live = asked.with_untracked(|asked| asked.live.clone());
                        let repaired = run.map(|run| view! { <Repaired run found=found.clone()/> });
                        view! {
                            <div class="stack doctor">
                                {repaired}
                                {told}
                                <Found found=*found live message=message.clone()/>
                                <AskAgain form shares message refused/>
                            </div>
                        }
                        .into_any()
                    }
                    None => {
                        view! {
                            <div class="stack doctor">
                                {told}
                                <FirstQuestion form problems shares message refused/>
                            </div>
                        }
                        .into_any()
                    }
                }
            })
        />
    }
}

/// The run that repairs, followed live. What the page says below was found before it, so it is looked at again after.
#[component]
fn Repaired(run: crate::api::runs::AsOf<RunView>, found: Box<domain::doctor::DiagnosisView>) -> impl IntoView {
    let id = run.view.id.clone();
    let under_way = run.view.state == RunState::Running;
    let poll = {
        let id = id.clone();
        move || get_run(id.clone())
    };
    let live = use_live(run, format!("/events/runs/{id}"), poll);
    let retry = ServerAction::<RetryRun>::new();
    let question = &found.diagnosis.question;
    let arrow = arrow(&found);
    // Without the run and what was pasted before it: the question alone, asked anew.
    let search = use_location().search;
    let again = move || {
        let search = search.get();
        let over = |part: &str| ["run=", "message=", "refused="].iter().any(|name| part.starts_with(name));
        let kept: Vec<&str> = search.split('&').filter(|part| !over(part)).collect();
        format!("/doctor?{}", kept.join("&"))
    };
    let ended = Memo::new(move |_| live.view.with(|run| run.state != RunState::Running));
    view! {
        <section class="stack" aria-label="Repair">
            {under_way.then(|| view! { <RefreshWithoutScript/> })}
            <RunProgress live child=question.child() parent=question.parent() arrow retry/>
            {move || ended.get().then(|| view! {
                <div class="form-actions">
                    <Button kind=ButtonKind::Primary href=again()>"Diagnose again"</Button>
                </div>
            })}
        </section>
    }
}
