//! Accounts: the connections, and who the console is in each account.

use crate::api::accounts::{RefreshConnections, list_connections};
use crate::error::failure_of;
use crate::ui::{
    ActionProblem, ArnText, Badge, Button, Column, EmptyState, IconName, PageHeader, Resolve, Rows, Skeleton, Table,
    Tone, Words,
};
use domain::connection::{ConnectionState, ConnectionView};
use leptos::form::ActionForm;
use leptos::prelude::*;

const COLUMNS: [Column; 5] = [
    Column::new("Connection"),
    Column::new("Account"),
    Column::new("The console is"),
    Column::new("Region"),
    Column::new("State"),
];

/// The connections.
#[component]
pub fn AccountsPage() -> impl IntoView {
    let refresh = ServerAction::<RefreshConnections>::new();
    let version = refresh.version();
    let connections = Resource::new(move || version.get(), |_| list_connections());
    view! {
        <PageHeader
            title="Accounts"
            sub="Each connection is an AWS profile on the machine the console runs on. Credentials stay there."
        >
            <ActionForm action=refresh>
                <Button submit=true icon=IconName::Refresh busy=refresh.pending()>
                    "Check connections"
                </Button>
            <ActionProblem error=failure_of(refresh) />
            </ActionForm>
        </PageHeader>
        <div class="card">
            <Resolve
                resource=connections
                failed="The connections could not be loaded"
                skeleton=|| view! { <Skeleton lines=6 /> }
                children=Callback::new(|connections: Vec<ConnectionView>| {
                    view! {
                        <Table
                            label="Connections"
                            columns=COLUMNS.to_vec()
                            rows=Rows::Ready(connections)
                            failed="The connections could not be loaded"
                            empty=|| {
                                view! {
                                    <EmptyState
                                        title="No AWS profile found"
                                        body="The console uses the profiles of the machine it runs on. Add one with `aws configure sso` or in the AWS configuration file, then check again. To look around without an account, start the console with `--sandbox`."
                                    />
                                }
                            }
                            children=Callback::new(row)
                        />
                    }
                })
            />
        </div>
    }
}

fn row(connection: ConnectionView) -> impl IntoView {
    let region = connection.region.as_ref().map(ToString::to_string).unwrap_or_else(|| "none set".into());
    let (account, identity, state) = match connection.state {
        ConnectionState::Ready { identity } => (
            view! { <code>{identity.account.to_string()}</code> }.into_any(),
            view! { <ArnText arn=identity.arn.to_string() label="Copy the identity's ARN" /> }.into_any(),
            view! {
                <Badge tone=Tone::Ok dot=true>
                    "Connected"
                </Badge>
            }
            .into_any(),
        ),
        ConnectionState::Failed { message, hint } => (
            view! { <span class="muted">"Unknown"</span> }.into_any(),
            view! {
                <p class="cell-problem">
                    <Words text=message />
                </p>
                <p class="cell-sub">
                    <Words text=hint />
                </p>
            }
            .into_any(),
            view! {
                <Badge tone=Tone::Bad dot=true>
                    "Not connected"
                </Badge>
            }
            .into_any(),
        ),
    };
    view! {
        <td class="cell-main">{connection.id.to_string()}</td>
        <td>{account}</td>
        <td class="cell-wide">{identity}</td>
        <td class="nowrap">{region}</td>
        <td>{state}</td>
    }
}
