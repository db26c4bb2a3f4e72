//! Plots as plain SVG: lines over time, and bars in tables. The numbers are drawn, the words around them are HTML, so that
//! they stay readable at any width. A plot never stands alone: the table with its numbers is beside it.

use leptos::prelude::*;

const WIDTH: f64 = 600.0;
const HEIGHT: f64 = 160.0;

/// One line.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    /// What it is, in the legend.
    pub label: String,
    /// Which of the plot's colours and dashes, from 1.
    pub look: u8,
    /// Its values, at equal distances; `None` where there is none, which interrupts the line.
    pub values: Vec<Option<f64>>,
}

/// Lines over time.
#[component]
pub fn LinePlot(
    /// What is shown: also the name for assistive technology.
    #[prop(into)]
    label: String,
    /// The lines; all of the same length.
    lines: Vec<Line>,
    /// A value in words: `34 ms`.
    words: fn(f64) -> String,
    /// The end of the axis below: `20 s`.
    #[prop(into)]
    end: String,
    /// The beginning of the axis below.
    #[prop(into, default = "0 s".into())]
    start: String,
    /// Whether the axis may begin above or below 0, where values lie far from it or below it. Times and counts begin there.
    #[prop(optional)]
    free: bool,
) -> impl IntoView {
    let (bottom, top) = axis(lines.iter().flat_map(|line| line.values.iter().flatten().copied()), free);
    let legend = lines.iter().map(|line| {
        let class = format!("plot-key plot-{}", line.look);
        view! {
            <li class=class>
                <svg viewBox="0 0 18 4" aria-hidden="true" focusable="false">
                    <path d="M0 2H18" />
                </svg>
                {line.label.clone()}
            </li>
        }
    });
    let legend = legend.collect_view();
    let drawn = lines.iter().map(|line| {
        let class = format!("plot-line plot-{}", line.look);
        view! { <path class=class d=path(&line.values, bottom, top) /> }
    });
    let drawn = drawn.collect_view();
    view! {
        <figure class="plot">
            <figcaption class="plot-head">
                <span class="plot-label">{label.clone()}</span>
                <ul class="plot-legend">{legend}</ul>
            </figcaption>
            <div class="plot-body">
                <div class="plot-axis" aria-hidden="true">
                    <span>{words(top)}</span>
                    <span>{words(bottom + (top - bottom) / 2.0)}</span>
                    <span>{if bottom == 0.0 { "0".to_owned() } else { words(bottom) }}</span>
                </div>
                <svg
                    class="plot-area"
                    viewBox=format!("0 0 {WIDTH} {HEIGHT}")
                    preserveAspectRatio="none"
                    role="img"
                    aria-label=format!("{label}; the table below has the numbers")
                >
                    <path class="plot-grid" d=format!("M0 .5H{WIDTH}M0 {0}H{WIDTH}M0 {1}H{WIDTH}", HEIGHT / 2.0, HEIGHT - 0.5) />
                    {drawn}
                </svg>
                <div class="plot-ends" aria-hidden="true">
                    <span>{start}</span>
                    <span>{end}</span>
                </div>
            </div>
        </figure>
    }
}

/// A bar that is so many thousandths of its place long.
#[component]
pub fn Bar(
    /// From 0 to 1000.
    thousandths: u64,
) -> impl IntoView {
    view! {
        <svg class="bar" viewBox="0 0 1000 10" preserveAspectRatio="none" aria-hidden="true" focusable="false">
            <rect width=thousandths.to_string() height="10" />
        </svg>
    }
}

/// Where an axis begins and ends.
fn axis(values: impl Iterator<Item = f64>, free: bool) -> (f64, f64) {
    let ends = |(low, high): (f64, f64), value: f64| (low.min(value), high.max(value));
    let (low, high) = values.fold((f64::INFINITY, f64::NEG_INFINITY), ends);
    if !free || low > high || (low >= 0.0 && low < high / 2.0) {
        return (0.0, round_up(high.max(0.0)));
    }
    // Whole steps around all values; where they are all the same, a step around that.
    let span = if high > low { high - low } else { high.abs().max(1.0) };
    let step = round_up(span) / 4.0;
    ((low / step).floor() * step, (high / step).ceil().max((low / step).floor() + 1.0) * step)
}

/// The next number of 1, 2 or 5 and zeros that is no smaller.
fn round_up(value: f64) -> f64 {
    if value <= 0.0 {
        return 1.0;
    }
    let unit = 10f64.powf(value.log10().floor());
    let steps = [1.0, 2.0, 5.0, 10.0].map(|step| step * unit);
    // What is a hair too large by rounding alone is not.
    steps.into_iter().find(|step| value <= step * 1.000_001).unwrap_or(10.0 * unit)
}

/// A line's path. A value without neighbours is a short dash: a point would not be seen.
fn path(values: &[Option<f64>], bottom: f64, top: f64) -> String {
    use std::fmt::Write as _;
    let step = WIDTH / (values.len().max(2) - 1) as f64;
    let (mut path, mut begun) = (String::new(), false);
    for (at, value) in values.iter().enumerate() {
        let Some(value) = value else {
            begun = false;
            continue;
        };
        let (x, y) = (at as f64 * step, HEIGHT - (value - bottom) / (top - bottom) * HEIGHT);
        let _ = write!(path, "{}{x:.1} {y:.1}", if begun { 'L' } else { 'M' });
        let alone = !begun && values.get(at + 1).is_none_or(Option::is_none);
        if alone {
            path.push_str("h4");
        }
        begun = true;
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_axis_ends_at_a_round_number() {
        for (value, top) in
            [(0.0, 1.0), (0.7, 1.0), (1.0, 1.0), (1.1, 2.0), (34.0, 50.0), (51.0, 100.0), (1000.0, 1000.0)]
        {
            let found = round_up(value);
            assert!((found - top).abs() < top * 1e-9, "{value}: {found}");
        }
    }

    #[test]
    fn an_axis_begins_where_the_values_are_only_where_it_may() {
        let ends = |values: &[f64], free| axis(values.iter().copied(), free);
        assert_eq!(ends(&[34.0, 51.0], false), (0.0, 100.0));
        assert_eq!(ends(&[0.1, 0.4], true), (0.0, 0.5), "near 0");
        let (bottom, top) = ends(&[0.81, 0.97], true);
        assert!(bottom > 0.7 && bottom <= 0.81 && (0.97..=1.01).contains(&top), "{bottom} {top}");
        let (bottom, top) = ends(&[-3.0, -1.0], true);
        assert!(bottom <= -3.0 && (-1.0..=0.0).contains(&top), "{bottom} {top}");
        let (bottom, top) = ends(&[0.5], true);
        assert!(bottom <= 0.5 && top > bottom, "{bottom} {top}");
        assert_eq!(ends(&[], true), (0.0, 1.0));
    }

    #[test]
    fn a_line_is_interrupted_where_there_is_no_value() {
        let values = [Some(0.0), Some(1.0), None, Some(0.5)];
        assert_eq!(path(&values, 0.0, 1.0), "M0.0 160.0L200.0 0.0M600.0 80.0h4");
        assert_eq!(path(&[], 0.0, 1.0), "");
        assert_eq!(path(&[Some(1.0)], 0.0, 1.0), "M0.0 0.0h4");
    }
}
