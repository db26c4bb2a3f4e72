//! A file as the body: chosen, dropped or pasted. It is read when it is chosen, so that it can't be gone when it is sent.

use super::typed::Typed;
use crate::ui::{Button, Field, Words, size};
use domain::body::BodyKind;
use domain::invoke::body::ImageType;
#[cfg(feature = "hydrate")]
use domain::invoke::limits;
use leptos::prelude::*;
use std::sync::Arc;

/// How many of its bytes are shown.
const SHOWN: usize = 64;

/// A file and what became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Chosen {
    None,
    /// It is being read.
    #[cfg_attr(not(feature = "hydrate"), allow(dead_code, reason = "files are read in browsers"))]
    Reading(String),
    /// It is there.
    Ready(Arc<Picked>),
    /// It can't be sent: its name, and why.
    #[cfg_attr(not(feature = "hydrate"), allow(dead_code, reason = "files are read in browsers"))]
    Not(String, String),
}

/// A file that was read.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Picked {
    pub(super) name: String,
    /// What the browser takes it for, by its name.
    pub(super) said_type: String,
    pub(super) bytes: Vec<u8>,
}

impl Chosen {
    pub(super) fn bytes(&self) -> usize {
        match self {
            Self::Ready(picked) => picked.bytes.len(),
            _ => 0,
        }
    }

    /// Why there is nothing to send.
    pub(super) fn why_not(&self) -> String {
        match self {
            Self::None => "no file is chosen".into(),
            Self::Reading(name) => format!("`{name}` is being read"),
            Self::Not(name, why) => format!("`{name}` {why}"),
            Self::Ready(_) => String::new(),
        }
    }
}

/// The content type to send a file as. What was typed stands where it is one of files and says no other picture.
#[cfg_attr(not(feature = "hydrate"), allow(dead_code, reason = "files are chosen in browsers"))]
fn type_of(picked: &Picked, typed: &str) -> String {
    let picture = ImageType::of(&picked.bytes).map(ImageType::media_type);
    let typed_fits = BodyKind::of_type(typed) == Some(BodyKind::File)
        && typed != BodyKind::File.usual_type()
        && (!typed.starts_with("image/") || Some(typed) == picture);
    match picture {
        _ if typed_fits => typed.into(),
        Some(picture) => picture.into(),
        None if picked.said_type.is_empty() => BodyKind::File.usual_type().into(),
        None => picked.said_type.clone(),
    }
}

/// Reads a file and makes it the body.
#[cfg(feature = "hydrate")]
pub(super) fn choose(typed: Typed, file: web_sys::File) {
    use wasm_bindgen_futures::JsFuture;
    typed.touched.set(true);
    typed.turn(BodyKind::File);
    let name = file.name();
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "sizes are whole numbers")]
    let length = file.size() as usize;
    if length > limits::BODY_BYTES {
        let [length, most] = [length, limits::BODY_BYTES].map(crate::ui::thousands);
        let why = format!("has {length} bytes; an endpoint takes at most {most}");
        return typed.file.set(Chosen::Not(name, why));
    }
    typed.file.set(Chosen::Reading(name.clone()));
    leptos::task::spawn_local(async move {
        let read = JsFuture::from(file.array_buffer()).await;
        // Another may have been chosen meanwhile.
        if !typed.file.try_with_untracked(|now| *now == Chosen::Reading(name.clone())).unwrap_or_default() {
            return;
        }
        let Ok(buffer) = read else {
            let why = "can't be read: it was moved, changed or deleted. Choose it again.".into();
            return typed.file.set(Chosen::Not(name, why));
        };
        let bytes = js_sys::Uint8Array::new(&buffer).to_vec();
        let picked = Picked { name, said_type: file.type_(), bytes };
        typed.content_type.update(|kind| *kind = type_of(&picked, kind));
        typed.file.set(Chosen::Ready(Arc::new(picked)));
    });
}

/// The file's pane.
#[component]
pub(super) fn FilePane(typed: Typed) -> impl IntoView {
    let shown = move || match typed.file.get() {
        Chosen::None => ().into_any(),
        Chosen::Reading(name) => view! { <p class="muted" role="status">{format!("Reading {name}")}</p> }.into_any(),
        Chosen::Not(name, why) => {
            view! { <p class="field-problem" role="alert"><Words text=format!("`{name}` {why}")/></p> }.into_any()
        }
        Chosen::Ready(picked) => view! { <Shown picked typed/> }.into_any(),
    };
    view! {
        <div class="file-pane">
            <Field
                control_id="body-file"
                label="File"
                description="Choose one, drop it anywhere on this pane, or paste a picture."
            >
                <input
                    class="input file-input"
                    type="file"
                    id="body-file"
                    aria-describedby="body-file-about"
                    on:change:target=move |event| {
                        #[cfg(feature = "hydrate")]
                        if let Some(file) = event.target().files().and_then(|files| files.get(0)) {
                            choose(typed, file);
                        }
                        #[cfg(not(feature = "hydrate"))]
                        let _ = (&event, typed);
                    }
                />
            </Field>
            {shown}
        </div>
    }
}

