//! Server functions of the share wizard. Saving a step always keeps what was typed, then goes where the pressed button
//! asked for: on, back, or to the same step to show what is wrong. Plain HTML forms and the browser half take the very
//! same way, by redirect; saving answers where it leads, so that a page that is there already knows to ask again.

use crate::api::codec::Json;
use crate::api::runs::AsOf;
use crate::error::AppError;
use domain::arn::CallerKind;
use domain::connection::CallerView;
use domain::endpoint::{EndpointView, Page};
use domain::names::{ConnectionId, DraftId, Region, ShareId};
use domain::share::view::{ApplyView, ConflictChoice, DraftView, ReviewView};
use domain::wizard::{CallersForm, ChildForm, EndpointsForm, ParentForm, RoleForm};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

#[cfg(feature = "ssr")]
use crate::api::{answer, given, session};
#[cfg(feature = "ssr")]
use domain::wizard::{ShareDraft, StepForm, WizardStep};

/// Where to go after a step was saved: the value of the pressed button.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Go {
    /// To the next step, if this one is complete.
    #[default]
    Next,
    /// To the step before, complete or not.
    Back,
    /// Here again: a choice changed what the step offers.
    Stay,
    /// Here again, with the list's next page.
    More,
    /// Here again, with another external ID.
    Regenerate,
    /// Out of the wizard.
    Later,
}

/// Which part of a long list a step shows; travels in the address, so that it works without JavaScript.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ListPlace {
    /// Part of a name.
    pub contains: String,
    /// Where the next page starts.
    pub after: String,
    /// `role` or `user`, for lists of callers.
    pub kind: String,
}

/// Starts a new share.
#[server(prefix = "/api", endpoint = "start_share", output = Json)]
pub async fn start_share() -> Result<DraftId, AppError> {
    let (services, operator) = session()?;
    let draft = answer(services.start_draft(&operator).await)?;
    leptos_axum::redirect(&path_of(&draft, WizardStep::Parent).await?);
    Ok(draft)
}

/// Opens an existing share in the wizard, filled in.
#[server(prefix = "/api", endpoint = "edit_share", output = Json)]
pub async fn edit_share(share: ShareId) -> Result<DraftId, AppError> {
    let (services, operator) = session()?;
    let draft = answer(services.edit_share(&operator, &share).await)?;
    // Its accounts stand: what can change first is what is shared, and for an offered share who calls.
    let first = answer(services.wizard_draft(&operator, &draft).await)?;
    let step = first.next(WizardStep::Parent).unwrap_or(WizardStep::Review);
    leptos_axum::redirect(&first.path(step));
    Ok(draft)
}

/// Throws an unfinished wizard away. What was applied stays.
#[server(prefix = "/api", endpoint = "delete_draft", output = Json)]
pub async fn delete_draft(draft: DraftId) -> Result<(), AppError> {
    let (services, operator) = session()?;
    answer(services.delete_draft(&operator, &draft).await)?;
    leptos_axum::redirect("/shares");
    Ok(())
}

/// The wizard's answers so far, with what is wrong with them.
#[server(prefix = "/api", endpoint = "get_draft", output = Json)]
pub async fn get_draft(draft: DraftId) -> Result<DraftView, AppError> {
    let (services, operator) = session()?;
    answer(services.draft(&operator, &draft).await)
}

/// Saves step 1. A typed `other_region` goes before the one from the list.
#[server(prefix = "/api", endpoint = "save_parent", output = Json)]
pub async fn save_parent(
    draft: DraftId,
    #[server(default)] form: ParentForm,
    #[server(default)] other_region: String,
    #[server(default)] go: Go,
) -> Result<String, AppError> {
    let region = given(&other_region).map_or(form.region, str::to_owned);
    let form = ParentForm { region, ..form };
    save(&draft, WizardStep::Parent, StepForm::Parent(form), go, &ListPlace::default()).await
}

