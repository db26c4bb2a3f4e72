//! Making and changing the resources of a stack: what needs nothing else side by side, the rest after what it needs.

use super::{Runner, listed};
use crate::clock;
use crate::cloudformation::host::Known;
use crate::cloudformation::model::{Kind, Members, OnFailure, Output, Phase, Resource, Stack, Tags, Work};
use crate::cloudformation::types::{self, Fault, Job, Made, Type};
use futures::StreamExt as _;
use futures::stream::FuturesUnordered;
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use template::{DeletionPolicy, Deployment};

/// The shortest and the longest pause between two looks at what settles.
const PAUSES: [Duration; 2] = [Duration::from_millis(10), Duration::from_secs(1)];
/// How often somebody looks whether the work was called off.
const WATCH: Duration = Duration::from_millis(250);

/// How it ended.
#[derive(Debug, Default)]
struct Outcome {
    /// Resources that could not be made.
    created: Vec<String>,
    /// Resources that could not be changed.
    updated: Vec<String>,
    /// What else went wrong.
    reason: Option<String>,
}

impl Outcome {
    fn is_good(&self) -> bool {
        self.created.is_empty() && self.updated.is_empty() && self.reason.is_none()
    }
    fn because(reason: impl Into<String>) -> Self {
        Self { reason: Some(reason.into()), ..Self::default() }
    }
    /// As the stack's status tells it.
    fn told(&self) -> String {
        let mut parts: Vec<String> = self.reason.clone().into_iter().collect();
        if !self.created.is_empty() {
            parts.push(format!("The following resource(s) failed to create: {}.", listed(&self.created)));
        }
        if !self.updated.is_empty() {
            parts.push(format!("The following resource(s) failed to update: {}.", listed(&self.updated)));
        }
        parts.join(" ")
    }
}

/// What all resources of one pass share.
struct Pass<'a> {
    run: &'a Runner,
    work: &'a Work,
    deployment: &'a Deployment<'a>,
    tags: Tags,
    /// Set once something failed: what waits is called off.
    stopping: AtomicBool,
}

/// Why a resource is not as it should be.
struct Unmade {
    created: bool,
}

/// Makes the stack what it is asked to be, and says what comes next.
pub async fn run(run: &Runner, work: &Work) {
    let outcome = match run.prepared() {
        Ok(prepared) => match prepared.deployment() {
            Ok(deployment) => all(run, work, &deployment).await,
            Err(failure) => Outcome::because(failure.message),
        },
        Err(failure) => Outcome::because(failure.message),
    };
    let cancelled = run.read(|stack| stack.work.as_ref().is_some_and(|work| work.cancelled)) == Some(true);
    run.change_for(work, |stack, now| {
        if outcome.is_good() && !cancelled {
            match work.kind {
                Kind::Create | Kind::Delete => {
                    stack.set_status(now, "CREATE_COMPLETE", None);
                    stack.work = None;
                }
                Kind::Update => {
                    stack.set_status(now, "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", None);
                    next(stack, Phase::Cleanup);
                }
            }
            return;
        }
        let told = if cancelled { "User Initiated".to_owned() } else { outcome.told() };
        failed(stack, now, work, &told);
    });
}

fn next(stack: &mut Stack, phase: Phase) {
    if let Some(work) = &mut stack.work {
        work.phase = phase;
    }
}

fn failed(stack: &mut Stack, now: domain::time::Timestamp, work: &Work, told: &str) {
    match (work.kind, work.on_failure) {
        (Kind::Update, OnFailure::DoNothing) => {
            stack.set_status(now, "UPDATE_FAILED", Some(told));
            stack.work = None;
        }
        (Kind::Update, _) => {
            stack.set_status(now, "UPDATE_ROLLBACK_IN_PROGRESS", Some(told));
            next(stack, Phase::Rollback);
        }
        (_, OnFailure::DoNothing) => {
            stack.set_status(now, "CREATE_FAILED", Some(told));
            stack.work = None;
        }
        (_, OnFailure::Rollback) => {
            let told = format!("{told} Rollback requested by user.");
            stack.set_status(now, "ROLLBACK_IN_PROGRESS", Some(&told));
            next(stack, Phase::Delete);
        }
        (_, OnFailure::Delete) => {
            let told = format!("{told} Delete requested by user.");
            stack.set_status(now, "DELETE_IN_PROGRESS", Some(&told));
            next(stack, Phase::Delete);
        }
    }
}

