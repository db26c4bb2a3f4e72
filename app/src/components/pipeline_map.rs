//! The drawing of a pipeline: its accounts, the roles and the things in them, and who uses, becomes or passes what. It is
//! made from the matrix, whose table says the same in words. Drawn twice, for wide and for narrow pages.

use crate::components::{Crossing, lane_index};
use crate::ui::Card;
use domain::names::AccountId;
use domain::pipeline::apply::Lane;
use domain::pipeline::matrix::{Column, Matrix, Subject};
use leptos::prelude::*;

/// What the pipeline is made of, as far as it is drawn.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PipelineMap {
    /// Roles with their lanes; lanes in order.
    roles: Vec<Node>,
    /// Things with their lanes; lanes in order.
    things: Vec<Node>,
    /// Which role uses which thing, as places in the lists.
    uses: Vec<(usize, usize)>,
    /// Which role becomes which, as places in the list.
    becomes: Vec<(usize, usize)>,
    /// Which role hands which to a service.
    passes: Vec<(usize, usize)>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Node {
    lane: Lane,
    /// Without the prefix.
    label: String,
    /// The role's name; empty for things.
    name: String,
}

impl PipelineMap {
    /// Reads the drawing out of a matrix: every cell that is allowed is a line. `lanes` has the lane of each row.
    pub fn of(matrix: &Matrix, lanes: &[Lane], prefix: &str) -> Self {
        let mut map = Self::default();
        let mut order: Vec<usize> = (0..matrix.rows.len().min(lanes.len())).collect();
        order.sort_by_key(|at| lanes[*at]);
        for at in &order {
            let name = matrix.rows[*at].role.clone();
            let label = name.strip_prefix(prefix).and_then(|rest| rest.strip_prefix('-')).unwrap_or(&name).to_owned();
            map.roles.push(Node { lane: lanes[*at], label, name });
        }
        for column in &matrix.columns {
            if let Some((lane, label)) = thing(column)
                && map.things.iter().all(|node| node.label != label)
            {
                map.things.push(Node { lane, label: label.to_owned(), name: String::new() });
            }
        }
        map.things.sort_by_key(|node| node.lane);
        for (role, at) in order.iter().enumerate() {
            let row = &matrix.rows[*at];
            for (column, _) in matrix.columns.iter().zip(&row.cells).filter(|(_, cell)| cell.allowed) {
                map.line(role, column);
            }
        }
        map
    }

    fn line(&mut self, role: usize, column: &Column) {
        let (lines, end) = match (column.subject, thing(column)) {
            (Subject::Roles, _) => {
                let name = column.resource.rsplit('/').next().unwrap_or_default();
                let lines = if column.action == "iam:PassRole" { &mut self.passes } else { &mut self.becomes };
                (lines, self.roles.iter().position(|node| node.name == name))
            }
            (_, Some((_, label))) => (&mut self.uses, self.things.iter().position(|node| node.label == label)),
            (_, None) => return,
        };
        if let Some(end) = end.filter(|end| !lines.contains(&(role, *end))) {
            lines.push((role, end));
        }
    }

    /// Who becomes whom in another lane.
    pub fn crossings(&self) -> Vec<Crossing> {
        let crossing = |(from, to): &(usize, usize)| {
            let (from, to) = (self.roles.get(*from)?, self.roles.get(*to)?);
            let (role, becomes) = (from.label.clone(), to.label.clone());
            (from.lane != to.lane).then_some(Crossing { from: from.lane, role, to: to.lane, becomes })
        };
        self.becomes.iter().filter_map(crossing).collect()
    }
}

/// What a column is about, as it is drawn, and where that is; none for a role.
fn thing(column: &Column) -> Option<(Lane, &'static str)> {
    let service = column.action.split(':').next().unwrap_or_default();
    Some(match (column.subject, service) {
        (Subject::Roles, _) => return None,
        (Subject::Bucket, _) => (Lane::SharedServices, "Bucket"),
        (Subject::Key, _) => (Lane::SharedServices, "Key"),
        (Subject::Repository, _) => (Lane::SharedServices, "Repository"),
        (Subject::Pipeline, _) => (Lane::SharedServices, "Pipeline"),
        (Subject::Training, "cloudformation") => (Lane::Training, "Workflow stack"),
        (Subject::Training, "states") => (Lane::Training, "State machine"),
        (Subject::Training, _) => (Lane::Training, "Training jobs"),
        (Subject::Endpoint, "lambda") => (Lane::Production, "Deploy function"),
        (Subject::Endpoint, _) => (Lane::Production, "Endpoint"),
    })
}

const ROW: usize = 36;
const BOX: usize = 28;
const HEAD: usize = 34;
const PAD: usize = 12;

