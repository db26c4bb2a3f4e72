//! Server functions: load checks. Live progress comes over `/events/loads/{id}`.

use crate::api::codec::Json;
use crate::api::runs::AsOf;
use crate::error::AppError;
use domain::invoke::TargetView;
use domain::load::{LoadForm, LoadLimits, LoadView};
use domain::names::LoadId;
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

#[cfg(feature = "ssr")]
use crate::api::{answer, compare, session};
#[cfg(feature = "ssr")]
use domain::load::LoadState;

/// The page that takes a new check and lists those that were made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LoadsView {
    /// The newest first, without their seconds.
    pub loads: Vec<LoadView>,
    /// What the form begins with.
    pub form: LoadForm,
    /// What can be called.
    pub targets: Vec<TargetView>,
    /// How hard a check may be.
    pub limits: LoadLimits,
}

/// The page of one check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LoadPageView {
    /// The check.
    pub load: LoadView,
    /// Through what it calls, in words, as long as nothing is called yet.
    pub through: String,
    /// Others of the same endpoint, the newest first, without their seconds.
    pub others: Vec<LoadView>,
    /// What can be called; empty where the form is right.
    pub targets: Vec<TargetView>,
    /// How hard a check may be.
    pub limits: LoadLimits,
}

/// Load checks; the form begins with `like`'s, with the playground's request that `kept` names, or with an endpoint.
#[server(prefix = "/api", endpoint = "list_loads", output = Json)]
pub async fn list_loads(
    #[server(default)] through: String,
    #[server(default)] endpoint: String,
    #[server(default)] kept: String,
    #[server(default)] like: Option<LoadId>,
) -> Result<AsOf<LoadsView>, AppError> {
    let (services, operator) = session()?;
    let limits = services.load_limits();
    let form = match like {
        Some(like) => answer(services.load(&operator, &like).await)?.form,
        None => match compare::carried(operator.key(), &kept) {
            Some(request) => LoadForm::offered_for(&limits, request),
            None => LoadForm { through, endpoint, ..LoadForm::offered(&limits) },
        },
    };
    let loads = answer(services.loads(&operator, None).await)?;
    let targets = answer(services.listed_targets(&operator).await)?;
    Ok(AsOf { view: LoadsView { loads, form, targets, limits }, now: services.now() })
}

/// A check with others of the same endpoint.
#[server(prefix = "/api", endpoint = "get_load_page", output = Json)]
pub async fn get_load_page(load: LoadId) -> Result<AsOf<LoadPageView>, AppError> {
    let (services, operator) = session()?;
    let load = answer(services.load(&operator, &load).await)?;
    let others = answer(services.loads(&operator, Some(&load)).await)?;
    let targets = if load.setup.is_none() { answer(services.listed_targets(&operator).await)? } else { Vec::new() };
    let through = match &load.setup {
        Some(setup) if load.state == LoadState::Ready => {
            let known = answer(services.targets(&operator).await)?;
            let known = known.into_iter().find(|target| target.through == setup.params.through);
            // What is gone by now has no words: starting says why it can't be called.
            known.map_or_else(|| setup.params.through.to_string(), |target| target.label)
        }
        _ => String::new(),
    };
    let view = LoadPageView { load, through, others, targets, limits: services.load_limits() };
    Ok(AsOf { view, now: services.now() })
}

/// A check, as it is now.
#[server(prefix = "/api", endpoint = "get_load", output = Json)]
pub async fn get_load(load: LoadId) -> Result<AsOf<LoadView>, AppError> {
    let (services, operator) = session()?;
    let view = answer(services.load(&operator, &load).await)?;
    Ok(AsOf { view, now: services.now() })
}

/// Keeps a check to be looked at before it begins. Nothing is sent yet.
#[server(prefix = "/api", endpoint = "prepare_load", output = Json)]
pub async fn prepare_load(#[server(default)] form: LoadForm) -> Result<LoadId, AppError> {
    let (services, operator) = session()?;
    let load = answer(services.prepare_load(&operator, form).await)?;
    leptos_axum::redirect(&format!("/playground/load/{}", load.id));
    Ok(load.id)
}

/// Begins the calls of a check that was looked at.
#[server(prefix = "/api", endpoint = "start_load", output = Json)]
pub async fn start_load(load: LoadId) -> Result<(), AppError> {
    let (services, operator) = session()?;
    answer(services.start_load(&operator, &load).await)
}

/// Begins no more calls.
#[server(prefix = "/api", endpoint = "stop_load", output = Json)]
pub async fn stop_load(load: LoadId) -> Result<(), AppError> {
    let (services, operator) = session()?;
    answer(services.stop_load(&operator, &load).await)
}

/// Deletes a check.
#[server(prefix = "/api", endpoint = "delete_load", output = Json)]
pub async fn delete_load(load: LoadId) -> Result<(), AppError> {
    let (services, operator) = session()?;
    answer(services.delete_load(&operator, &load).await)?;
    leptos_axum::redirect("/playground/load");
    Ok(())
}
