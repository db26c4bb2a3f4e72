//! What a message in one line says.

use super::{Denied, MessageKind, PolicyKind, Reason};
use crate::arn::Arn;
use crate::names::{AccountId, EndpointName, Region};

/// A line, to be searched without regard to case.
struct Line<'a> {
    text: &'a str,
    lower: String,
}

impl<'a> Line<'a> {
    fn new(text: &'a str) -> Self {
        // ASCII only: places stay the same.
        Self { text, lower: text.to_ascii_lowercase() }
    }
    fn has(&self, words: &str) -> bool {
        self.lower.contains(words)
    }
    /// What follows `words`.
    fn after(&self, words: &str) -> Option<&'a str> {
        self.lower.find(words).map(|at| &self.text[at + words.len()..])
    }
    /// What is before `words`.
    fn before(&self, words: &str) -> Option<&'a str> {
        self.lower.find(words).map(|at| &self.text[..at])
    }
}

pub(super) fn read(text: &str) -> Option<Denied> {
    let line = Line::new(text);
    let kind = kind(&line)?;
    let denial = matches!(kind, MessageKind::AccessDenied);
    let action = line.after("is not authorized to perform:").and_then(action);
    let operation =
        operation(&line).or_else(|| action.as_deref().and_then(|a| a.split_once(':')).map(|a| a.1.to_owned()));
    let resource = line.after("on resource:").and_then(resource);
    let service = action
        .as_deref()
        .and_then(|action| action.split_once(':'))
        .map(|(service, _)| service.to_owned())
        .or_else(|| operation.as_deref().and_then(service_of));
    let (mut endpoint, account) = match kind {
        MessageKind::EndpointNotFound => missing_endpoint(&line),
        _ => (None, None),
    };
    endpoint = endpoint.or_else(|| between(&line, "/endpoints/", "/").and_then(|name| EndpointName::parse(name).ok()));
    Some(Denied {
        kind,
        code: code(&line),
        operation,
        service,
        caller: caller(&line),
        action,
        resource,
        reason: denial.then(|| reason(&line)).flatten(),
        endpoint,
        account,
        region: host_region(&line),
        principal: line.after("invalid principal in policy:").and_then(principal),
        encoded: line.after("encoded authorization failure message:").and_then(token).map(str::to_owned),
        text: sentence(&line),
    })
}

fn kind(line: &Line<'_>) -> Option<MessageKind> {
    use MessageKind::*;
    let any = |words: &[&str]| words.iter().any(|word| line.has(word));
    let found = [
        (Encoded, any(&["encoded authorization failure message"])),
        (AccessDenied, any(&["is not authorized to perform"])),
        (RootCaller, any(&["roles may not be assumed by root accounts"])),
        (EndpointNotFound, line.has(" of account ") && line.has("not found") && line.has("endpoint ")),
        (DurationOfChain, any(&["1 hour session limit for roles assumed by role chaining"])),
        (DurationOverMaximum, any(&["exceeds the maxsessionduration set for this role"])),
        (InvalidPrincipal, any(&["invalid principal in policy"])),
        (Expired, any(&["expiredtoken", "security token included in the request is expired", "token has expired"])),
        (
            BadCredentials,
            any(&[
                "invalidclienttokenid",
                "unrecognizedclientexception",
                "security token included in the request is invalid",
                "signaturedoesnotmatch",
                "invalidsignatureexception",
            ]),
        ),
        (NoCredentials, any(&["unable to locate credentials", "nocredentialserror", "could not load credentials"])),
        (NoRegion, any(&["you must specify a region", "noregionerror", "missing region in config"])),
        (Unreachable, any(&["could not connect to the endpoint url", "connect timeout on endpoint url"])),
        (Model, any(&["modelerror", "received client error (", "received server error ("])),
        (AccessDenied, any(&["accessdenied", "access denied", "you are not authorized to perform this operation"])),
    ];
    found.into_iter().find_map(|(kind, is)| is.then_some(kind))
}

