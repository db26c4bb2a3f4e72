//! Two accounts as two lanes, with the role assumption between them: child left, parent right.

use super::document::document_id;
use crate::ui::CopyButton;
use domain::names::AccountId;
use domain::share::Side;
use domain::share::diff::{Change, LaneItem, LineMark};
use leptos::prelude::*;

/// How many items a lane shows before it folds the rest.
const SHOWN: usize = 7;

/// How the arrow stands out.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ArrowTone {
    /// What is planned, or simply is.
    #[default]
    Plain,
    /// Something is under way.
    Running,
    /// It is done, or works.
    Done,
    /// It failed, or does not work.
    Failed,
}

impl ArrowTone {
    fn class(self) -> &'static str {
        match self {
            Self::Plain => "lanes-arrow",
            Self::Running => "lanes-arrow is-running",
            Self::Done => "lanes-arrow is-done",
            Self::Failed => "lanes-arrow is-failed",
        }
    }
}

/// The frame: two lanes and the arrow. What is in the lanes is given.
#[component]
pub fn Lanes(
    /// What the lanes show, for people who don't see them: `Plan`, `Progress`.
    #[prop(into)]
    label: String,
    /// The child account.
    child: AccountId,
    /// The parent account.
    parent: AccountId,
    /// The condition on the arrow: `external ID required`.
    #[prop(into)]
    arrow: String,
    /// How the arrow stands out.
    #[prop(into, optional)]
    tone: Signal<ArrowTone>,
    /// The child's lane.
    child_lane: AnyView,
    /// The parent's lane.
    parent_lane: AnyView,
) -> impl IntoView {
    view! {
        <section class="lanes" aria-label=label>
            <Lane side=Side::Child account=child items=child_lane/>
            <div class=move || tone.get().class()>
                <span class="visually-hidden">"The child account calls "</span>
                <code class="lanes-call">"AssumeRole"</code>
                <span class="lanes-track" aria-hidden="true">
                    <span class="lanes-line"></span>
                    <span class="lanes-head"></span>
                </span>
                <span class="lanes-condition">{arrow}</span>
            </div>
            <Lane side=Side::Parent account=parent items=parent_lane/>
        </section>
    }
}

#[component]
fn Lane(side: Side, account: AccountId, items: AnyView) -> impl IntoView {
    let (class, title) = match side {
        Side::Child => ("lane lane-child", "Child account"),
        Side::Parent => ("lane lane-parent", "Parent account"),
    };
    view! {
        <div class=class>
            <h2 class="lane-head">
                <span class="lane-key" aria-hidden="true"></span>
                {title}
                " "
                <code class="lane-account">{account.to_string()}</code>
            </h2>
            {items}
        </div>
    }
}

/// A plan, or what a plan made, in its lanes.
#[component]
pub fn PlanLanes(
    /// What the lanes show, for people who don't see them.
    #[prop(into, default = "Plan".into())]
    label: String,
    /// The child account.
    child: AccountId,
    /// The parent account.
    parent: AccountId,
    /// The condition on the arrow.
    #[prop(into)]
    arrow: String,
    /// The child's resources.
    child_lane: Vec<LaneItem>,
    /// The parent's resources.
    parent_lane: Vec<LaneItem>,
    /// How the arrow stands out.
    #[prop(into, optional)]
    tone: Signal<ArrowTone>,
    /// What an empty child's lane says.
    #[prop(into, default = "Nothing to do here.".into())]
    child_empty: String,
    /// Whether the page shows the documents too, so that items can link to them.
    #[prop(default = true)]
    linked: bool,
) -> impl IntoView {
    let child_lane = lane_items(child_lane, child_empty, linked);
    let parent_lane = lane_items(parent_lane, "Nothing to do here.".to_owned(), linked);
    view! { <Lanes label child parent arrow tone child_lane parent_lane/> }
}

fn lane_items(items: Vec<LaneItem>, empty: String, linked: bool) -> AnyView {
    if items.is_empty() {
        return view! { <p class="lane-empty">{empty}</p> }.into_any();
    }
    let mut shown = items;
    // One more is shown rather than folded away alone.
    let folded = if shown.len() > SHOWN + 1 { shown.split_off(SHOWN) } else { Vec::new() };
    let list = move |items: Vec<LaneItem>| {
        let rows = items.into_iter().map(|item| view! { <LaneRow item linked/> }).collect_view();
        view! { <ul class="lane-items">{rows}</ul> }
    };
    let more = (!folded.is_empty()).then(|| {
        view! {
            <details class="lane-more">
                <summary>{format!("{} more", folded.len())}</summary>
                {list(folded)}
            </details>
        }
    });
    view! {
        {list(shown)}
        {more}
    }
    .into_any()
}

#[component]
fn LaneRow(item: LaneItem, linked: bool) -> impl IntoView {
    let links = linked.then(|| document_links(&item));
    let copy = item.arn.clone().map(|text| {
        let label = format!("Copy the ARN of {}", item.name);
        view! { <CopyButton text label compact=true/> }
    });
    view! {
        <li class="lane-item">
            <ChangeMark change=item.change/>
            <div class="lane-what">
                <p class="lane-name">{item.name}</p>
                <p class="lane-detail">{item.detail}</p>
            </div>
            <div class="lane-links">
                {copy}
                {links}
            </div>
        </li>
    }
}

/// `Diff` for a document that changes, `JSON` for others; with the resource's name for people who don't see the row.
fn document_links(item: &LaneItem) -> impl IntoView + use<> {
    let many = item.documents.len() > 1;
    item.documents
        .iter()
        .enumerate()
        .map(|(index, document)| {
            let changes = document.lines.iter().any(|l| l.mark == LineMark::Removed);
            let word = if changes { "Diff" } else { "JSON" };
            let text = if many { format!("{word} {}", index + 1) } else { word.to_owned() };
            let href = format!("#{}", document_id(&item.key, index));
            let of = format!(" of {}", document.title);
            view! { <a class="lane-link" href=href>{text}<span class="visually-hidden">{of}</span></a> }
        })
        .collect_view()
}

/// The sign of a change, never by colour alone.
#[component]
pub fn ChangeMark(
    /// The change.
    change: Change,
) -> impl IntoView {
    let (class, sign, said) = match change {
        Change::Create => ("mark mark-create", "+", "To create"),
        Change::Update => ("mark mark-update", "~", "To change"),
        Change::Keep => ("mark mark-keep", "=", "Stays as it is"),
        Change::Remove => ("mark mark-remove", "−", "To remove"),
        Change::Conflict => ("mark mark-conflict", "!", "In conflict"),
        Change::Theirs => ("mark mark-waiting", "→", "For its own administrator to make"),
    };
    view! {
        <span class=class title=said>
            <span aria-hidden="true">{sign}</span>
            <span class="visually-hidden">{format!("{said}: ")}</span>
        </span>
    }
}
