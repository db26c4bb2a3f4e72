//! The templates and the deploy handler, as files. They name no account, region or name: those are parameters.

/// The shared-services account's stack: repository, bucket, key, and the pipeline.
pub const SHARED_SERVICES: &str = include_str!("templates/shared-services.yaml");
/// The training account's stack: its roles.
pub const TRAINING: &str = include_str!("templates/training.yaml");
/// What the pipeline deploys into the training account: the training itself.
pub const WORKFLOW: &str = include_str!("templates/workflow.yaml");
/// The function that deploys an approved model.
pub const HANDLER: &str = include_str!("handler/deploy.py");

const PRODUCTION: &str = include_str!("templates/production.yaml");
/// Where the handler belongs, as deep as its lines have to be.
const PLACE: &str = "          # <handler>\n";

/// The production account's stack: the deploy function with its code, and the roles.
pub fn production() -> String {
    let indent = PLACE.len() - PLACE.trim_start().len();
    let mut code = String::with_capacity(HANDLER.len() * 2);
    for line in HANDLER.lines() {
        if !line.is_empty() {
            code.extend(std::iter::repeat_n(' ', indent));
            code.push_str(line);
        }
        code.push('\n');
    }
    PRODUCTION.replace(PLACE, &code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_production_stack_has_the_whole_handler() {
        let template = production();
        assert!(!template.contains("<handler>"));
        assert!(HANDLER.lines().all(|line| template.contains(line)), "every line is there");
        assert!(template.len() < 51_200, "a template's body may have 51,200 bytes: {}", template.len());
    }

    #[test]
    fn no_account_region_or_full_access_stands_in_a_template() {
        for template in [SHARED_SERVICES, TRAINING, WORKFLOW, &production()] {
            let twelve_digits = |part: &str| part.len() == 12 && part.bytes().all(|b| b.is_ascii_digit());
            assert!(!template.split(|c: char| !c.is_ascii_alphanumeric()).any(twelve_digits));
            for bad in ["FullAccess", "role/*", ":root", "us-east-1", "eu-west-1", "arn:aws:"] {
                assert!(!template.contains(bad), "{bad}");
            }
        }
    }
}
