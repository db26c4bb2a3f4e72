//! Names, templates, parameters and tags: what the inputs of operations share, and what they need permission on.
//!
//! Texts: CloudFormation API reference, and the public record of its errors.

use super::model::{ChangeSet, OnFailure, Stack, Stacks, Tags};
use crate::call::{Call, Needs, Target};
use crate::check::Checks;
use crate::error::Failure;
use crate::protocol::query::Params;
use crate::s3;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::arn::Arn;
use domain::names::{AccountId, Region};
use s3s::S3Result;
use template::quotas::TEMPLATE_BYTES;
use template::{ParameterInput, Template, TemplateError};

/// The most tags a stack has.
const TAGS: usize = 50;
const NAME_PATTERN: &str = "[a-zA-Z][-a-zA-Z0-9]*";

/// The ARN of a stack; `*` for its ID before there is one.
pub fn stack_arn(region: &Region, account: &AccountId, name: &str, id: &str) -> String {
    format!("arn:aws:cloudformation:{region}:{account}:stack/{name}/{id}")
}

/// The refusal of what is not so.
pub fn invalid(message: impl Into<String>) -> Failure {
    Failure::validation(message)
}

/// A fault of a template, as the API tells it.
pub fn fault(error: &TemplateError) -> Failure {
    match error.kind {
        template::ErrorKind::InsufficientCapabilities => {
            Failure::new(400, "InsufficientCapabilitiesException", error.message.as_str())
        }
        _ => invalid(error.message.as_str()),
    }
}

/// Permission on the stack that a name or an ID means.
fn target(call: &Call<'_>, name: &str) -> Target {
    let found = call.read::<Stacks, _>(|stacks| {
        stacks.find(name).map(|stack| Target::new(stack.id.as_str()).tagged(&stack.version.tags))
    });
    let target = found.unwrap_or_else(|| match Arn::parse(name) {
        Ok(_) => Target::new(name),
        Err(_) => Target::new(stack_arn(&call.region, call.account(), name, "*")),
    });
    with_request(call, target)
}

/// Adds what the request says of itself: its tags, its role, where its template is.
fn with_request(call: &Call<'_>, target: Target) -> Target {
    let params = &call.params;
    let tags = params.rows("Tags", ["Key", "Value"]);
    let mut target = target.requesting(tags.iter().map(|[key, value]| (*key, *value)));
    for (key, parameter) in [
        ("cloudformation:RoleArn", "RoleARN"),
        ("cloudformation:TemplateUrl", "TemplateURL"),
        ("cloudformation:ChangeSetName", "ChangeSetName"),
    ] {
        if let Some(value) = params.optional(parameter) {
            target = target.with(key, value);
        }
    }
    target
}

/// Permission on the stack that `StackName` names.
pub fn asked(call: &Call<'_>) -> Result<Needs, Failure> {
    Ok(target(call, call.params.required("StackName")?).into())
}

/// Permission on that stack, or without a name on all stacks.
pub fn asked_or_all(call: &Call<'_>) -> Result<Needs, Failure> {
    let all = || Target::new(stack_arn(&call.region, call.account(), "*", "*"));
    Ok(call.params.optional("StackName").map_or_else(all, |name| target(call, name)).into())
}

/// Permission on that stack, or without a name on no resource.
pub fn asked_or_everything(call: &Call<'_>) -> Result<Needs, Failure> {
    let everything = || with_request(call, Target::new("*"));
    Ok(call.params.optional("StackName").map_or_else(everything, |name| target(call, name)).into())
}

/// What can't be restricted to stacks.
pub fn everything(call: &Call<'_>) -> Result<Needs, Failure> {
    Ok(with_request(call, Target::new("*")).into())
}

/// Permission on the stack that a physical ID or a name means.
pub fn of_resources(call: &Call<'_>) -> Result<Needs, Failure> {
    if call.params.optional("StackName").is_some() {
        return asked(call);
    }
    let physical = call.params.optional("PhysicalResourceId").unwrap_or_default();
    let owner = call.read::<Stacks, _>(|stacks| owner(stacks, physical).map(|stack| stack.id.clone()));
    let all = || Target::new(stack_arn(&call.region, call.account(), "*", "*"));
    Ok(owner.map_or_else(all, |id| target(call, &id)).into())
}

/// The stack that has a resource.
pub fn owner<'s>(stacks: &'s Stacks, physical: &str) -> Option<&'s Stack> {
    let has = |stack: &&Stack| stack.present().any(|resource| resource.physical.as_deref() == Some(physical));
    stacks.stacks.values().filter(|stack| stack.deleted.is_none()).find(has)
}

