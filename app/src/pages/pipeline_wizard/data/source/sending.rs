//! A file on its way to the console. `fetch` does not tell how much of a body is sent; `XMLHttpRequest` does.

use leptos::prelude::*;
use leptos::web_sys;

/// Where a file is.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(not(feature = "hydrate"), allow(dead_code, reason = "files are sent by browsers"))]
pub(super) enum State {
    /// Nothing is sent.
    Idle,
    /// So much of it is sent.
    Under {
        /// What it is called.
        name: String,
        /// In bytes.
        sent: u64,
        /// In bytes.
        all: u64,
    },
    /// It could not be sent.
    Failed(String),
}

/// A file's way.
#[derive(Clone, Copy)]
#[cfg_attr(not(feature = "hydrate"), allow(dead_code, reason = "files are sent by browsers"))]
pub(super) struct Sending {
    /// Where it is.
    pub state: RwSignal<State>,
    /// Asks for the page's answers again.
    reload: Callback<()>,
    #[cfg(feature = "hydrate")]
    request: StoredValue<Option<browser::Request>, LocalStorage>,
    #[cfg(feature = "hydrate")]
    navigate: StoredValue<browser::Navigate, LocalStorage>,
}

impl Sending {
    /// `reload` is called where the answer leads to the page that is shown.
    pub(super) fn new(reload: Callback<()>) -> Self {
        Self {
            state: RwSignal::new(State::Idle),
            reload,
            #[cfg(feature = "hydrate")]
            request: StoredValue::new_local(None),
            #[cfg(feature = "hydrate")]
            navigate: StoredValue::new_local(browser::navigate()),
        }
    }

    /// Sends what the form has, instead of the browser; a form without a file is left to the browser.
    #[cfg_attr(not(feature = "hydrate"), allow(unused_variables, reason = "files are sent by browsers"))]
    pub(super) fn submit(self, event: &web_sys::SubmitEvent, draft: &str) {
        #[cfg(feature = "hydrate")]
        if let Some(file) = browser::chosen(event) {
            event.prevent_default();
            self.send(&file, draft);
        }
    }

    /// Sends a file that was dropped.
    #[cfg_attr(not(feature = "hydrate"), allow(unused_variables, reason = "files are sent by browsers"))]
    pub(super) fn dropped(self, event: &web_sys::DragEvent, draft: &str, most: u64) {
        #[cfg(feature = "hydrate")]
        if let Some(file) = event.data_transfer().and_then(|dropped| dropped.files()).and_then(|files| files.get(0)) {
            if file.size() > most as f64 {
                let said = format!("this file is larger than {}: choose another", crate::ui::size(most));
                self.state.set(State::Failed(said));
            } else {
                self.send(&file, draft);
            }
        }
    }

    /// Stops it. What was sent is thrown away.
    pub(super) fn cancel(self) {
        #[cfg(feature = "hydrate")]
        self.request.update_value(|request| {
            if let Some(request) = request.take() {
                request.abort();
            }
        });
        self.state.set(State::Idle);
    }
}

#[cfg(feature = "hydrate")]
mod browser {
    use super::{Sending, State};
    use crate::api::pipeline::wizard::UPLOAD_DATA;
    use leptos::prelude::*;
    use leptos_router::NavigateOptions;
    use leptos_router::hooks::use_navigate;
    use std::rc::Rc;
    use wasm_bindgen::JsCast;
    use wasm_bindgen::closure::Closure;
    use wasm_bindgen::prelude::wasm_bindgen;
    use web_sys::{Event, EventTarget, File, FormData, HtmlFormElement, HtmlInputElement, ProgressEvent, SubmitEvent};

