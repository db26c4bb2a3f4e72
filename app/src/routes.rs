//! The route table: reads top to bottom. Every route renders whole on the server, so that pages need no script.

use crate::pages::accept::AcceptPage;
use crate::pages::accounts::AccountsPage;
use crate::pages::activity::ActivityPage;
use crate::pages::doctor::DoctorPage;
use crate::pages::import::ImportPage;
use crate::pages::map::MapPage;
use crate::pages::not_found::NotFoundPage;
use crate::pages::overview::OverviewPage;
use crate::pages::playground::PlaygroundPage;
use crate::pages::share::{DriftPage, FunctionPage, HandOffPage, RotationPage, SharePage, UndoPage};
use crate::pages::shares::SharesPage;
use crate::pages::sign_in::SignInPage;
use crate::pages::wizard::WizardPage;
use crate::shell::Frame;
use crate::ui::Toasts;
use leptos::prelude::*;
use leptos_meta::{Title, provide_meta_context};
use leptos_router::SsrMode;
use leptos_router::components::{Route, Router, Routes};
use leptos_router::path;

/// The console.
#[component]
pub fn App() -> impl IntoView {
    provide_meta_context();
    Toasts::provide();
    // The theme chosen since the page was loaded: two switches (side and menu) show the same.
    provide_context(RwSignal::new(None::<crate::api::shell::Theme>));
    view! {
        <Title formatter=|title| format!("{title} · Sagebridge") />
        <Router>
            <Frame>
                <Routes fallback=NotFoundPage>
                    <Route path=path!("/") view=OverviewPage ssr=SsrMode::Async />
                    <Route path=path!("/shares") view=SharesPage ssr=SsrMode::Async />
                    <Route path=path!("/shares/import") view=ImportPage ssr=SsrMode::Async />
                    <Route path=path!("/shares/new/:draft/:step") view=WizardPage ssr=SsrMode::Async />
                    <Route path=path!("/shares/accept/:draft/:step") view=WizardPage ssr=SsrMode::Async />
                    <Route path=path!("/shares/:id") view=SharePage ssr=SsrMode::Async />
                    <Route path=path!("/shares/:id/undo") view=UndoPage ssr=SsrMode::Async />
                    <Route path=path!("/shares/:id/drift") view=DriftPage ssr=SsrMode::Async />
                    <Route path=path!("/shares/:id/hand-off") view=HandOffPage ssr=SsrMode::Async />
                    <Route path=path!("/accept") view=AcceptPage ssr=SsrMode::Async />
                    <Route path=path!("/shares/:id/function") view=FunctionPage ssr=SsrMode::Async />
                    <Route path=path!("/shares/:id/external-id") view=RotationPage ssr=SsrMode::Async />
                    <Route path=path!("/map") view=MapPage ssr=SsrMode::Async />
                    <Route path=path!("/doctor") view=DoctorPage ssr=SsrMode::Async />
                    <Route path=path!("/playground") view=PlaygroundPage ssr=SsrMode::Async />
                    <Route path=path!("/accounts") view=AccountsPage ssr=SsrMode::Async />
                    <Route path=path!("/activity") view=ActivityPage ssr=SsrMode::Async />
                    <Route path=path!("/sign-in") view=SignInPage ssr=SsrMode::Async />
                </Routes>
            </Frame>
        </Router>
    }
}