/// Permission on the stack of a change set, which may be named by its ARN alone.
pub fn of_change_set(call: &Call<'_>) -> Result<Needs, Failure> {
    if let Some(name) = call.params.optional("StackName") {
        return Ok(target(call, name).into());
    }
    let name = call.params.required("ChangeSetName")?;
    let owner = call.read::<Stacks, _>(|stacks| {
        let has = |stack: &&Stack| stack.change_sets.iter().any(|set| set.id == name);
        stacks.stacks.values().find(has).map(|stack| stack.id.clone())
    });
    Ok(match owner {
        Some(id) => target(call, &id).into(),
        None => Target::new(name).into(),
    })
}

/// A name as it must be, for what is made.
pub fn new_name<'a>(params: &'a Params, parameter: &str) -> Result<&'a str, Failure> {
    let name = params.required(parameter)?;
    let fits = name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    let member = crate::protocol::query::member(parameter);
    Checks::new().pattern(&member, name, NAME_PATTERN, fits).length(&member, name, 1, 128).finish()?;
    Ok(name)
}

/// `ClientRequestToken`.
pub fn token(params: &Params) -> Option<String> {
    params.optional("ClientRequestToken").map(str::to_owned)
}

/// A boolean that may be missing.
pub fn flag(params: &Params, name: &str) -> Result<Option<bool>, Failure> {
    match params.optional(name) {
        None => Ok(None),
        Some(text) if text.eq_ignore_ascii_case("true") => Ok(Some(true)),
        Some(text) if text.eq_ignore_ascii_case("false") => Ok(Some(false)),
        Some(text) => {
            Err(Failure::new(400, "MalformedInput", format!("`{text}` at '{name}' is neither true nor false.")))
        }
    }
}

/// `OnFailure` and `DisableRollback`, of which a request has one.
pub fn on_failure(params: &Params) -> Result<OnFailure, Failure> {
    let disabled = flag(params, "DisableRollback")?;
    let Some(text) = params.optional("OnFailure") else {
        return Ok(if disabled == Some(true) { OnFailure::DoNothing } else { OnFailure::Rollback });
    };
    if disabled.is_some() {
        return Err(invalid("You can specify either DisableRollback or OnFailure, but not both."));
    }
    one_of(text, "onFailure")
}

/// What `ROLLBACK`, `DO_NOTHING` or `DELETE` mean.
pub fn one_of(text: &str, member: &str) -> Result<OnFailure, Failure> {
    Checks::new().one_of(member, text, &["DELETE", "DO_NOTHING", "ROLLBACK"]).finish()?;
    Ok(match text {
        "DELETE" => OnFailure::Delete,
        "DO_NOTHING" => OnFailure::DoNothing,
        _ => OnFailure::Rollback,
    })
}

/// `Parameters`.
pub fn parameters(params: &Params) -> Result<Vec<ParameterInput>, Failure> {
    let mut given = Vec::new();
    for n in 1.. {
        let member = |name: &str| format!("Parameters.member.{n}.{name}");
        let Some(key) = params.optional(&member("ParameterKey")) else { break };
        given.push(ParameterInput {
            key: key.to_owned(),
            value: params.optional(&member("ParameterValue")).map(str::to_owned),
            use_previous_value: flag(params, &member("UsePreviousValue"))? == Some(true),
        });
    }
    Ok(given)
}

/// `Tags`; `None` where the request says nothing of them.
pub fn tags(params: &Params) -> Result<Option<Tags>, Failure> {
    let rows = params.rows("Tags", ["Key", "Value"]);
    if rows.is_empty() {
        // An empty list is sent as an empty member.
        return Ok(params.optional("Tags").map(|_| Tags::new()));
    }
    let mut tags = Tags::new();
    for (n, [key, value]) in rows.into_iter().enumerate() {
        let member = format!("tags.{}.member", n + 1);
        Checks::new()
            .length(&format!("{member}.key"), key, 1, 128)
            .length(&format!("{member}.value"), value, 0, 256)
            .finish()?;
        if key.starts_with("aws:") {
            return Err(invalid(format!("{key} is a reserved tag key: keys can't begin with aws:")));
        }
        if tags.insert(key.to_owned(), value.to_owned()).is_some() {
            return Err(invalid(format!("Duplicate tag key [{key}]")));
        }
    }
    if tags.len() > TAGS {
        return Err(invalid(format!("Tags can't have more than {TAGS} entries")));
    }
    Ok(Some(tags))
}

/// The text of a template that a request gives, in its body or at an address in S3; `None` without one.
pub fn template_text(call: &Call<'_>) -> Result<Option<String>, Failure> {
    match (call.params.optional("TemplateBody"), call.params.optional("TemplateURL")) {
        (None, None) => Ok(None),
        (Some(body), None) => {
            Template::check_body(body).map_err(|error| fault(&error))?;
            Ok(Some(body.to_owned()))
        }
        (None, Some(url)) => fetch(call, url).map(Some),
        (Some(_), Some(_)) => Err(invalid("Only one of TemplateBody or TemplateURL must be specified.")),
    }
}

