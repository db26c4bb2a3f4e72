//! How long a pipeline's preflight takes: resolving the stacks, and asking every question of every role. Prints
//! `milliseconds N`, the median; `cargo xtask bench` reads it.

use domain::arn::CallerArn;
use domain::pipeline::draft::{Connected, PipelineDraft};
use domain::pipeline::intent::PipelineIntent;
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

/// What the wizard makes of its defaults.
fn intent() -> Result<PipelineIntent, Box<dyn Error>> {
    let mut draft = PipelineDraft::new("draft".parse()?, "pipeline".parse()?, "eu-west-1");
    draft.model.prefix = "churn".into();
    draft.model.repository = "churn".into();
    draft.model.endpoint = "churn".into();
    let accounts = &mut draft.accounts;
    for (answer, account) in [
        (&mut accounts.shared_services, "111111111111"),
        (&mut accounts.training, "222222222222"),
        (&mut accounts.production, "333333333333"),
    ] {
        *answer = account.into();
        let caller = Some(CallerArn::parse(&format!("arn:aws:iam::{account}:role/admin"))?);
        draft.found.insert(account.into(), Connected { account: account.parse()?, caller });
    }
    Ok(draft.intent().ok_or("the wizard's defaults are not enough")?)
}
