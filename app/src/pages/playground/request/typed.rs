//! What is typed, and what of it is sent.

use super::file::{Chosen, Picked};
use domain::body::{self, BodyKind, BodyProblem, Drafts, bytes, csv};
use domain::endpoint::Sample;
use domain::endpoint::samples::KnownSample;
use domain::invoke::{BodyEncoding, HeaderRule, InvokeHeaders, InvokeParams, TargetView};
use domain::share::intent::InvokeAction;
use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// What is typed. Outlives the choice of an endpoint, so that nothing typed is lost.
#[derive(Clone, Copy)]
pub(in crate::pages::playground) struct Typed {
    pub(in crate::pages::playground) content_type: RwSignal<String>,
    pub(in crate::pages::playground) accept: RwSignal<String>,
    /// One for each of [`HeaderRule::ALL`]; those two are its first.
    headers: [RwSignal<String>; HeaderRule::ALL.len()],
    /// What the body is, and so how it is typed.
    pub(super) kind: RwSignal<BodyKind>,
    /// The text of all kinds but a file.
    pub(in crate::pages::playground) body: RwSignal<String>,
    /// The file.
    pub(super) file: RwSignal<Chosen>,
    /// Whether the first row of CSV stays here.
    pub(super) without_header: RwSignal<bool>,
    /// The key of an [`InvokeAction`].
    pub(in crate::pages::playground) way: RwSignal<String>,
    /// Whether the person changed anything: then no sample takes its place.
    pub(in crate::pages::playground) touched: RwSignal<bool>,
    /// What was typed as other kinds.
    drafts: StoredValue<Drafts>,
    /// Whether it is in a page already.
    drawn: StoredValue<bool>,
}

/// What is typed, as it is kept.
#[derive(Debug, Serialize, Deserialize)]
pub(in crate::pages::playground) struct Draft {
    /// The key of a [`BodyKind`].
    kind: String,
    body: String,
    /// One for each of [`HeaderRule::ALL`].
    headers: Vec<String>,
    way: String,
    without_header: bool,
}

impl Draft {
    /// About how much there is to keep.
    #[cfg_attr(not(feature = "hydrate"), allow(dead_code, reason = "it is kept in browsers"))]
    pub(in crate::pages::playground) fn bytes(&self) -> usize {
        self.body.len() + self.headers.iter().map(String::len).sum::<usize>()
    }
}

impl Typed {
    pub(in crate::pages::playground) fn new() -> Self {
        let headers: [RwSignal<String>; HeaderRule::ALL.len()] = std::array::from_fn(|_| RwSignal::default());
        let [content_type, accept, ..] = headers;
        content_type.set("text/csv".into());
        Self {
            content_type,
            accept,
            headers,
            kind: RwSignal::new(BodyKind::Csv),
            body: RwSignal::default(),
            file: RwSignal::new(Chosen::None),
            without_header: RwSignal::new(false),
            way: RwSignal::new(InvokeAction::Invoke.key().into()),
            touched: RwSignal::new(false),
            drafts: StoredValue::new(Drafts::default()),
            drawn: StoredValue::new(false),
        }
    }

    /// Changes it for the endpoint that is being drawn. The first time at once, as the page that the server draws needs it;
    /// later only once the page stands: the one it takes the place of still listens, with signals that are gone.
    pub(in crate::pages::playground) fn begin(self, change: impl FnOnce(Self) + 'static) {
        if !self.drawn.get_value() {
            self.drawn.set_value(true);
            return change(self);
        }
        let change = std::cell::Cell::new(Some(change));
        Effect::new(move |_| {
            if let Some(change) = change.take() {
                request_animation_frame(move || change(self));
            }
        });
    }

    /// What was sent before.
    pub(in crate::pages::playground) fn fill(self, params: InvokeParams, way: InvokeAction) {
        self.way.set(way.key().into());
        for (rule, header) in HeaderRule::ALL.iter().zip(self.headers) {
            header.set(rule.value(&params.headers).to_owned());
        }
        let content_type = params.headers.content_type;
        match params.encoding {
            BodyEncoding::Text => self.set_text(&content_type, params.body),
            BodyEncoding::Base64 => self.set_base64("the body of that request", &content_type, &params.body),
        }
    }