async fn all(run: &Runner, work: &Work, deployment: &Deployment<'_>) -> Outcome {
    let imports = deployment.imports().unwrap_or_default();
    if let Some(missing) = run.stacks(|stacks| imports.iter().find(|name| stacks.export(name).is_none()).cloned()) {
        return Outcome::because(format!("No export named {missing} found."));
    }
    let tags = run.read(|stack| stack.version.tags.clone()).unwrap_or_default();
    let pass = Pass { run, work, deployment, tags, stopping: AtomicBool::new(false) };
    let outcome = pass.resources().await;
    if !outcome.is_good() || run.is_called_off(work) {
        return outcome;
    }
    let host = run.stacks(|stacks| Known::of(stacks, stacks.stacks.get(&run.id), run.region.as_str()));
    match deployment.outputs(&host) {
        Ok(outputs) => {
            let outputs = outputs.into_iter().map(|output| Output {
                key: output.key,
                value: output.value,
                description: output.description,
                export: output.export_name,
            });
            keep_outputs(run, outputs.collect(), imports.into_iter().collect())
        }
        Err(error) => Outcome::because(error.message),
    }
}

/// Keeps outputs and imports, unless an export is another stack's, or is in use and would change.
fn keep_outputs(run: &Runner, outputs: Vec<Output>, imports: Vec<String>) -> Outcome {
    run.change_all(|stacks| {
        for output in &outputs {
            let Some(name) = &output.export else { continue };
            if let Some((owner, _)) = stacks.export(name).filter(|(owner, _)| owner.id != run.id) {
                let owner = &owner.id;
                return Outcome::because(format!("Export with name {name} is already exported by stack {owner}."));
            }
        }
        let former = stacks.stacks.get(&run.id).map(|stack| stack.outputs.clone()).unwrap_or_default();
        for old in former {
            let Some(name) = &old.export else { continue };
            let users = stacks.importers(name);
            let now = outputs.iter().find(|output| output.export.as_ref() == Some(name));
            if !users.is_empty() && now.is_none_or(|now| now.value != old.value) {
                let what = if now.is_some() { "updated" } else { "deleted" };
                let users = users.join(", ");
                return Outcome::because(format!("Export {name} cannot be {what} as it is in use by {users}."));
            }
        }
        if let Some(stack) = stacks.stacks.get_mut(&run.id) {
            stack.outputs = outputs;
            stack.imports = imports;
        }
        Outcome::default()
    })
}