/// Between `User:` and `is not authorized`; a line break within it was no part of it.
fn caller(line: &Line<'_>) -> Option<Arn> {
    let before = line.before("is not authorized to perform")?;
    let at = before.to_ascii_lowercase().rfind("user:")?;
    let text: String = before[at + "user:".len()..].split_whitespace().collect();
    let arn = Arn::parse(text.trim_matches(['"', '\'', '`'])).ok()?;
    // A placeholder, or an ARN cut short, says nothing.
    (arn.account_id().is_some() && !arn.resource().ends_with('/')).then_some(arn)
}

fn action(after: &str) -> Option<String> {
    let lower = after.to_ascii_lowercase();
    let end = [" on resource", " because ", " with an explicit"].iter().filter_map(|words| lower.find(words)).min();
    let is_action = |text: &str| {
        text.split_once(':').is_some_and(|(service, name)| {
            let word = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
            word(service) && word(name)
        })
    };
    let whole: Option<String> = end.map(|end| after[..end].split_whitespace().collect());
    let first = token(after).map(str::to_owned);
    whole.into_iter().chain(first).find(|text| is_action(text))
}

/// Up to the reason where there is one, so that a line break within it does no harm; else the next word.
fn resource(after: &str) -> Option<Arn> {
    let lower = after.to_ascii_lowercase();
    let end = [" because ", " with an explicit"].iter().filter_map(|words| lower.find(words)).min();
    let joined = end.map(|end| after[..end].split_whitespace().collect::<String>());
    let whole = joined.and_then(|text| Arn::parse(text.trim_matches(['"', '\'', '`'])).ok());
    whole.filter(|arn| !arn.as_str().contains(['"', '<', '(', ','])).or_else(|| Arn::parse(token(after)?).ok())
}

/// The next word, without the punctuation around it.
fn token(text: &str) -> Option<&str> {
    let text = text.trim_start().trim_start_matches(['"', '\'', '`']);
    let end = text.find([' ', '"', '\'', '`', '<', '>', ',', ';', '(', ')', '}', ']', '\\']).unwrap_or(text.len());
    Some(text[..end].trim_end_matches(['.', ':'])).filter(|text| !text.is_empty())
}

fn reason(line: &Line<'_>) -> Option<Reason> {
    let kinds = [
        ("identity-based policy", PolicyKind::Identity),
        ("resource-based policy", PolicyKind::Resource),
        ("permissions boundary", PolicyKind::Boundary),
        ("session policy", PolicyKind::Session),
        ("service control policy", PolicyKind::ServiceControl),
        ("resource control policy", PolicyKind::ResourceControl),
        ("vpc endpoint policy", PolicyKind::VpcEndpoint),
    ];
    let explicit = line.after("with an explicit deny in a");
    let rest = explicit.or_else(|| line.after("because no "))?;
    let lower = rest.to_ascii_lowercase();
    // The first that is named: what follows may be another line of the log.
    let (at, words, policy) =
        kinds.iter().filter_map(|(words, kind)| Some((lower.find(words)?, *words, *kind))).min_by_key(|one| one.0)?;
    if at > 4 {
        return None;
    }
    let arn = rest[at + words.len()..].strip_prefix(':').and_then(token).and_then(|text| Arn::parse(text).ok());
    Some(Reason { explicit: explicit.is_some(), policy, arn })
}

fn between<'a>(line: &Line<'a>, start: &str, end: &str) -> Option<&'a str> {
    let rest = line.after(start)?;
    rest.find(end).map(|at| &rest[..at])
}

fn operation(line: &Line<'_>) -> Option<String> {
    let word = |text: &str| {
        let text = text.trim();
        (!text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric())).then(|| text.to_owned())
    };
    // boto3 and the CLI; Go; in this order, as the first is the most exact.
    between(line, "when calling the ", " operation").and_then(word).or_else(|| {
        let rest = line.after("operation error ")?;
        let (_, rest) = rest.split_once(": ")?;
        word(rest.split(',').next()?)
    })
}

