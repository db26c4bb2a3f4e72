//! Requests that are kept to be sent again: saving, filling in, sending, files.

mod files;

pub use files::Imported;

use crate::activity::Happened;
use crate::drafts::fresh;
use crate::ports::store::{StoreError, Versioned};
use crate::{Operator, ServiceError, ServiceResult, Services};
use domain::invoke::{InvokeOutcome, InvokeParams, TargetView};
use domain::names::SavedId;
use domain::saved::{Saved, SavedFolder, SavedForm, SavedListView, SavedRequest, SavedView, TemplateProblem, limits};
use domain::share::intent::InvokeAction;
use domain::wizard::FieldProblem;
use std::collections::BTreeMap;

impl Services {
    /// Those with `search` in name, description or endpoint, by endpoint.
    pub async fn saved_requests(&self, _operator: &Operator, search: &str) -> ServiceResult<SavedListView> {
        let search: String = search.trim().chars().take(domain::history::limits::TEXT).collect();
        let mut folders: Vec<SavedFolder> = Vec::new();
        for summary in self.inner.stores.saved.list(&search, limits::REQUESTS as u32).await? {
            match folders.last_mut().filter(|folder| folder.endpoint == summary.endpoint) {
                Some(folder) => folder.requests.push(summary),
                None => folders.push(SavedFolder { endpoint: summary.endpoint.clone(), requests: vec![summary] }),
            }
        }
        Ok(SavedListView { search, folders, now: self.now() })
    }

    /// Saves a request under a name that none of its endpoint has yet. Its `{{variables}}` become inputs.
    pub async fn save_request(
        &self,
        operator: &Operator,
        params: InvokeParams,
        way: InvokeAction,
        name: &str,
    ) -> ServiceResult<SavedId> {
        let InvokeParams { through, endpoint, headers, body, encoding } = params;
        let typed = Saved {
            name: String::new(),
            description: String::new(),
            endpoint,
            through: Some(through),
            way,
            headers,
            body,
            encoding,
            variables: Vec::new(),
        };
        let form = SavedForm { name: name.to_owned(), ..SavedForm::from(&typed) };
        let what = form.apply(&typed).map_err(|problems| ServiceError::Invalid { problems })?;
        self.add_saved(operator, what).await
    }

    /// One request, with through what it can go.
    pub async fn saved_request(&self, operator: &Operator, id: &SavedId) -> ServiceResult<SavedView> {
        let Versioned { value: request, version, .. } = self.saved_record(id).await?;
        let ways_there = self.ways_there(operator, &request.what).await?;
        let form = SavedForm::from(&request.what);
        Ok(SavedView { request, version, ways_there, form, problems: Vec::new() })
    }

    /// Changes what was read at `version`. What is wrong is told field by field, and nothing is changed then.
    pub async fn update_saved(
        &self,
        operator: &Operator,
        id: &SavedId,
        version: i64,
        form: &SavedForm,
    ) -> ServiceResult<Vec<FieldProblem>> {
        let record = self.saved_record(id).await?;
        let what = match form.apply(&record.value.what) {
            Ok(what) => what,
            Err(problems) => return Ok(problems),
        };
        let other = self.inner.stores.saved.named(&what.endpoint, &what.name).await?;
        if other.is_some_and(|other| other.value.id != *id) {
            return Ok(vec![name_taken(&what.name)]);
        }
        let done = Happened::done(format!("changed the saved request `{}`", what.name));
        self.put_saved(&SavedRequest { what, ..record.value }, version).await?;
        self.note(operator.label(), done).await;
        Ok(Vec::new())
    }

    /// Drops a saved request.
    pub async fn delete_saved(&self, operator: &Operator, id: &SavedId) -> ServiceResult<()> {
        let name = self.saved_record(id).await?.value.what.name;
        self.inner.stores.saved.delete(id).await?;
        self.note(operator.label(), Happened::done(format!("deleted the saved request `{name}`"))).await;
        Ok(())
    }