/// Where everything is, across.
#[derive(Debug, Clone, Copy)]
struct Across {
    class: &'static str,
    width: usize,
    roles: (usize, usize),
    things: (usize, usize),
    /// How far the lines between roles swing out, at most.
    swing: usize,
}

const WIDE: Across = Across { class: "pipe-map is-wide", width: 760, roles: (120, 190), things: (560, 180), swing: 92 };
const NARROW: Across =
    Across { class: "pipe-map is-narrow", width: 336, roles: (42, 122), things: (220, 110), swing: 30 };

/// A node's middle, down, and the lanes' boxes.
struct Down {
    roles: Vec<usize>,
    things: Vec<usize>,
    lanes: [(usize, usize); 3],
    height: usize,
}

impl Down {
    fn of(map: &PipelineMap) -> Self {
        let mut down = Self { roles: Vec::new(), things: Vec::new(), lanes: [(0, 0); 3], height: 0 };
        let mut top = 0;
        for lane in Lane::ALL {
            let of = |nodes: &[Node]| nodes.iter().filter(|node| node.lane == lane).count();
            let (roles, things) = (of(&map.roles), of(&map.things));
            let rows = roles.max(things).max(1);
            let middle = |row: usize| top + HEAD + row * ROW + ROW / 2;
            down.roles.extend((0..roles).map(middle));
            down.things.extend((0..things).map(middle));
            let height = HEAD + rows * ROW + PAD / 2;
            down.lanes[lane_index(lane)] = (top, height);
            top += height + PAD;
        }
        down.height = top.saturating_sub(PAD);
        down
    }
}

/// The drawing with what its lines mean.
#[component]
pub fn PipelineMapCard(
    /// What is drawn.
    map: PipelineMap,
    /// The accounts.
    accounts: [Option<AccountId>; 3],
) -> impl IntoView {
    let wide = drawing(&map, &accounts, WIDE);
    let narrow = drawing(&map, &accounts, NARROW);
    view! {
        <Card title=|| "Accounts, roles and what they use">
            <div class="pipe-map-body">{wide} {narrow}</div>
            <ul class="map-legend" aria-label="Lines">
                <li><span class="map-key" aria-hidden="true"></span>"uses"</li>
                <li><span class="map-key is-becomes" aria-hidden="true"></span>"assumes, at the left"</li>
                <li><span class="map-key is-passes" aria-hidden="true"></span>"passes to a service, at the left"</li>
            </ul>
        </Card>
    }
}

fn drawing(map: &PipelineMap, accounts: &[Option<AccountId>; 3], across: Across) -> impl IntoView + use<> {
    let down = Down::of(map);
    let boxes = Lane::ALL
        .map(|lane| {
            let (top, height) = down.lanes[lane_index(lane)];
            let account =
                accounts[lane_index(lane)].as_ref().map(|account| format!(" · {account}")).unwrap_or_default();
            view! {
                <g class=format!("pipe-lane {}", lane_class(lane))>
                    <rect x="0.5" y=format!("{top}.5") width=across.width - 1 height=height - 1 rx="10"></rect>
                    <text x=across.roles.0 y=top + 22>{format!("{}{account}", lane.label())}</text>
                </g>
            }
        })
        .collect_view();
    // A role with its lines is a group: pointing at it makes the others step back.
    let groups = (0..map.roles.len()).map(|role| role_group(map, &down, across, role)).collect_view();
    let things = map
        .things
        .iter()
        .zip(&down.things)
        .map(|(node, y)| node_box(node, *y, across.things, "pipe-node is-thing"))
        .collect_view();
    view! {
        <svg
            class=across.class
            viewBox=format!("0 0 {} {}", across.width, down.height)
            role="img"
            aria-label=described(map)
        >
            {boxes} {things} {groups}
        </svg>
    }
}

fn role_group(map: &PipelineMap, down: &Down, across: Across, role: usize) -> AnyView {
    let (left, right) = (across.roles.0, across.roles.0 + across.roles.1);
    let y = down.roles[role];
    let uses = map.uses.iter().filter(|(from, _)| *from == role).map(|(_, thing)| {
        let (end, middle) = (across.things.0, usize::midpoint(right, across.things.0));
        let to = down.things[*thing];
        view! { <path class="pipe-use" d=format!("M{right} {y}C{middle} {y} {middle} {to} {end} {to}")></path> }
    });
    let between = |lines: &[(usize, usize)], class: &'static str| {
        let own = lines.iter().filter(|(from, _)| *from == role);
        own.map(|(_, to)| {
            let to = down.roles[*to];
            let swing = left.saturating_sub(4 + across.swing.min(10 + y.abs_diff(to) / 3));
            // It leaves above the middle and arrives below it, so that there and back are told apart.
            let from = y - 5;
            let end = to + 5;
            view! {
                <path class=class d=format!("M{left} {from}C{swing} {from} {swing} {end} {} {end}", left - 5)></path>
                <path class="pipe-head" d=format!("M{left} {end}l-7 -4v8z")></path>
            }
        })
        .collect_view()
    };
    let becomes = between(&map.becomes, "pipe-becomes");
    let passes = between(&map.passes, "pipe-passes");
    view! {
        <g class=format!("pipe-role {}", lane_class(map.roles[role].lane))>
            {uses.collect_view()} {becomes} {passes}
            {node_box(&map.roles[role], y, across.roles, "pipe-node is-role")}
        </g>
    }
    .into_any()
}

