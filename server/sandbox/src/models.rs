//! The models behind the endpoints: small programs that stand where a container would.
//!
//! A model is found by its [`Container`]: the image it is deployed from or, where that is SageMaker's XGBoost, the
//! artifact that a training job made ([`trained`]). To add one with an image, add a row to [`KNOWN`] and an arm to
//! [`Models::run`]; one that can answer piece by piece has an arm in [`Models::stream`] too.

mod assistant;
mod attributes;
pub mod churn;
mod echo;
mod events;
mod json;
mod language;
mod palette;
pub mod trained;
mod writer;

pub use churn::TABLE as CHURN;

use crate::error::Failure;
use bytes::Bytes;
use domain::names::{AccountId, Region};
use futures::StreamExt as _;
use futures::stream::{self, BoxStream};
use std::path::Path;

/// What to send to the churn model.
pub const CHURN_SAMPLE: (&str, &str) = ("text/csv", "5,0,0,268.4,121,74.9,201.3,4,13.2");
/// What to send to echo.
pub const ECHO_SAMPLE: (&str, &str) = ("application/json", r#"{"hello":"sagemaker"}"#);
/// What to send to the writer.
pub const WRITER_SAMPLE: (&str, &str) =
    ("application/json", r#"{"inputs":"A role is","parameters":{"max_new_tokens":60,"temperature":0.8,"seed":7}}"#);
/// What to send to the assistant.
pub const ASSISTANT_SAMPLE: (&str, &str) =
    ("application/json", r#"{"messages":[{"role":"user","content":"What is an external ID for?"}],"max_tokens":120}"#);

/// The models that an image can hold.
const KNOWN: [&str; 6] = ["assistant", "churn", "churn-challenger", "echo", "palette", "writer"];
/// The image that holds all of them, for multi-model endpoints.
pub const SHELF: &str = "shelf";

/// What answers requests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Container {
    /// A model of the sandbox's own, by its image.
    Image(String),
    /// A model that was trained, by its name on the shelf.
    Trained(String),
}

/// The image that a model of the sandbox is in.
pub fn image(account: &AccountId, region: &Region, model: &str) -> String {
    format!("{account}.dkr.ecr.{region}.amazonaws.com/sagebridge-{model}:1")
}

/// What an image is called if it is one of the sandbox's: `sagebridge-NAME`.
fn own_name(image: &str) -> Option<&str> {
    image.rsplit('/').next()?.split(':').next()?.strip_prefix("sagebridge-")
}

/// The model in an image.
fn model_in(image: &str) -> Option<&'static str> {
    let name = own_name(image)?;
    KNOWN.into_iter().find(|known| *known == name)
}

/// Whether an image holds a model of the sandbox; one that doesn't fails its health check.
pub fn is_known(image: &str) -> bool {
    model_in(image).is_some()
}

/// Whether an image can hold many models, which on AWS its label says.
pub fn holds_many(image: &str) -> bool {
    own_name(image) == Some(SHELF)
}

/// The image of the model in an archive such as `churn.tar.gz`, as the container `shelf` unpacks it.
pub fn on_shelf(shelf: &str, archive: &str) -> Option<String> {
    let name = archive.trim_start_matches('/').strip_suffix(".tar.gz")?;
    let known = KNOWN.contains(&name) && holds_many(shelf);
    known.then(|| shelf.replace(&format!("sagebridge-{SHELF}"), &format!("sagebridge-{name}")))
}

/// What a container gets.
pub struct Inference {
    /// The body's type.
    pub content_type: Option<String>,
    /// The wanted type.
    pub accept: Option<String>,
    /// The custom attributes, verbatim.
    pub custom_attributes: Option<String>,
    /// All headers that SageMaker hands on.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Bytes,
}

/// What a container answers.
pub struct Answer {
    /// The body's type.
    pub content_type: String,
    /// Custom attributes, verbatim.
    pub custom_attributes: Option<String>,
    /// The session that the model closed.
    pub closed_session: Option<String>,
    /// The body.
    pub body: Bytes,
}

/// What a container answers piece by piece.
pub struct StreamAnswer {
    /// The type of the pieces together.
    pub content_type: String,
    /// Custom attributes, verbatim.
    pub custom_attributes: Option<String>,
    /// The pieces as they come; nothing comes after a break.
    pub parts: BoxStream<'static, Result<Bytes, StreamBreak>>,
}

impl StreamAnswer {
    /// Keeps `guard` until the last piece is sent or nobody wants more.
    pub fn holding(self, guard: impl Send + 'static) -> Self {
        let parts = self.parts.inspect(move |_| {
            let _ = &guard;
        });
        Self { parts: parts.boxed(), ..self }
    }
}

/// What ends a stream before its end.
#[derive(Debug)]
pub enum StreamBreak {
    /// The model's own fault.
    Model {
        /// `ModelInvocationTimeExceeded` or `StreamBroken`.
        code: &'static str,
        /// What it said.
        message: String,
    },
    /// SageMaker's.
    Internal(String),
}

/// Why there is no answer.
#[derive(Debug)]
pub enum ModelFailure {
    /// The container answered with an error.
    Model {
        /// Its status.
        status: u16,
        /// Its message.
        message: String,
    },
    /// SageMaker itself failed; `echo` can be told to pretend so.
    Service(Failure),
}

impl ModelFailure {
    /// The container's error.
    pub fn model(status: u16, message: impl Into<String>) -> Self {
        Self::Model { status, message: message.into() }
    }
}

/// The models.
pub struct Models {
    churn: churn::Churn,
    challenger: churn::Churn,
    /// Those that were trained.
    pub trained: trained::Shelf,
}

impl Models {
    /// Prepares them; what is trained is kept in `dir`.
    pub fn load(dir: &Path) -> Self {
        let of = |recipe| churn::Churn::prepare(recipe, dir);
        Self { churn: of(&churn::CHAMPION), challenger: of(&churn::CHALLENGER), trained: trained::Shelf::open(dir) }
    }
    /// Gets ready what takes time, because somebody is about to use it.
    pub fn warm(&self) {
        self.churn.warm();
    }
    /// Runs the model in a container, for an answer in pieces. A model that can't give pieces gives its whole answer as
    /// one.
    pub async fn stream(&self, container: &Container, inference: Inference) -> Result<StreamAnswer, ModelFailure> {
        let known = match container {
            Container::Image(image) => model_in(image),
            Container::Trained(_) => None,
        };
        let streamed = match known {
            Some("assistant") => assistant::stream(&inference)?,
            Some("echo") => return echo::stream(inference).await,
            Some("writer") => writer::stream(&inference)?,
            _ => None,
        };
        if let Some(streamed) = streamed {
            return Ok(streamed);
        }
        let Answer { content_type, custom_attributes, body, .. } = self.run(container, inference).await?;
        Ok(StreamAnswer { content_type, custom_attributes, parts: stream::once(async { Ok(body) }).boxed() })
    }
    /// Runs the model in a container.
    pub async fn run(&self, container: &Container, inference: Inference) -> Result<Answer, ModelFailure> {
        let image = match container {
            Container::Image(image) => image,
            Container::Trained(name) => return self.trained.run(name, inference).await,
        };
        match model_in(image) {
            Some("assistant") => assistant::run(inference),
            Some("churn") => self.churn.run(inference).await,
            Some("churn-challenger") => self.challenger.run(inference).await,
            Some("echo") => echo::run(inference).await,
            Some("palette") => palette::run(inference).await,
            Some("writer") => writer::run(inference),
            _ => Err(ModelFailure::Service(Failure::internal())),
        }
    }
}