    /// Sends a saved request with these values. Values that don't fit are `Invalid`, each at `values[name]`.
    pub async fn invoke_saved(
        &self,
        operator: &Operator,
        id: &SavedId,
        values: &BTreeMap<String, String>,
    ) -> ServiceResult<InvokeOutcome> {
        let view = self.saved_request(operator, id).await?;
        let what = &view.request.what;
        let problems = what.check_values(values);
        if !problems.is_empty() {
            return Err(ServiceError::Invalid { problems });
        }
        let Some(through) = view.through() else {
            return Err(ServiceError::Conflict {
                message: format!("it is not known through what `{}` is to be called", what.endpoint),
                hint: "edit the saved request and choose a share or a connection".into(),
            });
        };
        let params = what.request(through.clone(), values).map_err(|problem| broken(&problem))?;
        match what.way {
            InvokeAction::Stream => self.invoke_stream_collected(operator, params).await,
            _ => self.invoke(operator, params).await,
        }
    }

    /// A saved request with its defaults, to be sent from the playground.
    pub async fn saved_as_request(&self, operator: &Operator, id: &SavedId) -> ServiceResult<crate::Again> {
        let view = self.saved_request(operator, id).await?;
        let what = &view.request.what;
        let Some(through) = view.through().or(what.through.as_ref()) else {
            return Err(ServiceError::Conflict {
                message: format!("it is not known through what `{}` is to be called", what.endpoint),
                hint: "edit the saved request and choose a share or a connection".into(),
            });
        };
        let params = what.request(through.clone(), &BTreeMap::new()).map_err(|problem| broken(&problem))?;
        Ok(crate::Again { params, way: what.way })
    }

    async fn saved_record(&self, id: &SavedId) -> ServiceResult<Versioned<SavedRequest>> {
        let found = self.inner.stores.saved.get(id).await?;
        found.ok_or_else(|| ServiceError::NotFound { what: "saved request", id: id.to_string() })
    }

    /// Adds a new one; refused at its name where that is taken.
    async fn add_saved(&self, operator: &Operator, what: Saved) -> ServiceResult<SavedId> {
        let store = &self.inner.stores.saved;
        if store.count().await? >= limits::REQUESTS {
            return Err(too_many());
        }
        if store.named(&what.endpoint, &what.name).await?.is_some() {
            return Err(ServiceError::Invalid { problems: vec![name_taken(&what.name)] });
        }
        let id = fresh(SavedId::parse)?;
        let done = Happened::done(format!("saved the request `{}`", what.name));
        let request = SavedRequest { id: id.clone(), what, by: operator.label().to_owned(), created: self.now() };
        self.put_saved(&request, 0).await?;
        self.note(operator.label(), done).await;
        Ok(id)
    }

    async fn put_saved(&self, request: &SavedRequest, version: i64) -> ServiceResult<()> {
        match self.inner.stores.saved.put(request, version, self.now()).await {
            Err(StoreError::Stale) => Err(ServiceError::Conflict {
                message: format!("`{}` was changed by someone else meanwhile", request.what.name),
                hint: "reload the page to see it as it is now, then change it again".into(),
            }),
            other => Ok(other?),
        }
    }

    /// Through what the endpoint can be called as far as the console knows: a connection sees endpoints only when it is
    /// asked, so all of them are offered.
    async fn ways_there(&self, operator: &Operator, what: &Saved) -> ServiceResult<Vec<TargetView>> {
        let mut ways: Vec<TargetView> = Vec::new();
        for target in self.targets(operator).await? {
            let fits = target.any_endpoint || target.endpoint.as_ref() == Some(&what.endpoint);
            if fits && ways.iter().all(|known| known.through != target.through) {
                ways.push(target);
            }
        }
        ways.sort_by_key(|target| Some(&target.through) != what.through.as_ref());
        Ok(ways)
    }
}

fn name_taken(name: &str) -> FieldProblem {
    FieldProblem {
        field: "name".into(),
        message: format!("the endpoint has a saved request `{name}` already"),
        hint: Some("choose another name".into()),
    }
}

fn too_many() -> ServiceError {
    ServiceError::Conflict {
        message: format!("there are {} saved requests already", limits::REQUESTS),
        hint: "export those that are not needed as a file and delete them".into(),
    }
}

/// What is saved was checked: only another version of the console can have left this.
fn broken(problem: &TemplateProblem) -> ServiceError {
    let hint = Some("edit the saved request".to_owned());
    let problem = FieldProblem { field: "body".into(), message: problem.to_string(), hint };
    ServiceError::Invalid { problems: vec![problem] }
}