impl Pass<'_> {
    /// All resources, as soon as what they need is there.
    async fn resources(&self) -> Outcome {
        let mut outcome = Outcome::default();
        let (mut started, mut done) = (BTreeSet::new(), BTreeSet::new());
        let mut running = FuturesUnordered::new();
        loop {
            if !self.is_stopping() {
                for name in self.deployment.order().iter() {
                    let ready = self.deployment.order().dependencies(name).all(|needed| done.contains(needed));
                    if ready && started.insert(name) {
                        running.push(async move { (name, self.resource(name).await) });
                    }
                }
            }
            tokio::select! {
                ended = running.next() => match ended {
                    None => break,
                    Some((name, Ok(()))) => drop(done.insert(name)),
                    Some((name, Err(unmade))) => {
                        self.stopping.store(true, Ordering::Relaxed);
                        let names = if unmade.created { &mut outcome.created } else { &mut outcome.updated };
                        names.push(name.to_owned());
                    }
                },
                () = tokio::time::sleep(WATCH), if !self.is_stopping() => {
                    if self.work.deadline.is_some_and(|deadline| clock::now() > deadline) {
                        self.stopping.store(true, Ordering::Relaxed);
                        outcome.reason = Some("Stack creation time exceeded the specified timeout.".into());
                    } else if self.run.is_called_off(self.work) {
                        self.stopping.store(true, Ordering::Relaxed);
                    }
                }
            }
        }
        outcome
    }

    fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::Relaxed)
    }

    /// One resource: made, made anew, changed or left as it is.
    async fn resource(&self, name: &str) -> Result<(), Unmade> {
        let known = self.run.read(|stack| stack.resources.get(name).cloned()).flatten();
        let declared = self.described(name);
        let kind = types::find(&declared.resource_type);
        let host = self.run.stacks(|all| Known::of(all, all.stacks.get(&self.run.id), self.run.region.as_str()));
        let properties = self.deployment.properties(name, &host).map_err(|error| error.message);
        let metadata = self.deployment.metadata(name, &host).ok().flatten().map(|value| value.to_string());
        let declared = Resource { metadata, ..declared };
        let checked = properties.and_then(|properties| {
            let kind = kind.ok_or_else(|| format!("Unrecognized resource type {}", declared.resource_type))?;
            kind.check(&properties)?;
            Ok((kind, properties))
        });
        match (known, checked) {
            (None, Ok((kind, properties))) => self.create(kind, Resource { properties, ..declared }, false).await,
            (Some(known), Ok((kind, properties))) if !known.is_complete() && known.status.starts_with("CREATE") => {
                self.go_on(kind, known, Resource { properties, ..declared }).await
            }
            (Some(known), Ok((kind, properties))) => self.update(kind, known, declared, properties).await,
            (None, Err(reason)) => {
                self.begin(&declared, "CREATE_IN_PROGRESS", None);
                Err(self.fail(&declared, true, &reason))
            }
            (Some(known), Err(reason)) => Err(self.fail(&known, !known.is_complete(), &reason)),
        }
    }

    /// What the template says of a resource beside its properties.
    fn described(&self, name: &str) -> Resource {
        let Some(declared) = self.deployment.resource(name) else { return Resource::default() };
        let keeps = |policy: DeletionPolicy| !matches!(policy, DeletionPolicy::Delete);
        let deletion = declared.on_deletion();
        Resource {
            logical: name.to_owned(),
            resource_type: declared.resource_type.clone(),
            tags: self.tags.clone(),
            description: declared.description.clone(),
            depends: self.deployment.order().dependencies(name).map(str::to_owned).collect(),
            retain: keeps(deletion),
            retain_except_on_create: deletion == DeletionPolicy::RetainExceptOnCreate,
            retain_replaced: keeps(declared.on_replacement()),
            unique: types::unique(),
            ..Resource::default()
        }
    }

    fn begin(&self, resource: &Resource, status: &str, reason: Option<&str>) {
        self.run.change(|stack, now| {
            stack.resources.insert(resource.logical.clone(), resource.clone());
            stack.set_resource(now, resource, status, reason);
        });
    }

    fn fail(&self, resource: &Resource, created: bool, reason: &str) -> Unmade {
        let status = if created { "CREATE_FAILED" } else { "UPDATE_FAILED" };
        self.run.change(|stack, now| {
            let current = stack.resources.get(&resource.logical).unwrap_or(resource).clone();
            stack.set_resource(now, &current, status, Some(reason));
        });
        Unmade { created }
    }

    /// A creation that was interrupted, or failed without being taken back.
    async fn go_on(&self, kind: &Type, known: Resource, declared: Resource) -> Result<(), Unmade> {
        let resource = Resource {
            physical: known.physical.clone(),
            attributes: known.attributes.clone(),
            unique: known.unique.clone(),
            ..declared
        };
        let interrupted = known.status == "CREATE_IN_PROGRESS";
        match &known.physical {
            // It was made; whether it settled is not known.
            Some(_) if interrupted && !known.attributes.is_empty() => {
                self.settle(kind, &resource, "CREATE_COMPLETE", true).await
            }
            // One that failed is tried again, and what there is of it is taken.
            physical => self.create(kind, resource, interrupted || physical.is_some()).await,
        }
    }

    async fn create(&self, kind: &Type, resource: Resource, again: bool) -> Result<(), Unmade> {
        self.begin(&resource, "CREATE_IN_PROGRESS", None);
        let made = self.make(kind, &resource, again).await;
        match made {
            Ok(resource) => self.settle(kind, &resource, "CREATE_COMPLETE", true).await,
            Err(fault) => Err(self.fail(&resource, true, &fault.reason())),
        }
    }

    /// Has a resource made and keeps its physical ID as soon as there is one.
    async fn make(&self, kind: &Type, resource: &Resource, again: bool) -> Result<Resource, Fault> {
        let acting = self.run.acting(self.work).map_err(|failure| Fault::plain(&failure))?;
        let status = if resource.replacing { "UPDATE_IN_PROGRESS" } else { "CREATE_IN_PROGRESS" };
        let note = |physical: &str| {
            self.run.change(|stack, now| {
                let Some(known) = stack.resources.get_mut(&resource.logical) else { return };
                if known.physical.as_deref() == Some(physical) && !known.replacing {
                    return;
                }
                let old = known.clone();
                known.physical = Some(physical.to_owned());
                known.attributes = Members::new();
                if known.replacing {
                    known.replacing = false;
                    known.properties.clone_from(&resource.properties);
                    known.unique.clone_from(&resource.unique);
                    known.attempted = None;
                    if let Some(work) = &mut stack.work {
                        work.leftovers.push(old);
                    }
                }
                let noted = Resource { physical: Some(physical.to_owned()), ..resource.clone() };
                stack.set_resource(now, &noted, status, Some("Resource creation Initiated"));
            });
        };
        let empty = Members::new();
        let job = Job {
            again,
            note: Some(&note),
            before: &empty,
            before_tags: &Tags::new(),
            ..self.run.job(&acting, resource)
        };
        let Made { physical, attributes } = kind.provider.create(&job).await?;
        note(&physical);
        self.run.change(|stack, _| {
            if let Some(known) = stack.resources.get_mut(&resource.logical) {
                known.attributes.clone_from(&attributes);
            }
        });
        Ok(Resource { physical: Some(physical), attributes, replacing: false, ..resource.clone() })
    }

    /// Waits until a resource is what it was asked to be.
    async fn settle(&self, kind: &Type, resource: &Resource, status: &str, created: bool) -> Result<(), Unmade> {
        let [mut pause, longest] = PAUSES;
        loop {
            let acting = self.run.acting(self.work).map_err(|failure| Fault::plain(&failure));
            let settled = match &acting {
                Ok(acting) => kind.provider.settled(&self.run.job(acting, resource)).await,
                Err(fault) => Err(fault.clone()),
            };
            match settled {
                Ok(true) => break,
                Err(fault) => return Err(self.fail(resource, created, &fault.reason())),
                Ok(false) if self.is_stopping() => {
                    let what = if created { "creation" } else { "update" };
                    return Err(self.fail(resource, created, &format!("Resource {what} cancelled")));
                }
                Ok(false) => tokio::time::sleep(pause).await,
            }
            pause = (pause * 2).min(longest);
        }
        self.run.change(|stack, now| {
            if let Some(known) = stack.resources.get_mut(&resource.logical) {
                *known = Resource { updated: known.updated, reason: None, attempted: None, ..resource.clone() };
            }
            stack.set_resource(now, resource, status, None);
        });
        Ok(())
    }

    async fn update(
        &self,
        kind: &Type,
        known: Resource,
        declared: Resource,
        properties: Members,
    ) -> Result<(), Unmade> {
        let tagged = known.tags != declared.tags && kind.takes_tags();
        let changed = types::changed(&known.properties, &properties);
        let same_rest = Resource {
            physical: known.physical.clone(),
            attributes: known.attributes.clone(),
            properties: properties.clone(),
            unique: known.unique.clone(),
            status: known.status.clone(),
            updated: known.updated,
            ..declared
        };
        if changed.is_empty() && !tagged && known.is_complete() {
            // Policies, metadata and what it depends on may differ all the same.
            self.run.change(|stack, _| stack.resources.insert(known.logical.clone(), same_rest));
            return Ok(());
        }
        if known.replacing || kind.is_replaced(&changed) {
            return self.replace(kind, known, same_rest).await;
        }
        let attempt = Resource { attempted: Some(properties), ..known.clone() };
        self.begin(&attempt, "UPDATE_IN_PROGRESS", None);
        match self.apply(kind, &known, &same_rest).await {
            Ok(made) => {
                let resource = Resource { physical: Some(made.physical), attributes: made.attributes, ..same_rest };
                self.settle(kind, &resource, "UPDATE_COMPLETE", false).await
            }
            Err(fault) => Err(self.fail(&known, false, &fault.reason())),
        }
    }

    async fn apply(&self, kind: &Type, known: &Resource, wanted: &Resource) -> Result<Made, Fault> {
        let acting = self.run.acting(self.work).map_err(|failure| Fault::plain(&failure))?;
        // What an update that was not finished tried may be half there: that is changed back with the rest.
        let before = known.attempted.as_ref().unwrap_or(&known.properties);
        let job = Job { before, before_tags: &known.tags, ..self.run.job(&acting, wanted) };
        kind.provider.update(&job).await
    }

    /// Makes a resource anew; the old one is deleted when all else is done.
    async fn replace(&self, kind: &Type, known: Resource, wanted: Resource) -> Result<(), Unmade> {
        if let Some(name) = kind.own_name(&wanted.properties)
            && kind.own_name(&known.properties).as_ref() == Some(&name)
        {
            let reason = format!(
                "CloudFormation cannot update a stack when a custom-named resource requires replacing. Rename {name} \
                 and update the stack again."
            );
            self.begin(&known, "UPDATE_IN_PROGRESS", None);
            return Err(self.fail(&known, false, &reason));
        }
        let again = known.replacing;
        let unique = if again { known.unique.clone() } else { types::unique() };
        let old = Resource { replacing: true, retain: wanted.retain_replaced, ..known.clone() };
        let reason = "Requested update requires the creation of a new physical resource; hence creating one.";
        self.begin(&old, "UPDATE_IN_PROGRESS", Some(reason));
        let fresh = Resource { unique, replacing: true, physical: None, attributes: Members::new(), ..wanted };
        match self.make(kind, &fresh, again).await {
            Ok(resource) => self.settle(kind, &resource, "UPDATE_COMPLETE", false).await,
            Err(fault) => Err(self.fail(&known, false, &fault.reason())),
        }
    }
}