    /// What is typed, to be kept; none of a file, whose bytes are too many.
    #[cfg_attr(not(feature = "hydrate"), allow(dead_code, reason = "it is kept in browsers"))]
    pub(in crate::pages::playground) fn draft(self) -> Option<Draft> {
        let kind = self.kind.get();
        let headers = self.headers.map(|header| header.get()).to_vec();
        let (body, way, without_header) = (self.body.get(), self.way.get(), self.without_header.get());
        (kind != BodyKind::File).then(|| Draft { kind: kind.key().into(), body, headers, way, without_header })
    }

    /// What was kept.
    #[cfg_attr(not(feature = "hydrate"), allow(dead_code, reason = "it is kept in browsers"))]
    pub(in crate::pages::playground) fn restore(self, draft: Draft) {
        let Draft { kind, body, headers, way, without_header } = draft;
        for (signal, header) in self.headers.into_iter().zip(headers) {
            signal.set(header);
        }
        self.drafts.update_value(Drafts::clear);
        self.kind.set(BodyKind::parse(&kind).unwrap_or(BodyKind::Text));
        self.without_header.set(without_header);
        self.way.set(way);
        self.body.set(body);
        self.touched.set(true);
    }

    /// The endpoint's sample, and a way that it can be called, unless the person chose otherwise.
    pub(in crate::pages::playground) fn offer(self, target: &TargetView) {
        if let (false, Some(sample)) = (self.touched.get_untracked(), &target.sample) {
            self.take(sample);
        }
        let can = |way: &InvokeAction| target.offers(*way).is_ok();
        let now = self.way_untracked();
        if let (false, Some(way)) = (can(&now), InvokeAction::ALL.into_iter().find(can)) {
            self.way.set(way.key().into());
        }
    }

    pub(super) fn take(self, sample: &Sample) {
        self.content_type.set(sample.content_type.clone());
        // What was typed stays where the sample names none; what another endpoint's sample named does not.
        if sample.target_model.is_some() || !self.touched.get_untracked() {
            self.header("target_model").set(sample.target_model.clone().unwrap_or_default());
        }
        self.set_text(&sample.content_type, sample.body.clone());
    }

    /// A sample out of the menu.
    pub(super) fn take_known(self, known: &KnownSample) {
        self.content_type.set(known.content_type.into());
        match known.encoding {
            BodyEncoding::Text => self.set_text(known.content_type, known.body.into()),
            BodyEncoding::Base64 => self.set_base64(known.name, known.content_type, known.body),
        }
    }

    fn set_text(self, content_type: &str, text: String) {
        let asked = BodyKind::of_type(content_type).filter(|kind| kind.is_text());
        self.drafts.update_value(Drafts::clear);
        self.kind.set(asked.unwrap_or(BodyKind::Text));
        self.without_header.set(false);
        self.body.set(text);
    }

    fn set_base64(self, name: &str, content_type: &str, base64: &str) {
        let Some(bytes) = bytes::from_base64(base64) else { return };
        let picked = Picked { name: name.into(), said_type: content_type.into(), bytes };
        self.turn(BodyKind::File);
        self.file.set(Chosen::Ready(Arc::new(picked)));
    }

    /// A header's signal.
    pub(super) fn header(self, field: &str) -> RwSignal<String> {
        let at = HeaderRule::ALL.iter().position(|rule| rule.field == field);
        self.headers[at.unwrap_or_default()]
    }

    pub(super) fn way(self) -> InvokeAction {
        self.way.with(|key| InvokeAction::parse(key)).unwrap_or(InvokeAction::Invoke)
    }

    pub(super) fn way_untracked(self) -> InvokeAction {
        self.way.with_untracked(|key| InvokeAction::parse(key)).unwrap_or(InvokeAction::Invoke)
    }

