//! A file of saved requests: first what it would add, then adding it.

use super::requests;
use crate::api::saved::{ImportSaved, READ_FILE, get_saved_import};
use crate::components::PlaygroundTabs;
use crate::error::failure_of;
use crate::ui::{
    ActionProblem, Badge, Button, ButtonKind, Card, Choice, FileInput, PageHeader, Resolve, Select, Skeleton, Tone,
    Words,
};
use domain::saved::{ImportLine, ImportView, MAX_BYTES, Saved};
use domain::wizard::FieldProblem;
use leptos::form::ActionForm;
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

/// Taking in a file.
#[component]
pub fn SavedImportPage() -> impl IntoView {
    let query = use_query_map();
    let kept = Memo::new(move |_| query.read().get("kept").unwrap_or_default());
    let import = Resource::new(move || kept.get(), get_saved_import);
    view! {
        <PageHeader title="Import saved requests" sub="Choosing a file adds nothing yet: first you see what is in it."/>
        <PlaygroundTabs/>
        <Resolve
            resource=import
            failed="The file could not be read"
            skeleton=|| view! { <div class="card"><Skeleton lines=6/></div> }
            children=Callback::new(move |view: ImportView| {
                let ImportView { lines, problem } = view;
                if lines.is_empty() {
                    view! { <ChooseFile problem/> }.into_any()
                } else {
                    view! { <Preview lines kept=kept.get_untracked()/> }.into_any()
                }
            })
        />
    }
}

/// A plain form, so that a file can be chosen without a script.
#[component]
fn ChooseFile(problem: Option<FieldProblem>) -> impl IntoView {
    view! {
        <Card title=|| "File">
            <form method="post" action=READ_FILE enctype="multipart/form-data" class="card-body stack">
                {problem.map(|problem| view! {
                    <p class="action-problem" role="alert">
                        <Words text=problem.message/>
                        {problem.hint.map(|hint| view! { " " <span class="field-hint"><Words text=hint/></span> })}
                    </p>
                })}
                <FileInput
                    name="file"
                    label="File of saved requests"
                    description="Its name begins with `saved-requests-`."
                    accept="application/json,.json"
                    most=MAX_BYTES as u64
                />
                <div class="form-actions">
                    <Button kind=ButtonKind::Primary submit=true>"Read the file"</Button>
                    <Button href="/saved">"Back to the saved requests"</Button>
                </div>
            </form>
        </Card>
    }
}

#[component]
fn Preview(lines: Vec<ImportLine>, kept: String) -> impl IntoView {
    let import = ServerAction::<ImportSaved>::new();
    let (count, clashing) = (lines.len(), lines.iter().filter(|line| line.clashes).count());
    let requests = requests(count);
    let clash = match clashing {
        0 => "None of them is here already.".to_owned(),
        1 => "One has the name of a request that is here: choose what becomes of it.".to_owned(),
        _ => format!("{clashing} have the names of requests that are here: choose what becomes of each."),
    };
    let says = format!("The file has {requests}. {clash} Nothing was added yet.");
    let button = format!("Import {requests}");
    let lines = lines.into_iter().enumerate().map(|(at, line)| view! { <Line at line/> }).collect_view();
    view! {
        <ActionForm action=import>
            <div class="stack">
                <p class="say">{says}</p>
                <input type="hidden" name="kept" value=kept/>
                <Card title=|| "In the file">
                    <ul class="lines">{lines}</ul>
                </Card>
                <ActionProblem error=failure_of(import)/>
                <div class="form-actions">
                    <Button kind=ButtonKind::Primary submit=true busy=import.pending()>{button}</Button>
                    <Button href="/saved/import">"Choose another file"</Button>
                </div>
            </div>
        </ActionForm>
    }
}

#[component]
fn Line(at: usize, line: ImportLine) -> impl IntoView {
    let ImportLine { saved: Saved { name, description, endpoint, variables, .. }, clashes } = line;
    let values = format!("{endpoint} · {} to fill in", variables.len());
    let label = format!("{name} is here already");
    let choice = clashes.then(|| {
        let choices = vec![
            Choice::new(format!("{at}-copy"), "Add a copy under another name"),
            Choice::new(format!("{at}-replace"), "Replace what is here"),
        ];
        view! { <Select name="choices[]" id=format!("choice-{at}") label choices=choices value=Signal::stored(format!("{at}-copy"))/> }
    });
    view! {
        <li class="line">
            <div class="line-text">
                <p class="line-title">{name}</p>
                {(!description.is_empty()).then(|| view! { <p class="line-detail">{description}</p> })}
                <p class="line-detail">{values}</p>
            </div>
            <div class="line-aside">
                {match choice {
                    Some(choice) => choice.into_any(),
                    None => view! { <Badge tone=Tone::Ok>"New"</Badge> }.into_any(),
                }}
            </div>
        </li>
    }
}
