//! Reads what services that speak awsQuery answer: elements by name, and lists of members.

/// What is inside the first element called so.
pub fn inside<'x>(xml: &'x str, name: &str) -> Option<&'x str> {
    let (_, rest) = xml.split_once(&format!("<{name}>"))?;
    rest.split_once(&format!("</{name}>")).map(|(inside, _)| inside)
}

/// The text of the first element called so.
pub fn text(xml: &str, name: &str) -> Option<String> {
    // The ampersand last, or what was escaped twice would be read twice.
    let plain = |text: &str| {
        text.replace("&quot;", "\"")
            .replace("&apos;", "'")
            .replace("&gt;", ">")
            .replace("&lt;", "<")
            .replace("&amp;", "&")
    };
    inside(xml, name).map(plain)
}

/// The members of a list; lists inside them stay whole.
pub fn members<'x>(xml: &'x str, list: &str) -> Vec<&'x str> {
    const OPEN: &str = "<member>";
    const CLOSE: &str = "</member>";
    let Some((_, rest)) = xml.split_once(&format!("<{list}>")) else { return Vec::new() };
    let (mut found, mut depth, mut start, mut at) = (Vec::new(), 0usize, 0usize, 0usize);
    let end = format!("</{list}>");
    while let Some(next) = rest[at..].find('<') {
        at += next;
        let here = &rest[at..];
        if here.starts_with(OPEN) {
            at += OPEN.len();
            if depth == 0 {
                start = at;
            }
            depth += 1;
        } else if here.starts_with(CLOSE) {
            depth = depth.saturating_sub(1);
            if depth == 0 {
                found.push(&rest[start..at]);
            }
            at += CLOSE.len();
        } else if depth == 0 && here.starts_with(&end) {
            break;
        } else {
            at += 1;
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    const STACKS: &str = "<Stacks><member><StackName>a</StackName><Outputs><member><OutputKey>k</OutputKey><OutputValue>\
                          x &amp; &lt;y&gt;</OutputValue></member><member><OutputKey>l</OutputKey></member></Outputs>\
                          </member><member><StackName>b</StackName></member></Stacks>";

    #[test]
    fn members_are_told_apart_from_those_inside_them() {
        let stacks = members(STACKS, "Stacks");
        assert_eq!(stacks.len(), 2);
        assert_eq!(text(stacks[1], "StackName").as_deref(), Some("b"));
        let outputs = members(stacks[0], "Outputs");
        assert_eq!(outputs.len(), 2);
        assert_eq!(text(outputs[0], "OutputValue").as_deref(), Some("x & <y>"));
    }

    #[test]
    fn what_is_not_there_is_nothing() {
        assert_eq!(text(STACKS, "Reason"), None);
        assert!(members(STACKS, "Tags").is_empty());
        assert!(members("<Tags></Tags>", "Tags").is_empty());
    }
}
