//! The document and the frame around every page: navigation, theme, command palette, announcements.

mod announce;
mod navigation;
mod palette;
mod theme;

use crate::api::shell::{FrameView, Theme, get_frame};
use crate::error::AppError;
use crate::routes::App;
use crate::ui::{Badge, Button, ButtonKind, IconName, REMEMBER_PRESSED, Toaster, Tone, changing};
use announce::Announcer;
use leptos::nonce::use_nonce;
use leptos::prelude::*;
use leptos_meta::MetaTags;
use leptos_router::hooks::use_location;
use navigation::{Brand, Navigation, TopBar};
use palette::{Palette, PaletteButton};
use theme::ThemeSwitch;

/// The whole HTML document, rendered on the server.
pub fn shell(options: LeptosOptions) -> impl IntoView {
    let css = format!("/{}/{}.css", options.site_pkg_dir, options.output_name);
    view! {
        <!DOCTYPE html>
        <html lang="en" data-theme=theme_of_request().attribute()>
            <head>
                <meta charset="utf-8" />
                <meta name="viewport" content="width=device-width, initial-scale=1" />
                <meta name="color-scheme" content="light dark" />
                <link rel="icon" href="/favicon.svg" type="image/svg+xml" />
                <link rel="preload" href="/fonts/inter.woff2" r#as="font" r#type="font/woff2" crossorigin="anonymous" />
                <link
                    rel="preload"
                    href="/fonts/jetbrains-mono.woff2"
                    r#as="font"
                    r#type="font/woff2"
                    crossorigin="anonymous"
                />
                <link rel="stylesheet" href=css />
                <script nonce=use_nonce()>{REMEMBER_PRESSED}</script>
                <AutoReload options=options.clone() />
                <HydrationScripts options=options />
                <MetaTags />
            </head>
            <body>
                <App />
            </body>
        </html>
    }
}

fn theme_of_request() -> Theme {
    #[cfg(feature = "ssr")]
    return crate::api::shell::request_theme();
    #[cfg(not(feature = "ssr"))]
    Theme::System
}

/// Navigation at the left, the page in the middle. The sign-in page stands alone.
#[component]
pub fn Frame(
    /// The page.
    children: Children,
) -> impl IntoView {
    let path = use_location().pathname;
    let alone = Memo::new(move |_| path.get() == "/sign-in");
    let frame = Resource::new(
        move || alone.get(),
        async |alone| if alone { Err(AppError::signed_out()) } else { get_frame().await },
    );
    let palette = RwSignal::new(false);
    view! {
        // `external`: the browser moves the focus by itself, the router would only scroll.
        <a class="skip-link" href="#main" rel="external">
            "Skip to content"
        </a>
        <div class="shell" class:is-alone=alone>
            <header class="side" hidden=alone>
                <Brand />
                <PaletteButton open=palette />
                <nav aria-label="Main">
                    <Navigation />
                </nav>
                <Foot frame=frame />
            </header>
            <TopBar hidden=alone>
                <PaletteButton open=palette />
                <Foot frame=frame />
            </TopBar>
            <main id="main" tabindex="-1">
                {children()}
            </main>
        </div>
        <Toaster />
        <Palette open=palette />
        <Announcer />
    }
}

/// Where the console is: sandbox or not, accounts, region, theme, the way out.
#[component]
fn Foot(frame: Resource<Result<FrameView, AppError>>) -> impl IntoView {
    view! {
        <div class="side-foot">
            <Transition fallback=|| {
                view! { <div class="foot-where" aria-hidden="true"></div> }
            }>{changing(move || Suspend::new(async move { frame.await.ok().map(|frame| view! { <FootReady frame=frame /> }) }))}</Transition>
        </div>
    }
}

#[component]
fn FootReady(frame: FrameView) -> impl IntoView {
    let accounts = match frame.accounts {
        0 => "No account connected".to_owned(),
        1 => "1 account".to_owned(),
        n => format!("{n} accounts"),
    };
    view! {
        <div class="foot-where">
            {frame
                .sandbox
                .then(|| {
                    view! {
                        <Badge tone=Tone::Warn dot=true>
                            "Sandbox"
                        </Badge>
                    }
                })} <span class="foot-accounts">{accounts} " · " <span class="foot-region">{frame.region.to_string()}</span></span>
        </div>
        <div class="foot-actions">
            <ThemeSwitch theme=frame.theme />
            <form method="post" action="/sign-out">
                <Button kind=ButtonKind::Quiet small=true submit=true icon=IconName::SignOut>
                    "Sign out"
                </Button>
            </form>
        </div>
    }
}
