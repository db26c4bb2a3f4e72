//! Lists of objects: a page of keys in their order, with what is below a delimiter rolled up.
//!
//! Source: S3 API reference, ListObjectsV2.

use super::objects::{Object, Versions};
use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::Arc;

/// The most that one page has.
pub const MOST: i32 = 1000;

/// What is asked for.
#[derive(Debug, Default)]
pub struct Query<'a> {
    /// Only keys that begin so.
    pub prefix: &'a str,
    /// What a key has from here on, after the prefix, is rolled up.
    pub delimiter: Option<&'a str>,
    /// Only what comes after this key or rolled-up prefix.
    pub after: &'a str,
    /// How many at most, keys and rolled-up prefixes together.
    pub most: usize,
}

/// A page.
#[derive(Debug, Default)]
pub struct Page {
    /// Objects.
    pub objects: Vec<Arc<Object>>,
    /// What was rolled up.
    pub prefixes: Vec<String>,
    /// The last key or prefix on it, if more come.
    pub more_after: Option<String>,
}

/// The page that is asked for.
pub fn page(objects: &BTreeMap<String, Arc<Object>>, query: &Query<'_>) -> Page {
    let mut page = Page::default();
    let mut last = String::new();
    let start = query.prefix.max(query.after);
    let bound = if query.after >= query.prefix { Bound::Excluded(start) } else { Bound::Included(start) };
    let mut rest = objects.range::<str, _>((bound, Bound::Unbounded));
    // An exclusive bound of nothing would leave out no key: there is none that is empty.
    for (key, object) in rest.by_ref().take_while(|(key, _)| key.starts_with(query.prefix)) {
        let rolled = rolled(key, query);
        if rolled.is_some_and(|prefix| prefix == last || prefix <= query.after) {
            continue;
        }
        if page.objects.len() + page.prefixes.len() >= query.most {
            page.more_after = Some(last);
            break;
        }
        match rolled {
            Some(prefix) => page.prefixes.push(prefix.to_owned()),
            None => page.objects.push(Arc::clone(object)),
        }
        last = rolled.unwrap_or(key).to_owned();
    }
    page
}

/// Where a page of versions begins: after this key, or after this version of it.
#[derive(Debug, Default)]
pub struct Marker<'a> {
    /// The last key, or rolled-up prefix, of the page before.
    pub key: &'a str,
    /// The last version of that key; without one the key is done with.
    pub version: Option<&'a str>,
}

/// A page of versions.
#[derive(Debug, Default)]
pub struct VersionPage {
    /// Versions and delete markers, each with whether it is the latest.
    pub versions: Vec<(Arc<Object>, bool)>,
    /// What was rolled up.
    pub prefixes: Vec<String>,
    /// The last key or prefix on it, and the last version of a key, if more come.
    pub more_after: Option<(String, Option<String>)>,
}

/// The page of versions that is asked for; `query.after` does not count.
pub fn version_page(all: &Versions, query: &Query<'_>, marker: &Marker<'_>) -> VersionPage {
    let mut page = VersionPage::default();
    let mut last: Option<(String, Option<String>)> = None;
    for (key, versions) in all.range::<str, _>((Bound::Included(query.prefix.max(marker.key)), Bound::Unbounded)) {
        if !key.starts_with(query.prefix) {
            break;
        }
        if let Some(prefix) = rolled(key, query) {
            let repeated = page.prefixes.last().is_some_and(|known| known == prefix);
            if repeated || prefix <= marker.key {
                continue;
            }
            if page.versions.len() + page.prefixes.len() >= query.most {
                page.more_after = last;
                return page;
            }
            page.prefixes.push(prefix.to_owned());
            last = Some((prefix.to_owned(), None));
            continue;
        }
        let done = match marker.version.filter(|_| key == marker.key) {
            _ if key != marker.key => 0,
            Some(version) => versions.iter().position(|known| known.version_id() == version).map_or(0, |at| at + 1),
            None => versions.len(),
        };
        for (at, version) in versions.iter().enumerate().skip(done) {
            if page.versions.len() + page.prefixes.len() >= query.most {
                page.more_after = last;
                return page;
            }
            page.versions.push((Arc::clone(version), at == 0));
            last = Some((key.clone(), Some(version.version_id().to_owned())));
        }
    }
    page
}

