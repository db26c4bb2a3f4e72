//! Reading what a share's runs changed outside its own resources, before any of it is taken back.

use crate::inventory::{TOGETHER, or_unread};
use crate::{ServiceResult, Services};
use domain::arn::{Arn, CallerArn};
use domain::names::ConnectionId;
use domain::share::intent::ShareIntent;
use domain::share::inventory::ShareInventory;
use domain::share::plan::{Elsewhere, PastRun, Place, Standing, Touched, places};
use futures::stream::{self, StreamExt as _};

impl Services {
    /// Adds what is there now of what `past` changed outside the share's own resources. A side on which something of it
    /// can't be read counts as unread: nothing there is left behind and forgotten.
    pub(super) async fn look_elsewhere(
        &self,
        intent: &ShareIntent,
        past: &[PastRun],
        inventory: &mut ShareInventory,
    ) -> ServiceResult<()> {
        let mut wanted = places(intent, past);
        wanted.retain(|place| !inventory.unread.contains_key(&place.side));
        let look = |place: Place| async move {
            let standing = self.standing(&place).await;
            (place, standing)
        };
        let read: Vec<_> = stream::iter(wanted.into_iter().map(look)).buffered(TOGETHER).collect().await;
        for (place, standing) in read {
            if let Some(standing) = or_unread(standing, place.side, &mut inventory.unread)? {
                let Place { account, touched, .. } = place;
                inventory.elsewhere.push(Elsewhere { account, touched, standing });
            }
        }
        Ok(())
    }

    async fn standing(&self, place: &Place) -> ServiceResult<Standing> {
        let via = &place.connection;
        self.still_leads_to(via, &place.account).await?;
        let iam = &self.inner.gateways.iam;
        Ok(match &place.touched {
            Touched::Inline { holder, name } => match iam.inline_policy(via, holder, name).await? {
                Some(text) => Standing::Text(text),
                None if iam.inline_policies(via, holder).await?.is_some() => Standing::Nothing,
                None => Standing::Gone,
            },
            Touched::Trust { role } => iam.role(via, role).await?.map_or(Standing::Gone, |r| Standing::Text(r.trust)),
            Touched::Session { role } => {
                let role = iam.role(via, role).await?;
                role.map_or(Standing::Gone, |role| Standing::Seconds(role.max_session_seconds))
            }
            Touched::Versions { policy } => {
                let policy = iam.policy(via, policy).await?;
                policy.map_or(Standing::Gone, |policy| Standing::Policy(Box::new(policy)))
            }
            Touched::Attachment { holder, policy } => self.attachment_now(via, holder, policy).await?,
        })
    }

    async fn attachment_now(&self, via: &ConnectionId, holder: &CallerArn, policy: &Arn) -> ServiceResult<Standing> {
        let iam = &self.inner.gateways.iam;
        let Some(attached) = iam.attached(via, holder).await? else { return Ok(Standing::Gone) };
        if attached.contains(policy) {
            return Ok(Standing::Attached);
        }
        // AWS's own policies are there; one of the account may have been deleted.
        let there = policy.account_id().is_none() || iam.policy(via, policy).await?.is_some();
        Ok(if there { Standing::Nothing } else { Standing::Gone })
    }
}
