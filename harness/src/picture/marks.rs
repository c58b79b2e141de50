//! The signs of a space-time diagram as SVG, each known by its shape alone; colours come from the style sheet.

use crate::text;
use crate::trace::{Record, RecordKind};

/// A place in the diagram, in pixels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Point {
    pub(super) x: f64,
    pub(super) y: f64,
}

/// Where a text goes.
pub(super) struct Place {
    pub(super) at: Point,
    /// 1.0 when it reads away from its anchor to the right, -1.0 to the left.
    pub(super) side: f64,
    /// How much there is, in columns.
    pub(super) room: usize,
}

/// Between a host's line and its texts, in pixels.
pub(super) const GAP: f64 = 14.0;

/// The width of one column of the diagram's monospaced text, in pixels.
pub(super) const COLUMN: f64 = 6.9;

/// `text` for HTML and SVG, in elements and quoted attributes: on one line, without control and direction marks, which could
/// make a page say something else.
pub(super) fn escape(raw: &str) -> String {
    let mut out = String::new();
    for character in text::line(raw, usize::MAX).chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            plain => out.push(plain),
        }
    }
    out
}

/// As many columns as a terminal would need; wide scripts need two for a character.
pub(super) fn columns(text: &str) -> usize {
    text.chars().map(width).sum()
}

fn width(character: char) -> usize {
    if u32::from(character) < 0x1100 { 1 } else { 2 }
}

/// `text` cut to so many columns.
pub(super) fn cut(text: &str, most: usize) -> String {
    if columns(text) <= most {
        return text.into();
    }
    let mut used = 1;
    let fits = |character: &char| {
        used += width(*character);
        used <= most
    };
    let mut shown: String = text.chars().take_while(fits).collect();
    shown.push('…');
    shown
}

