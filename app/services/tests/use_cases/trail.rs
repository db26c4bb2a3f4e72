//! The audit trail's batches.

use crate::Bench;
use secrecy::ExposeSecret as _;

#[tokio::test(start_paused = true)]
async fn what_happens_together_is_written_together() {
    let bench = Bench::new();
    let operator = bench.operator().await;
    for _ in 0..20 {
        let cookie = bench.cookie().await;
        bench.services.sign_out(cookie.expose_secret()).await.unwrap();
    }
    let trail = bench.services.activity(&operator, None, 100).await.unwrap();
    assert_eq!(trail.items.len(), 41);
    let batches = bench.memory.trail.lock().unwrap().0.len();
    assert!(batches < 10, "{batches} batches");
}

#[tokio::test]
async fn shutting_down_writes_what_is_left() {
    let bench = Bench::new();
    bench.cookie().await;
    bench.services.shutdown().await;
    assert_eq!(bench.memory.trail.lock().unwrap().1.len(), 1);
}
