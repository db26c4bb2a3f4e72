//! A console in this process, over a sandbox of its own, asked without a socket.
#![allow(dead_code, reason = "each test file uses its part")]

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Request, StatusCode};
use domain::names::DraftId;
use domain::wizard::{CallersForm, ChildForm, EndpointsForm, ParentForm, StepForm};
use server::config::{BatchConfig, DataConfig, NetworkConfig, SandboxConfig, ServeConfig, SiteConfig, default_region};
use server::console::Console;
use services::Operator;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tower::ServiceExt;

/// The console's name in these tests.
pub const HOST: &str = "127.0.0.1:4600";
/// The origin of its pages.
pub const OWN: &str = "http://127.0.0.1:4600";

/// Who calls in these tests.
pub const LAMBDA: &str = "arn:aws:iam::222222222222:role/scoring-lambda";
/// What is called.
pub const ENDPOINT: &str = "arn:aws:sagemaker:eu-west-1:111111111111:endpoint/echo";

/// A console under test.
pub struct Under {
    pub console: Console,
    pub router: Router,
    pub announced: Arc<Mutex<Vec<String>>>,
    /// `Cookie` of a session.
    pub cookie: String,
    pub operator: Operator,
    pub data: DataConfig,
    _folder: tempfile::TempDir,
}

/// An answer, read whole.
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: String,
}

impl Answer {
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |v| v.to_str().unwrap())
    }
}

pub fn network() -> NetworkConfig {
    NetworkConfig { listen: HOST.parse().unwrap(), behind_proxy: false, public_hosts: Vec::new(), tls: None }
}

impl Under {
    /// On loopback.
    pub async fn test() -> Self {
        Self::with(network()).await
    }

    pub async fn with(network: NetworkConfig) -> Self {
        Self::configured(network, |_| {}).await
    }

    /// With something else changed too.
    pub async fn configured(network: NetworkConfig, change: impl FnOnce(&mut ServeConfig)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let site = folder.path().join("site");
        std::fs::create_dir_all(site.join("pkg")).unwrap();
        std::fs::write(site.join("pkg/sagebridge.js"), "export default 1;".repeat(1000)).unwrap();
        std::fs::write(site.join("favicon.svg"), "<svg xmlns=\"http://www.w3.org/2000/svg\"/>").unwrap();
        let data = DataConfig { dir: folder.path().join("data") };
        let mut config = ServeConfig {
            network,
            data: data.clone(),
            site: SiteConfig { root: site, reload_port: None },
            sandbox: Some(SandboxConfig { listen: "127.0.0.1:0".parse().unwrap(), fresh: false, seed_many: 0 }),
            launch_token: None,
            launch: Duration::from_secs(900),
            default_region: default_region(),
            check_shares: None,
            batch: BatchConfig::default(),
            table_bytes: 1 << 30,
        };
        change(&mut config);
        let announced = Arc::new(Mutex::new(Vec::new()));
        let heard = Arc::clone(&announced);
        let announce = Box::new(move |address: &str| heard.lock().unwrap().push(address.to_owned()));
        let console = Console::open(&config, config.network.listen, Some(announce)).await.unwrap();
        let router = console.router();
        let address = console.launch_address();
        let request = Request::get(launch_path(&address)).header("host", HOST).body(Body::empty()).unwrap();
        let signed_in = router.clone().oneshot(request).await.unwrap();
        let set = signed_in.headers()["set-cookie"].to_str().unwrap().to_owned();
        let cookie = set.split(';').next().unwrap().to_owned();
        let value = cookie.split_once('=').unwrap().1;
        let operator = console.state().services.operator(value).await.unwrap().unwrap();
        Self { console, router, announced, cookie, operator, data, _folder: folder }
    }

    /// One request with exactly these headers.
    pub async fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: impl Into<Body>) -> Answer {
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = self.router.clone().oneshot(request.body(body.into()).unwrap()).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = to_bytes(body, usize::MAX).await.unwrap();
        Answer { status: parts.status, headers: parts.headers, body: String::from_utf8_lossy(&body).into_owned() }
    }

    /// A wizard that is answered up to its review, by the defaults but for who calls and what the child gets.
    pub async fn answered(&self, callers: CallersForm, child: ChildForm) -> DraftId {
        let (services, operator) = (&self.console.state().services, &self.operator);
        let draft = services.start_draft(operator).await.unwrap();
        let role = services.draft(operator, &draft).await.unwrap().draft.role;
        for form in [
            StepForm::Parent(ParentForm { connection: "parent".into(), region: "eu-west-1".into() }),
            StepForm::Endpoints(EndpointsForm { scope: "named".into(), arns: vec![ENDPOINT.into()] }),
            StepForm::Callers(callers),
            StepForm::Role(role),
            StepForm::Child(child),
        ] {
            assert_eq!(services.save_step(operator, &draft, form).await.unwrap(), []);
        }
        draft
    }

    /// As [`Under::answered`], for the connected child's `scoring-lambda`.
    pub async fn answered_for_lambda(&self) -> DraftId {
        let callers = CallersForm {
            source: "connected".into(),
            connection: "child".into(),
            scope: "named".into(),
            arns: vec![LAMBDA.into()],
            console: "on".into(),
            ..CallersForm::default()
        };
        let grant_name = "AllowAssumeSagemakerExternalRole".into();
        self.answered(callers, ChildForm { grant_name, grantees: vec![LAMBDA.into()] }).await
    }

    /// Makes the sandbox misbehave by a rule.
    pub async fn fault(&self, rule: &str) {
        let addr = self.console.sandbox().unwrap().addr();
        let mut control = tokio::net::TcpStream::connect(addr).await.unwrap();
        let head = format!(
            "POST /_sandbox/faults HTTP/1.1\r\nHost: {addr}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\
             Connection: close\r\n\r\n",
            rule.len()
        );
        control.write_all(format!("{head}{rule}").as_bytes()).await.unwrap();
        let mut answer = String::new();
        control.read_to_string(&mut answer).await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 20"), "{answer}");
    }

    /// A visit to a page with the session.
    pub async fn visit(&self, path: &str) -> Answer {
        self.send("GET", path, &[("host", HOST), ("cookie", &self.cookie), ("accept", "text/html")], Body::empty())
            .await
    }

    /// Everything the console remembers and did, as text; without the time of asking.
    pub async fn remembered(&self) -> String {
        let services = &self.console.state().services;
        let drafts = services.drafts(&self.operator).await.unwrap();
        let shares = services.shares(&self.operator).await.unwrap();
        let activity = services.activity(&self.operator, None, 1000).await.unwrap();
        let signed_in = services.operator(self.cookie.split_once('=').unwrap().1).await.unwrap().is_some();
        serde_json::to_string_pretty(&(drafts, shares, activity, signed_in)).unwrap()
    }
}

/// Path and query of an address.
pub fn launch_path(address: &str) -> &str {
    &address[address.find("/launch").unwrap()..]
}

/// Every server function, as `METHOD /path`.
pub fn server_functions() -> Vec<(String, String)> {
    let mut all: Vec<_> = leptos::server_fn::axum::server_fn_paths()
        .map(|(path, method)| (method.to_string(), path.to_owned()))
        .collect();
    all.sort_by(|a, b| a.1.cmp(&b.1));
    all
}
