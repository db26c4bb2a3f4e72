//! Steps about stacks: asked for, waited for, and read.

use super::failures;
use super::perform::{Done, Tell, Told, Work};
use crate::ports::gateway::{KeyState, ObservedStack, StackRequest};
use domain::names::ConnectionId;
use domain::pipeline::apply::{Asked, Move, Part, PassKind, Refusal, Wanted, next_deletion, next_move};
use domain::pipeline::observed::{TAG_PIPELINE, first_failure, last_operation};
use domain::pipeline::stacks::{self, Outputs, Pass, Peers, Stack, WiringError};
use domain::run::StepError;
use std::collections::BTreeMap;

/// A stack that is being made or deleted.
struct Watched<'a> {
    work: &'a Work,
    part: Part,
    name: String,
    connection: &'a ConnectionId,
    tell: Tell<'a>,
    /// The last event that was told.
    seen: Option<String>,
    until: tokio::time::Instant,
}

impl<'a> Watched<'a> {
    fn new(work: &'a Work, part: Part, tell: Tell<'a>) -> Self {
        let connection = &part.lane().place(&work.intent).connection;
        let until = tokio::time::Instant::now() + work.pipelines.inner.settings.patience;
        Self { work, part, name: part.name(&work.intent), connection, tell, seen: None, until }
    }

    async fn look(&self) -> Result<Option<ObservedStack>, StepError> {
        let (stacks, region) = (&self.work.pipelines.inner.gateways.stacks, &self.work.intent.region);
        self.work.patiently(self.tell, || stacks.stack(self.connection, region, &self.name)).await
    }

    /// Tells what has happened since the last look. What can't be read is told with the next look.
    async fn tell_events(&mut self, found: &ObservedStack) {
        let (stacks, region) = (&self.work.pipelines.inner.gateways.stacks, &self.work.intent.region);
        match stacks.stack_events(self.connection, region, &found.id, self.seen.as_deref()).await {
            Ok(events) => {
                // Of the first look only what belongs to what is under way.
                let new = if self.seen.is_none() { last_operation(&events) } else { &events[..] };
                if let Some(last) = new.last() {
                    self.seen = Some(last.id.clone());
                    (self.tell)(Told::Events(new.to_vec()));
                }
            }
            Err(error) => tracing::info!(%error, stack = self.name, "a stack's events could not be read"),
        }
    }

    async fn wait(&mut self, found: Option<&ObservedStack>) -> Result<(), StepError> {
        if let Some(found) = found {
            self.tell_events(found).await;
        }
        if tokio::time::Instant::now() >= self.until {
            return Err(failures::too_slow(&format!("the stack `{}`", self.name)));
        }
        tokio::time::sleep(self.work.pipelines.inner.settings.poll).await;
        Ok(())
    }

    async fn delete(&self) -> Result<(), StepError> {
        let (stacks, region) = (&self.work.pipelines.inner.gateways.stacks, &self.work.intent.region);
        self.work.patiently(self.tell, || stacks.delete_stack(self.connection, region, &self.name)).await?;
        Ok(())
    }

    /// Why it can't become what it should be, with the first failure among its events.
    async fn refuse(&mut self, refusal: Refusal, found: Option<&ObservedStack>) -> StepError {
        let mut events = Vec::new();
        if let (Refusal::Failed, Some(found)) = (refusal, found) {
            self.tell_events(found).await;
            let (stacks, region) = (&self.work.pipelines.inner.gateways.stacks, &self.work.intent.region);
            let read = self.work.patiently(self.tell, || stacks.stack_events(self.connection, region, &found.id, None));
            // Without its events it is at least said that it failed.
            events = read.await.unwrap_or_default();
        }
        failures::stack(refusal, self.part, &self.work.intent, found, first_failure(&events))
    }
}

/// Makes a stack what it should be. Each round looks first, so that it begins anywhere: before the first call, after a
/// crash, or in the midst of what an earlier try has asked for.
pub(super) async fn make(work: &Work, part: Part, pass: Option<PassKind>, tell: Tell<'_>) -> Result<Done, StepError> {
    let stack = wanted(work, part, pass).map_err(|error| unwired(&error))?;
    let wanted = Wanted { part, stack: &stack, pipeline: &work.pipeline, intent: &work.intent };
    let mut watched = Watched::new(work, part, tell);
    let (mut asked, mut recreated) = (Asked::Nothing, false);
    loop {
        let found = watched.look().await?;
        let same_template = asked == Asked::Nothing && same_template(&watched, found.as_ref(), &stack).await?;
        match next_move(found.as_ref(), wanted, same_template, asked) {
            Move::Create => {
                create(&watched, &stack).await?;
                asked = Asked::Create;
            }
            Move::Update if update(&watched, &stack).await? => asked = Asked::Update,
            Move::Update => return Ok(done(part, found, "nothing had to be changed")),
            Move::Delete => {
                watched.delete().await?;
                (asked, recreated) = (Asked::Delete, true);
                tell(Told::Note("deleting what an earlier try left".into()));
            }
            Move::Wait => watched.wait(found.as_ref()).await?,
            Move::Done => {
                if let Some(found) = &found {
                    watched.tell_events(found).await;
                }
                let note = match asked {
                    Asked::Nothing => "already as it should be",
                    _ if recreated => "made anew: what an earlier try left was deleted first",
                    _ => "",
                };
                return Ok(done(part, found, note));
            }
            Move::Refuse(refusal) => return Err(watched.refuse(refusal, found.as_ref()).await),
        }
    }
}