/// What a key is rolled up to, if it is.
fn rolled<'a>(key: &'a str, query: &Query<'_>) -> Option<&'a str> {
    let delimiter = query.delimiter.filter(|delimiter| !delimiter.is_empty())?;
    let end = query.prefix.len() + key[query.prefix.len()..].find(delimiter)? + delimiter.len();
    Some(&key[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bucket(keys: &[&str]) -> BTreeMap<String, Arc<Object>> {
        let object = |key: &str| Object::new(key, (String::new(), 0, String::new()));
        keys.iter().map(|key| ((*key).to_owned(), Arc::new(object(key)))).collect()
    }

    fn all(objects: &BTreeMap<String, Arc<Object>>, prefix: &str, delimiter: Option<&str>, most: usize) -> Vec<String> {
        let (mut found, mut after) = (Vec::new(), String::new());
        loop {
            let page = page(objects, &Query { prefix, delimiter, after: &after, most });
            let mut here: Vec<String> = page.objects.iter().map(|object| object.key.clone()).collect();
            here.extend(page.prefixes);
            here.sort();
            found.extend(here);
            match page.more_after {
                Some(more) => after = more,
                None => return found,
            }
        }
    }

    #[test]
    fn every_key_is_on_one_page_whatever_their_size() {
        let objects = bucket(&["a", "b/1", "b/2", "b/3/x", "c", "c/1", "d"]);
        for most in 1..9 {
            assert_eq!(all(&objects, "", None, most).len(), 7, "{most}");
            assert_eq!(all(&objects, "", Some("/"), most), ["a", "b/", "c", "c/", "d"], "{most}");
            assert_eq!(all(&objects, "b/", Some("/"), most), ["b/1", "b/2", "b/3/"], "{most}");
            assert_eq!(all(&objects, "none", None, most), [""; 0], "{most}");
        }
    }

    #[test]
    fn every_version_is_on_one_page_in_order_whatever_their_size() {
        let version = |key: &str, id: usize| {
            let mut object = Object::new(key, (String::new(), 0, String::new()));
            object.version = Some(id.to_string());
            Arc::new(object)
        };
        let mut versions = Versions::new();
        for (key, count) in [("a", 3), ("b/1", 1), ("b/2", 2), ("c", 2)] {
            versions.insert(key.to_owned(), (0..count).rev().map(|id| version(key, id)).collect());
        }
        for (delimiter, expected) in [
            (None, vec!["a2!", "a1", "a0", "b/10!", "b/21!", "b/20", "c1!", "c0"]),
            (Some("/"), vec!["a2!", "a1", "a0", "b/", "c1!", "c0"]),
        ] {
            for most in 1..10 {
                let (mut found, mut after) = (Vec::new(), (String::new(), None));
                loop {
                    let marker = Marker { key: &after.0, version: after.1.as_deref() };
                    let query = Query { delimiter, most, ..Query::default() };
                    let page = version_page(&versions, &query, &marker);
                    let mut here: Vec<String> = page.prefixes.clone();
                    here.extend(page.versions.iter().map(|(object, latest)| {
                        format!("{}{}{}", object.key, object.version_id(), if *latest { "!" } else { "" })
                    }));
                    // A list shows prefixes apart from versions.
                    here.sort_by_key(|shown| expected.iter().position(|known| known == shown));
                    found.extend(here);
                    match page.more_after {
                        Some(more) => after = more,
                        None => break,
                    }
                }
                assert_eq!(found, expected, "{delimiter:?} {most}");
            }
        }
    }
}
