//! What was found: one sentence, the handshake as a drawing, what to do, and every link in full.

use super::link::LinkDetails;
use super::repairs::WhatToDo;
use crate::api::doctor::TryHandshake;
use crate::components::{ArrowTone, Lanes};
use crate::error::failure_of;
use crate::ui::{ActionProblem, Button, ButtonKind, Icon, IconName, Words, sentence_case};
use domain::doctor::{DiagnosisView, Link, LinkState, Outcome, Verdict};
use domain::share::Side;
use leptos::form::ActionForm;
use leptos::prelude::*;

/// A diagnosis. `live` and `message` ask for the calls and the message it was made with.
#[component]
pub(super) fn Found(found: DiagnosisView, live: String, message: String) -> impl IntoView {
    let diagnosis = &found.diagnosis;
    let question = &diagnosis.question;
    let tone = match diagnosis.verdict {
        Verdict::Works | Verdict::Allowed => ArrowTone::Done,
        Verdict::Disputed | Verdict::Broken => ArrowTone::Failed,
        Verdict::Unknown => ArrowTone::Plain,
    };
    let arrow = arrow(&found);
    let lane = |side: Side| {
        let links: Vec<Link> = diagnosis.links.iter().filter(|link| link.side == side).cloned().collect();
        view! { <LinkLane links/> }.into_any()
    };
    let (child_lane, parent_lane) = (lane(Side::Child), lane(Side::Parent));
    let (child, parent) = (question.child(), question.parent());
    let wait = diagnosis.wait.clone().map(|why| view! { <p class="doctor-wait"><Words text=stopped(&why)/></p> });
    let share = found.share.clone().map(|share| {
        view! { <a href=format!("/shares/{share}")>"The share of this role"</a> }
    });
    view! {
        <div class="doctor-found" data-verdict=verdict_key(diagnosis.verdict)>
            <p class="say" class:is-good=tone == ArrowTone::Done class:is-bad=tone == ArrowTone::Failed role="status">
                <Words text=stopped(&diagnosis.sentence)/>
            </p>
            {wait}
            <Lanes label="Handshake" child parent arrow tone=Signal::stored(tone) child_lane parent_lane/>
            <Legend links=diagnosis.links.clone()/>
            {share.map(|share| view! { <p class="doctor-aside">{share}</p> })}
        </div>
        <WhatToDo found=found.clone() live message/>
        <LiveCalls found=found.clone()/>
        <section class="stack" aria-labelledby="doctor-links">
            <h2 id="doctor-links">"Link by link"</h2>
            <div class="doctor-links">
                {found.diagnosis.links.into_iter().map(|link| view! { <LinkDetails link/> }).collect_view()}
            </div>
        </section>
    }
}

/// What the caller sends besides its name, as the drawing has it. Of a call that was only told nobody saw it.
pub(super) fn arrow(found: &DiagnosisView) -> &'static str {
    match &found.diagnosis.question.external_id {
        _ if found.live.is_told() => "external ID unknown",
        Some(_) => "external ID sent",
        None => "no external ID sent",
    }
}

/// A whole sentence. The stop belongs to the text: behind words that end in code it would stand apart.
pub(super) fn stopped(text: &str) -> String {
    format!("{}.", sentence_case(text))
}

/// What the marks of the drawing mean: those that are in it.
#[component]
fn Legend(links: Vec<Link>) -> impl IntoView {
    let mut states: Vec<LinkState> = Vec::new();
    for link in links {
        if !states.contains(&link.state) {
            states.push(link.state);
        }
    }
    let rows = states
        .into_iter()
        .map(|state| {
            let (class, icon) = mark(state);
            view! {
                <div>
                    <dt>
                        <span class=class aria-hidden="true">{icon.map(|name| view! { <Icon name/> })}</span>
                        {sentence_case(state.label())}
                    </dt>
                    <dd>{state.meaning()}</dd>
                </div>
            }
        })
        .collect_view();
    view! { <dl class="doctor-legend">{rows}</dl> }
}

#[component]
fn LinkLane(links: Vec<Link>) -> impl IntoView {
    let items = links
        .into_iter()
        .map(|link| {
            let (class, icon) = mark(link.state);
            let href = format!("#link-{}", link.kind.key());
            view! {
                <li class="lane-item" data-link=link.kind.key() data-state=state_key(link.state)>
                    <span class=class title=link.state.label()>
                        {icon.map(|name| view! { <Icon name/> })}
                        <span class="visually-hidden">{format!("{}: ", link.state.label())}</span>
                    </span>
                    <div class="lane-what">
                        <p class="lane-name">
                            // `external`: the browser goes to the anchor by itself.
                            <a href=href rel="external">{link.kind.label()}</a>
                        </p>
                        <p class="lane-detail">{sentence_case(link.state.label())}</p>
                    </div>
                </li>
            }
        })
        .collect_view();
    view! { <ul class="lane-items">{items}</ul> }
}

