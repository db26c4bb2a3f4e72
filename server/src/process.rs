//! The process around console and sandbox: sockets, signals, and the lines on standard output.

use crate::cli::SandboxArgs;
use crate::config::{DataConfig, LoggingConfig, NetworkConfig, SandboxConfig, ServeConfig, default_region};
use crate::connections::{Limited, Limits};
use crate::console::{Announce, Console, start_sandbox};
use crate::data_dir::{self, Part};
use crate::failure::{StartError, in_one_line};
use crate::telemetry;
use axum_server::Handle;
use axum_server::accept::NoDelayAcceptor;
use axum_server::tls_rustls::{RustlsAcceptor, RustlsConfig};
use hyper_util::rt::TokioTimer;
use std::future::Future;
use std::io::{self, IsTerminal, Write};
use std::net::{SocketAddr, TcpListener};
use std::time::Duration;

/// How long calls in flight may take to end once the process is asked to stop: less than the ten seconds after which
/// container runtimes lose their patience.
const GRACE: Duration = Duration::from_secs(5);
/// How often an HTTP/2 client is asked whether it is still there, and how long it may take to say so.
const STILL_THERE: Duration = Duration::from_secs(20);

/// `sagebridge serve`: until a signal.
pub fn serve(config: ServeConfig, logging: LoggingConfig) -> Result<(), StartError> {
    telemetry::init(logging);
    run(async move {
        let tls = tls(&config.network).await?;
        let listener = bind(config.network.listen)?;
        let addr = listener.local_addr().map_err(|e| cannot_listen(config.network.listen, e))?;
        // Anywhere else standard output is kept, and read by more people than may sign in: there a new address is printed
        // only when someone on the machine asks for it.
        let announce = io::stdout().is_terminal().then(|| Box::new(print_address) as Announce);
        let console = Console::open(&config, addr, announce).await?;
        // From before the first address is printed, as whoever reads it may send one at once: until they are listened to,
        // signals end the process where it stands.
        let mut stop = Stop::listen();
        let mut hangups = Hangups::listen();
        let handle = Handle::new();
        let router = console.router();
        let serving = tokio::spawn(listen(listener, tls, handle.clone(), router, Limits::default()));
        // Printed when requests are answered, so that whoever reads the line can go on at once.
        handle.listening().await;
        let address = console.launch_address();
        let mut lines = vec![("console", address.as_str())];
        let sandbox = console.sandbox().map(sandbox::Sandbox::url);
        lines.extend(sandbox.iter().map(|url| ("sandbox", url.as_str())));
        print(&lines)?;
        drop(address);
        loop {
            tokio::select! {
                () = stop.asked() => break,
                hangup = hangups.next() => match hangup {
                    Hangup::Asked => print_address(&console.launch_address()),
                    Hangup::TerminalGone => break,
                },
            }
        }
        tracing::info!("stopping");
        console.stop_streams();
        handle.graceful_shutdown(Some(GRACE));
        tokio::select! {
            _ = serving => {}
            // Asked twice: at once.
            () = stop.asked() => handle.shutdown(),
        }
        console.close().await;
        Ok(())
    })
}

/// `sagebridge sandbox`: until a signal.
pub fn sandbox_alone(args: SandboxArgs) -> Result<(), StartError> {
    let config = SandboxConfig::new(&args)?;
    telemetry::init(LoggingConfig::new(args.log_format)?);
    let data = DataConfig::new(args.data_dir)?;
    run(async move {
        let _lock = data_dir::take(&data, Part::Sandbox)?;
        if config.fresh {
            data_dir::forget_sandbox_console(&data)?;
        }
        let sandbox = start_sandbox(&config, &data.sandbox_dir(), &default_region()).await?;
        // As in `serve`: before the address is printed.
        let mut stop = Stop::listen();
        print(&[("sandbox", &sandbox.url())])?;
        stop.asked().await;
        tracing::info!("stopping");
        sandbox.shutdown().await;
        Ok(())
    })
}

fn run(work: impl Future<Output = Result<(), StartError>>) -> Result<(), StartError> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(StartError::Runtime)?;
    let result = runtime.block_on(work);
    runtime.shutdown_timeout(Duration::from_secs(1));
    result
}

/// A launch address after the first.
fn print_address(address: &str) {
    if let Err(error) = print(&[("console", address)]) {
        tracing::error!("{error}");
    }
}

/// Each address on a line of its own.
fn print(lines: &[(&str, &str)]) -> Result<(), StartError> {
    let mut out = io::stdout().lock();
    for (name, url) in lines {
        writeln!(out, "{name}: {url}").map_err(StartError::Output)?;
    }
    out.flush().map_err(StartError::Output)
}

fn bind(addr: SocketAddr) -> Result<TcpListener, StartError> {
    let listener = TcpListener::bind(addr).map_err(|error| cannot_listen(addr, error))?;
    listener.set_nonblocking(true).map_err(|error| cannot_listen(addr, error))?;
    Ok(listener)
}

