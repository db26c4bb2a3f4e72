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
            {changing(move || Suspend::new(async move {
                match resource.await {
                    Ok(value) => children.run(value).into_any(),
                    Err(error) => view! { <ErrorPanel error=error title=failed retry=retry /> }.into_any(),
                }
            }))}
        </Transition>
    }
}

/// A view that changes with the signals it reads. On the server it is made once.
///
/// A plain closure runs up to three times while a page is rendered. With resources inside, that is more calls to AWS
/// than anyone asked for; and their values reach the browser under numbers that it does not count to.
#[cfg(feature = "ssr")]
pub fn changing<V>(make: impl Fn() -> V + Send + 'static) -> V {
    make()
}

/// A view that changes with the signals it reads.
#[cfg(not(feature = "ssr"))]
pub fn changing<V>(make: impl Fn() -> V + Send + 'static) -> impl Fn() -> V + Send + 'static {
    make
}
