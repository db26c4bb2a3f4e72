//! Server functions: the same request to two targets, and a request that goes on from the playground to another page.
//!
//! What was typed and what came of it is kept for the page that follows, so that it is the same with a script and without.

use crate::api::codec::Json;
use crate::error::AppError;
use domain::invoke::compare::{CompareForm, Difference};
use domain::invoke::{InvokeOutcome, InvokeParams, TargetView};
use domain::wizard::FieldProblem;
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

#[cfg(feature = "ssr")]
use crate::api::shelf::Shelf;
#[cfg(feature = "ssr")]
use crate::api::{answer, is_form_post, playground, session};
#[cfg(feature = "ssr")]
use crate::error::ErrorKind;
#[cfg(feature = "ssr")]
use domain::invoke::BodyEncoding;
#[cfg(feature = "ssr")]
use domain::share::intent::InvokeAction;
#[cfg(feature = "ssr")]
use services::Comparison;

/// What two requests came to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Compared {
    /// The first one's outcome, or why it was not sent.
    pub left: Result<InvokeOutcome, AppError>,
    /// The second one's.
    pub right: Result<InvokeOutcome, AppError>,
    /// What differs; `None` where a side gave no answer.
    pub difference: Option<Difference>,
}

/// The page of a comparison.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CompareView {
    /// What is typed; without the body where that is bytes.
    pub form: CompareForm,
    /// The size of such a body, which stays on the server.
    pub file: Option<usize>,
    /// What is wrong with it.
    pub problems: Vec<FieldProblem>,
    /// What came of it.
    pub compared: Option<Compared>,
    /// What can be called.
    pub targets: Vec<TargetView>,
}

/// A form, what is wrong with it, and what came of it.
#[cfg(feature = "ssr")]
type Kept = (CompareForm, Vec<FieldProblem>, Option<Compared>);

#[cfg(feature = "ssr")]
static COMPARISONS: Shelf<Kept> = Shelf::new(24, 64 * 1024 * 1024);

/// A comparison: `kept` names one that was made just now, `from` a request as the playground's address does.
#[server(prefix = "/api", endpoint = "get_comparison", output = Json)]
pub async fn get_comparison(
    #[server(default)] from: String,
    #[server(default)] kept: String,
) -> Result<CompareView, AppError> {
    let (services, operator) = session()?;
    let (mut form, problems, compared) = match COMPARISONS.take_back(operator.key(), &kept) {
        Some(kept) => kept,
        None => {
            let filled = answer(playground::filled_from(&services, &operator, &from).await)?;
            (filled.map(|filled| CompareForm::of(filled.params)).unwrap_or_default(), Vec::new(), None)
        }
    };
    let mut file = None;
    if form.encoding == BodyEncoding::Base64 {
        file = Some(form.encoding.bytes(&form.body));
        form.body.clear();
    }
    let targets = answer(services.listed_targets(&operator).await)?;
    Ok(CompareView { form, file, problems, compared, targets })
}

/// Sends the request to both targets at the same time, and leads to what came of it. A body that is bytes is that of
/// `kept`.
#[server(prefix = "/api", endpoint = "compare_requests", output = Json)]
pub async fn compare_requests(
    #[server(default)] form: CompareForm,
    #[server(default)] kept: String,
) -> Result<String, AppError> {
    let (services, operator) = session()?;
    let mut form = form;
    if form.encoding == BodyEncoding::Base64 && form.body.is_empty() {
        let before = COMPARISONS.take_back(operator.key(), &kept);
        let before = before.ok_or_else(file_gone)?;
        form.body = before.0.body;
    }
    let done: Kept = match form.read() {
        Err(problems) => (form, problems, None),
        Ok([left, right]) => {
            let names = [left.endpoint.clone(), right.endpoint.clone()];
            let Comparison { left, right, difference } = services.compare(&operator, left, right).await;
            let [left, right] = [(left, &names[0]), (right, &names[1])].map(|(side, name)| {
                let mut side = side.map_err(AppError::from);
                if let (true, Ok(outcome)) = (is_form_post(), &mut side) {
                    services.keep_whole(&operator, name, outcome);
                }
                side
            });
            (form, Vec::new(), Some(Compared { left, right, difference }))
        }
    };
    let bytes = bytes(&done);
    let id = COMPARISONS.keep(operator.key(), done, bytes);
    leptos_axum::redirect(&format!("/playground/compare?kept={id}#compared"));
    Ok(id)
}

/// Goes on with the playground's request on another page: `compare` or `load`.
#[server(prefix = "/api", endpoint = "carry_request", output = Json)]
pub async fn carry_request(
    #[server(flatten)] params: InvokeParams,
    #[server(default)] way: String,
    #[server(default)] to: String,
) -> Result<(), AppError> {
    let (_, operator) = session()?;
    let to = if to == "load" { "load" } else { "compare" };
    if to == "load" && params.encoding == BodyEncoding::Base64 {
        let error = AppError::new(ErrorKind::Invalid, "a load check sends text, and this body is a file")
            .hint("Choose another kind of body.");
        if is_form_post() {
            let way = InvokeAction::parse(&way).unwrap_or(InvokeAction::Invoke);
            playground::keep_refused(operator.key(), params, way, error);
            return Ok(());
        }
        return Err(error);
    }
    let bytes = params.body.len();
    let id = COMPARISONS.keep(operator.key(), (CompareForm::of(params), Vec::new(), None), bytes);
    leptos_axum::redirect(&format!("/playground/{to}?kept={id}"));
    Ok(())
}

#[cfg(feature = "ssr")]
fn file_gone() -> AppError {
    AppError::new(ErrorKind::NotFound, "the body's file is no longer kept").hint("Choose it again in the playground.")
}

/// A request that [`carry_request`] goes on with.
#[cfg(feature = "ssr")]
pub(super) fn carried(owner: &str, kept: &str) -> Option<CompareForm> {
    COMPARISONS.take_back(owner, kept).map(|(form, ..)| form)
}

#[cfg(feature = "ssr")]
fn bytes((form, _, compared): &Kept) -> usize {
    let answers = compared.iter().flat_map(|compared| [&compared.left, &compared.right]);
    let answers = answers.filter_map(|side| side.as_ref().ok()?.result.as_ref().ok());
    form.body.len() + answers.map(domain::invoke::InvokeAnswer::written_bytes).sum::<usize>()
}
