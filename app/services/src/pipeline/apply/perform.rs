//! One step: what is there is looked at first, then it is done, and tried again while AWS asks for that.

use super::{failures, stacks};
use crate::archive;
use crate::pipeline::Pipelines;
use crate::pipeline::data::hex_sha256;
use crate::ports::gateway::{Content, GatewayError, GatewayErrorKind, GatewayResult, NewCommit, NewObject, ObjectHead};
use crate::ports::store::Table;
use domain::arn::Arn;
use domain::names::{ConnectionId, PipelineId};
use domain::pipeline::apply::{Action, Part, Step};
use domain::pipeline::data::Channel;
use domain::pipeline::intent::{PipelineIntent, Source};
use domain::pipeline::observed::StackEvent;
use domain::pipeline::stacks::{Outputs, TEMPLATE};
use domain::pipeline::view::Progress;
use domain::run::StepError;
use domain::s3::Location;
use std::collections::BTreeMap;
use std::future::Future;

/// How often a commit is tried anew because somebody committed at the same time.
const COMMITS: u32 = 3;

/// What is told while a step goes on.
pub(in crate::pipeline) enum Told {
    /// What CloudFormation says.
    Events(Vec<StackEvent>),
    /// How far it is.
    Progress(Progress),
    /// What it is at.
    Note(String),
}

/// Takes what is told.
pub(in crate::pipeline) type Tell<'a> = &'a (dyn Fn(Told) + Send + Sync);

/// A step that is done.
#[derive(Default)]
pub(in crate::pipeline) struct Done {
    pub(super) note: Option<String>,
    /// What a stack put out.
    pub(super) outputs: Option<(Part, Outputs)>,
}

impl Done {
    pub(in crate::pipeline) fn noted(note: &str) -> Self {
        Self { note: Some(note.into()), outputs: None }
    }
}

/// What all steps work with.
pub(in crate::pipeline) struct Work {
    pub(in crate::pipeline) pipelines: Pipelines,
    pub(super) pipeline: PipelineId,
    pub(in crate::pipeline) intent: PipelineIntent,
    pub(super) table: Table,
    /// What the stacks have put out so far.
    pub(super) outputs: BTreeMap<Part, Outputs>,
}

/// Carries out a step.
pub(super) async fn perform(work: &Work, step: &Step, tell: Tell<'_>) -> Result<Done, StepError> {
    let services = &work.pipelines.inner.services;
    // A profile can be edited between the review and the step, or before a run is resumed.
    let identity = work.patiently(tell, || services.identity_now(&step.connection)).await?;
    if identity.account != step.account {
        return Err(failures::elsewhere(step.lane, &work.intent, identity.account.as_str()));
    }
    match &step.action {
        Action::MakeStack { part, pass } => stacks::make(work, *part, *pass, tell).await,
        Action::PutData { channel } => put_data(work, &step.connection, *channel, tell).await,
        Action::PutSource => put_source(work, &step.connection, tell).await,
        Action::StopPipeline => work.stop_pipeline(&step.connection, tell).await,
        Action::DeleteEndpoint => work.delete_endpoint(&step.connection, tell).await,
        Action::DeleteTrials => work.delete_trials(&step.connection, tell).await,
        Action::DeleteVersions => work.delete_versions(&step.connection, tell).await,
        Action::EmptyBucket => work.empty_bucket(&step.connection, tell).await,
        Action::DeleteStack { part } => stacks::delete(work, *part, tell).await,
    }
}

impl Work {
    /// A call, tried again while AWS is busy.
    pub(in crate::pipeline) async fn patiently<T, F>(
        &self,
        tell: Tell<'_>,
        call: impl Fn() -> F,
    ) -> Result<T, StepError>
    where
        F: Future<Output = GatewayResult<T>>,
    {
        self.tried(tell, call).await.map_err(|error| failures::refused(&error))
    }

