//! What is made in each lane: stacks with their resources, files, the template.

use super::facts::stack_change;
use super::parts::document_id;
use crate::components::{ChangeMark, nothing_here, unfold};
use crate::ui::size;
use domain::pipeline::apply::{Lane, Part};
use domain::pipeline::view::{PipelineReviewView, ReviewedFile, ReviewedResource, ReviewedStack};
use domain::share::diff::Change;
use leptos::prelude::*;

/// A lane's items.
pub(super) fn lane_items(review: &PipelineReviewView, lane: Lane) -> AnyView {
    let stacks: Vec<ReviewedStack> = review.stacks.iter().filter(|stack| stack.part.lane() == lane).cloned().collect();
    if stacks.is_empty() {
        return nothing_here();
    }
    let stacks = stacks.into_iter().map(|stack| view! { <StackItem stack/> }).collect_view();
    let put = (lane == Lane::SharedServices).then(|| {
        let files = review.files.iter().map(|file| view! { <FileItem file=*file/> }).collect_view();
        let title = review.plan.steps.iter().find(|step| step.id == "source").map(|step| step.title.clone());
        let source = title.map(|title| {
            let detail = "the source that the pipeline begins with".to_owned();
            view! { <Item change=review.source name=title detail/> }
        });
        view! { {files} {source} }
    });
    view! { <ul class="lane-items">{stacks} {put}</ul> }.into_any()
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
fn FileItem(file: ReviewedFile) -> impl IntoView {
    let verb = if file.change == Change::Keep { "Keep" } else { "Upload" };
    let name = format!("{verb} the {} data", file.channel.key());
    let detail = format!("{} · {}, encrypted with the key", file.channel.object(), size(file.bytes));
    view! { <Item change=file.change name detail/> }
}

#[component]
fn StackItem(stack: ReviewedStack) -> impl IntoView {
    let change = stack_change(&stack);
    let count = match stack.resources.len() {
        1 => "1 resource".to_owned(),
        n => format!("{n} resources"),
    };
    let by = if stack.part == Part::Workflow { "stack that the pipeline itself makes" } else { "stack" };
    let links = [("Template", "template"), ("Parameters", "parameters")].map(|(word, kind)| {
        let id = document_id(stack.part, kind);
        let href = format!("#{id}");
        let of = format!(" of {}", stack.name);
        view! { <a class="lane-link" href=href on:click=move |_| unfold(&id)>{word}<span class="visually-hidden">{of}</span></a> }
    });
    let summary = resources_summary(&stack.resources);
    let resources = stack.resources.into_iter().map(|resource| view! { <ResourceItem resource/> }).collect_view();
    view! {
        <li class="lane-item">
            <ChangeMark change/>
            <div class="lane-what">
                <p class="lane-name">{stack.name}</p>
                <p class="lane-detail">{format!("{by} · {count}")}</p>
                <p class="lane-docs">{links.collect_view()}</p>
                <details class="lane-resources">
                    <summary>{summary}</summary>
                    <ul>{resources}</ul>
                </details>
            </div>
        </li>
    }
}

#[component]
fn ResourceItem(resource: ReviewedResource) -> impl IntoView {
    let kind = kind(&resource.resource_type);
    view! {
        <li class="lane-resource">
            <ChangeMark change=resource.change/>
            <span>
                <span class="lane-resource-name">{resource.name.unwrap_or(resource.logical_id)}</span>
                " "
                <span class="lane-detail">{kind}</span>
            </span>
        </li>
    }
}

/// `AWS::IAM::Role` as people call it: `IAM role`.
fn kind(resource_type: &str) -> String {
    let mut parts = resource_type.split("::").skip(1);
    let (service, thing) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let mut words = String::new();
    for (at, c) in thing.char_indices() {
        if at > 0 && c.is_ascii_uppercase() {
            words.push(' ');
        }
        words.push(c.to_ascii_lowercase());
    }
    match service {
        // The bucket's and the pipeline's services are named by them.
        "S3" | "IAM" | "KMS" => format!("{service} {words}"),
        "StepFunctions" | "CodePipeline" => words,
        _ => format!("{service} {words}"),
    }
}

/// `3 to create, 1 to change, 9 unchanged`
fn resources_summary(resources: &[ReviewedResource]) -> String {
    let count = |change| resources.iter().filter(|resource| resource.change == change).count();
    let parts = [
        (count(Change::Create), "to create"),
        (count(Change::Update), "to change"),
        (count(Change::Remove), "to remove"),
        (count(Change::Keep), "unchanged"),
    ];
    let parts = parts.iter().filter(|(n, _)| *n > 0).map(|(n, what)| format!("{n} {what}"));
    parts.collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_type_is_named_as_people_do() {
        assert_eq!(kind("AWS::IAM::RolePolicy"), "IAM role policy");
        assert_eq!(kind("AWS::S3::BucketPolicy"), "S3 bucket policy");
        assert_eq!(kind("AWS::StepFunctions::StateMachine"), "state machine");
        assert_eq!(kind("AWS::Lambda::Function"), "Lambda function");
    }

    #[test]
    fn a_stacks_resources_are_counted_by_what_becomes_of_them() {
        let resource = |change| ReviewedResource {
            logical_id: "X".into(),
            resource_type: "AWS::IAM::Role".into(),
            name: None,
            change,
        };
        let resources = [Change::Create, Change::Keep, Change::Keep].map(resource);
        assert_eq!(resources_summary(&resources), "1 to create, 2 unchanged");
    }
}
