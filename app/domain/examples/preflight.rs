//! How long a pipeline's preflight takes: resolving the stacks, and asking every question of every role. Prints
//! `milliseconds N`, the median; `cargo xtask bench` reads it.

use domain::arn::CallerArn;
use domain::pipeline::hyperparameters::{Hyperparameters, Objective};
use domain::pipeline::intent::{Deployment, PipelineIntent, Place, Prefix, Source, Training, Update};
use domain::pipeline::matrix::Matrix;
use domain::pipeline::predicted::Predicted;
use std::error::Error;
use std::io::Write as _;
use std::time::Instant;

const TIMES: usize = 51;

fn main() -> Result<(), Box<dyn Error>> {
    let intent = intent()?;
    let mut times = Vec::new();
    for _ in 0..TIMES {
        let begin = Instant::now();
        let matrix = Matrix::of(&intent, &Predicted::of(&intent)?);
        times.push(begin.elapsed());
        if let Some((row, column, _)) = matrix.faults().next() {
            return Err(format!("{}: {}", row.role, column.label).into());
        }
    }
    times.sort_unstable();
    writeln!(std::io::stdout().lock(), "milliseconds {:.2}", times[TIMES / 2].as_secs_f64() * 1000.0)?;
    Ok(())
}

fn intent() -> Result<PipelineIntent, Box<dyn Error>> {
    let place = |name: &str, account: &str| -> Result<Place, Box<dyn Error>> {
        Ok(Place { connection: name.parse()?, account: account.parse()? })
    };
    Ok(PipelineIntent {
        prefix: Prefix::parse("churn")?,
        region: "eu-west-1".parse()?,
        shared_services: place("shared", "111111111111")?,
        training_account: place("training", "222222222222")?,
        production: place("production", "333333333333")?,
        administrator: CallerArn::parse("arn:aws:iam::111111111111:role/admin")?,
        bucket: "churn-111111111111-eu-west-1".into(),
        source: Source::Repository { name: "churn".into(), branch: "main".into() },
        training: Training {
            version: Default::default(),
            instance_type: "ml.m5.large".into(),
            instance_count: 1,
            volume_gigabytes: 10,
            max_seconds: 3600,
            hyperparameters: Hyperparameters::usual(Objective::Binary),
        },
        deployment: Deployment {
            endpoint: "churn".parse()?,
            instance_type: "ml.m5.large".into(),
            instance_count: 2,
            update: Update::Canary,
            wait_seconds: 120,
            alarms: true,
        },
    })
}
