//! The preflight matrix as a table: for each role and each thing that can be done, whether the documents allow it and
//! whether it has to be allowed. A cell tells its reasons when it is asked.

use crate::api::pipeline::wizard::explain_pipeline_access;
use crate::components::{Compared, lane_hue};
use crate::error::AppError;
use crate::ui::{Resolve, Skeleton, Words, focus};
use domain::evaluate::{Decision, Explanation};
use domain::names::DraftId;
use domain::pipeline::apply::Lane;
use domain::pipeline::matrix::{Cell, Column, Matrix, Row, Subject};
use leptos::ev::KeyboardEvent;
use leptos::prelude::*;

/// A cell that is asked: role and column.
pub type Asked = Option<(String, usize)>;

/// A cell as an address has it: `churn-training/2`.
pub fn asked_in(text: &str) -> Asked {
    let (role, column) = text.rsplit_once('/')?;
    Some((role.to_owned(), column.parse().ok()?))
}

/// Where the table is, for links.
pub const ACCESS: &str = "access";
/// Where its explanation is.
const WHY: &str = "access-why";

/// What came of a question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Needed,
    Denied,
    Missing,
    TooMuch,
}

impl Verdict {
    fn of(cell: Cell) -> Self {
        match (cell.allowed, cell.needed) {
            (true, true) => Self::Needed,
            (false, false) => Self::Denied,
            (false, true) => Self::Missing,
            (true, false) => Self::TooMuch,
        }
    }
    fn sign(self) -> &'static str {
        match self {
            Self::Needed => "✓",
            Self::Denied => "–",
            Self::Missing | Self::TooMuch => "!",
        }
    }
    fn class(self) -> &'static str {
        match self {
            Self::Needed => "access-cell is-needed",
            Self::Denied => "access-cell is-denied",
            Self::Missing | Self::TooMuch => "access-cell is-fault",
        }
    }
    fn words(self) -> &'static str {
        match self {
            Self::Needed => "needed and allowed",
            Self::Denied => "not needed and denied",
            Self::Missing => "needed and denied",
            Self::TooMuch => "not needed and allowed",
        }
    }
}

/// Counts of a matrix: needed and allowed, not needed and denied, faults.
pub fn tally(matrix: &Matrix) -> (usize, usize, usize) {
    let cells = || matrix.rows.iter().flat_map(|row| &row.cells).copied();
    let needed = cells().filter(|cell| cell.allowed && cell.needed).count();
    let denied = cells().filter(|cell| !cell.allowed && !cell.needed).count();
    (needed, denied, cells().filter(|cell| !cell.is_fine()).count())
}

/// The table with its legend and its explanations.
#[component]
pub fn AccessMatrix(
    /// The matrix.
    matrix: Matrix,
    /// The lane of each role.
    lanes: Vec<Lane>,
    /// What all names begin with.
    prefix: String,
    /// The cell that is asked.
    asked: RwSignal<Asked>,
    /// Why it is as it is.
    why: Resource<Result<Option<Explanation>, AppError>>,
) -> impl IntoView {
    let (needed, denied, faults) = tally(&matrix);
    let columns = matrix.columns.clone();
    let rows = matrix.rows.clone();
    let faulty = (faults > 0).then(|| {
        view! { <li><span class="access-key is-fault" aria-hidden="true">"!"</span>{format!("{faults} as they should not be")}</li> }
    });
    view! {
        <section class="card access" id=ACCESS aria-labelledby="access-title">
            <div class="card-head">
                <h2 id="access-title">"Who may do what"</h2>
            </div>
            <p class="card-body access-about">
                "Each question was put to the evaluator, with the policies that are about to be made. Choose a cell to see which statement decides."
            </p>
            <ul class="access-legend" aria-label="Answers">
                <li><span class="access-key is-needed" aria-hidden="true">"✓"</span>{format!("{needed} needed and allowed")}</li>
                <li><span class="access-key is-denied" aria-hidden="true">"–"</span>{format!("{denied} not needed and denied")}</li>
                {faulty}
            </ul>
            // A plain form: without a script a cell asks by the address.
            <form method="get" action=format!("#{WHY}")>
                <MatrixTable matrix lanes prefix asked/>
            </form>
            <div class="access-why" id=WHY aria-live="polite">
                <Resolve
                    resource=why
                    skeleton=|| view! { <div class="card-body"><Skeleton lines=3/></div> }
                    failed="The reasons could not be found"
                    children=Callback::new(move |why: Option<Explanation>| {
                        let of = asked.get_untracked().and_then(|(role, at)| {
                            let row = rows.iter().find(|row| row.role == role)?;
                            Some((role, columns.get(at)?.clone(), *row.cells.get(at)?))
                        });
                        why.zip(of).map(|(why, (role, column, cell))| view! { <Why why role column cell/> })
                    })
                />
            </div>
        </section>
    }
}

