//! An answer's body, looked at once for all the ways to show it.

use domain::invoke::InvokeAnswer;
use domain::invoke::body::chat::Chat;
use domain::invoke::body::{BodyKind, Reading, file_name, from_base64, read};
use std::sync::Arc;

/// A body, or its beginning.
pub(super) struct Body {
    /// It as text, where it is.
    pub(super) text: Option<String>,
    /// It as bytes, where it is no text.
    bytes: Vec<u8>,
    /// How many bytes the whole of it has.
    pub(super) total: usize,
    /// Where the server has the whole of it.
    pub(super) address: Option<String>,
    pub(super) kind: BodyKind,
    pub(super) note: Option<String>,
    /// What was said in it.
    pub(super) chat: Option<Chat>,
    pub(super) file_name: String,
}

impl Body {
    pub(super) fn of(answer: InvokeAnswer, endpoint: &str) -> Arc<Self> {
        let InvokeAnswer { content_type, text, base64, bytes: total, kept, .. } = answer;
        let bytes = base64.as_deref().and_then(from_base64).unwrap_or_default();
        let shown = text.as_deref().map_or(bytes.as_slice(), str::as_bytes);
        let Reading { kind, note } = read(&content_type, shown, text.as_deref(), shown.len() == total);
        let talks = matches!(kind, BodyKind::Json | BodyKind::JsonLines | BodyKind::Events);
        let chat = text.as_deref().filter(|_| talks).and_then(Chat::of);
        let address = kept.map(|id| format!("/playground/answers/{id}"));
        let file_name = file_name(endpoint, &kind, &content_type);
        Arc::new(Self { text, bytes, total, address, kind, note, chat, file_name })
    }

    /// What is here of it.
    pub(super) fn shown(&self) -> &[u8] {
        self.text.as_deref().map_or(&self.bytes, str::as_bytes)
    }

    /// What is here of it as text; empty where it is none.
    pub(super) fn as_text(&self) -> &str {
        self.text.as_deref().unwrap_or_default()
    }

    /// Whether all of it is here.
    pub(super) fn is_whole(&self) -> bool {
        self.shown().len() == self.total
    }
}
