//! What stands in a lane, and whether it goes.

use crate::components::{ChangeMark, nothing_here};
use crate::ui::{size, thousands};
use domain::pipeline::apply::{Action, Contents, Lane, Part, Plan, StandingStack};
use domain::pipeline::view::TeardownView;
use domain::share::diff::Change;
use leptos::prelude::*;

/// Whether the plan empties the bucket: another's is left as it is.
pub(super) fn empties(plan: &Plan) -> bool {
    plan.steps.iter().any(|step| step.action == Action::EmptyBucket)
}

/// A lane's items.
pub(super) fn lane_items(view: &TeardownView, lane: Lane) -> AnyView {
    let standing = &view.standing;
    let mut items: Vec<AnyView> = Vec::new();
    let goes = |name: String, detail: String| view! { <Item change=Change::Remove name detail/> }.into_any();
    if lane == Lane::SharedServices && !standing.executing.is_empty() {
        let count = standing.executing.len();
        let name = if count == 1 {
            "1 execution of the pipeline".into()
        } else {
            format!("{count} executions of the pipeline")
        };
        items.push(goes(name, "is stopped first, so that nothing is made meanwhile".into()));
    }
    if lane == Lane::Production {
        if standing.endpoint {
            let name = view.type_endpoint.clone().unwrap_or_else(|| "Endpoint".into());
            items.push(goes(name, "endpoint · whoever invokes it gets an error from then on".into()));
        }
        if !standing.trials.is_empty() {
            let name = match standing.trials.len() {
                1 => "1 endpoint that a model was tried with".to_owned(),
                n => format!("{n} endpoints that models were tried with"),
            };
            items.push(goes(name, "left over from a try: nobody else invokes it".into()));
        }
        if let Some(name) = standing.versions_in_words() {
            items.push(goes(name, "versions · what the endpoint can be rolled back to".into()));
        }
    }
    if let (Lane::SharedServices, Some(contents)) = (lane, standing.bucket) {
        let change = if empties(&view.plan) { Change::Remove } else { Change::Keep };
        let (name, detail) = held(contents);
        items.push(view! { <Item change name detail/> }.into_any());
    }
    let stacks = standing.stacks.iter().filter(|(part, _)| part.lane() == lane);
    items.extend(stacks.map(|(part, stack)| view! { <StackItem part=*part stack=stack.clone()/> }.into_any()));
    if items.is_empty() {
        return nothing_here();
    }
    view! { <ul class="lane-items">{items}</ul> }.into_any()
}

/// `12 versions of objects · 3.4 MB, of which 4 are models, artifacts or others' objects`
fn held(contents: Contents) -> (String, String) {
    let more = if contents.more { "more than " } else { "" };
    let name = match contents.versions {
        0 => "An empty bucket".to_owned(),
        1 => "1 object in the bucket".to_owned(),
        n => format!("{more}{} versions of objects in the bucket", thousands(n)),
    };
    let others = match contents.others {
        0 => "only what applying puts there".to_owned(),
        n => format!("{} of them models, artifacts or others' objects", thousands(n)),
    };
    let detail = if contents.versions == 0 {
        "it goes with its stack".into()
    } else {
        format!("{} · {others}", size(contents.bytes))
    };
    (crate::ui::sentence_case(&name), detail)
}

#[component]
fn Item(change: Change, name: String, detail: String) -> impl IntoView {
    view! {
        <li class="lane-item">
            <ChangeMark change/>
            <div class="lane-what">
                <p class="lane-name">{name}</p>
                <p class="lane-detail">{detail}</p>
            </div>
        </li>
    }
}

#[component]
fn StackItem(part: Part, stack: StandingStack) -> impl IntoView {
    let change = if stack.ours { Change::Remove } else { Change::Keep };
    let whose = match (stack.ours, part) {
        (false, _) => "stack of somebody else: it stays",
        (true, Part::Workflow) => "stack that the pipeline itself made",
        (true, _) => "stack",
    };
    let count = stack.resources.len();
    let resources = (count > 0).then(|| {
        let rows = stack
            .resources
            .into_iter()
            .map(|(logical_id, name)| {
                view! {
                    <li class="lane-resource">
                        <span>
                            <span class="lane-resource-name">{logical_id}</span>
                            " "
                            <code class="lane-detail">{name}</code>
                        </span>
                    </li>
                }
            })
            .collect_view();
        let summary = if count == 1 { "1 resource".to_owned() } else { format!("{count} resources") };
        view! {
            <details class="lane-resources">
                <summary>{summary}</summary>
                <ul>{rows}</ul>
            </details>
        }
    });
    view! {
        <li class="lane-item">
            <ChangeMark change/>
            <div class="lane-what">
                <p class="lane-name">{stack.name}</p>
                <p class="lane-detail">{whose} " · " <code>{stack.state.as_str()}</code></p>
                {resources}
            </div>
        </li>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_buckets_contents_are_told_with_what_is_not_made_again() {
        let contents = Contents { versions: 1_200, others: 4, bytes: 2_048, more: true };
        assert_eq!(
            held(contents),
            (
                "More than 1,200 versions of objects in the bucket".into(),
                "2 kB · 4 of them models, artifacts or others' objects".into()
            )
        );
        assert_eq!(
            held(Contents { versions: 3, bytes: 10, ..Contents::default() }).1,
            "10 B · only what applying puts there"
        );
        assert_eq!(held(Contents::default()).1, "it goes with its stack");
    }
}
