//! The HTTP server: connections, bodies, and the fork between AWS and the control path.

use crate::app::App;
use crate::s3::{self, S3};
use crate::{control, dispatch};
use axum::Extension;
use axum::Router;
use axum::body::Body;
use axum::extract::{ConnectInfo, Request, State};
use axum::serve::ListenerExt as _;
use http::Response;
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio::sync::watch;

/// The largest body that is read at all; InvokeEndpoint's own limit is smaller. S3's bodies are streams and have their
/// own.
const BODY_LIMIT: usize = 16 * 1024 * 1024;

/// Serves until `stop` is set, then finishes the requests under way.
pub async fn serve(listener: TcpListener, app: Arc<App>, mut stop: watch::Receiver<bool>) {
    let router = Router::new()
        .nest("/_sandbox", control::router(Arc::clone(&app)))
        .fallback(aws)
        .layer(Extension(Arc::new(S3::new(Arc::clone(&app)))))
        .with_state(app)
        .into_make_service_with_connect_info::<SocketAddr>();
    // Answers are small and awaited one by one; Nagle's algorithm would hold them back.
    let listener = listener.tap_io(|stream| {
        if let Err(e) = stream.set_nodelay(true) {
            tracing::debug!(error = %e, "TCP_NODELAY can't be set");
        }
    });
    let stopped = async move {
        let _ = stop.wait_for(|stop| *stop).await;
    };
    if let Err(e) = axum::serve(listener, router).with_graceful_shutdown(stopped).await {
        tracing::error!(error = %e, "the sandbox's server ended");
    }
}

async fn aws(
    State(app): State<Arc<App>>,
    Extension(buckets): Extension<Arc<S3>>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    request: Request,
) -> Response<Body> {
    let (parts, body) = request.into_parts();
    if let Some(region) = s3::signed_region(&parts) {
        return buckets.answer(&region, parts, body, peer.ip()).await;
    }
    match axum::body::to_bytes(body, BODY_LIMIT).await {
        Ok(body) => dispatch::answer(&app, parts, body, peer.ip()).await,
        Err(_) => dispatch::too_large(&parts),
    }
}