/// Deletes a stack, and waits until it is gone.
pub(super) async fn delete(work: &Work, part: Part, tell: Tell<'_>) -> Result<Done, StepError> {
    let mut watched = Watched::new(work, part, tell);
    let (mut asked, mut last) = (Asked::Nothing, None);
    loop {
        let found = watched.look().await?;
        match next_deletion(found.as_ref(), part, &work.pipeline, &work.intent, asked) {
            Move::Done if asked == Asked::Nothing => return Ok(Done::noted("already gone")),
            Move::Done => {
                // By its ID a stack that is gone can still be asked how it went.
                if let Some(last) = &last {
                    watched.tell_events(last).await;
                }
                return Ok(match part {
                    Part::SharedServices => key_left(work).await,
                    Part::Training | Part::Production | Part::Workflow => Done::default(),
                });
            }
            Move::Wait => watched.wait(found.as_ref()).await?,
            Move::Refuse(refusal) => return Err(watched.refuse(refusal, found.as_ref()).await),
            Move::Delete | Move::Create | Move::Update => {
                watched.delete().await?;
                asked = Asked::Delete;
            }
        }
        last = found.or(last);
    }
}

/// What becomes of the key once its stack is gone: that can be cancelled for a while. Not to be told is no failure.
async fn key_left(work: &Work) -> Done {
    let Some(key) = work.outputs.get(&Part::SharedServices).and_then(|outputs| outputs.get("KeyArn")) else {
        return Done::default();
    };
    let (keys, place) = (&work.pipelines.inner.gateways.keys, &work.intent.shared_services);
    match keys.key_state(&place.connection, &work.intent.region, key).await {
        Ok(Some(KeyState { deletion: Some(at), .. })) => {
            let day = at.rfc3339();
            Done::noted(&format!("its key is deleted on {}; until then that can be cancelled", &day[..10]))
        }
        Ok(Some(KeyState { state, .. })) => Done::noted(&format!("its key stays, as {state}")),
        Ok(None) => Done::default(),
        Err(error) => {
            tracing::info!(%error, "what becomes of the key can't be told");
            Done::default()
        }
    }
}

fn done(part: Part, found: Option<ObservedStack>, note: &str) -> Done {
    let outputs = found.map(|found| (part, found.outputs));
    Done { note: (!note.is_empty()).then(|| note.to_owned()), outputs }
}

async fn create(watched: &Watched<'_>, stack: &Stack) -> Result<(), StepError> {
    let (stacks, region) = (&watched.work.pipelines.inner.gateways.stacks, &watched.work.intent.region);
    let request = request(watched.work, stack);
    let created = watched.work.tried(watched.tell, || stacks.create_stack(watched.connection, region, &request)).await;
    match created {
        Ok(_) => Ok(()),
        // An earlier try whose answer was lost, or another's: the next look tells.
        Err(error) if error.code == "AlreadyExistsException" => Ok(()),
        Err(error) => Err(failures::refused(&error)),
    }
}

/// Whether there was something to update.
async fn update(watched: &Watched<'_>, stack: &Stack) -> Result<bool, StepError> {
    let (stacks, region) = (&watched.work.pipelines.inner.gateways.stacks, &watched.work.intent.region);
    let request = request(watched.work, stack);
    let update = || stacks.update_stack(watched.connection, region, &request);
    Ok(watched.work.patiently(watched.tell, update).await?.value)
}

async fn same_template(watched: &Watched<'_>, found: Option<&ObservedStack>, stack: &Stack) -> Result<bool, StepError> {
    if !found.is_some_and(|found| found.state.is_usable()) {
        return Ok(false);
    }
    let (stacks, region) = (&watched.work.pipelines.inner.gateways.stacks, &watched.work.intent.region);
    let read = || stacks.stack_template(watched.connection, region, &watched.name);
    Ok(watched.work.patiently(watched.tell, read).await?.as_deref() == Some(stack.template.as_ref()))
}

fn request(work: &Work, stack: &Stack) -> StackRequest {
    StackRequest {
        name: stack.name.clone(),
        template: stack.template.to_string(),
        parameters: stack.parameters.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect(),
        tags: BTreeMap::from([(TAG_PIPELINE.to_owned(), work.pipeline.to_string())]),
    }
}

fn wanted(work: &Work, part: Part, pass: Option<PassKind>) -> Result<Stack, WiringError> {
    let none = Outputs::new();
    let outputs = |part| work.outputs.get(&part).unwrap_or(&none);
    let (intent, shared) = (&work.intent, outputs(Part::SharedServices));
    let peers = Peers { training: outputs(Part::Training), production: outputs(Part::Production) };
    match (part, pass) {
        (Part::Training, _) => stacks::training(intent, shared),
        (Part::Production, _) => stacks::production(intent, shared),
        (Part::Workflow, _) => stacks::workflow(intent, shared, peers.training),
        (Part::SharedServices, None | Some(PassKind::First)) => stacks::shared_services(intent, Pass::First),
        (Part::SharedServices, Some(PassKind::Wired)) => stacks::shared_services(intent, Pass::Wired(peers)),
        (Part::SharedServices, Some(PassKind::WithPipeline)) => {
            stacks::shared_services(intent, Pass::WithPipeline(peers))
        }
    }
}

/// What one stack should have put out for another is not there.
pub(super) fn unwired(error: &WiringError) -> StepError {
    failures::own("NotWired", error.to_string(), "look at that stack's outputs in CloudFormation, then apply again")
}