/// Why a socket could not be had.
pub fn cannot_listen(addr: SocketAddr, source: io::Error) -> StartError {
    if source.kind() == io::ErrorKind::AddrInUse {
        StartError::AddressInUse { addr }
    } else {
        StartError::Listen { addr, source }
    }
}

async fn tls(network: &NetworkConfig) -> Result<Option<RustlsConfig>, StartError> {
    let Some(files) = &network.tls else { return Ok(None) };
    match RustlsConfig::from_pem_file(&files.cert, &files.key).await {
        Ok(config) => Ok(Some(config)),
        Err(error) => {
            Err(StartError::Tls { cert: files.cert.clone(), key: files.key.clone(), message: in_one_line(&error) })
        }
    }
}

/// Serves `router` on `listener` until `handle` says to stop.
pub async fn listen(
    listener: TcpListener,
    tls: Option<RustlsConfig>,
    handle: Handle<SocketAddr>,
    router: axum::Router,
    limits: Limits,
) -> io::Result<()> {
    let mut server = axum_server::from_tcp(listener)?.handle(handle);
    // Without a timer hyper waits for ever for the end of a request's head.
    server.http_builder().http1().timer(TokioTimer::new());
    server
        .http_builder()
        .http2()
        .timer(TokioTimer::new())
        .keep_alive_interval(STILL_THERE)
        .keep_alive_timeout(STILL_THERE);
    let service = router.into_make_service();
    match tls {
        Some(tls) => {
            let tls = RustlsAcceptor::new(tls).handshake_timeout(limits.silence).acceptor(NoDelayAcceptor::new());
            server.acceptor(Limited::new(tls, limits)).serve(service).await
        }
        None => server.acceptor(Limited::new(NoDelayAcceptor::new(), limits)).serve(service).await,
    }
}

/// What SIGHUP means.
enum Hangup {
    /// Someone sent it, to have a new launch address printed.
    Asked,
    /// The terminal that the process was started in is gone: then the process ends, as it would without us.
    TerminalGone,
}

/// SIGHUP, where there is such a thing.
struct Hangups {
    #[cfg(unix)]
    signals: Option<tokio::signal::unix::Signal>,
    /// Which of the standard streams were a terminal at the start.
    terminals: [bool; 3],
}

impl Hangups {
    fn listen() -> Self {
        Self {
            #[cfg(unix)]
            signals: tokio::signal::unix::signal(tokio::signal::unix::SignalKind::hangup())
                .inspect_err(|error| tracing::warn!(%error, "SIGHUP will not print a new address"))
                .ok(),
            terminals: terminals(),
        }
    }

    async fn next(&mut self) -> Hangup {
        #[cfg(unix)]
        let came = match &mut self.signals {
            Some(signals) => signals.recv().await.is_some(),
            None => false,
        };
        #[cfg(not(unix))]
        let came = false;
        if !came {
            std::future::pending::<()>().await;
        }
        // A terminal that hung up is none any more.
        let gone = self.terminals.iter().zip(terminals()).any(|(before, now)| *before && !now);
        if gone { Hangup::TerminalGone } else { Hangup::Asked }
    }
}

fn terminals() -> [bool; 3] {
    [io::stdin().is_terminal(), io::stdout().is_terminal(), io::stderr().is_terminal()]
}

/// Ctrl-C, and what supervisors send.
struct Stop {
    #[cfg(unix)]
    signals: Vec<tokio::signal::unix::Signal>,
}

#[cfg(unix)]
impl Stop {
    fn listen() -> Self {
        use tokio::signal::unix::{SignalKind, signal};
        let signals = [SignalKind::terminate(), SignalKind::interrupt()].into_iter().filter_map(|kind| {
            let unheard = |error: &io::Error| tracing::warn!(%error, ?kind, "this signal ends the process at once");
            signal(kind).inspect_err(unheard).ok()
        });
        Self { signals: signals.collect() }
    }

    /// Until the next of them, at once for one that came since the last.
    async fn asked(&mut self) {
        std::future::poll_fn(|context| {
            let came = self.signals.iter_mut().any(|signal| signal.poll_recv(context).is_ready());
            if came { std::task::Poll::Ready(()) } else { std::task::Poll::Pending }
        })
        .await;
    }
}

#[cfg(not(unix))]
impl Stop {
    fn listen() -> Self {
        Self {}
    }

    async fn asked(&mut self) {
        let _ = tokio::signal::ctrl_c().await;
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_signal_that_came_before_anyone_waited_is_not_lost() {
        for signal in ["-TERM", "-INT"] {
            let mut stop = Stop::listen();
            let sent = std::process::Command::new("kill").args([signal, &std::process::id().to_string()]).status();
            assert!(sent.is_ok_and(|sent| sent.success()));
            stop.asked().await;
        }
    }
}