#[component]
fn MatrixTable(matrix: Matrix, lanes: Vec<Lane>, prefix: String, asked: RwSignal<Asked>) -> impl IntoView {
    let Matrix { columns, rows } = matrix;
    let groups = groups(&columns)
        .into_iter()
        .map(|(subject, count)| view! { <th scope="colgroup" colspan=count.to_string() class="access-group">{subject.label()}</th> })
        .collect_view();
    let first = starts(&columns);
    let heads = columns
        .iter()
        .zip(&first)
        .map(|(column, first)| {
            let title = format!("{} on {}", column.action, column.resource);
            view! {
                <th scope="col" class="access-head" class:is-first=*first title=title>
                    <span>{column.label.clone()}</span>
                </th>
            }
        })
        .collect_view();
    let short = |role: &str| role.strip_prefix(&format!("{prefix}-")).unwrap_or(role).to_owned();
    let mut ordered: Vec<(Lane, Row)> = lanes.into_iter().zip(rows).collect();
    ordered.sort_by_key(|(lane, _)| *lane);
    // With a script the table is one stop of the tab key, and arrows go from cell to cell.
    let here = RwSignal::new(None::<Place>);
    Effect::new(move |_| here.set(Some((0, 0))));
    let size = (ordered.len(), columns.len());
    let on_key = move |event: KeyboardEvent| {
        let next = here.get_untracked().and_then(|place| moved(place, &event.key(), size));
        if let Some(next) = next {
            event.prevent_default();
            here.set(Some(next));
            focus(&cell_id(next));
        }
    };
    let body = ordered
        .into_iter()
        .enumerate()
        .map(|(down, (lane, row))| {
            let short = short(&row.role);
            view! { <MatrixRow down lane short row columns=columns.clone() first=first.clone() asked here/> }
        })
        .collect_view();
    view! {
        <div class="table-scroll access-scroll" role="region" aria-label="Roles and what they may do" tabindex="0">
            <table class="access-table" on:keydown=on_key>
                <thead>
                    <tr>
                        <td class="access-corner"></td>
                        {groups}
                    </tr>
                    <tr>
                        <th scope="col" class="access-corner">"Role"</th>
                        {heads}
                    </tr>
                </thead>
                <tbody>{body}</tbody>
            </table>
        </div>
    }
}

#[component]
fn MatrixRow(
    down: usize,
    lane: Lane,
    short: String,
    row: Row,
    columns: Vec<Column>,
    first: Vec<bool>,
    asked: RwSignal<Asked>,
    here: RwSignal<Option<Place>>,
) -> impl IntoView {
    let Row { role, account, cells } = row;
    let about = format!("{role} in the {} {account}", lane.noun());
    let cells = columns
        .into_iter()
        .zip(cells)
        .zip(first)
        .enumerate()
        .map(|(across, ((column, cell), first))| {
            let (place, role) = ((down, across), role.clone());
            view! { <td class:is-first=first><MatrixCell place role label=column.label cell asked here/></td> }
        })
        .collect_view();
    view! {
        <tr>
            <th scope="row" class="access-role" title=about>
                <span class=format!("access-lane {}", lane_hue(lane)) aria-hidden="true"></span>
                <span>{short}</span>
                <span class="visually-hidden">{format!(" in the {}", lane.noun())}</span>
            </th>
            {cells}
        </tr>
    }
}

#[component]
fn MatrixCell(
    place: Place,
    role: String,
    label: String,
    cell: Cell,
    asked: RwSignal<Asked>,
    here: RwSignal<Option<Place>>,
) -> impl IntoView {
    let (_, column) = place;
    let verdict = Verdict::of(cell);
    let said = format!("{role}: {label}: {}", verdict.words());
    let value = format!("{role}/{column}");
    let pressed = {
        let role = role.clone();
        move || asked.with(|asked| asked.as_ref().is_some_and(|(of, at)| *at == column && *of == role))
    };
    view! {
        <button
            type="submit"
            name="explain"
            value=value
            class=verdict.class()
            id=cell_id(place)
            tabindex=move || here.get().map(|at| if at == place { "0" } else { "-1" })
            aria-label=said.clone()
            title=said
            aria-pressed=move || if pressed() { "true" } else { "false" }
            on:click=move |event| {
                event.prevent_default();
                here.set(Some(place));
                asked.set(Some((role.clone(), column)));
            }
        >
            <span aria-hidden="true">{verdict.sign()}</span>
        </button>
    }
}

/// A cell, by its row and its column.
type Place = (usize, usize);

fn cell_id((down, across): Place) -> String {
    format!("access-{down}-{across}")
}

/// Where a key leads from a cell of a table of so many rows and columns.
fn moved((down, across): Place, key: &str, (rows, columns): (usize, usize)) -> Option<Place> {
    let last = |count: usize| count.saturating_sub(1);
    Some(match key {
        "ArrowDown" => ((down + 1).min(last(rows)), across),
        "ArrowUp" => (down.saturating_sub(1), across),
        "ArrowRight" => (down, (across + 1).min(last(columns))),
        "ArrowLeft" => (down, across.saturating_sub(1)),
        "Home" => (down, 0),
        "End" => (down, last(columns)),
        _ => return None,
    })
}

