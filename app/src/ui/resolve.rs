//! A resource and all of its states in one place.

use super::ErrorPanel;
use crate::error::AppError;
use leptos::prelude::*;

/// Shows `children` with what the resource gives; the skeleton until then, and an [`ErrorPanel`] with a retry when it
/// fails. A refetch keeps what is shown until the new value is there.
#[component]
pub fn Resolve<T, V>(
    /// Where the value comes from.
    resource: Resource<Result<T, AppError>>,
    /// What is shown in its place until then, in the same shape.
    #[prop(into)]
    skeleton: ViewFn,
    /// The heading when it fails: `The shares could not be loaded`.
    failed: &'static str,
    /// Shows the value.
    children: Callback<T, V>,
) -> impl IntoView
where
    T: Send + Sync + Clone + serde::Serialize + serde::de::DeserializeOwned + 'static,
    V: IntoView + 'static,
{
    let retry = Callback::new(move |()| resource.refetch());
    view! {
        <Transition fallback=move || skeleton.run()>
            {move || Suspend::new(async move {
                match resource.await {
                    Ok(value) => children.run(value).into_any(),
                    Err(error) => view! { <ErrorPanel error=error title=failed retry=retry /> }.into_any(),
                }
            })}
        </Transition>
    }
}