fn node_box(node: &Node, y: usize, (x, width): (usize, usize), class: &'static str) -> impl IntoView + use<> {
    let label = node.label.clone();
    view! {
        <g class=format!("{class} {}", lane_class(node.lane))>
            <rect x=x y=y - BOX / 2 width=width height=BOX rx="7"></rect>
            <text x=x + 9 y=y + 4>{label}</text>
        </g>
    }
}

fn lane_class(lane: Lane) -> &'static str {
    match lane {
        Lane::SharedServices => "is-shared",
        Lane::Training => "is-training",
        Lane::Production => "is-production",
    }
}

/// The drawing in a sentence.
fn described(map: &PipelineMap) -> String {
    format!(
        "Drawing of {} roles and {} things in three accounts, with {} uses, {} assumptions and {} roles that are passed. \
         The table “Who may do what” says the same.",
        map.roles.len(),
        map.things.len(),
        map.uses.len(),
        map.becomes.len(),
        map.passes.len()
    )
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use domain::pipeline::matrix::{Cell, Row};

    fn matrix() -> Matrix {
        let column = |subject, action: &str, resource: &str| Column {
            subject,
            label: String::new(),
            action: action.into(),
            resource: resource.into(),
        };
        let columns = vec![
            column(Subject::Bucket, "s3:GetObject", "arn:aws:s3:::b/x"),
            column(Subject::Bucket, "s3:PutObject", "arn:aws:s3:::b/x"),
            column(Subject::Roles, "sts:AssumeRole", "arn:aws:iam::222222222222:role/churn-stage"),
            column(Subject::Roles, "iam:PassRole", "arn:aws:iam::222222222222:role/churn-stage"),
        ];
        let row = |role: &str, account: &str, allowed: [bool; 4]| Row {
            role: role.into(),
            account: account.parse().unwrap(),
            cells: allowed.into_iter().map(|allowed| Cell { allowed, needed: allowed }).collect(),
        };
        let rows = vec![
            row("churn-stage", "222222222222", [true, false, false, true]),
            row("churn-pipeline", "111111111111", [true, true, true, false]),
        ];
        Matrix { columns, rows }
    }

    #[test]
    fn every_cell_that_is_allowed_is_a_line_and_lines_are_drawn_once() {
        let map = PipelineMap::of(&matrix(), &[Lane::Training, Lane::SharedServices], "churn");
        let labels: Vec<_> = map.roles.iter().map(|node| node.label.as_str()).collect();
        assert_eq!(labels, ["pipeline", "stage"], "in the order of the lanes");
        assert_eq!(map.things.len(), 1);
        assert_eq!(map.uses, [(0, 0), (1, 0)]);
        assert_eq!(map.becomes, [(0, 1)]);
        assert_eq!(map.passes, [(1, 1)]);
    }

    #[test]
    fn only_roles_of_another_lane_are_crossings() {
        let matrix = matrix();
        let apart = PipelineMap::of(&matrix, &[Lane::Training, Lane::SharedServices], "churn").crossings();
        assert_eq!(apart.len(), 1);
        assert_eq!((apart[0].role.as_str(), apart[0].becomes.as_str()), ("pipeline", "stage"));
        assert!(PipelineMap::of(&matrix, &[Lane::Training, Lane::Training], "churn").crossings().is_empty());
    }

    #[test]
    fn nodes_lie_in_the_box_of_their_account() {
        let map = PipelineMap::of(&matrix(), &[Lane::Training, Lane::SharedServices], "churn");
        let down = Down::of(&map);
        for (node, y) in map.roles.iter().zip(&down.roles) {
            let (top, height) = down.lanes[lane_index(node.lane)];
            assert!((top + HEAD..top + height).contains(y), "{}: {y}", node.label);
        }
        assert!(down.height >= down.lanes[2].0 + down.lanes[2].1);
    }
}