fn service_of(operation: &str) -> Option<String> {
    let operation = operation.to_ascii_lowercase();
    if operation.starts_with("assumerole") || operation == "getcalleridentity" {
        Some("sts".into())
    } else if operation.starts_with("invokeendpoint") || operation.contains("endpoint") {
        Some("sagemaker".into())
    } else {
        None
    }
}

fn code(line: &Line<'_>) -> Option<String> {
    let word = |text: &str| {
        let name = text.trim().rsplit('#').next().unwrap_or_default().to_owned();
        (!name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric())).then_some(name)
    };
    between(line, "an error occurred (", ")")
        .or_else(|| line.after("error code:").and_then(token))
        .or_else(|| between(line, "api error ", ":"))
        .or_else(|| between(line, "<code>", "<"))
        .or_else(|| line.after("\"__type\":").and_then(token))
        .or_else(|| line.after("\"code\":").and_then(token))
        .and_then(word)
        .or_else(|| {
            let known = [
                "AccessDeniedException",
                "AccessDenied",
                "ExpiredTokenException",
                "ExpiredToken",
                "InvalidClientTokenId",
                "UnrecognizedClientException",
                "SignatureDoesNotMatch",
                "MalformedPolicyDocument",
                "ModelError",
                "ValidationError",
                "ValidationException",
            ];
            known.iter().find(|code| line.text.contains(*code)).map(|code| (*code).to_owned())
        })
}

/// `Endpoint X of account N not found.`
fn missing_endpoint(line: &Line<'_>) -> (Option<EndpointName>, Option<AccountId>) {
    let Some(before) = line.before(" of account ") else { return (None, None) };
    let name = before.rsplit(' ').next().map(|name| name.trim_matches(['"', '\'', '`']));
    let account = line.after(" of account ").and_then(token);
    (name.and_then(|name| EndpointName::parse(name).ok()), account.and_then(|account| AccountId::parse(account).ok()))
}

/// The region of the host that was called: `runtime.sagemaker.eu-west-1.amazonaws.com`.
fn host_region(line: &Line<'_>) -> Option<Region> {
    ["runtime.sagemaker.", "runtime.sagemaker-fips."]
        .iter()
        .find_map(|host| between(line, host, "."))
        .and_then(|text| Region::parse(text).ok())
}

/// `"AWS":"arn:…"`
fn principal(after: &str) -> Option<String> {
    let value = after.trim_start();
    let value = value.strip_prefix("\"AWS\":").unwrap_or(value);
    token(value).map(str::to_owned)
}

/// The message alone, as far as its ends can be told.
fn sentence(line: &Line<'_>) -> String {
    let starts =
        ["an error occurred (", "user:", "you are not authorized", "endpoint ", "the requested durationseconds"];
    let start = starts.iter().filter_map(|words| line.lower.find(words)).min().unwrap_or(0);
    let rest = &line.text[start..];
    let from = past_models_words(&line.lower[start..]).unwrap_or_default();
    let end = rest[from..].find(['"', '<', '{', '}']).map(|end| from + end);
    let end = end.filter(|end| *end > 20).unwrap_or(rest.len());
    rest[..end].trim().chars().take(1000).collect()
}

/// Where the model's own words end, which a message of SageMaker quotes: they are a part of it, and can be JSON.
fn past_models_words(lower: &str) -> Option<usize> {
    const QUOTES: &str = "with message \"";
    let begin = lower.find(QUOTES)? + QUOTES.len();
    let words = &lower[begin..];
    let json = || words.starts_with('{').then(|| words.find("}\"")).flatten().map(|at| at + 1);
    let end = words.find("\". see ").or_else(json).or_else(|| words.find('"'))?;
    Some(begin + end + 1)
}