/// The same, where there must be one.
pub fn required_template(call: &Call<'_>) -> Result<String, Failure> {
    template_text(call)?.ok_or_else(|| invalid("Either Template URL or Template Body must be specified."))
}

/// Reads a template from S3, as the caller.
fn fetch(call: &Call<'_>, url: &str) -> Result<String, Failure> {
    let (bucket, key) = place(url).ok_or_else(|| invalid("TemplateURL must be a supported URL."))?;
    let refused = |message: &str| {
        invalid(format!(
            "S3 error: {message}\nFor more information check \
             http://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html"
        ))
    };
    let bytes = wait(s3::get(call, &bucket, &key, TEMPLATE_BYTES as u64))?
        .map_err(|error| refused(error.message().unwrap_or("Access Denied")))?;
    String::from_utf8(bytes.to_vec()).map_err(|_| invalid("Template format error: the template is not UTF-8"))
}

/// Operations are answered at once, and S3 reads files: that happens on a thread of its own meanwhile.
fn wait<T: Send>(reading: impl Future<Output = S3Result<T>> + Send) -> Result<S3Result<T>, Failure> {
    let runtime = tokio::runtime::Handle::current();
    std::thread::scope(|scope| scope.spawn(move || runtime.block_on(reading)).join()).map_err(|_| Failure::internal())
}

/// The bucket and key of an address, in any of S3's forms or at the sandbox itself, where clients put templates.
fn place(url: &str) -> Option<(String, String)> {
    let (scheme, rest) = url.split_once("://")?;
    let (host, path) = rest.split_once('/')?;
    let path = path.split(['?', '#']).next()?;
    let path = percent_encoding::percent_decode_str(path).decode_utf8().ok()?;
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
    let by_path = |path: &str| path.split_once('/').map(|(bucket, key)| (bucket.to_owned(), key.to_owned()));
    let found = if ["127.0.0.1", "localhost", "[::1]"].contains(&name) {
        by_path(&path)
    } else if scheme != "https" {
        None
    } else {
        let service = name.strip_suffix(".amazonaws.com").or_else(|| name.strip_suffix(".amazonaws.com.cn"))?;
        let is_s3 = |part: &str| part == "s3" || part.starts_with("s3.") || part.starts_with("s3-");
        match service.find(".s3").map(|at| (&service[..at], &service[at + 1..])) {
            _ if is_s3(service) => by_path(&path),
            Some((bucket, rest)) if is_s3(rest) => Some((bucket.to_owned(), path.into_owned())),
            _ => None,
        }
    };
    found.filter(|(bucket, key)| !bucket.is_empty() && !key.is_empty())
}

/// The change set of a name or ARN, in a stack.
pub fn change_set<'s>(stack: &'s Stack, name: &str) -> Option<&'s ChangeSet> {
    stack.change_sets.iter().find(|set| set.id == name || set.name == name)
}

/// One page of a list whose entries have keys: the entries after the token's, and the next token.
pub fn page<T>(params: &Params, entries: Vec<(String, T)>, most: usize) -> Result<(Vec<T>, Option<String>), Failure> {
    let mut start = 0;
    if let Some(token) = params.optional("NextToken") {
        let bad = || invalid("Invalid token: the NextToken is not one of this list");
        let bytes = URL_SAFE_NO_PAD.decode(token).map_err(|_| bad())?;
        let last = String::from_utf8(bytes).map_err(|_| bad())?;
        start = entries.iter().position(|(key, _)| *key == last).ok_or_else(bad)? + 1;
    }
    let left = entries.len() - start;
    let mut shown = Vec::new();
    let mut last = None;
    for (key, entry) in entries.into_iter().skip(start).take(most) {
        last = Some(key);
        shown.push(entry);
    }
    let next = last.filter(|_| left > most).map(|key| URL_SAFE_NO_PAD.encode(key));
    Ok((shown, next))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn templates_are_found_at_all_of_s3s_addresses() {
        let found = Some(("b.c".to_owned(), "a/t +.yaml".to_owned()));
        for url in [
            "https://s3.amazonaws.com/b.c/a/t%20+.yaml",
            "https://s3.eu-west-1.amazonaws.com/b.c/a/t%20+.yaml",
            "https://s3-eu-west-1.amazonaws.com/b.c/a/t%20+.yaml?versionId=1",
            "https://b.c.s3.amazonaws.com/a/t%20+.yaml",
            "https://b.c.s3.eu-west-1.amazonaws.com/a/t%20+.yaml",
            "https://b.c.s3-eu-west-1.amazonaws.com/a/t%20+.yaml",
            "http://127.0.0.1:4566/b.c/a/t%20+.yaml",
        ] {
            assert_eq!(place(url), found, "{url}");
        }
        for url in
            ["", "s3://b/k", "http://s3.amazonaws.com/b/k", "https://example.com/b/k", "https://s3.amazonaws.com/b"]
        {
            assert_eq!(place(url), None, "{url}");
        }
    }
}
