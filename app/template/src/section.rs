//! A section of a template: named members, in the order written.

use std::collections::BTreeMap;

/// Named members in the order they were written, found by name. Names are unique.
#[derive(Debug, Clone)]
pub struct Section<T> {
    members: Vec<(String, T)>,
    index: BTreeMap<String, usize>,
}

impl<T> Section<T> {
    /// A member by its name.
    pub fn get(&self, name: &str) -> Option<&T> {
        self.index.get(name).and_then(|place| self.members.get(*place)).map(|(_, member)| member)
    }

    /// Whether there is a member of that name.
    pub fn contains(&self, name: &str) -> bool {
        self.index.contains_key(name)
    }

    /// The members, in the order written.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (&str, &T)> {
        self.members.iter().map(|(name, member)| (name.as_str(), member))
    }

    /// The names, in the order written.
    pub fn names(&self) -> impl DoubleEndedIterator<Item = &str> {
        self.members.iter().map(|(name, _)| name.as_str())
    }

    /// How many members.
    pub fn len(&self) -> usize {
        self.members.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    /// Adds a member; one of the same name is replaced in its place.
    pub fn insert(&mut self, name: impl Into<String>, member: T) {
        let name = name.into();
        match self.index.get(&name).and_then(|place| self.members.get_mut(*place)) {
            Some(there) => there.1 = member,
            None => {
                self.index.insert(name.clone(), self.members.len());
                self.members.push((name, member));
            }
        }
    }
}

impl<T> Default for Section<T> {
    fn default() -> Self {
        Self { members: Vec::new(), index: BTreeMap::new() }
    }
}

/// The same members; their order says nothing in CloudFormation.
impl<T: PartialEq> PartialEq for Section<T> {
    fn eq(&self, other: &Self) -> bool {
        self.len() == other.len() && self.iter().all(|(name, member)| other.get(name) == Some(member))
    }
}

impl<T> FromIterator<(String, T)> for Section<T> {
    fn from_iter<I: IntoIterator<Item = (String, T)>>(members: I) -> Self {
        let mut section = Self::default();
        for (name, member) in members {
            section.insert(name, member);
        }
        section
    }
}
