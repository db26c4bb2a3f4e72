//! The route table: reads top to bottom. Every route renders whole on the server, so that pages need no script.

use crate::pages::not_found::NotFoundPage;
use crate::shell::Frame;
use crate::ui::Toasts;
use leptos::prelude::*;
use leptos_meta::{Title, provide_meta_context};
use leptos_router::SsrMode;
use leptos_router::components::{Route, Router, Routes};
use leptos_router::path;

/// A page's view. With the feature `split` the code of the larger ones lies in files of their own (`split`), fetched
/// when such a page is first shown: whoever signs in or looks at the overview does not wait for the wizard.
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

/// Which pages share a file. A file a page would be the smallest, but what two of them have in common becomes a file
/// too: seventeen pages made three hundred, ninety of them for one page.
#[cfg(feature = "split")]
mod split {
    use leptos::prelude::*;
    use leptos_router::LazyRoute;

    macro_rules! file {
        ($file:ident, preloaded by $preload:ident: $($page:ident in $module:ident),* $(,)?) => {
            mod $file {
                // Named after the pages.
                #[allow(clippy::enum_variant_names)]
                pub enum Page {
                    $($page,)*
                }
            }

            #[leptos::lazy]
            fn $file(page: $file::Page) -> AnyView {
                match page {
                    $($file::Page::$page => crate::pages::$module::$page().into_any(),)*
                }
            }

            $(
                pub struct $page;

                impl LazyRoute for $page {
                    fn data() -> Self {
                        Self
                    }

                    async fn view(_: Self) -> AnyView {
                        $file($file::Page::$page).await
                    }

                    async fn preload() {
                        $preload().await;
                    }
                }
            )*
        };
    }
    file!(front, preloaded by __preload_front: OverviewPage in overview, SignInPage in sign_in);
    file!(
        lists, preloaded by __preload_lists:
        SharesPage in shares,
        AccountsPage in accounts,
        ActivityPage in activity,
        PipelinesPage in pipelines,
    );
    file!(wizard, preloaded by __preload_wizard: WizardPage in wizard, AcceptPage in accept);
    file!(
        shares, preloaded by __preload_shares:
        SharePage in share,
        UndoPage in share,
        DriftPage in share,
        HandOffPage in share,
        FunctionPage in share,
        RotationPage in share,
        ImportPage in import,
        MapPage in map,
    );
    file!(pipeline_wizard, preloaded by __preload_pipeline_wizard: PipelineWizardPage in pipeline_wizard);
    file!(
        pipeline, preloaded by __preload_pipeline:
        PipelinePage in pipeline,
        ApprovePage in pipeline,
        PipelineRunPage in pipeline,
        PipelineTearDownPage in pipeline,
    );
    file!(doctor, preloaded by __preload_doctor: DoctorPage in doctor);
    file!(
        batch, preloaded by __preload_batch:
        BatchesPage in batch,
        BatchPage in batch,
        LoadsPage in load,
        LoadPage in load,
    );
    file!(
        playground, preloaded by __preload_playground:
        PlaygroundPage in playground,
        ComparePage in playground,
    );
    file!(
        calls, preloaded by __preload_calls:
        HistoryPage in history,
        CallPage in history,
        HistorySettingsPage in history,
        SavedListPage in saved,
        SavedImportPage in saved,
        SavedPage in saved,
        SavedFormPage in saved,
    );
}

/// What the console is called.
const NAME: &str = "Sagebridge";

/// A page's title as the browser shows it.
fn whole_title(title: String) -> String {
    if title == NAME { title } else { format!("{title} · {NAME}") }
}