/// What was chosen: a picture where its bytes are one, else its first bytes.
#[component]
fn Shown(picked: Arc<Picked>, typed: Typed) -> impl IntoView {
    let picture = ImageType::of(&picked.bytes);
    let kind = match picture {
        Some(picture) => picture.media_type().to_owned(),
        None if picked.said_type.is_empty() => "unknown type".into(),
        None => picked.said_type.clone(),
    };
    let looks = match picture.and_then(|picture| object_url(&picked.bytes, picture.media_type())) {
        Some(url) => view! { <img class="file-picture" src=url alt=format!("Preview of {}", picked.name)/> }.into_any(),
        None => view! { <pre class="code-block file-bytes" tabindex="0" aria-label="First bytes">{hex_dump(&picked.bytes)}</pre> }.into_any(),
    };
    let text = std::str::from_utf8(&picked.bytes).ok().filter(|text| picture.is_none() && !text.contains('\0'));
    let as_text = text.map(|text| {
        let text = text.to_owned();
        let on_click = Callback::new(move |_| typed.edit_as_text(text.clone()));
        view! { <Button small=true on_click>"Edit as text"</Button> }
    });
    view! {
        <div class="file-card">
            <p class="file-name">
                <strong>{picked.name.clone()}</strong>
                <span class="muted">{format!("{} · {kind}", size(picked.bytes.len()))}</span>
                {as_text}
            </p>
            {looks}
        </div>
    }
}

impl Typed {
    /// The file's text as a body to type on, as the kind its content type asks for.
    fn edit_as_text(self, text: String) {
        let kind = self.content_type.with_untracked(|kind| BodyKind::of_type(kind)).filter(|kind| kind.is_text());
        self.turn(kind.unwrap_or(BodyKind::Text));
        self.body.set(text);
    }
}

/// Sixteen bytes a line, with what of them is text beside.
fn hex_dump(bytes: &[u8]) -> String {
    let shown = &bytes[..bytes.len().min(SHOWN)];
    let line = |(at, line): (usize, &[u8])| {
        let hex: Vec<_> = line.iter().map(|byte| format!("{byte:02x}")).collect();
        let text: String = line.iter().map(|b| if b.is_ascii_graphic() { char::from(*b) } else { '.' }).collect();
        format!("{:04x}  {:<47}  {text}", at * 16, hex.join(" "))
    };
    let mut lines: Vec<_> = shown.chunks(16).enumerate().map(line).collect();
    if bytes.len() > SHOWN {
        lines.push(format!("… {} more", size(bytes.len() - SHOWN)));
    }
    lines.join("\n")
}

/// An address within this page for bytes, gone with the view.
#[cfg_attr(not(feature = "hydrate"), allow(unused_variables, reason = "only browsers have such addresses"))]
fn object_url(bytes: &[u8], media_type: &str) -> Option<String> {
    #[cfg(feature = "hydrate")]
    {
        let parts = js_sys::Array::of1(&js_sys::Uint8Array::from(bytes));
        let options = web_sys::BlobPropertyBag::new();
        options.set_type(media_type);
        let blob = web_sys::Blob::new_with_u8_array_sequence_and_options(&parts, &options).ok()?;
        let url = web_sys::Url::create_object_url_with_blob(&blob).ok()?;
        let gone = url.clone();
        on_cleanup(move || _ = web_sys::Url::revoke_object_url(&gone));
        Some(url)
    }
    #[cfg(not(feature = "hydrate"))]
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn picked(said_type: &str, bytes: &[u8]) -> Picked {
        Picked { name: "x".into(), said_type: said_type.into(), bytes: bytes.into() }
    }

    #[test]
    fn a_file_is_sent_as_what_its_bytes_are_unless_another_type_of_files_was_typed() {
        let png = picked("text/html", b"\x89PNG\r\n\x1a\n");
        assert_eq!(type_of(&png, "text/csv"), "image/png");
        assert_eq!(type_of(&png, "application/x-image"), "application/x-image");
        assert_eq!(type_of(&png, "image/jpeg"), "image/png");
        assert_eq!(type_of(&picked("text/csv", b"1,2"), "application/octet-stream"), "text/csv");
        assert_eq!(type_of(&picked("", b"1,2"), "application/json"), "application/octet-stream");
    }

    #[test]
    fn the_first_bytes_are_shown_with_their_text() {
        let dump = hex_dump(&[&b"\x93NUMPY"[..], &[0; 80]].concat());
        let first = dump.lines().next().unwrap_or_default();
        assert!(first.starts_with("0000  93 4e 55 4d 50 59 00"), "{first}");
        assert!(first.ends_with("  .NUMPY.........."), "{first}");
        assert!(dump.ends_with("22 B more"), "{dump}");
    }
}
