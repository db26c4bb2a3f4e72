//! Lists of objects: a page of keys in their order, with what is below a delimiter rolled up.
//!
//! Source: S3 API reference, ListObjectsV2.

use super::objects::Object;
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
        let rolled = query.delimiter.filter(|delimiter| !delimiter.is_empty()).and_then(|delimiter| {
            let end = query.prefix.len() + key[query.prefix.len()..].find(delimiter)? + delimiter.len();
            Some(&key[..end])
        });
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::s3::objects::Said;
    use domain::time::Timestamp;

    fn bucket(keys: &[&str]) -> BTreeMap<String, Arc<Object>> {
        let object = |key: &str| Object {
            key: key.to_owned(),
            file: String::new(),
            size: 0,
            etag: String::new(),
            modified: Timestamp(0),
            said: Said::default(),
        };
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
}