    // Its own declaration: a feature more of web-sys would build everything above it anew.
    #[wasm_bindgen]
    extern "C" {
        #[wasm_bindgen(js_name = XMLHttpRequest, extends = EventTarget)]
        #[derive(Clone)]
        pub(super) type Request;
        #[wasm_bindgen(constructor, js_class = "XMLHttpRequest")]
        fn new() -> Request;
        #[wasm_bindgen(method, js_class = "XMLHttpRequest")]
        fn open(this: &Request, method: &str, url: &str);
        #[wasm_bindgen(method, js_class = "XMLHttpRequest", js_name = setRequestHeader)]
        fn set_request_header(this: &Request, name: &str, value: &str);
        #[wasm_bindgen(method, js_class = "XMLHttpRequest")]
        fn send(this: &Request, body: &FormData);
        #[wasm_bindgen(method, js_class = "XMLHttpRequest")]
        pub(super) fn abort(this: &Request);
        #[wasm_bindgen(method, getter, js_class = "XMLHttpRequest")]
        fn status(this: &Request) -> u16;
        #[wasm_bindgen(method, getter, js_class = "XMLHttpRequest", js_name = responseText)]
        fn response_text(this: &Request) -> String;
        #[wasm_bindgen(method, getter, js_class = "XMLHttpRequest")]
        fn upload(this: &Request) -> EventTarget;
    }

    /// Goes to an address of the console.
    pub(super) type Navigate = Rc<dyn Fn(&str)>;

    pub(super) fn navigate() -> Navigate {
        let navigate = use_navigate();
        Rc::new(move |to| navigate(to, NavigateOptions { scroll: false, ..NavigateOptions::default() }))
    }

    /// The file that the form has.
    pub(super) fn chosen(event: &SubmitEvent) -> Option<File> {
        let form = event.target()?.dyn_into::<HtmlFormElement>().ok()?;
        let input = form.query_selector("input[type=file]").ok()??.dyn_into::<HtmlInputElement>().ok()?;
        input.files()?.get(0)
    }

    #[derive(serde::Deserialize)]
    struct Answer {
        to: String,
    }

    impl Sending {
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "sizes of files")]
        pub(super) fn send(self, file: &File, draft: &str) {
            let Ok(form) = FormData::new() else { return };
            let filled = form.append_with_str("draft", draft).and_then(|()| {
                // The file last: the console wants to know first which draft it is for.
                form.append_with_blob_and_filename("file", file, &file.name())
            });
            if filled.is_err() {
                self.state.set(State::Failed("the file could not be read".into()));
                return;
            }
            let (name, all) = (file.name(), file.size() as u64);
            self.state.set(State::Under { name: name.clone(), sent: 0, all });
            let request = Request::new();
            request.open("POST", UPLOAD_DATA);
            request.set_request_header("accept", "application/json");
            let told = move |event: Event| {
                if let Ok(event) = event.dyn_into::<ProgressEvent>() {
                    // The form around the file counts, too.
                    let sent = (event.loaded() as u64).min(all);
                    self.state.try_set(State::Under { name: name.clone(), sent, all });
                }
            };
            listen(&request.upload(), "progress", told);
            let answered = request.clone();
            listen(&request, "load", move |_| self.answered(&answered));
            let unsent = "the file could not be sent: check that the console is still running, then try again";
            listen(&request, "error", move |_| _ = self.state.try_set(State::Failed(unsent.into())));
            request.send(&form);
            self.request.set_value(Some(request));
        }

        fn answered(self, request: &Request) {
            let answer = serde_json::from_str::<Answer>(&request.response_text()).ok();
            let Some(Answer { to }) = answer.filter(|_| request.status() == 200) else {
                let said = match request.status() {
                    401 => "you are signed out: sign in again, then choose the file again".to_owned(),
                    status => format!("the file was refused with status {status}: choose it again"),
                };
                self.state.try_set(State::Failed(said));
                return;
            };
            let location = window().location();
            let here = location.pathname().and_then(|path| Ok(path + &location.search()?)).unwrap_or_default();
            if to == here {
                self.reload.run(());
            } else {
                self.navigate.try_with_value(|navigate| navigate(&to));
            }
        }
    }

    /// A listener for as long as the page's part is there.
    fn listen(target: &EventTarget, event: &'static str, then: impl Fn(Event) + 'static) {
        let closure = Closure::<dyn Fn(Event)>::new(then);
        _ = target.add_event_listener_with_callback(event, closure.as_ref().unchecked_ref());
        // Kept by the request, which ends.
        closure.forget();
    }
}