    /// Another kind of body: what was typed is converted where that can be, and kept where it can't.
    pub(super) fn turn(self, to: BodyKind) {
        let from = self.kind.get_untracked();
        if from == to {
            return;
        }
        let text = self.body.with_untracked(Clone::clone);
        let turned = self.drafts.try_update_value(|drafts| drafts.turn(from, text, to));
        self.kind.set(to);
        self.body.set(turned.unwrap_or_default());
        if !self.content_type.with_untracked(|kind| to.fits(kind)) {
            self.content_type.set(to.usual_type().into());
        }
    }

    /// The content type was typed: the kind follows where the type says one. A file and bytes may be of any type.
    pub(super) fn follow_type(self, content_type: String) {
        let asked = BodyKind::of_type(&content_type);
        self.content_type.set(content_type);
        self.touched.set(true);
        if let (true, Some(kind)) = (self.kind.get_untracked().is_text(), asked) {
            self.turn(kind);
        }
    }

    /// What is wrong with the text.
    pub(super) fn problem(self) -> Option<BodyProblem> {
        let kind = self.kind.get();
        self.body.with(|text| body::problem(kind, text))
    }

    /// How many bytes would be sent.
    pub(super) fn bytes(self) -> usize {
        match self.kind.get() {
            BodyKind::File => self.file.with(|file| file.bytes()),
            BodyKind::Bytes => self.body.with(|text| bytes::parse(text).map_or(0, |bytes| bytes.len())),
            BodyKind::Csv if self.without_header.get() => {
                self.body.with(|text| csv::Table::of(text).without_first().len())
            }
            _ => self.body.with(String::len),
        }
    }

    /// The request; or why there is none to send.
    pub(super) fn params(self, target: &TargetView) -> Result<InvokeParams, String> {
        let endpoint = target.endpoint.clone().ok_or("no endpoint is chosen")?;
        let way = self.way_untracked();
        let (body, encoding) = self.content()?;
        let header = |field: &str| {
            let taken = HeaderRule::of(field).is_some_and(|rule| rule.ways.contains(&way));
            if taken { self.header(field).get_untracked() } else { String::new() }
        };
        let headers = InvokeHeaders {
            content_type: header("content_type"),
            accept: header("accept"),
            custom_attributes: header("custom_attributes"),
            target_model: header("target_model"),
            target_variant: header("target_variant"),
            target_container: header("target_container"),
            inference_component: header("inference_component"),
            inference_id: header("inference_id"),
            explanations: header("explanations"),
            session: header("session"),
        };
        Ok(InvokeParams { through: target.through.clone(), endpoint, headers, body, encoding })
    }

    /// The request with the key of its way, for who makes something else of it; none where it is none yet.
    pub(in crate::pages::playground) fn as_it_stands(self, target: &TargetView) -> Option<(InvokeParams, String)> {
        Some((self.params(target).ok()?, self.way_untracked().key().to_owned()))
    }

    fn content(self) -> Result<(String, BodyEncoding), String> {
        let text = || self.body.with_untracked(Clone::clone);
        let in_base64 = |bytes: &[u8]| (bytes::to_base64(bytes), BodyEncoding::Base64);
        match self.kind.get_untracked() {
            BodyKind::File => self.file.with_untracked(|file| match file {
                Chosen::Ready(picked) => Ok(in_base64(&picked.bytes)),
                other => Err(other.why_not()),
            }),
            BodyKind::Bytes => self.body.with_untracked(|text| match bytes::parse(text) {
                Ok(bytes) => Ok(in_base64(&bytes)),
                Err(problem) => Err(problem.message),
            }),
            BodyKind::Csv if self.without_header.get_untracked() => {
                let rest = self.body.with_untracked(|text| csv::Table::of(text).without_first().to_owned());
                Ok((rest, BodyEncoding::Text))
            }
            _ => Ok((text(), BodyEncoding::Text)),
        }
    }
}
