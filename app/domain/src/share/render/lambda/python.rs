//! The handler's text: the code is a file of its own, of which only the share's values are written here.

use super::variables;
use crate::endpoint::Sample;
use crate::handoff::ShareOffer;
use crate::names::EndpointName;
use crate::quote::python as literal;
use std::fmt::Write;

const CODE: &str = include_str!("handler.py");

/// In [`CODE`], what comes before and after the share's values.
const BEGIN: &str = "# <values>\n";
const END: &str = "# </values>\n";

pub(super) fn handler(offer: &ShareOffer, endpoint: &EndpointName, sample: Option<&Sample>) -> String {
    let (before, rest) = CODE.split_once(BEGIN).unwrap_or_else(|| unreachable!("the file marks the values"));
    let (_, after) = rest.split_once(END).unwrap_or_else(|| unreachable!("the file marks the values"));
    let external_id = offer.external_id.as_ref().map(|id| id.as_str()).unwrap_or_default();
    let mut values = String::from("SHARE = {\n");
    for (name, value) in [
        (variables::REGION, offer.region.as_str()),
        (variables::ROLE_ARN, offer.role.as_str()),
        (variables::EXTERNAL_ID, external_id),
        (variables::ENDPOINT, endpoint.as_str()),
    ] {
        // Writing to a String can't fail.
        let _ = writeln!(values, "    {}: {},", literal(name), literal(value));
    }
    values.push_str("}\n");
    let (content_type, body) = sample.map_or(("application/json", "{}"), |s| (&s.content_type, &s.body));
    let _ = writeln!(values, "CONTENT_TYPE = {}", literal(content_type));
    let _ = writeln!(values, "BODY = {}", literal(body));
    format!("{before}{values}{after}")
}
