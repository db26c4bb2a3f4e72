//! A table's columns by its first rows: what is in them, which is predicted, and which are left out.

use crate::pages::pipeline_wizard::StepContext;
use crate::pages::step::FieldProblemText;
use crate::ui::{Badge, Tone, heard_early};
use domain::pipeline::data::{Column, Fault, Preview, RowFault};
use leptos::prelude::*;
use std::collections::BTreeSet;

#[component]
pub(super) fn Columns(
    ctx: StepContext,
    preview: Preview,
    /// Rows that can't be used, as far as the table was read.
    faults: Vec<Fault>,
) -> impl IntoView {
    let form = ctx.draft.data.clone();
    let label = RwSignal::new(form.label.clone());
    let left_out = RwSignal::new(form.left_out.iter().cloned().collect::<BTreeSet<_>>());
    let (label_error, left_out_error) = (ctx.problem("label"), ctx.problem("left_out"));
    let rows = preview
        .columns
        .into_iter()
        .enumerate()
        .map(|(at, column)| {
            let is_label = form.label == at.to_string();
            let faulty = faults.iter().find_map(|fault| of_column(fault, &column.name, is_label));
            view! { <Row at column faulty label left_out/> }
        })
        .collect_view();
    view! {
        <fieldset
            class="data-columns"
            class:has-problem=move || label_error.with(Option::is_some) || left_out_error.with(Option::is_some)
        >
            <legend class="visually-hidden">"Columns"</legend>
            <p class="data-columns-about">
                "The model learns to predict one column from the others. Leave out what says nothing about it, such as a customer's number, and what is text."
            </p>
            <div class="data-columns-problem">
                <FieldProblemText id="label-problem" error=label_error/>
                <FieldProblemText id="left-out-problem" error=left_out_error/>
            </div>
            <div class="table-scroll data-scroll" role="region" aria-label="Columns" tabindex="0">
                <table class="table">
                    <thead>
                        <tr>
                            <th scope="col">"Column"</th>
                            <th scope="col">"Predict"</th>
                            <th scope="col">"Leave out"</th>
                            <th scope="col">"Looks like"</th>
                            <th scope="col" class="num">"Missing"</th>
                            <th scope="col">"First values"</th>
                        </tr>
                    </thead>
                    <tbody>{rows}</tbody>
                </table>
            </div>
        </fieldset>
    }
}

#[component]
fn Row(
    at: usize,
    column: Column,
    faulty: Option<String>,
    label: RwSignal<String>,
    left_out: RwSignal<BTreeSet<String>>,
) -> impl IntoView {
    let value = at.to_string();
    let predicted = label.with_untracked(|label| *label == value);
    let out = left_out.with_untracked(|left_out| left_out.contains(&value));
    let (this, that) = (value.clone(), value.clone());
    let is_label = {
        let value = value.clone();
        move || label.with(|label| *label == value)
    };
    let role = move || match (label.with(|label| *label == this), left_out.with(|left_out| left_out.contains(&this))) {
        (true, _) => "is-label",
        (false, true) => "is-out",
        (false, false) => "",
    };
    let texts = column.texts > 0;
    let warned = move || {
        let used = !left_out.with(|left_out| left_out.contains(&that));
        let words = if is_label() { "Must be numbers" } else { "Leave out" };
        (texts && used).then(|| view! { <Badge tone=Tone::Warn>{words}</Badge> })
    };
    let (ticked, chosen) = (value.clone(), value.clone());
    let looks = looks(&column);
    view! {
        <tr class=role>
            <th scope="row" class="data-name">
                {column.name.clone()}
                {faulty.map(|why| view! { <p class="data-fault">{why}</p> })}
            </th>
            <td>
                <input
                    type="radio"
                    class="check-box"
                    name="form[label]"
                    value=value.clone()
                    checked=predicted
                    aria-label=format!("Predict {}", column.name)
                    node_ref=heard_early()
                    on:change=move |_| label.set(chosen.clone())
                />
            </td>
            <td>
                <input
                    type="checkbox"
                    class="check-box"
                    name="form[left_out][]"
                    value=value
                    checked=out
                    aria-label=format!("Leave out {}", column.name)
                    node_ref=heard_early()
                    on:change:target=move |event| {
                        let on = event.target().checked();
                        left_out.update(|left_out| {
                            if on { left_out.insert(ticked.clone()) } else { left_out.remove(&ticked) };
                        });
                    }
                />
            </td>
            <td class="nowrap">{looks} " " {warned}</td>
            <td class="num">{column.missing}</td>
            <td class="data-samples"><code>{column.samples.join(", ")}</code></td>
        </tr>
    }
}

/// What a column looks like, in a word or two.
fn looks(column: &Column) -> String {
    let range =
        column.range.map(|(least, most)| if least == most { format!("{least}") } else { format!("{least} to {most}") });
    match (column.numbers, column.texts, range) {
        (0, 0, _) => "Nothing".into(),
        (0, _, _) => "Text".into(),
        (_, 0, Some(range)) => match column.distinct {
            Some(2) => format!("Two numbers, {range}"),
            _ => format!("Numbers, {range}"),
        },
        (_, 0, None) => "Numbers".into(),
        _ => "Numbers and text".into(),
    }
}

/// What is wrong in a column, with its line.
fn of_column(fault: &Fault, name: &str, is_label: bool) -> Option<String> {
    match &fault.fault {
        RowFault::Text { column, value } if column == name => {
            Some(format!("Line {}: “{value}” is not a number", fault.line))
        }
        RowFault::Unlabelled { column } if column == name => Some(format!("Line {}: nothing", fault.line)),
        RowFault::Label { value, expected } if is_label => {
            Some(format!("Line {}: “{value}” is not {expected}", fault.line))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_is_told_at_its_column() {
        let label = Fault { line: 7, fault: RowFault::Label { value: "x".into(), expected: "0 or 1".into() } };
        assert_eq!(of_column(&label, "left", true).as_deref(), Some("Line 7: “x” is not 0 or 1"));
        assert_eq!(of_column(&label, "months", false), None);
        let text = Fault { line: 8, fault: RowFault::Text { column: "months".into(), value: "many".into() } };
        assert_eq!(of_column(&text, "months", false).as_deref(), Some("Line 8: “many” is not a number"));
        assert_eq!(of_column(&text, "left", true), None);
    }

    #[test]
    fn a_column_is_told_by_what_is_in_it() {
        let column = |numbers, texts, range| Column { numbers, texts, range, ..Column::default() };
        assert_eq!(looks(&column(0, 0, None)), "Nothing");
        assert_eq!(looks(&column(0, 3, None)), "Text");
        assert_eq!(looks(&column(5, 1, Some((0.0, 1.0)))), "Numbers and text");
        assert_eq!(looks(&column(5, 0, Some((0.5, 12.0)))), "Numbers, 0.5 to 12");
        let label = Column { distinct: Some(2), ..column(5, 0, Some((0.0, 1.0))) };
        assert_eq!(looks(&label), "Two numbers, 0 to 1");
    }
}
