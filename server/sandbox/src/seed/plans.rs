//! The endpoints of the first start: those that a share is tried with, and one of each kind that there is.

use crate::models::{ASSISTANT_SAMPLE, CHURN_SAMPLE, ECHO_SAMPLE, SHELF, WRITER_SAMPLE};

/// What an endpoint is seeded from.
pub struct Plan<'a> {
    pub name: &'a str,
    pub variants: &'a [Planned<'a>],
    /// The inference components that stand on it, where its variants have no models.
    pub components: &'a [PlannedComponent<'a>],
    pub failure: Option<&'a str>,
    pub age_days: i64,
}

/// A variant of it.
pub struct Planned<'a> {
    pub name: &'a str,
    pub model: Option<Hosted<'a>>,
    pub runs_on: RunsOn<'a>,
    pub weight: f64,
}

/// A model of the sandbox.
pub struct Hosted<'a> {
    pub image: &'a str,
    pub sample: Option<(&'a str, &'a str)>,
}

/// What a variant runs on.
pub enum RunsOn<'a> {
    /// So many machines of this type.
    Machines(&'a str, u32),
    /// Memory in megabytes, and how many requests at once.
    Serverless(u32, u32),
}

/// An inference component.
pub struct PlannedComponent<'a> {
    pub name: &'a str,
    pub model: Hosted<'a>,
    pub copies: u32,
}

/// A model alone on an endpoint.
const fn alone<'a>(model: Hosted<'a>, runs_on: RunsOn<'a>) -> Planned<'a> {
    Planned { name: "AllTraffic", model: Some(model), runs_on, weight: 1.0 }
}

const fn hosted<'a>(image: &'a str, sample: (&'a str, &'a str)) -> Hosted<'a> {
    Hosted { image, sample: Some(sample) }
}

/// An endpoint of one variant that came into service.
const fn simple<'a>(name: &'a str, variants: &'a [Planned<'a>], age_days: i64) -> Plan<'a> {
    Plan { name, variants, components: &[], failure: None, age_days }
}

/// One of many endpoints for paging.
pub const NUMBERED: &[Planned<'static>] =
    &[alone(Hosted { image: "echo", sample: None }, RunsOn::Machines("ml.t2.medium", 1))];

/// The seeded endpoints. Lists begin with the youngest: those that a share is usually tried with.
pub const PLANS: &[Plan<'static>] = &[
    simple("churn-classifier", &[alone(hosted("churn", CHURN_SAMPLE), RunsOn::Machines("ml.m5.large", 2))], 92),
    simple("echo", &[alone(hosted("echo", ECHO_SAMPLE), RunsOn::Machines("ml.t2.medium", 1))], 41),
    simple("Fraud-Detector-EU", &[alone(hosted("churn", CHURN_SAMPLE), RunsOn::Machines("ml.c5.xlarge", 1))], 17),
    Plan {
        failure: Some(
            "The primary container for production variant AllTraffic did not pass the ping health check. Please \
                 check CloudWatch logs for this endpoint.",
        ),
        ..simple(
            "demand-forecast",
            &[alone(Hosted { image: "forecast", sample: None }, RunsOn::Machines("ml.m5.xlarge", 1))],
            3,
        )
    },
    simple("story-writer", &[alone(hosted("writer", WRITER_SAMPLE), RunsOn::Machines("ml.g5.xlarge", 1))], 96),
    simple("assistant", &[alone(hosted("assistant", ASSISTANT_SAMPLE), RunsOn::Machines("ml.g5.2xlarge", 1))], 101),
    simple("palette", &[alone(Hosted { image: "palette", sample: None }, RunsOn::Machines("ml.m5.large", 1))], 110),
    simple("tenant-models", &[alone(hosted(SHELF, CHURN_SAMPLE), RunsOn::Machines("ml.m5.2xlarge", 1))], 118),
    simple(
        "churn-ab",
        &[
            Planned {
                name: "Champion",
                weight: 90.0,
                ..alone(hosted("churn", CHURN_SAMPLE), RunsOn::Machines("ml.m5.large", 1))
            },
            Planned {
                name: "Challenger",
                weight: 10.0,
                ..alone(hosted("churn-challenger", CHURN_SAMPLE), RunsOn::Machines("ml.m5.large", 1))
            },
        ],
        125,
    ),
    simple("churn-serverless", &[alone(hosted("churn", CHURN_SAMPLE), RunsOn::Serverless(2048, 5))], 133),
    Plan {
        components: &[
            PlannedComponent { name: "writer-component", model: hosted("writer", WRITER_SAMPLE), copies: 2 },
            PlannedComponent { name: "echo-component", model: hosted("echo", ECHO_SAMPLE), copies: 1 },
        ],
        ..simple(
            "shared-gpu",
            &[Planned { name: "AllTraffic", model: None, runs_on: RunsOn::Machines("ml.g5.12xlarge", 1), weight: 1.0 }],
            140,
        )
    },
];
