//! Documents shown whole, with their changed lines marked.

use super::json_tokens::{Kind, tokens};
use crate::ui::CopyButton;
use domain::share::diff::{DiffLine, DocumentDiff, LaneItem, LineMark};
use leptos::prelude::*;

/// A document with line numbers, marks and a light colouring. Can be folded, and copied as it will be.
#[component]
pub fn DocumentDiffView(
    /// The document.
    document: DocumentDiff,
    /// The anchor that lanes link to.
    #[prop(into)]
    id: String,
    /// Whether it is unfolded at first.
    #[prop(default = true)]
    open: bool,
    /// Whether it is JSON, which gets its colours; anything else is plain.
    #[prop(default = true)]
    json: bool,
) -> impl IntoView {
    let text = text_after(&document);
    let is_new = document.lines.iter().all(|l| l.mark == LineMark::Added);
    let label = format!("Copy {}", document.title);
    // The anchor is inside the fold, so that following it unfolds.
    view! {
        <details class="card doc" class:is-new=is_new open=open>
            <summary class="card-head doc-head">
                <span class="doc-title">{document.title}</span>
                <span class="card-aside">{document.note}</span>
            </summary>
            <div class="doc-body" id=id>
                <div class="doc-copy">
                    <CopyButton text label compact=true/>
                </div>
                <DocumentLines lines=document.lines json/>
            </div>
        </details>
    }
}

/// Unfolds what holds the element with this ID. A browser does so when it follows a link to it by itself; where the
/// router follows, it is to be done before.
pub fn unfold(id: &str) {
    let fold = document().get_element_by_id(id).and_then(|element| element.closest("details").ok().flatten());
    if let Some(fold) = fold
        && let Err(error) = fold.set_attribute("open", "")
    {
        leptos::logging::warn!("a fold does not open: {error:?}");
    }
}

/// Lines with their numbers and marks.
#[component]
pub fn DocumentLines(
    /// The lines of both texts.
    lines: Vec<DiffLine>,
    /// What they are, where no heading says it.
    #[prop(optional)]
    label: Option<&'static str>,
    /// Whether they are JSON, which gets its colours; anything else is plain.
    #[prop(default = true)]
    json: bool,
) -> impl IntoView {
    let lines = lines.into_iter().map(|line| view! { <DocumentLine line json/> }).collect_view();
    view! {
        <pre class="doc-lines" tabindex="0" role=label.map(|_| "region") aria-label=label>
            <code>{lines}</code>
        </pre>
    }
}

#[component]
fn DocumentLine(line: DiffLine, json: bool) -> impl IntoView {
    let (class, sign, said) = match line.mark {
        LineMark::Same => ("doc-line", " ", None),
        LineMark::Added => ("doc-line is-added", "+", Some("added: ")),
        LineMark::Removed => ("doc-line is-removed", "−", Some("removed: ")),
    };
    let colour = |(kind, text): (Kind, &str)| match kind.class() {
        Some(class) => view! { <span class=class>{text.to_owned()}</span> }.into_any(),
        None => text.to_owned().into_any(),
    };
    let pieces = match json {
        true => tokens(&line.text).into_iter().map(colour).collect_view().into_any(),
        false => line.text.into_any(),
    };
    view! {
        <span class=class>
            <span class="doc-number" aria-hidden="true">{line.number}</span>
            <span class="doc-sign" aria-hidden="true">{sign}</span>
            <span class="doc-text">
                {said.map(|said| view! { <span class="visually-hidden">{said}</span> })} {pieces} "\n"
            </span>
        </span>
    }
}

/// Every document of both lanes: those that change unfolded, those that stay folded.
#[component]
pub fn DocumentList(
    /// The lanes' items, in the order to show their documents.
    items: Vec<LaneItem>,
) -> impl IntoView {
    items
        .into_iter()
        .flat_map(|item| {
            item.documents.into_iter().enumerate().map(move |(index, document)| {
                let id = document_id(&item.key, index);
                let open = document.lines.iter().any(|line| line.mark != LineMark::Same);
                view! { <DocumentDiffView document id open/> }
            })
        })
        .collect_view()
}

/// The anchor of an item's document.
pub(super) fn document_id(key: &str, index: usize) -> String {
    format!("document-{key}-{index}")
}

/// The document as it will be, for copying.
fn text_after(document: &DocumentDiff) -> String {
    let lines: Vec<&str> =
        document.lines.iter().filter(|l| l.mark != LineMark::Removed).map(|l| l.text.as_str()).collect();
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_copied_is_the_document_as_it_will_be() {
        let line = |number, mark, text: &str| DiffLine { number, mark, text: text.into() };
        let document = DocumentDiff {
            title: "x".into(),
            note: "version 2 → 3".into(),
            lines: vec![
                line(1, LineMark::Same, "{"),
                line(2, LineMark::Removed, "  old"),
                line(2, LineMark::Added, "  new"),
                line(3, LineMark::Same, "}"),
            ],
        };
        assert_eq!(text_after(&document), "{\n  new\n}");
    }
}
