//! From a log's ARN to its page in AWS's console.
//!
//! The console's addresses are not documented by AWS; they are kept here so that they are easy to correct.

use crate::arn::Arn;

/// The page of CloudWatch Logs that shows a log group or stream; `None` for anything else, so that nothing a model or a
/// service says can lead elsewhere.
pub fn log_page(arn: &str) -> Option<String> {
    let arn = Arn::parse(arn).ok()?;
    let region = arn.region_code()?;
    if arn.service() != "logs" || arn.account_id().is_none() {
        return None;
    }
    let rest = arn.resource().strip_prefix("log-group:")?;
    let (group, stream) = match rest.split_once(":log-stream:") {
        Some((group, stream)) => (group, Some(stream)),
        None => (rest.trim_end_matches(":*"), None),
    };
    if group.is_empty() {
        return None;
    }
    let host = match arn.partition() {
        "aws" => format!("{region}.console.aws.amazon.com"),
        "aws-us-gov" => "console.amazonaws-us-gov.com".to_owned(),
        "aws-cn" => "console.amazonaws.cn".to_owned(),
        _ => return None,
    };
    let mut page =
        format!("https://{host}/cloudwatch/home?region={region}#logsV2:log-groups/log-group/{}", twice_encoded(group));
    if let Some(stream) = stream.filter(|stream| !stream.is_empty()) {
        page.push_str("/log-events/");
        page.push_str(&twice_encoded(stream));
    }
    Some(page)
}

/// As the console writes names behind its `#`: percent-encoded twice, with `$` for the outer percent sign.
fn twice_encoded(text: &str) -> String {
    use std::fmt::Write as _;
    text.bytes().fold(String::with_capacity(text.len()), |mut out, byte| {
        if byte.is_ascii_alphanumeric() || b"-_.".contains(&byte) {
            out.push(char::from(byte));
        } else {
            // Writing to a string can't fail.
            let _ = write!(out, "$25{byte:02X}");
        }
        out
    })
}

#[cfg(test)]
mod tests {
    use super::log_page;

    #[test]
    fn a_log_leads_to_its_page_in_its_partition() {
        let group = "111111111111:log-group:/aws/sagemaker/Endpoints/echo";
        let path = "#logsV2:log-groups/log-group/$252Faws$252Fsagemaker$252FEndpoints$252Fecho";
        for (arn, page) in [
            (
                format!("arn:aws:logs:eu-west-1:{group}"),
                format!("https://eu-west-1.console.aws.amazon.com/cloudwatch/home?region=eu-west-1{path}"),
            ),
            (
                format!("arn:aws:logs:eu-west-1:{group}:log-stream:All/i-0[1]"),
                format!(
                    "https://eu-west-1.console.aws.amazon.com/cloudwatch/home?region=eu-west-1{path}/log-events/All$252Fi-0$255B1$255D"
                ),
            ),
            (
                format!("arn:aws-cn:logs:cn-north-1:{group}:*"),
                format!("https://console.amazonaws.cn/cloudwatch/home?region=cn-north-1{path}"),
            ),
        ] {
            assert_eq!(log_page(&arn), Some(page), "{arn}");
        }
    }

    #[test]
    fn anything_else_leads_nowhere() {
        for other in [
            "",
            "arn:aws:logs:x",
            "https://example.com",
            "arn:aws:logs:evil.example/:111111111111:log-group:x",
            "arn:evil:logs:eu-west-1:111111111111:log-group:x",
            "arn:aws:s3:eu-west-1:111111111111:log-group:x",
            "arn:aws:logs:eu-west-1:111111111111:log-group:",
            "javascript:alert(1)",
        ] {
            assert_eq!(log_page(other), None, "{other}");
        }
    }
}
