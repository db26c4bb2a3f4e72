//! What is denied to everybody, also to roles that may write or read there: what the bucket's policy is to keep out.

use super::{Question, Subject, ask, questions};
use crate::evaluate::{Context, Decision, decide};
use crate::pipeline::intent::PipelineIntent;
use crate::pipeline::predicted::Predicted;

const METHOD: &str = "s3:x-amz-server-side-encryption";
const KEY: &str = "s3:x-amz-server-side-encryption-aws-kms-key-id";
const CUSTOMERS: &str = "s3:x-amz-server-side-encryption-customer-algorithm";
const TLS: &str = "aws:SecureTransport";

/// A way to ask that is to be denied: in words, and what the request has in it.
type Way = (&'static str, Context);

/// The ways to put an object that are denied.
///
/// Source: S3 API reference, "PutObject": which headers ask for which encryption, and that `aws:kms` without a key is
/// the key of S3 itself.
fn ways_to_write(question: &Question, predicted: &Predicted) -> [Way; 5] {
    let asked = || question.context.clone();
    let another = predicted.key.as_str().replace("key/", "key/1");
    [
        ("without TLS", asked().with(TLS, "false")),
        ("encrypted by S3 alone", asked().with(METHOD, "AES256")),
        ("encrypted with another key", asked().with(METHOD, "aws:kms").with(KEY, another)),
        ("encrypted with the key that S3 has by itself", asked().with(METHOD, "aws:kms")),
        ("encrypted with a key of its own", asked().with(CUSTOMERS, "AES256")),
    ]
}

/// What a role can do in a way that is to be denied, in words; empty when the bucket keeps it out.
pub fn unguarded(intent: &PipelineIntent, predicted: &Predicted) -> Vec<String> {
    let mut found = Vec::new();
    let of_bucket = questions(intent, predicted).into_iter().filter(|one| one.column.subject == Subject::Bucket);
    for mut question in of_bucket {
        let ways = match question.column.action.as_str() {
            "s3:PutObject" => ways_to_write(&question, predicted).to_vec(),
            _ => vec![("without TLS", question.context.clone().with(TLS, "false"))],
        };
        let needs = |name: &str| question.needed_by.iter().any(|part| name.ends_with(&format!("-{part}")));
        let roles: Vec<_> = predicted.roles.iter().filter(|(name, _)| needs(name)).collect();
        for (said, context) in ways {
            question.context = context;
            for (name, role) in &roles {
                if ask(&question, role, predicted, decide) == Decision::Allowed {
                    found.push(format!("`{name}` can {} {said}", question.column.label));
                }
            }
        }
    }
    found
}
