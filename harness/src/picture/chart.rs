//! A chart of a run: some quantities over time, as one SVG that is readable in the dark and without colour.

use crate::text;
use std::fmt::Write as _;

const WIDTH: f64 = 640.0;
const HEIGHT: f64 = 320.0;
/// Room for the axes' words: left, right, top and bottom.
const MARGIN: [f64; 4] = [56.0, 16.0, 56.0, 40.0];
/// The marks of an axis, about.
const MARKS: f64 = 6.0;
/// How the lines are told apart: by colour and by their dashes.
const STYLES: [(&str, &str); 4] =
    [("#3b82f6", "none"), ("#f59e0b", "7 4"), ("#10b981", "2 3"), ("#ec4899", "10 3 2 3")];

/// Quantities over time.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Chart {
    /// What it shows.
    pub title: String,
    /// What the horizontal axis is, with its unit.
    pub across: String,
    /// What the vertical axis is, with its unit.
    pub up: String,
    /// The quantities by name, each a list of points from left to right. At most four.
    pub lines: Vec<(String, Vec<(f64, f64)>)>,
}

impl Chart {
    /// The chart as a file of its own.
    #[must_use]
    pub fn svg(&self) -> String {
        let points = || self.lines.iter().flat_map(|(_, points)| points);
        let across = Axis::up_to(points().map(|point| point.0), MARGIN[0], WIDTH - MARGIN[1]);
        let up = Axis::up_to(points().map(|point| point.1), HEIGHT - MARGIN[3], MARGIN[2]);
        let mut out = String::new();
        let _ = writeln!(
            out,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" aria-label=\"{0}\" \
             font-family=\"sans-serif\" font-size=\"12\" fill=\"#808890\">\n<title>{0}</title>",
            escaped(&self.title)
        );
        let word = |out: &mut String, x: f64, y: f64, anchor: &str, words: &str| {
            let words = escaped(words);
            let _ = writeln!(out, "<text x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\">{words}</text>");
        };
        let (left, bottom) = (MARGIN[0], HEIGHT - MARGIN[3]);
        for mark in across.marks() {
            let x = across.place(mark);
            let _ = writeln!(out, "<path d=\"M{x:.1} {bottom}V{}\" stroke=\"#80889040\"/>", MARGIN[2]);
            word(&mut out, x, bottom + 16.0, "middle", &mark.to_string());
        }
        for mark in up.marks() {
            let y = up.place(mark);
            let _ = writeln!(out, "<path d=\"M{left} {y:.1}H{}\" stroke=\"#80889040\"/>", WIDTH - MARGIN[1]);
            word(&mut out, left - 6.0, y + 4.0, "end", &mark.to_string());
        }
        word(&mut out, WIDTH - MARGIN[1], HEIGHT - 8.0, "end", &self.across);
        word(&mut out, 8.0, MARGIN[2] - 10.0, "start", &self.up);
        for (index, ((name, points), (colour, dashes))) in self.lines.iter().zip(STYLES).enumerate() {
            let way: Vec<String> =
                points.iter().map(|(x, y)| format!("{:.1},{:.1}", across.place(*x), up.place(*y))).collect();
            let stroke =
                format!("fill=\"none\" stroke=\"{colour}\" stroke-width=\"2\" stroke-dasharray=\"{dashes}\"");
            let _ = writeln!(out, "<polyline points=\"{}\" {stroke}/>", way.join(" "));
            let x = left + 150.0 * index as f64;
            let _ = writeln!(out, "<path d=\"M{x} 14h28\" {stroke}/>");
            word(&mut out, x + 34.0, 18.0, "start", name);
        }
        out.push_str("</svg>\n");
        out
    }
}

/// One axis, from 0 to its end, drawn between two places.
struct Axis {
    step: f64,
    end: f64,
    from: f64,
    to: f64,
}

impl Axis {
    /// An axis that ends at a round number not below any of the values.
    fn up_to(values: impl Iterator<Item = f64>, from: f64, to: f64) -> Axis {
        let most = values.filter(|value| value.is_finite()).fold(0.0, f64::max);
        let most = if most > 0.0 { most } else { 1.0 };
        let rough = most / MARKS;
        let power = 10f64.powf(rough.log10().floor());
        let step = [1.0, 2.0, 5.0, 10.0].map(|by| by * power).into_iter().find(|step| *step >= rough);
        let step = step.unwrap_or(rough);
        Axis { step, end: (most / step).ceil() * step, from, to }
    }

    fn place(&self, value: f64) -> f64 {
        self.from + (self.to - self.from) * (value / self.end)
    }

    fn marks(&self) -> impl Iterator<Item = f64> {
        // Rounded, since 3 times 0.1 is not 0.3.
        let round = 1e9 / self.step;
        (0..=(self.end / self.step).round() as u32)
            .map(move |n| (f64::from(n) * self.step * round).round() / round)
    }
}

fn escaped(words: &str) -> String {
    let words = text::line(words, 120);
    words.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn axes_end_at_round_numbers() {
        let axis = |most: f64| Axis::up_to([most].into_iter(), 0.0, 100.0);
        assert_eq!((axis(47.0).step, axis(47.0).end), (10.0, 50.0));
        assert_eq!(axis(0.9).marks().collect::<Vec<_>>(), [0.0, 0.2, 0.4, 0.6, 0.8, 1.0]);
        assert_eq!(axis(1_300.0).end, 1_500.0);
        assert_eq!(axis(0.0).end, 1.0);
        assert_eq!(axis(47.0).place(25.0), 50.0);
    }

    #[test]
    fn a_chart_is_one_picture_and_its_words_are_escaped() {
        let chart = Chart {
            title: "<b> & \"c\"".into(),
            across: "s".into(),
            up: "messages".into(),
            lines: vec![("first".into(), vec![(0.0, 0.0), (10.0, 5.0)]), ("second".into(), vec![(0.0, 1.0)])],
        };
        let svg = chart.svg();
        assert!(svg.starts_with("<svg ") && svg.ends_with("</svg>\n"));
        assert!(svg.contains("&lt;b&gt; &amp; &quot;c&quot;") && !svg.contains("<b>"));
        assert_eq!(svg.matches("<polyline").count(), 2);
        // The second line's last point is at the right end and at the top.
        assert!(svg.contains("624.0,56.0"), "{svg}");
    }
}