/// The sign of a record of this kind at its host's line; a datagram that arrives has its arrow's head instead.
pub(super) fn at_line(kind: RecordKind, Point { x, y }: Point) -> String {
    match kind {
        RecordKind::Start => format!(r#"<circle class="m start" cx="{x:.1}" cy="{y:.1}" r="5.5"/>"#),
        RecordKind::Send => format!(r#"<circle class="m send" cx="{x:.1}" cy="{y:.1}" r="3.5"/>"#),
        RecordKind::Timer => clock(x, y),
        RecordKind::Disk => {
            format!(r#"<rect class="m disk" x="{:.1}" y="{:.1}" width="10" height="10"/>"#, x - 5.0, y - 5.0)
        }
        kind => change(kind, x, y),
    }
}

fn clock(x: f64, y: f64) -> String {
    format!(
        r#"<g class="m timer"><circle cx="{x:.1}" cy="{y:.1}" r="7.5"/><path d="M{x:.1} {:.1}V{y:.1}L{:.1} {:.1}"/></g>"#,
        y - 5.0,
        x + 3.5,
        y + 2.0
    )
}

/// The sign of what is done to a host.
fn change(kind: RecordKind, x: f64, y: f64) -> String {
    match kind {
        RecordKind::Crash => cross("m crash", Point { x, y }, 8.0),
        RecordKind::Restart => format!(
            r#"<g class="m restart"><circle cx="{x:.1}" cy="{y:.1}" r="6.5"/><path d="M{x:.1} {:.1}v-7m-3 3l3 -3l3 3"/></g>"#,
            y + 3.5
        ),
        RecordKind::Pause => {
            format!(r#"<path class="m pause" d="M{:.1} {:.1}v12m6 0v-12"/>"#, x - 3.0, y - 6.0)
        }
        RecordKind::Resume => {
            format!(r#"<path class="m resume" d="M{:.1} {:.1}v13l10 -6.5z"/>"#, x - 4.0, y - 6.5)
        }
        RecordKind::Cut => {
            format!(r#"<path class="m cut" d="M{:.1} {:.1}l6 -12m4 0l-6 12"/>"#, x - 5.0, y + 6.0)
        }
        RecordKind::Heal => format!(
            r#"<g class="m heal"><circle cx="{:.1}" cy="{y:.1}" r="4.5"/><circle cx="{:.1}" cy="{y:.1}" r="4.5"/></g>"#,
            x - 3.0,
            x + 3.0
        ),
        RecordKind::Other => format!(r#"<path class="m other" d="M{x:.1} {:.1}l6 6l-6 6l-6 -6z"/>"#, y - 6.0),
        _ => String::new(),
    }
}

/// An X.
pub(super) fn cross(class: &str, Point { x, y }: Point, size: f64) -> String {
    let span = size * 2.0;
    format!(
        r#"<path class="{class}" d="M{:.1} {:.1}l{span:.1} {span:.1}m0 -{span:.1}l-{span:.1} {span:.1}"/>"#,
        x - size,
        y - size
    )
}

/// Two sheets, one behind the other.
pub(super) fn copies(Point { x, y }: Point) -> String {
    format!(
        r#"<g class="m copies"><rect x="{:.1}" y="{:.1}" width="9" height="9"/><rect x="{:.1}" y="{:.1}" width="9" height="9"/></g>"#,
        x - 2.0,
        y - 7.0,
        x - 7.0,
        y - 2.0
    )
}

/// The head of an arrow that comes from `from`.
pub(super) fn head(from: Point, tip: Point) -> String {
    let length = ((tip.x - from.x).powi(2) + (tip.y - from.y).powi(2)).sqrt().max(1.0);
    let (dx, dy) = ((tip.x - from.x) / length, (tip.y - from.y) / length);
    let (back_x, back_y) = (tip.x - dx * 10.0, tip.y - dy * 10.0);
    format!(
        r#"<path class="head" d="M{:.1} {:.1}L{:.1} {:.1}L{:.1} {:.1}z"/>"#,
        tip.x,
        tip.y,
        back_x - dy * 4.5,
        back_y + dx * 4.5,
        back_x + dy * 4.5,
        back_y - dx * 4.5
    )
}

/// A zigzag along the line towards `to`, beginning at `at`, as a path's commands; and where it ends.
pub(super) fn zigzag(at: Point, to: Point) -> (String, Point) {
    const TEETH: u8 = 6;
    const TOOTH: f64 = 5.0;
    let length = ((to.x - at.x).powi(2) + (to.y - at.y).powi(2)).sqrt().max(1.0);
    let (dx, dy) = ((to.x - at.x) / length, (to.y - at.y) / length);
    let mut path = String::new();
    let along = |n: f64, aside: f64| Point {
        x: at.x + dx * n * TOOTH - dy * aside,
        y: at.y + dy * n * TOOTH + dx * aside,
    };
    for tooth in 0..TEETH {
        let aside = if tooth % 2 == 0 { 6.0 } else { -6.0 };
        let peak = along(f64::from(tooth) + 0.5, aside);
        path.push_str(&format!("L{:.1} {:.1}", peak.x, peak.y));
    }
    let end = along(f64::from(TEETH), 0.0);
    path.push_str(&format!("L{:.1} {:.1}", end.x, end.y));
    (path, end)
}

/// A text beside its place.
pub(super) fn words(record: &Record, label: &str, place: &Place) -> String {
    let anchor = if place.side > 0.0 { "start" } else { "end" };
    let class = format!("{:?}", record.kind).to_lowercase();
    format!(
        r#"<text class="label {class}" x="{:.1}" y="{:.1}" text-anchor="{anchor}">{}<title>{}</title></text>"#,
        place.at.x + place.side * GAP,
        place.at.y + 4.0,
        escape(&cut(label, place.room)),
        escape(&record.text)
    )
}

/// A text in a box with an arrow: into the line for what the application asks, out of it for what it is told.
pub(super) fn sign(record: &Record, label: &str, place: &Place) -> String {
    let shown = cut(label, place.room.saturating_sub(4));
    let width = columns(&shown) as f64 * COLUMN + 16.0;
    let (x, y, side) = (place.at.x, place.at.y, place.side);
    let near = x + side * (GAP + 4.0);
    let left = if side > 0.0 { near } else { near - width };
    let (class, corner, tip, base) = match record.kind {
        RecordKind::Command => ("command", 2, x + side * 5.0, x + side * GAP),
        _ => ("notice", 10, x + side * GAP, x + side * 5.0),
    };
    format!(
        r#"<g class="sign {class}"><title>{}</title><path d="M{tip:.1} {y:.1}L{base:.1} {:.1}V{:.1}z"/><rect x="{left:.1}" y="{:.1}" width="{width:.1}" height="20" rx="{corner}"/><text x="{:.1}" y="{:.1}" text-anchor="middle">{}</text></g>"#,
        escape(&record.text),
        y - 5.0,
        y + 5.0,
        y - 10.0,
        left + width / 2.0,
        y + 4.0,
        escape(&shown)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_text_stays_text() {
        assert_eq!(
            escape("</script><a b='c' d=\"e\">&\u{202e}\0\n"),
            "&lt;/script&gt;&lt;a b=&#39;c&#39; d=&quot;e&quot;&gt;&amp;\u{fffd}\u{fffd} "
        );
    }

    #[test]
    fn a_text_is_cut_by_what_it_takes_on_the_screen() {
        assert_eq!(cut("abcdef", 6), "abcdef");
        assert_eq!(cut("abcdef", 5), "abcd…");
        assert_eq!(cut("数据报文", 5), "数据…");
    }
}
