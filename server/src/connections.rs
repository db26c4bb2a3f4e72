//! What a connection may cost before it has asked for anything. Whoever can reach the port can open connections, and
//! needs no session for it.

use axum_server::accept::Accept;
use futures::future::BoxFuture;
use std::future::Future;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Sleep;

/// How an HTTP/2 connection begins (RFC 9113, section 3.4). As long as a client's first bytes could become this, the
/// server can't tell the protocols apart, and none of its own deadlines runs.
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// The limits.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// How long a client may take until it is clear what it speaks.
    pub silence: Duration,
    /// How many connections are open at once; one more is closed right away.
    pub at_once: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { silence: Duration::from_secs(10), at_once: 512 }
    }
}

/// Accepts as `inner` does, within the limits.
#[derive(Debug, Clone)]
pub struct Limited<A> {
    inner: A,
    silence: Duration,
    room: Arc<Semaphore>,
    /// Whether the last one was refused: said once, not once for each.
    full: Arc<AtomicBool>,
}

impl<A> Limited<A> {
    /// With `limits` over all connections.
    pub fn new(inner: A, limits: Limits) -> Self {
        Self { inner, silence: limits.silence, room: Arc::new(Semaphore::new(limits.at_once)), full: Arc::default() }
    }

    fn enter(&self) -> io::Result<OwnedSemaphorePermit> {
        match Arc::clone(&self.room).try_acquire_owned() {
            Ok(place) => {
                self.full.store(false, Ordering::Relaxed);
                Ok(place)
            }
            Err(_) => {
                if !self.full.swap(true, Ordering::Relaxed) {
                    tracing::warn!("too many connections are open; further ones are closed");
                }
                Err(io::Error::other("too many connections"))
            }
        }
    }
}

impl<A, I, S> Accept<I, S> for Limited<A>
where
    A: Accept<I, S>,
    A::Future: Send + 'static,
    A::Stream: Send + 'static,
    A::Service: Send + 'static,
    I: 'static,
    S: 'static,
{
    type Stream = Guarded<A::Stream>;
    type Service = A::Service;
    type Future = BoxFuture<'static, io::Result<(Self::Stream, Self::Service)>>;

    fn accept(&self, stream: I, service: S) -> Self::Future {
        // The place is taken before anything else is done for them: a TLS handshake is work.
        let accepted = self.enter().map(|place| (place, self.inner.accept(stream, service)));
        let silence = self.silence;
        Box::pin(async move {
            let (place, accepting) = accepted?;
            let (stream, service) = accepting.await?;
            let beginning = Some(Beginning { read: 0, until: Box::pin(tokio::time::sleep(silence)) });
            Ok((Guarded { stream, beginning, _place: place }, service))
        })
    }
}

/// A connection that holds its place, and ends when nothing is said at its beginning.
#[derive(Debug)]
pub struct Guarded<T> {
    stream: T,
    /// Until it is clear what the client speaks.
    beginning: Option<Beginning>,
    _place: OwnedSemaphorePermit,
}

#[derive(Debug)]
struct Beginning {
    /// How much of the preface was read.
    read: usize,
    until: Pin<Box<Sleep>>,
}

impl Beginning {
    /// Whether it is still not clear, after `more` was read.
    fn goes_on(&mut self, more: &[u8]) -> bool {
        let expected = &PREFACE[self.read..];
        self.read += more.len();
        more.len() < expected.len() && expected.starts_with(more)
    }
}

impl<T: AsyncRead + Unpin> AsyncRead for Guarded<T> {
    fn poll_read(self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = buffer.filled().len();
        let read = Pin::new(&mut this.stream).poll_read(context, buffer);
        let Some(beginning) = &mut this.beginning else { return read };
        if read.is_ready() {
            let more = &buffer.filled()[before..];
            if more.is_empty() || !beginning.goes_on(more) {
                this.beginning = None;
            }
            return read;
        }
        match beginning.until.as_mut().poll(context) {
            Poll::Ready(()) => Poll::Ready(Err(io::ErrorKind::TimedOut.into())),
            Poll::Pending => Poll::Pending,
        }
    }
}

impl<T: AsyncWrite + Unpin> AsyncWrite for Guarded<T> {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write(context, bytes)
    }
    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(context)
    }
    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(context)
    }
    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write_vectored(context, parts)
    }
    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[tokio::test]
    async fn what_could_become_http2_is_waited_for_and_nothing_else() {
        let goes_on = |parts: &[&[u8]]| {
            let mut beginning = Beginning { read: 0, until: Box::pin(tokio::time::sleep(Duration::ZERO)) };
            parts.iter().all(|part| beginning.goes_on(part))
        };
        assert!(goes_on(&[b"P"]) && goes_on(&[b"PRI", b" * HTTP/2.0\r\n"]));
        assert!(!goes_on(&[b"PO"]) && !goes_on(&[b"P", b"OST"]) && !goes_on(&[b"GET / HTTP/1.1\r\n"]));
        assert!(!goes_on(&[PREFACE]) && !goes_on(&[&PREFACE[..20], &PREFACE[20..]]));
        let longer = [PREFACE, b"more"].concat();
        assert!(!goes_on(&[&longer]));
    }
}