/// A cell's reasons: a sentence, then statement by statement.
#[component]
fn Why(why: Explanation, role: String, column: Column, cell: Cell) -> impl IntoView {
    let sentence = why_sentence(&role, &column, cell, why.decision);
    view! {
        <div class="card-body stack">
            <p class="access-said"><Words text=sentence/></p>
            <Compared why folded=true/>
        </div>
    }
}

/// The answer in a sentence.
fn why_sentence(role: &str, column: &Column, cell: Cell, decision: Decision) -> String {
    let may = match decision {
        Decision::Allowed => "may",
        Decision::ExplicitlyDenied | Decision::ImplicitlyDenied => "may not",
    };
    let why = match decision {
        Decision::ExplicitlyDenied => ": a statement denies it",
        Decision::ImplicitlyDenied => ": no statement that would have to allow it does",
        Decision::Allowed => "",
    };
    let fits = match Verdict::of(cell) {
        Verdict::Needed => "The pipeline needs it.",
        Verdict::Denied => "The pipeline does not need it.",
        Verdict::Missing => "The pipeline needs it and would stop there.",
        Verdict::TooMuch => "The pipeline does not need it: it is too much.",
    };
    format!("The role `{role}` {may} {}{why}. {fits}", column.label)
}

/// Subjects with how many columns each has, in their order.
fn groups(columns: &[Column]) -> Vec<(Subject, usize)> {
    let mut groups: Vec<(Subject, usize)> = Vec::new();
    for column in columns {
        match groups.last_mut() {
            Some((subject, count)) if *subject == column.subject => *count += 1,
            _ => groups.push((column.subject, 1)),
        }
    }
    groups
}

/// Which columns begin a subject.
fn starts(columns: &[Column]) -> Vec<bool> {
    let before = |at: usize| at.checked_sub(1).and_then(|before| columns.get(before));
    columns
        .iter()
        .enumerate()
        .map(|(at, column)| before(at).is_none_or(|before| before.subject != column.subject))
        .collect()
}

/// Asks why a cell is as it is, whenever another one is chosen.
pub fn explanation(draft: DraftId, asked: RwSignal<Asked>) -> Resource<Result<Option<Explanation>, AppError>> {
    Resource::new(
        move || asked.get(),
        move |asked| {
            let draft = draft.clone();
            async move {
                match asked {
                    Some((role, column)) => explain_pipeline_access(draft, role, column).await.map(Some),
                    None => Ok(None),
                }
            }
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(subject: Subject, label: &str) -> Column {
        Column { subject, label: label.into(), action: "s3:GetObject".into(), resource: "arn".into() }
    }

    const ALLOWED: Cell = Cell { allowed: true, needed: true };
    const DENIED: Cell = Cell { allowed: false, needed: false };

    #[test]
    fn columns_are_grouped_by_what_they_are_about() {
        let columns = [
            column(Subject::Bucket, "read data"),
            column(Subject::Bucket, "write data"),
            column(Subject::Key, "decrypt"),
        ];
        assert_eq!(groups(&columns), [(Subject::Bucket, 2), (Subject::Key, 1)]);
        assert_eq!(starts(&columns), [true, false, true]);
    }

    #[test]
    fn a_cell_says_what_is_true_and_whether_it_should_be() {
        let column = column(Subject::Bucket, "read data");
        assert_eq!(
            why_sentence("churn-training", &column, ALLOWED, Decision::Allowed),
            "The role `churn-training` may read data. The pipeline needs it."
        );
        assert_eq!(
            why_sentence("churn-start", &column, DENIED, Decision::ImplicitlyDenied),
            "The role `churn-start` may not read data: no statement that would have to allow it does. The pipeline does \
             not need it."
        );
        let words =
            [(true, false), (false, true)].map(|(allowed, needed)| Verdict::of(Cell { allowed, needed }).words());
        assert_eq!(words, ["not needed and allowed", "needed and denied"]);
    }

    #[test]
    fn arrows_go_from_cell_to_cell_and_not_out_of_the_table() {
        let size = (2, 3);
        assert_eq!(moved((0, 0), "ArrowRight", size), Some((0, 1)));
        assert_eq!(moved((1, 2), "ArrowDown", size), Some((1, 2)));
        assert_eq!(moved((0, 0), "ArrowUp", size), Some((0, 0)));
        assert_eq!(moved((1, 1), "End", size), Some((1, 2)));
        assert_eq!(moved((1, 1), "Enter", size), None);
    }

    #[test]
    fn a_cell_is_found_in_an_address() {
        assert_eq!(asked_in("churn-training/12"), Some(("churn-training".into(), 12)));
        assert_eq!(asked_in("churn-training"), None);
        assert_eq!(asked_in("churn/x"), None);
    }
}
