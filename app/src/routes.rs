//! The route table: reads top to bottom. Every route renders whole on the server, so that pages need no script.

use crate::pages::not_found::NotFoundPage;
use crate::shell::Frame;
use crate::ui::Toasts;
use leptos::prelude::*;
use leptos_meta::{Title, provide_meta_context};
use leptos_router::SsrMode;
use leptos_router::components::{Route, Router, Routes};
use leptos_router::path;

/// A page's view. With the feature `split` its code is a file of its own, fetched when the page is first shown: whoever
/// only signs in or looks at the overview does not wait for the wizard.
#[cfg(not(feature = "split"))]
macro_rules! page {
    ($module:ident::$page:ident) => {
        crate::pages::$module::$page
    };
}
#[cfg(feature = "split")]
macro_rules! page {
    ($module:ident::$page:ident) => {
        leptos_router::Lazy::<split::$page>::new()
    };
}

#[cfg(feature = "split")]
mod split {
    use leptos::prelude::*;
    use leptos_router::{LazyRoute, lazy_route};

    macro_rules! split {
        ($($page:ident in $module:ident),* $(,)?) => {$(
            pub struct $page;
            #[lazy_route]
            impl LazyRoute for $page {
                fn data() -> Self {
                    Self
                }
                fn view(page: Self) -> AnyView {
                    _ = page;
                    crate::pages::$module::$page().into_any()
                }
            }
        )*};
    }
    split! {
        OverviewPage in overview,
        SharesPage in shares,
        WizardPage in wizard,
        SharePage in share,
        UndoPage in share,
        DriftPage in share,
        DoctorPage in doctor,
        PlaygroundPage in playground,
        AccountsPage in accounts,
        ActivityPage in activity,
        SignInPage in sign_in,
    }
}

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
                    <Route path=path!("/") view=page!(overview::OverviewPage) ssr=SsrMode::Async />
                    <Route path=path!("/shares") view=page!(shares::SharesPage) ssr=SsrMode::Async />
                    <Route path=path!("/shares/new/:draft/:step") view=page!(wizard::WizardPage) ssr=SsrMode::Async />
                    <Route path=path!("/shares/:id") view=page!(share::SharePage) ssr=SsrMode::Async />
                    <Route path=path!("/shares/:id/undo") view=page!(share::UndoPage) ssr=SsrMode::Async />
                    <Route path=path!("/shares/:id/drift") view=page!(share::DriftPage) ssr=SsrMode::Async />
                    <Route path=path!("/doctor") view=page!(doctor::DoctorPage) ssr=SsrMode::Async />
                    <Route path=path!("/playground") view=page!(playground::PlaygroundPage) ssr=SsrMode::Async />
                    <Route path=path!("/accounts") view=page!(accounts::AccountsPage) ssr=SsrMode::Async />
                    <Route path=path!("/activity") view=page!(activity::ActivityPage) ssr=SsrMode::Async />
                    <Route path=path!("/sign-in") view=page!(sign_in::SignInPage) ssr=SsrMode::Async />
                </Routes>
            </Frame>
        </Router>
    }
}
