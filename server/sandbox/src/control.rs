//! The control path `/_sandbox/…`: fault switches, settings and counters. AWS has nothing like it.
//!
//! It has no login, so it answers on loopback only, and not to web pages: a request that a browser sends for another
//! site carries `Origin`, and one after DNS rebinding carries another `Host`.

use crate::app::App;
use crate::faults::{Active, Rule, Settings};
use crate::state::AccessKey;
use crate::{clock, counters, ids};
use axum::Json;
use axum::Router;
use axum::body::Body;
use axum::extract::{ConnectInfo, Path, Request, State};
use axum::middleware::{self, Next};
use axum::response::IntoResponse as _;
use axum::routing::{delete, get, post};
use domain::names::AccountId;
use http::{Response, StatusCode};
use serde::Deserialize;
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::sync::Arc;

/// The routes, to be nested under `/_sandbox`.
pub fn router(app: Arc<App>) -> Router<Arc<App>> {
    Router::new()
        .route("/faults", get(list_faults).post(add_fault).delete(clear_faults))
        .route("/faults/{id}", delete(clear_fault))
        .route("/settings", get(get_settings).put(put_settings))
        .route("/counters", get(get_counters).delete(clear_counters))
        .route("/deliveries", get(get_deliveries))
        .route("/propagate", post(propagate))
        .route("/expire-sessions", post(expire_sessions))
        .route("/root-keys", post(root_key))
        .layer(middleware::from_fn(guard))
        .with_state(app)
}

async fn guard(ConnectInfo(peer): ConnectInfo<SocketAddr>, request: Request, next: Next) -> Response<Body> {
    let host = request.headers().get(http::header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let name =
        host.rsplit_once(':').filter(|(_, port)| port.bytes().all(|b| b.is_ascii_digit())).map_or(host, |(n, _)| n);
    let local = ["127.0.0.1", "localhost", "[::1]"].contains(&name) && peer.ip().is_loopback();
    if !local || request.headers().contains_key(http::header::ORIGIN) {
        return refuse(StatusCode::FORBIDDEN, "the control path answers only to programs on this machine");
    }
    next.run(request).await
}

fn refuse(status: StatusCode, message: &str) -> Response<Body> {
    (status, Json(json!({ "message": message }))).into_response()
}

async fn list_faults(State(app): State<Arc<App>>) -> Json<Vec<Active>> {
    Json(app.faults.list())
}

async fn add_fault(State(app): State<Arc<App>>, Json(rule): Json<Rule>) -> Response<Body> {
    if let Some(problem) = crate::service::unknown_names(&rule.service, &rule.operation) {
        return refuse(StatusCode::BAD_REQUEST, &problem);
    }
    if rule.probability.is_some_and(|p| !(0.0..=1.0).contains(&p)) {
        return refuse(StatusCode::BAD_REQUEST, "`probability` is not between 0 and 1");
    }
    Json(json!({ "id": app.faults.add(rule) })).into_response()
}

async fn clear_faults(State(app): State<Arc<App>>) -> StatusCode {
    app.faults.remove(None);
    StatusCode::NO_CONTENT
}

async fn clear_fault(State(app): State<Arc<App>>, Path(id): Path<u64>) -> StatusCode {
    app.faults.remove(Some(id));
    StatusCode::NO_CONTENT
}

async fn get_settings(State(app): State<Arc<App>>) -> Json<Settings> {
    Json(app.faults.settings())
}

async fn put_settings(State(app): State<Arc<App>>, Json(settings): Json<Settings>) -> Json<Settings> {
    app.faults.set(settings);
    Json(settings)
}

async fn get_counters(State(app): State<Arc<App>>) -> Json<Vec<counters::Count>> {
    Json(app.counters.list())
}

/// What became of the events of EventBridge's rules, with the last failures of each.
async fn get_deliveries(State(app): State<Arc<App>>) -> Json<Value> {
    Json(crate::events::deliver::records(&app))
}

async fn clear_counters(State(app): State<Arc<App>>) -> StatusCode {
    app.counters.clear();
    StatusCode::NO_CONTENT
}

/// Makes every change of IAM and the organisation visible at once, as if its delay were over.
async fn propagate(State(app): State<Arc<App>>) -> StatusCode {
    let settled = app.store.write(|state| {
        state.accounts.values_mut().for_each(|account| account.iam.settle());
        state.organization.settle();
        Ok::<(), std::convert::Infallible>(())
    });
    let Ok(((), _)) = settled;
    StatusCode::NO_CONTENT
}

/// Ends every session there is, as if its time were over.
async fn expire_sessions(State(app): State<Arc<App>>) -> StatusCode {
    app.faults.end_sessions();
    StatusCode::NO_CONTENT
}

#[derive(Deserialize)]
struct RootKey {
    account: AccountId,
}

/// Makes an access key of an account's root user: IAM has no operation for that.
async fn root_key(State(app): State<Arc<App>>, Json(RootKey { account }): Json<RootKey>) -> Response<Body> {
    let (id, secret) = (ids::access_key(), ids::secret());
    let key =
        AccessKey { secret: secret.clone(), account: account.clone(), user: None, active: true, created: clock::now() };
    let made = app.store.write(|state| {
        if !state.accounts.contains_key(&account) {
            return Err(());
        }
        state.keys.insert(id.clone(), key);
        Ok(())
    });
    let Ok(((), generation)) = made else {
        return refuse(StatusCode::NOT_FOUND, &format!("the sandbox has no account `{account}`"));
    };
    if !app.store.durable(generation).await {
        return refuse(StatusCode::INTERNAL_SERVER_ERROR, "the state can't be written");
    }
    let answer: Value = json!({ "AccessKeyId": id, "SecretAccessKey": secret });
    Json(answer).into_response()
}
