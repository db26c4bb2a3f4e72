//! Requests as JavaScript, run with the AWS SDK for JavaScript in `server/tests/javascript`, which `cargo xtask test`
//! installs.

use crate::code::{answer, bytes, code, ran, requests, saved, shared};
use crate::world::World;
use domain::invoke::code::CodeLanguage;
use domain::invoke::{InvokeParams, Through};
use domain::share::intent::InvokeAction;
use std::path::Path;
use std::process::Command;

async fn printed(world: &World, params: &InvokeParams, way: InvokeAction) -> Vec<u8> {
    let packages = Path::new(&std::env::var_os("CARGO_MANIFEST_DIR").unwrap()).join("tests/javascript/node_modules");
    assert!(packages.is_dir(), "the SDK is not there; run `cargo xtask test`, or `npm ci` in server/tests/javascript");
    let view = code(world, params, way, CodeLanguage::JavaScript).await;
    let (folder, file) = saved(&view, params);
    std::os::unix::fs::symlink(packages, folder.path().join("node_modules")).unwrap();
    let mut command = Command::new("env");
    if params.through.share().is_none() {
        command.args(["-u", "AWS_PROFILE"]);
    }
    command.arg("node").arg(file);
    ran(world, command, folder.path(), None).await
}

#[tokio::test]
async fn javascript_gives_the_consoles_answer() {
    let (world, share) = shared().await;
    for request in requests(&share) {
        let expected = answer(&world, &request).await;
        assert_eq!(printed(&world, &request, InvokeAction::Invoke).await, expected, "{:?}", request.headers);
    }
}

#[tokio::test]
async fn javascript_reads_an_answer_as_it_comes() {
    let (world, share) = shared().await;
    let mut request = bytes(&share, &[0, 1, 2, 0xff, 4, 5, 6]);
    request.headers.custom_attributes = "parts=3".into();
    assert_eq!(printed(&world, &request, InvokeAction::Stream).await, [0, 1, 2, 0xff, 4, 5, 6]);
}

#[tokio::test]
async fn javascript_without_a_share_calls_as_the_profile_that_is_named() {
    let world = World::new().await;
    let through = Through::parse("direct/eu-west-1/parent").unwrap();
    let request = InvokeParams::text(through, "echo".parse().unwrap(), "text/plain", "hello");
    assert_eq!(printed(&world, &request, InvokeAction::Invoke).await, b"hello");
}
