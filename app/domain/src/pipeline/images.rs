//! Where the XGBoost container's images are: a registry of AWS's own in each region.
//!
//! Source: SageMaker developer guide, "Docker Registry Paths and Example Code"; the numbers are data, in `images.json`.

use crate::arn::Arn;
use crate::names::{AccountId, Region};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;
use std::sync::LazyLock;

static TABLE: LazyLock<Table> = LazyLock::new(|| {
    serde_json::from_str(include_str!("images.json")).unwrap_or_else(|error| unreachable!("the table is JSON: {error}"))
});

#[derive(Deserialize)]
struct Table {
    repository: String,
    versions: Vec<String>,
    registries: BTreeMap<String, AccountId>,
}

/// A version of the container that the table has, such as `1.7-1`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Version(String);

impl Version {
    /// All of them, the one to take first.
    pub fn all() -> impl Iterator<Item = Self> {
        TABLE.versions.iter().map(|version| Self(version.clone()))
    }
}

impl Default for Version {
    fn default() -> Self {
        Self(TABLE.versions[0].clone())
    }
}

impl TryFrom<String> for Version {
    type Error = UnknownVersion;

    fn try_from(text: String) -> Result<Self, UnknownVersion> {
        if TABLE.versions.contains(&text) { Ok(Self(text)) } else { Err(UnknownVersion(text)) }
    }
}

impl From<Version> for String {
    fn from(version: Version) -> Self {
        version.0
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A version that the table does not have.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no version of the XGBoost container that is known here")]
pub struct UnknownVersion(String);

/// The container's image in one region.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Image {
    /// Whose registry it is in.
    pub registry: AccountId,
    region: Region,
    version: Version,
}

impl Image {
    /// The image in a region; `None` where AWS has no registry.
    pub fn of(region: &Region, version: &Version) -> Option<Self> {
        let registry = TABLE.registries.get(region.as_str())?.clone();
        Some(Self { registry, region: region.clone(), version: version.clone() })
    }

    /// As a training job or a model names it.
    pub fn uri(&self) -> String {
        let suffix = self.region.url_suffix();
        format!("{}.dkr.ecr.{}.{suffix}/{}:{}", self.registry, self.region, TABLE.repository, self.version)
    }

    /// What a role must be allowed to read.
    pub fn repository(&self) -> Arn {
        let resource = format!("repository/{}", TABLE.repository);
        Arn::build(self.region.partition(), "ecr", self.region.as_str(), self.registry.as_str(), &resource)
            .unwrap_or_else(|error| unreachable!("its parts are checked: {error}"))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn an_image_is_named_by_region_and_version() {
        let image = |region: &str| Image::of(&region.parse().unwrap(), &Version::default());
        let ireland = image("eu-west-1").unwrap();
        assert_eq!(ireland.uri(), "141502667606.dkr.ecr.eu-west-1.amazonaws.com/sagemaker-xgboost:1.7-1");
        assert_eq!(ireland.repository().to_string(), "arn:aws:ecr:eu-west-1:141502667606:repository/sagemaker-xgboost");
        let beijing = image("cn-north-1").unwrap();
        assert_eq!(beijing.uri(), "450853457545.dkr.ecr.cn-north-1.amazonaws.com.cn/sagemaker-xgboost:1.7-1");
        assert_eq!(image("mx-central-1"), None);
    }

    #[test]
    fn a_version_is_one_of_the_table() {
        assert!(Version::all().all(|version| Version::try_from(version.to_string()).is_ok()));
        let error = Version::try_from("latest".to_owned()).unwrap_err();
        assert_eq!(error.to_string(), "`latest` is no version of the XGBoost container that is known here");
    }
}