/// Saves step 2.
#[server(prefix = "/api", endpoint = "save_endpoints", output = Json)]
pub async fn save_endpoints(
    draft: DraftId,
    #[server(default)] form: EndpointsForm,
    #[server(default)] go: Go,
    #[server(default)] list: ListPlace,
) -> Result<String, AppError> {
    save(&draft, WizardStep::Endpoints, StepForm::Endpoints(form), go, &list).await
}

/// Saves step 3.
#[server(prefix = "/api", endpoint = "save_callers", output = Json)]
pub async fn save_callers(
    draft: DraftId,
    #[server(default)] form: CallersForm,
    #[server(default)] go: Go,
    #[server(default)] list: ListPlace,
) -> Result<String, AppError> {
    save(&draft, WizardStep::Callers, StepForm::Callers(form), go, &list).await
}

/// Saves step 4. [`Go::Regenerate`] asks for another external ID by leaving it empty.
#[server(prefix = "/api", endpoint = "save_role", output = Json)]
pub async fn save_role(
    draft: DraftId,
    #[server(default)] form: RoleForm,
    #[server(default)] go: Go,
) -> Result<String, AppError> {
    let external_id = if go == Go::Regenerate { String::new() } else { form.external_id.clone() };
    let form = StepForm::Role(RoleForm { external_id, ..form });
    save(&draft, WizardStep::Role, form, go, &ListPlace::default()).await
}

/// Saves step 5.
#[server(prefix = "/api", endpoint = "save_child", output = Json)]
pub async fn save_child(
    draft: DraftId,
    #[server(default)] form: ChildForm,
    #[server(default)] go: Go,
    #[server(default)] list: ListPlace,
) -> Result<String, AppError> {
    save(&draft, WizardStep::Child, StepForm::Child(form), go, &list).await
}

/// One page of an account's endpoints in a region.
#[server(prefix = "/api", endpoint = "list_endpoints", output = Json)]
pub async fn list_endpoints(
    connection: ConnectionId,
    region: Region,
    #[server(default)] contains: String,
    #[server(default)] after: String,
) -> Result<AsOf<Page<EndpointView>>, AppError> {
    let (services, operator) = session()?;
    let found = services.endpoints(&operator, &connection, &region, given(&contains), given(&after)).await;
    Ok(AsOf { view: answer(found)?, now: services.now() })
}

/// One page of an account's roles or users. IAM can't filter by name: pages without a match are passed over here.
#[server(prefix = "/api", endpoint = "list_callers", output = Json)]
pub async fn list_callers(
    connection: ConnectionId,
    kind: CallerKind,
    #[server(default)] contains: String,
    #[server(default)] after: String,
) -> Result<Page<CallerView>, AppError> {
    let (services, operator) = session()?;
    let part = contains.trim().to_lowercase();
    let mut after = given(&after).map(str::to_owned);
    loop {
        let mut page = answer(services.callers(&operator, &connection, kind, after.as_deref()).await)?;
        page.items.retain(|caller| caller.arn.name().to_lowercase().contains(&part));
        if !page.items.is_empty() || page.next.is_none() {
            return Ok(page);
        }
        after = page.next;
    }
}

/// Everything Apply would do.
#[server(prefix = "/api", endpoint = "review_share", output = Json)]
pub async fn review_share(draft: DraftId) -> Result<ReviewView, AppError> {
    let (services, operator) = session()?;
    answer(services.review(&operator, &draft).await)
}

/// Takes a resource over that stands in the way, or goes around it under another name.
#[server(prefix = "/api", endpoint = "resolve_conflict", output = Json)]
pub async fn resolve_conflict(draft: DraftId, what: String, choice: ConflictChoice) -> Result<(), AppError> {
    let (services, operator) = session()?;
    answer(services.resolve_conflict(&operator, &draft, &what, choice).await)?;
    leptos_axum::redirect(&path_of(&draft, WizardStep::Review).await?);
    Ok(())
}

