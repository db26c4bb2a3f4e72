//! ValidateTemplate, GetTemplateSummary, GetTemplate.

use super::input::{self, invalid};
use super::model::Stacks;
use super::{changes, prepared, show};
use crate::call::Call;
use crate::check::Checks;
use crate::error::Failure;
use crate::protocol::Reply;
use crate::protocol::query::Xml;
use template::{Summary, SummaryParameter, Template};

/// ValidateTemplate.
pub fn validate(call: &Call<'_>) -> Result<Reply, Failure> {
    let summary = prepared::parse(&input::required_template(call)?)?.summary();
    let xml = Xml::new().list("Parameters", &summary.parameters, |xml, parameter| {
        xml.text("ParameterKey", &parameter.parameter_key)
            .maybe("DefaultValue", parameter.default_value.as_ref())
            .text("NoEcho", parameter.no_echo)
            .maybe("Description", parameter.description.as_ref())
    });
    Ok(Reply::Xml(Some(needs(xml.maybe("Description", summary.description.as_ref()), &summary))))
}

fn needs(xml: Xml, summary: &Summary) -> Xml {
    if summary.capabilities.is_empty() {
        return xml;
    }
    let names: Vec<String> = summary.capabilities.iter().map(|needed| needed.as_str().to_owned()).collect();
    show::texts(xml, "Capabilities", &names).maybe("CapabilitiesReason", summary.capabilities_reason.as_ref())
}

fn parameter(xml: Xml, parameter: &SummaryParameter) -> Xml {
    xml.text("ParameterKey", &parameter.parameter_key)
        .maybe("DefaultValue", parameter.default_value.as_ref())
        .text("ParameterType", &parameter.parameter_type)
        .text("NoEcho", parameter.no_echo)
        .maybe("Description", parameter.description.as_ref())
        .node("ParameterConstraints", |xml| {
            if parameter.allowed_values.is_empty() {
                return xml;
            }
            show::texts(xml, "AllowedValues", &parameter.allowed_values)
        })
}

/// GetTemplateSummary: of a template, or of a stack's.
pub fn summary(call: &Call<'_>) -> Result<Reply, Failure> {
    let text = match (input::template_text(call)?, call.params.optional("StackName")) {
        (Some(text), None) => text,
        (None, Some(_)) => show::live(call)?.version.template,
        _ => return Err(invalid("Exactly one of TemplateBody, TemplateURL or StackName must be specified.")),
    };
    let template = prepared::parse(&text)?;
    let summary = template.summary();
    let xml = Xml::new().list("Parameters", &summary.parameters, parameter);
    let xml = needs(xml.maybe("Description", summary.description.as_ref()), &summary);
    let xml = show::texts(xml, "ResourceTypes", &summary.resource_types)
        .maybe("Version", summary.version.as_ref())
        .maybe("Metadata", summary.metadata.as_ref());
    let xml = show::texts(xml, "DeclaredTransforms", &[]);
    Ok(Reply::Xml(Some(identifiers(xml, &template, &summary))))
}

fn identifiers(xml: Xml, template: &Template, summary: &Summary) -> Xml {
    xml.list("ResourceIdentifierSummaries", &summary.resource_types, |xml, name| {
        let of_type = template.resources.iter().filter(|(_, resource)| resource.resource_type == **name);
        let ids: Vec<String> = of_type.map(|(id, _)| id.to_owned()).collect();
        show::texts(xml.text("ResourceType", name), "LogicalResourceIds", &ids)
    })
}

/// GetTemplate: as it was sent.
pub fn get(call: &Call<'_>) -> Result<Reply, Failure> {
    if let Some(stage) = call.params.optional("TemplateStage") {
        Checks::new().one_of("templateStage", stage, &["Original", "Processed"]).finish()?;
    }
    let text = match call.params.optional("ChangeSetName") {
        Some(_) => changes::found(call)?.1.version.template,
        None => {
            let name = call.params.required("StackName")?;
            let found = call.read::<Stacks, _>(|stacks| stacks.find(name).map(|stack| stack.version.template.clone()));
            found.ok_or_else(|| invalid(format!("Stack with id {name} does not exist")))?
        }
    };
    let stages = ["Original".to_owned(), "Processed".to_owned()];
    Ok(Reply::Xml(Some(show::texts(Xml::new().text("TemplateBody", text), "StagesAvailable", &stages))))
}