    /// The same, with AWS's error.
    pub(in crate::pipeline) async fn tried<T, F>(&self, tell: Tell<'_>, call: impl Fn() -> F) -> Result<T, GatewayError>
    where
        F: Future<Output = GatewayResult<T>>,
    {
        let backoff = self.pipelines.inner.services.inner.settings.retry;
        let began = tokio::time::Instant::now();
        let mut tries = 0;
        loop {
            let error = match call().await {
                Ok(answer) => return Ok(answer),
                Err(error) => error,
            };
            tries += 1;
            let wait = backoff.wait(tries);
            let busy = matches!(error.kind, GatewayErrorKind::Throttled | GatewayErrorKind::Unavailable);
            if !(error.retryable || busy) || began.elapsed() + wait > backoff.budget {
                return Err(error);
            }
            tell(Told::Note(format!("trying again: {error}")));
            tokio::time::sleep(wait).await;
        }
    }

    fn output(&self, part: Part, name: &'static str) -> Result<&str, StepError> {
        let found = self.outputs.get(&part).and_then(|outputs| outputs.get(name));
        found.map(String::as_str).ok_or_else(|| {
            let stack = part.name(&self.intent);
            stacks::unwired(&domain::pipeline::stacks::WiringError::Output { stack, output: name })
        })
    }

    fn key(&self) -> Result<Arn, StepError> {
        let text = self.output(Part::SharedServices, "KeyArn")?;
        Arn::parse(text).map_err(|error| failures::own("NotWired", error.to_string(), "look at the stack's outputs"))
    }

    pub(in crate::pipeline) fn place(&self, key: &str) -> Location {
        Location { bucket: self.intent.bucket.clone(), key: key.to_owned() }
    }
}

/// Uploads a file of the table, unless the object is that file already.
async fn put_data(work: &Work, connection: &ConnectionId, channel: Channel, tell: Tell<'_>) -> Result<Done, StepError> {
    let again = "read the table again under Data, then apply anew";
    let gone = || failures::own("NoFile", format!("the {} data is no longer here", channel.key()), again);
    let file = work.table.prepared.files.get(&channel).ok_or_else(gone)?;
    let path = work.pipelines.channel_file(&work.pipeline, channel).ok_or_else(gone)?;
    let object = NewObject {
        place: work.place(&channel.object()),
        content_type: "text/csv".into(),
        content: Content::File(path.clone()),
        key: work.key()?,
        sha256: file.sha256.clone(),
    };
    if is_there(work, connection, &object, tell).await? {
        return Ok(Done::noted("already there"));
    }
    let metadata = tokio::fs::metadata(&path).await.map_err(|_| gone())?;
    if metadata.len() != file.bytes {
        return Err(failures::own("OtherFile", format!("the {} data has changed since", channel.key()), again));
    }
    put(work, connection, &object, file.bytes, tell).await?;
    Ok(Done::default())
}

/// Commits the training template, or puts it as an object, unless it is there already.
async fn put_source(work: &Work, connection: &ConnectionId, tell: Tell<'_>) -> Result<Done, StepError> {
    let none = Outputs::new();
    let outputs = |part| work.outputs.get(&part).unwrap_or(&none);
    let files = domain::pipeline::stacks::source(&work.intent, outputs(Part::SharedServices), outputs(Part::Training));
    let files = files.map_err(|error| stacks::unwired(&error))?;
    match &work.intent.source {
        Source::Repository { name, branch } => commit(work, connection, (name, branch), &files, tell).await,
        Source::Bucket => {
            let archive = archive::of_files(files.iter().map(|(name, text)| (*name, text.as_str())));
            let object = NewObject {
                place: work.place(TEMPLATE),
                content_type: "application/zip".into(),
                key: work.key()?,
                sha256: hex_sha256(&archive),
                content: Content::Bytes(archive.clone()),
            };
            if is_there(work, connection, &object, tell).await? {
                return Ok(Done::noted("already there"));
            }
            put(work, connection, &object, archive.len() as u64, tell).await?;
            Ok(Done::default())
        }
    }
}

async fn commit(
    work: &Work,
    connection: &ConnectionId,
    (repository, branch): (&str, &str),
    files: &[(&'static str, String)],
    tell: Tell<'_>,
) -> Result<Done, StepError> {
    let (sources, region) = (&work.pipelines.inner.gateways.sources, &work.intent.region);
    let mut tries = 0;
    loop {
        let parent = work.patiently(tell, || sources.tip(connection, region, repository, branch)).await?;
        let mut commit = NewCommit {
            repository: repository.to_owned(),
            branch: branch.to_owned(),
            files: BTreeMap::new(),
            author: "Sagebridge".into(),
            message: format!("Training template of the pipeline {}", work.intent.prefix),
            parent,
        };
        for (path, text) in files {
            let there = match &commit.parent {
                Some(_) => {
                    let read = || sources.source_file(connection, region, repository, branch, path);
                    work.patiently(tell, read).await?
                }
                None => None,
            };
            if there.as_ref() != Some(text) {
                commit.files.insert((*path).to_owned(), text.clone());
            }
        }
        if commit.files.is_empty() {
            return Ok(Done::noted("already there"));
        }
        tries += 1;
        match work.tried(tell, || sources.commit(connection, region, &commit)).await {
            Ok(done) => return Ok(Done::noted(&format!("commit {}", done.value))),
            // Somebody else's commit came first, or one of ours whose answer was lost.
            Err(error) if error.kind == GatewayErrorKind::Conflict && tries < COMMITS => {}
            Err(error) => return Err(failures::refused(&error)),
        }
    }
}

/// Whether an object is the one that is to be put, encrypted with the same key.
async fn is_there(
    work: &Work,
    connection: &ConnectionId,
    object: &NewObject,
    tell: Tell<'_>,
) -> Result<bool, StepError> {
    let (buckets, region) = (&work.pipelines.inner.gateways.buckets, &work.intent.region);
    let head: Option<ObjectHead> = work.patiently(tell, || buckets.head(connection, region, &object.place)).await?;
    Ok(head.is_some_and(|head| {
        head.sha256.as_ref() == Some(&object.sha256) && head.key.as_deref() == Some(object.key.as_str())
    }))
}

async fn put(
    work: &Work,
    connection: &ConnectionId,
    object: &NewObject,
    bytes: u64,
    tell: Tell<'_>,
) -> Result<(), StepError> {
    let (buckets, region) = (&work.pipelines.inner.gateways.buckets, &work.intent.region);
    let sent = |done| tell(Told::Progress(Progress { done, all: Some(bytes) }));
    work.patiently(tell, || buckets.put(connection, region, object, &sent)).await?;
    Ok(())
}
