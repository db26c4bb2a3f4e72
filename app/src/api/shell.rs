//! Server functions of the frame around every page: where the console is, its theme, what can be jumped to.

use crate::api::codec::Json;
use crate::error::AppError;
use domain::names::Region;
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

#[cfg(feature = "ssr")]
use crate::api::{answer, request_parts, session};

/// Light or dark.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Theme {
    /// As the system says.
    #[default]
    System,
    /// Light.
    Light,
    /// Dark.
    Dark,
}

impl Theme {
    /// The form and cookie value.
    pub fn key(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }
    /// The value of `data-theme`; nothing for the system's choice.
    pub fn attribute(self) -> Option<&'static str> {
        (self != Self::System).then(|| self.key())
    }
    /// The theme in a `Cookie` header.
    pub fn from_cookies(cookies: &str) -> Self {
        let theme = cookies.split(';').filter_map(|pair| pair.trim().strip_prefix("theme=")).next();
        match theme {
            Some("light") => Self::Light,
            Some("dark") => Self::Dark,
            _ => Self::System,
        }
    }
}

/// What every page shows around itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FrameView {
    /// Whether the accounts are the embedded sandbox's.
    pub sandbox: bool,
    /// How many different accounts are connected.
    pub accounts: usize,
    /// The region offered first.
    pub region: Region,
    /// The theme of this browser.
    pub theme: Theme,
}

/// Somewhere to jump to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Destination {
    /// Its name.
    pub label: String,
    /// What it is.
    pub detail: String,
    /// Where it is.
    pub href: String,
}

/// What stands around the pages.
#[server(prefix = "/api", endpoint = "get_frame", output = Json)]
pub async fn get_frame() -> Result<FrameView, AppError> {
    let (services, operator) = session()?;
    let connections = answer(services.connections(&operator, false).await)?;
    let mut accounts: Vec<_> = connections.iter().filter_map(|c| c.account()).collect();
    accounts.sort();
    accounts.dedup();
    Ok(FrameView {
        sandbox: services.is_sandbox(),
        accounts: accounts.len(),
        region: services.default_region().clone(),
        theme: request_theme(),
    })
}

/// Remembers the theme in a cookie of this browser.
#[server(prefix = "/api", endpoint = "set_theme", output = Json)]
pub async fn set_theme(theme: Theme) -> Result<Theme, AppError> {
    session()?;
    let age = if theme == Theme::System { 0 } else { 31_536_000 };
    let cookie = format!("theme={}; Path=/; Max-Age={age}; SameSite=Strict; HttpOnly", theme.key());
    if let (Some(response), Ok(cookie)) = (use_context::<leptos_axum::ResponseOptions>(), cookie.parse()) {
        response.append_header(http::header::SET_COOKIE, cookie);
    }
    Ok(theme)
}

/// Shares, their endpoints and pipelines, for the command palette.
#[server(prefix = "/api", endpoint = "list_destinations", output = Json)]
pub async fn list_destinations() -> Result<Vec<Destination>, AppError> {
    let (services, operator) = session()?;
    let shares = answer(services.shares(&operator).await)?;
    let targets = answer(services.targets(&operator).await)?;
    let shares = shares.into_iter().map(|share| Destination {
        label: share.role_name,
        detail: format!("Share · {} → {}", share.child, share.parent),
        href: format!("/shares/{}", share.id),
    });
    let targets = targets.into_iter().filter_map(|target| {
        let endpoint = target.endpoint?;
        Some(Destination {
            href: format!("/playground?through={}&endpoint={endpoint}", target.through),
            label: endpoint.into(),
            detail: format!("Endpoint · {}", target.label),
        })
    });
    let (pipelines, _, _) = crate::api::pipeline::pipelines()?;
    let pipelines = answer(pipelines.pipelines(&operator).await)?;
    let pipelines = pipelines.into_iter().map(|pipeline| Destination {
        href: format!("/pipelines/{}", pipeline.id),
        label: pipeline.prefix,
        detail: format!("Pipeline · {}", pipeline.accounts.map(|account| account.to_string()).join(", ")),
    });
    Ok(shares.chain(targets).chain(pipelines).collect())
}

/// The theme of the browser that asks.
#[cfg(feature = "ssr")]
pub fn request_theme() -> Theme {
    request_parts()
        .map(|parts| {
            let cookies = parts.headers.get_all(http::header::COOKIE).iter().filter_map(|c| c.to_str().ok());
            Theme::from_cookies(&cookies.collect::<Vec<_>>().join(";"))
        })
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::Theme;

    #[test]
    fn the_theme_is_found_among_cookies() {
        assert_eq!(Theme::from_cookies("session=x; theme=dark; y=z"), Theme::Dark);
        assert_eq!(Theme::from_cookies("not-theme=dark"), Theme::System);
        assert_eq!(Theme::from_cookies("theme=purple"), Theme::System);
    }
}