/// The calls that prove it: made, or to be made.
#[component]
fn LiveCalls(found: DiagnosisView) -> impl IntoView {
    let attempt = ServerAction::<TryHandshake>::new();
    let made = found.live.assume_role != Outcome::NotMade;
    let rows = [("AssumeRole", found.live.assume_role.clone()), ("InvokeEndpoint", found.live.invoke.clone())]
        .into_iter()
        .filter(|_| made)
        .map(|(operation, outcome)| {
            let (class, icon, said) = match outcome {
                Outcome::NotMade => ("mark mark-keep", None, "not made".to_owned()),
                Outcome::Succeeded => ("mark mark-create", Some(IconName::Check), "AWS allowed it".to_owned()),
                Outcome::Denied { message } => ("mark mark-conflict", Some(IconName::Cross), message),
                Outcome::Failed { code, message } => {
                    ("mark mark-conflict", Some(IconName::Cross), format!("{code} {message}").trim().to_owned())
                }
            };
            view! {
                <li class="line">
                    <span class=class aria-hidden="true">{icon.map(|name| view! { <Icon name/> })}</span>
                    <div class="line-text">
                        <p class="line-title"><code>{operation}</code></p>
                        <p class="line-sub"><Words text=sentence_case(&said)/></p>
                    </div>
                </li>
            }
        })
        .collect_view();
    let button = match found.can_call {
        Ok(()) => view! {
            <ActionForm action=attempt>
                <FormFields form=found.form/>
                <p class="doctor-note">"Assumes the role and invokes the endpoint once, with a sample body. A denial that the documents do not explain is tried again while AWS catches up."</p>
                <ActionProblem error=failure_of(attempt)/>
                <Button kind=ButtonKind::Secondary submit=true icon=IconName::Play busy=attempt.pending()>
                    {if made { "Make the calls again" } else { "Make the calls" }}
                </Button>
            </ActionForm>
        }
        .into_any(),
        Err(why) => view! { <p class="doctor-note"><Words text=stopped(&why)/></p> }.into_any(),
    };
    view! {
        <section class="card" aria-labelledby="doctor-calls">
            <div class="card-head">
                <h2 id="doctor-calls">"Live calls"</h2>
            </div>
            {made.then(|| view! { <ul class="lines">{rows}</ul> })}
            <div class="card-body">{button}</div>
        </section>
    }
}

/// The question as hidden fields of a form.
#[component]
pub(super) fn FormFields(form: domain::doctor::QuestionForm) -> impl IntoView {
    [
        ("form[caller]", form.caller),
        ("form[role]", form.role),
        ("form[endpoint]", form.endpoint),
        ("form[region]", form.region),
        ("form[action]", form.action),
        ("form[external_id]", form.external_id),
        ("form[duration_seconds]", form.duration_seconds),
        ("form[session_policy]", form.session_policy),
    ]
    .into_iter()
    .map(|(name, value)| view! { <input type="hidden" name=name value=value/> })
    .collect_view()
}

/// How a link's state is drawn.
pub(super) fn mark(state: LinkState) -> (&'static str, Option<IconName>) {
    match state {
        LinkState::Proven => ("mark mark-create", Some(IconName::Check)),
        LinkState::Allowed => ("mark mark-keep", Some(IconName::Check)),
        LinkState::Disputed => ("mark mark-waiting", Some(IconName::Alert)),
        LinkState::Denied => ("mark mark-conflict", Some(IconName::Cross)),
        LinkState::Unknown => ("mark mark-pending", None),
    }
}

pub(super) fn state_key(state: LinkState) -> &'static str {
    match state {
        LinkState::Proven => "proven",
        LinkState::Allowed => "allowed",
        LinkState::Disputed => "disputed",
        LinkState::Denied => "denied",
        LinkState::Unknown => "unknown",
    }
}

fn verdict_key(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Works => "works",
        Verdict::Allowed => "allowed",
        Verdict::Disputed => "disputed",
        Verdict::Broken => "broken",
        Verdict::Unknown => "unknown",
    }
}