/// Does what was reviewed, and nothing else: `fingerprint` says which plan that was.
#[server(prefix = "/api", endpoint = "apply_share", output = Json)]
pub async fn apply_share(draft: DraftId, fingerprint: String) -> Result<ApplyView, AppError> {
    let (services, operator) = session()?;
    let applied = answer(services.apply(&operator, &draft, &fingerprint).await)?;
    let step = if applied.run.is_some() { WizardStep::Apply } else { WizardStep::Verify };
    leptos_axum::redirect(&path_of(&draft, step).await?);
    Ok(applied)
}

/// A step's address in a draft's wizard.
#[cfg(feature = "ssr")]
pub(super) async fn path_of(draft: &DraftId, step: WizardStep) -> Result<String, AppError> {
    let (services, operator) = session()?;
    Ok(answer(services.wizard_draft(&operator, draft).await)?.path(step))
}

#[cfg(feature = "ssr")]
async fn save(draft: &DraftId, step: WizardStep, form: StepForm, go: Go, list: &ListPlace) -> Result<String, AppError> {
    let (services, operator) = session()?;
    let problems = answer(services.save_step(&operator, draft, form).await)?;
    let draft = answer(services.wizard_draft(&operator, draft).await)?;
    let destination = destination(&draft, step, go, problems.is_empty(), list);
    leptos_axum::redirect(&destination);
    Ok(destination)
}

/// Where a saved step leads.
#[cfg(feature = "ssr")]
fn destination(draft: &ShareDraft, step: WizardStep, go: Go, complete: bool, list: &ListPlace) -> String {
    let here = draft.path(step);
    match go {
        Go::Next if complete => draft.next(step).map_or(here, |next| draft.path(next)),
        Go::Next => format!("{here}?check=1"),
        Go::Back => draft.previous(step).map_or(here, |previous| draft.path(previous)),
        Go::Stay | Go::Regenerate => with_list(&here, list, ""),
        Go::More => with_list(&here, list, &list.after),
        Go::Later => "/shares".to_owned(),
    }
}

#[cfg(feature = "ssr")]
fn with_list(path: &str, list: &ListPlace, after: &str) -> String {
    let query: Vec<String> = [("contains", list.contains.as_str()), ("kind", list.kind.as_str()), ("after", after)]
        .into_iter()
        .filter_map(|(key, value)| given(value).map(|value| format!("{key}={}", crate::api::encoded(value))))
        .collect();
    if query.is_empty() { path.to_owned() } else { format!("{path}?{}", query.join("&")) }
}

#[cfg(all(test, feature = "ssr"))]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn to(step: WizardStep, go: Go, complete: bool) -> String {
        let list = ListPlace { contains: "a b&c".into(), after: "tok/en==".into(), kind: String::new() };
        let id = |text: &str| (DraftId::parse(text).unwrap(), ShareId::parse(text).unwrap());
        let (external_id, region) = ("sagebridge-id".parse().unwrap(), Region::parse("eu-west-1").unwrap());
        let draft = ShareDraft::new(id("d1").0, id("d1").1, &external_id, &region);
        destination(&draft, step, go, complete, &list)
    }

    #[test]
    fn a_complete_step_leads_on_and_an_unfinished_one_stays_to_say_why() {
        assert_eq!(to(WizardStep::Role, Go::Next, true), "/shares/new/d1/child");
        assert_eq!(to(WizardStep::Role, Go::Next, false), "/shares/new/d1/role?check=1");
    }

    #[test]
    fn going_back_or_away_never_asks_for_completeness() {
        assert_eq!(to(WizardStep::Callers, Go::Back, false), "/shares/new/d1/endpoints");
        assert_eq!(to(WizardStep::Parent, Go::Back, false), "/shares/new/d1/parent");
        assert_eq!(to(WizardStep::Callers, Go::Later, false), "/shares");
    }

    #[test]
    fn a_list_keeps_its_filter_and_only_more_moves_on_in_it() {
        assert_eq!(to(WizardStep::Endpoints, Go::Stay, false), "/shares/new/d1/endpoints?contains=a%20b%26c");
        assert_eq!(
            to(WizardStep::Endpoints, Go::More, false),
            "/shares/new/d1/endpoints?contains=a%20b%26c&after=tok%2Fen%3D%3D"
        );
    }
}
