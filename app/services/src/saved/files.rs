//! Saved requests as files: what leaves, what would come in, and what does.

use crate::activity::Happened;
use crate::drafts::fresh;
use crate::{Operator, ServiceError, ServiceResult, Services};
use domain::handoff::NamedText;
use domain::names::SavedId;
use domain::saved::{
    Import, ImportLine, Saved, SavedFileError, SavedRequest, file_name, limits, parse_file, print_file,
};
use domain::wizard::FieldProblem;

/// What a file brought.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Imported {
    /// How many are new.
    pub added: usize,
    /// How many took the place of one that was there.
    pub replaced: usize,
}

impl Services {
    /// A file of these requests, or of all where none is named.
    pub async fn export_saved(&self, operator: &Operator, ids: &[SavedId]) -> ServiceResult<NamedText> {
        let mut ids = ids.to_vec();
        if ids.is_empty() {
            let all = self.saved_requests(operator, "").await?.folders;
            ids = all.into_iter().flat_map(|folder| folder.requests).map(|request| request.id).collect();
        }
        let mut requests = Vec::with_capacity(ids.len());
        for id in &ids {
            requests.push(self.saved_record(id).await?.value.what);
        }
        Ok(NamedText { file_name: file_name(&requests), text: print_file(&requests) })
    }

    /// What a file would add, without adding it. Refused as `Invalid`, at the field `text`, with the place.
    pub async fn look_at_import(&self, _operator: &Operator, text: &str) -> ServiceResult<Vec<ImportLine>> {
        let mut lines = Vec::new();
        for saved in parsed(text)? {
            let clashes = self.inner.stores.saved.named(&saved.endpoint, &saved.name).await?.is_some();
            lines.push(ImportLine { saved, clashes });
        }
        Ok(lines)
    }

    /// Adds what a file has: under its name, or a free one where that is taken and it is not to replace what is there.
    pub async fn import_saved(&self, operator: &Operator, text: &str, import: &Import) -> ServiceResult<Imported> {
        let requests = parsed(text)?;
        let store = &self.inner.stores.saved;
        if store.count().await? + requests.len() > limits::REQUESTS {
            return Err(super::too_many());
        }
        let mut imported = Imported::default();
        for (at, saved) in requests.into_iter().enumerate() {
            match store.named(&saved.endpoint, &saved.name).await? {
                Some(there) if import.replace.contains(&at) => {
                    // Through what it goes is this console's own.
                    let what = Saved { through: there.value.what.through.clone(), ..saved };
                    self.put_saved(&SavedRequest { what, ..there.value }, there.version).await?;
                    imported.replaced += 1;
                }
                taken => {
                    let name = if taken.is_some() { self.free_saved_name(&saved).await? } else { saved.name.clone() };
                    let id = fresh(SavedId::parse)?;
                    let by = operator.label().to_owned();
                    let request = SavedRequest { id, what: Saved { name, ..saved }, by, created: self.now() };
                    self.put_saved(&request, 0).await?;
                    imported.added += 1;
                }
            }
        }
        let detail = format!("{} added, {} replaced", imported.added, imported.replaced);
        self.note(operator.label(), Happened::done("imported saved requests").detail(detail)).await;
        Ok(imported)
    }

    /// `name (2)`, or the next number that is free.
    async fn free_saved_name(&self, saved: &Saved) -> ServiceResult<String> {
        for number in 2..=limits::REQUESTS + 2 {
            let suffix = format!(" ({number})");
            let kept: String = saved.name.chars().take(limits::NAME - suffix.len()).collect();
            let name = kept + &suffix;
            if self.inner.stores.saved.named(&saved.endpoint, &name).await?.is_none() {
                return Ok(name);
            }
        }
        Err(super::too_many())
    }
}

fn parsed(text: &str) -> ServiceResult<Vec<Saved>> {
    let refused = |error: SavedFileError| {
        let problem = FieldProblem { field: "text".into(), message: error.to_string(), hint: Some(error.hint) };
        ServiceError::Invalid { problems: vec![problem] }
    };
    if text.trim().is_empty() {
        let hint = "choose a file that Sagebridge made: its name begins with `saved-requests-`".into();
        let problem = FieldProblem { field: "text".into(), message: "no file was chosen".into(), hint: Some(hint) };
        return Err(ServiceError::Invalid { problems: vec![problem] });
    }
    parse_file(text).map_err(refused)
}