/// The console.
#[component]
pub fn App() -> impl IntoView {
    provide_meta_context();
    Toasts::provide();
    // The theme chosen since the page was loaded: two switches (side and menu) show the same.
    provide_context(RwSignal::new(None::<crate::api::shell::Theme>));
    view! {
        // The page's own title takes its place. Without it a page whose code is still on its way would have none.
        <Title text=NAME formatter=whole_title />
        <Router>
            <Frame>
                <Routes fallback=NotFoundPage>
                    <Route path=path!("/") view=page!(overview::OverviewPage) ssr=SsrMode::Async />
                    <Route path=path!("/shares") view=page!(shares::SharesPage) ssr=SsrMode::Async />
                    <Route path=path!("/shares/import") view=page!(import::ImportPage) ssr=SsrMode::Async />
                    <Route path=path!("/shares/new/:draft/:step") view=page!(wizard::WizardPage) ssr=SsrMode::Async />
                    <Route path=path!("/shares/edit/:draft/:step") view=page!(wizard::WizardPage) ssr=SsrMode::Async />
                    <Route path=path!("/shares/accept/:draft/:step") view=page!(wizard::WizardPage) ssr=SsrMode::Async />
                    <Route path=path!("/shares/:id") view=page!(share::SharePage) ssr=SsrMode::Async />
                    <Route path=path!("/shares/:id/undo") view=page!(share::UndoPage) ssr=SsrMode::Async />
                    <Route path=path!("/shares/:id/drift") view=page!(share::DriftPage) ssr=SsrMode::Async />
                    <Route path=path!("/shares/:id/hand-off") view=page!(share::HandOffPage) ssr=SsrMode::Async />
                    <Route path=path!("/accept") view=page!(accept::AcceptPage) ssr=SsrMode::Async />
                    <Route path=path!("/shares/:id/function") view=page!(share::FunctionPage) ssr=SsrMode::Async />
                    <Route path=path!("/shares/:id/external-id") view=page!(share::RotationPage) ssr=SsrMode::Async />
                    <Route path=path!("/map") view=page!(map::MapPage) ssr=SsrMode::Async />
                    <Route path=path!("/doctor") view=page!(doctor::DoctorPage) ssr=SsrMode::Async />
                    <Route path=path!("/playground") view=page!(playground::PlaygroundPage) ssr=SsrMode::Async />
                    <Route path=path!("/history") view=page!(history::HistoryPage) ssr=SsrMode::Async />
                    <Route path=path!("/history/settings") view=page!(history::HistorySettingsPage) ssr=SsrMode::Async />
                    <Route path=path!("/history/:id") view=page!(history::CallPage) ssr=SsrMode::Async />
                    <Route path=path!("/saved") view=page!(saved::SavedListPage) ssr=SsrMode::Async />
                    <Route path=path!("/saved/import") view=page!(saved::SavedImportPage) ssr=SsrMode::Async />
                    <Route path=path!("/saved/:id") view=page!(saved::SavedPage) ssr=SsrMode::Async />
                    <Route path=path!("/saved/:id/form") view=page!(saved::SavedFormPage) ssr=SsrMode::Async />
                    <Route path=path!("/playground/compare") view=page!(playground::ComparePage) ssr=SsrMode::Async />
                    <Route path=path!("/playground/batch") view=page!(batch::BatchesPage) ssr=SsrMode::Async />
                    <Route path=path!("/playground/batch/:id") view=page!(batch::BatchPage) ssr=SsrMode::Async />
                    <Route path=path!("/playground/load") view=page!(load::LoadsPage) ssr=SsrMode::Async />
                    <Route path=path!("/playground/load/:id") view=page!(load::LoadPage) ssr=SsrMode::Async />
                    <Route path=path!("/pipelines") view=page!(pipelines::PipelinesPage) ssr=SsrMode::Async />
                    <Route path=path!("/pipelines/new/:draft/:step") view=page!(pipeline_wizard::PipelineWizardPage) ssr=SsrMode::Async />
                    <Route path=path!("/pipelines/:id") view=page!(pipeline::PipelinePage) ssr=SsrMode::Async />
                    <Route path=path!("/pipelines/:id/approve/:execution") view=page!(pipeline::ApprovePage) ssr=SsrMode::Async />
                    <Route path=path!("/pipelines/:id/run/:run") view=page!(pipeline::PipelineRunPage) ssr=SsrMode::Async />
                    <Route path=path!("/pipelines/:id/tear-down") view=page!(pipeline::PipelineTearDownPage) ssr=SsrMode::Async />
                    <Route path=path!("/accounts") view=page!(accounts::AccountsPage) ssr=SsrMode::Async />
                    <Route path=path!("/activity") view=page!(activity::ActivityPage) ssr=SsrMode::Async />
                    <Route path=path!("/sign-in") view=page!(sign_in::SignInPage) ssr=SsrMode::Async />
                </Routes>
            </Frame>
        </Router>
    }
}
