//! Icons: single strokes on a 16 px grid, drawn for this console. Always decoration: the text beside them says it.

use leptos::prelude::*;

/// The icons there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum IconName {
    Overview,
    Shares,
    Playground,
    Accounts,
    Activity,
    Plus,
    Check,
    /// The doctor.
    Doctor,
    Cross,
    Alert,
    Info,
    Copy,
    ChevronRight,
    ChevronDown,
    ArrowRight,
    Search,
    Menu,
    Sun,
    Moon,
    Screen,
    SignOut,
    Refresh,
    Key,
    Clock,
    Undo,
    Edit,
    Play,
    /// The map of all shares.
    Map,
    Pipelines,
}

impl IconName {
    fn path(self) -> &'static str {
        match self {
            Self::Overview => "M2.5 7.2 8 2.7l5.5 4.5v6.3h-4V9.8h-3v3.7h-4z",
            Self::Shares => {
                "M6 6.9 10.2 4.8M6 9.1l4.2 2.1M4.2 6.1a1.9 1.9 0 1 0 0 3.8 1.9 1.9 0 0 0 0-3.8ZM11.9 2.2a1.9 1.9 0 1 0 0 3.8 1.9 1.9 0 0 0 0-3.8ZM11.9 10a1.9 1.9 0 1 0 0 3.8 1.9 1.9 0 0 0 0-3.8Z"
            }
            Self::Playground => "m2.5 4 4 4-4 4M8.2 12.4h5.3",
            Self::Accounts => {
                "M3.5 3h9A1.5 1.5 0 0 1 14 4.500v7a1.5 1.5 0 0 1-1.500 1.500h-9A1.500 1.500 0 0 1 2 11.500v-7A1.500 1.500 0 0 1 3.500 3ZM2 6.500h12M4.500 10h2.500"
            }
            Self::Activity => "M1.500 8h3l2-5 3 10 2-5h3",
            Self::Plus => "M8 3v10M3 8h10",
            Self::Doctor => "M8 1.800a6.200 6.200 0 1 0 0 12.400A6.200 6.200 0 0 0 8 1.800ZM8 5v6M5 8h6",
            Self::Check => "m3 8.500 3.300 3.300L13 5",
            Self::Cross => "m4 4 8 8M12 4l-8 8",
            Self::Alert => "M8 2.200 14.600 13.500H1.400ZM8 6.500v3.200M8 11.600v.1",
            Self::Info => "M8 1.800a6.200 6.200 0 1 0 0 12.400A6.200 6.200 0 0 0 8 1.800ZM8 7.300v3.700M8 4.900v.1",
            Self::Copy => {
                "M5.500 5.500v-2A1 1 0 0 1 6.500 2.500h6a1 1 0 0 1 1 1v6a1 1 0 0 1-1 1h-2M3.500 5.500h6a1 1 0 0 1 1 1v6a1 1 0 0 1-1 1h-6a1 1 0 0 1-1-1v-6a1 1 0 0 1 1-1Z"
            }
            Self::ChevronRight => "m6 3.500 4.500 4.500L6 12.500",
            Self::ChevronDown => "m3.500 6 4.500 4.500L12.500 6",
            Self::ArrowRight => "M2.500 8h11M9 3.500 13.500 8 9 12.500",
            Self::Search => "M7 2.500a4.500 4.500 0 1 0 0 9 4.500 4.500 0 0 0 0-9ZM10.300 10.300l3.200 3.200",
            Self::Menu => "M2 4.500h12M2 8h12M2 11.500h12",
            Self::Sun => {
                "M8 5.200a2.800 2.800 0 1 0 0 5.600 2.800 2.800 0 0 0 0-5.600ZM8 1.200v1.500M8 13.300v1.500M1.200 8h1.500M13.300 8h1.500M3.200 3.200l1 1M11.800 11.800l1 1M12.800 3.200l-1 1M4.200 11.800l-1 1"
            }
            Self::Moon => "M13.500 9.600A6 6 0 0 1 6.400 2.500a6 6 0 1 0 7.100 7.100Z",
            Self::Screen => "M2 3h12v8H2ZM5.500 13.500h5M8 11v2.500",
            Self::SignOut => "M6.500 2.500h-3a1 1 0 0 0-1 1v9a1 1 0 0 0 1 1h3M6.500 8h7M10.500 5l3 3-3 3",
            Self::Refresh => "M13.200 8A5.200 5.200 0 1 1 11.500 4.200L13.500 6M13.500 2.500V6H10",
            Self::Key => "M5.200 6.800a3 3 0 1 0 0 6 3 3 0 0 0 0-6ZM7.400 7.600l6-6M11 4l2 2",
            Self::Clock => "M8 1.800a6.200 6.200 0 1 0 0 12.400A6.200 6.200 0 0 0 8 1.800ZM8 4.500V8l2.300 1.700",
            Self::Undo => "M3 6.500h6.500a3.500 3.500 0 0 1 0 7H6M3 6.500 6 3.500M3 6.500l3 3",
            Self::Edit => "m10.500 2.800 2.700 2.700-7.700 7.700-3.200.500.500-3.200Z",
            Self::Map => {
                "M2.500 3.500h3.500v3H2.500ZM2.500 9.500h3.500v3H2.500ZM10 6.500h3.500v3H10ZM6 5c2 0 2 3 4 3M6 11c2 0 2-3 4-3"
            }
            Self::Pipelines => {
                "M3.500 6.200a1.800 1.800 0 1 0 0 3.600 1.800 1.800 0 0 0 0-3.600ZM5.300 8h5.400M12.500 6.200a1.800 1.800 0 1 0 0 3.600 1.800 1.800 0 0 0 0-3.600ZM8 2.500v2M8 11.500v2"
            }
            Self::Play => "M4.500 2.800v10.400L13 8Z",
        }
    }
}

/// An icon, hidden from assistive technology.
#[component]
pub fn Icon(
    /// Which one.
    name: IconName,
) -> impl IntoView {
    view! {
        <svg class="icon" viewBox="0 0 16 16" aria-hidden="true" focusable="false">
            <path d=name.path() />
        </svg>
    }
}
