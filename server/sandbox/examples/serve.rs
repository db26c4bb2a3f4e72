//! Runs the sandbox alone until Ctrl-C: `cargo run -p sandbox --example serve -- DIR [ADDRESS]`.
use sandbox::SandboxConfig;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut args = std::env::args().skip(1);
    let dir = args.next().ok_or("give a folder for the state")?;
    let listen = args.next().unwrap_or_else(|| "127.0.0.1:4566".into()).parse()?;
    let region = domain::names::Region::parse("eu-west-1")?;
    let config = SandboxConfig { listen, dir: dir.into(), fresh: false, seed_many: 0, region };
    let sandbox = sandbox::start(config).await?;
    tokio::signal::ctrl_c().await?;
    sandbox.shutdown().await;
    Ok(())
}
