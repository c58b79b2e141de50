//! A story on a terminal: whole when there is room for it; else runs of alike steps are one line, and what explains most
//! is kept: the beginning, the end, and the faults.
//!
//! Invariant: the last step, where the mistake shows, is always there, with its end.

use crate::text;
use crate::trace::{Row, Story};

/// The widest text of a step on one line, in characters.
const WIDTH: usize = 96;

/// The most lines that one step takes in a report.
const MAX_STEP_LINES: usize = 3;

/// How many steps of the beginning are kept before faults, ...
const FIRST: usize = 4;

/// ... and how many of the end.
const LAST: usize = 4;

/// The fewest alike steps that become one line.
const MIN_ALIKE: usize = 3;

/// The lines of a story of which no more than so many have room.
pub(super) fn short(story: &Story, room: usize) -> Vec<String> {
    let rows = &story.rows;
    let Some(last) = rows.len().checked_sub(1) else { return vec![] };
    let single: Vec<Item<'_>> = rows.iter().enumerate().map(|(index, row)| Item::of(index, row)).collect();
    let shown: Vec<&Item<'_>> = single.iter().collect();
    let broken = lines(&shown, last, |_| MAX_STEP_LINES);
    if broken.len() <= room {
        return broken;
    }
    let lines_of = |index: usize| if index == last { MAX_STEP_LINES } else { 1 };
    let cut = lines(&shown, last, lines_of);
    if cut.len() <= room {
        return cut;
    }
    let mut items = fold(&rows[..last]);
    items.push(Item::of(last, &rows[last]));
    let last_lines = cut.len() - last;
    let shown = choose(&items, (room + 1).saturating_sub(last_lines));
    lines(&shown, last, lines_of)
}

/// Every step, as long as it is.
pub(super) fn whole(story: &Story) -> Vec<String> {
    let items: Vec<Item<'_>> =
        story.rows.iter().enumerate().map(|(index, row)| Item::of(index, row)).collect();
    lines(&items.iter().collect::<Vec<_>>(), story.rows.len().saturating_sub(1), |_| usize::MAX)
}

/// One step, or several that are alike.
struct Item<'a> {
    first: usize,
    count: usize,
    row: &'a Row,
    text: String,
}

impl<'a> Item<'a> {
    fn of(index: usize, row: &'a Row) -> Item<'a> {
        Item { first: index, count: 1, row, text: text::line(&row.text, usize::MAX) }
    }

    /// All of `rows`, which are alike, from this place on.
    fn alike(first: usize, rows: &'a [Row]) -> Item<'a> {
        let (row, last) = (&rows[0], &rows[rows.len() - 1]);
        let until = if last.at == row.at { String::new() } else { format!(", until {}", last.at) };
        let text =
            format!("{} times{until}: {}", rows.len(), Shape::of(&row.text).to(&Shape::of(&last.text)));
        Item { first, count: rows.len(), row, text }
    }
}

/// These items, with a line for each gap between them, up to the row `last`.
fn lines(items: &[&Item<'_>], last: usize, lines_of: impl Fn(usize) -> usize) -> Vec<String> {
    let host_width = items.iter().map(|item| item.row.host.chars().count()).max().unwrap_or(0);
    let mut lines = vec![];
    let mut next = 0;
    for item in items {
        if item.first > next {
            lines.push(gap(item.first - next, lines.iter().all(|line: &String| !line.contains(FULL))));
        }
        next = item.first + item.count;
        let head = format!(
            "  {:4} {:>10}  {:<host_width$}  ",
            item.first + 1,
            item.row.at.to_string(),
            item.row.host
        );
        let indent = " ".repeat(head.chars().count());
        let most = lines_of(item.first);
        let texts = match most {
            1 => vec![text::middle(&item.text, WIDTH)],
            usize::MAX => text::wrap(&item.text, WIDTH, ""),
            _ => text::wrap_at_most(&item.text, WIDTH, "", most),
        };
        for (number, text) in texts.iter().enumerate() {
            // What goes on is indented, so that it is not taken for a step.
            let before = if number == 0 { head.clone() } else { format!("{indent}  ") };
            lines.push(before + text);
        }
    }
    debug_assert_eq!(next, last + 1, "the last step is always shown");
    lines
}

/// Where everything is shown.
const FULL: &str = "replay with --full";

fn gap(steps: usize, is_first: bool) -> String {
    let plural = if steps == 1 { "" } else { "s" };
    let full = if is_first { format!("; {FULL} shows them") } else { String::new() };
    format!("     … {steps} step{plural}{full} …")
}

/// The rows with runs of alike ones as one item each.
fn fold(rows: &[Row]) -> Vec<Item<'_>> {
    let shapes: Vec<Shape<'_>> = rows.iter().map(|row| Shape::of(&row.text)).collect();
    let is_alike = |at: usize| rows[at].host == rows[at - 1].host && shapes[at].is_like(&shapes[at - 1]);
    let mut items = vec![];
    let mut first = 0;
    while first < rows.len() {
        let mut end = first + 1;
        while end < rows.len()
            && is_alike(end)
            && (end == first + 1 || shapes[end].goes_on(&shapes[end - 1], &shapes[end - 2]))
        {
            end += 1;
        }
        if end - first >= MIN_ALIKE {
            items.push(Item::alike(first, &rows[first..end]));
            first = end;
        } else {
            items.push(Item::of(first, &rows[first]));
            first += 1;
        }
    }
    items
}

/// A text as the numbers in it and what is around them.
struct Shape<'a> {
    around: Vec<&'a str>,
    numbers: Vec<&'a str>,
}

impl<'a> Shape<'a> {
    fn of(text: &'a str) -> Shape<'a> {
        let mut shape = Shape { around: vec![], numbers: vec![] };
        let mut rest = text;
        while let Some(start) = rest.find(|sign: char| sign.is_ascii_digit()) {
            let number = &rest[start..];
            let end = number.find(|sign: char| !sign.is_ascii_digit()).unwrap_or(number.len());
            shape.around.push(&rest[..start]);
            shape.numbers.push(&number[..end]);
            rest = &number[end..];
        }
        shape.around.push(rest);
        shape
    }

    fn is_like(&self, other: &Shape<'_>) -> bool {
        self.around == other.around
    }

    /// Whether each number goes on from `before` as that one did from `earlier`.
    fn goes_on(&self, before: &Shape<'_>, earlier: &Shape<'_>) -> bool {
        let value = |number: &str| number.parse::<i64>().ok();
        let step = |from: &str, to: &str| value(to)?.checked_sub(value(from)?);
        let steps = self.numbers.iter().zip(&before.numbers).zip(&earlier.numbers);
        steps.into_iter().all(|((now, before), earlier)| {
            (now == before && before == earlier)
                || step(before, now).is_some_and(|it| step(earlier, before) == Some(it))
        })
    }

    /// The text, with what each number becomes.
    fn to(&self, last: &Shape<'_>) -> String {
        let mut text = String::new();
        for (index, around) in self.around.iter().enumerate() {
            text.push_str(around);
            if let (Some(first), Some(last)) = (self.numbers.get(index), last.numbers.get(index)) {
                text.push_str(first);
                if first != last {
                    text.push('…');
                    text.push_str(last);
                }
            }
        }
        text::line(&text, usize::MAX)
    }
}

/// The items that are shown when each of them, and each gap between them, takes one line.
fn choose<'a, 'b>(items: &'b [Item<'a>], room: usize) -> Vec<&'b Item<'a>> {
    let count = items.len();
    let end = count.saturating_sub(LAST)..count;
    let faults = (0..count).rev().filter(|index| items[*index].row.is_fault);
    let wanted = end.rev().chain(0..FIRST.min(count)).chain(faults).chain((0..count).rev());
    let mut shown = vec![false; count];
    let mut used = 0;
    for index in wanted {
        if shown[index] {
            continue;
        }
        let is_hidden = |index: Option<usize>| index.and_then(|it| shown.get(it)).is_some_and(|shown| !shown);
        let (before, after) = (is_hidden(index.checked_sub(1)), is_hidden(Some(index + 1)));
        // It takes a line, and may part a gap, or be all of one. The first gap is there from the beginning.
        let gaps = match (before, after) {
            _ if used == 0 => usize::from(before),
            (true, true) => 1,
            _ => 0,
        };
        let closed = usize::from(used > 0 && !before && !after);
        if used + 1 + gaps - closed <= room {
            used += 1 + gaps - closed;
            shown[index] = true;
        }
    }
    items.iter().zip(&shown).filter_map(|(item, shown)| shown.then_some(item)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::{Time, ms};

    fn row(at: u64, host: &str, text: impl Into<String>) -> Row {
        Row::new(Time::ZERO + ms(at), host, text)
    }

    fn told(rows: Vec<Row>, room: usize) -> Vec<String> {
        let lines = short(&Story::new("script", rows), room);
        assert!(lines.len() <= room, "{lines:#?}");
        lines.iter().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect()
    }

    #[test]
    fn what_fits_is_shown_as_it_is_also_when_steps_are_alike() {
        let rows: Vec<Row> = (0..5).map(|n| row(n, "a", "timer T runs out")).collect();
        assert_eq!(told(rows, 5)[4], "5 4 ms a timer T runs out");
    }

    #[test]
    fn runs_of_alike_steps_are_one_line_with_their_numbers_and_times() {
        let mut rows = vec![row(0, "a", "starts work")];
        rows.extend((1..=140).map(|n| row(n * 1000, "a", "timer T runs out: sends SYN isn=1000")));
        rows.extend(
            (0..200).map(|n| row(140_000, "b", format!("receives seq={}: sends ACK 1", 1_000_000 + n))),
        );
        rows.push(row(140_000, "b", "receives seq=7: sends ACK 1"));
        let want = [
            "1 0 ms a starts work",
            "2 1000 ms a 140 times, until 140000 ms: timer T runs out: sends SYN isn=1000",
            "142 140000 ms b 200 times: receives seq=1000000…1000199: sends ACK 1",
            "342 140000 ms b receives seq=7: sends ACK 1",
        ];
        assert_eq!(told(rows, 8), want);
    }

    #[test]
    fn a_number_that_breaks_its_row_and_another_host_end_a_run() {
        let numbers = [1, 2, 3, 4, 9, 10, 11];
        let mut rows: Vec<Row> = numbers.iter().map(|n| row(0, "a", format!("sends {n}"))).collect();
        rows.push(row(0, "b", "sends 12"));
        let want = ["1 0 ms a 4 times: sends 1…4", "5 0 ms a 3 times: sends 9…11", "8 0 ms b sends 12"];
        assert_eq!(told(rows, 4), want);
    }

    #[test]
    fn of_a_long_story_the_beginning_the_end_and_the_faults_are_kept() {
        let word = |n: usize| ["eats", "rests", "sleeps", "wakes"][n % 4];
        let mut rows: Vec<Row> = (0..40).map(|n| row(0, "a", word(n))).collect();
        rows[20] = row(0, "network", "loses x to b");
        rows[20].is_fault = true;
        let told = told(rows, 11);
        let numbers: Vec<&str> = told.iter().map(|line| line.split(' ').next().unwrap_or("")).collect();
        assert_eq!(numbers, ["1", "2", "3", "4", "…", "21", "…", "37", "38", "39", "40"], "{told:#?}");
        assert_eq!(told[4], "… 16 steps; replay with --full shows them …");
        assert_eq!(told[6], "… 15 steps …");
    }

    #[test]
    fn the_last_step_keeps_its_end_and_the_others_one_line_when_there_is_no_more_room() {
        let long = |n: usize| (0..n).map(|n| format!("says {n}, ")).collect::<String>() + "says the end";
        let lines = short(&Story::new("script", vec![row(0, "a", long(12)), row(0, "a", long(12))]), 13);
        assert_eq!(lines.len(), 4, "both are broken into lines: {lines:#?}");
        for rows in [10, 60] {
            let rows = (0..rows).map(|_| row(0, "a", long(200))).collect();
            let lines = short(&Story::new("script", rows), 13);
            assert!(lines.len() <= 13 && lines.iter().all(|line| line.chars().count() <= 120), "{lines:#?}");
            let last = lines.last().map_or("", String::as_str);
            assert!(
                last.starts_with("                        ") && last.ends_with("says the end"),
                "{lines:#?}"
            );
        }
    }

    #[test]
    fn the_whole_story_breaks_lines_and_leaves_nothing_out() {
        let text: String = (0..200).map(|n| format!("word{n} ")).collect();
        let lines = whole(&Story::new("script", vec![row(0, "a", text.clone()), row(1, "a", "b")]));
        let line = lines.join(" ");
        let words: Vec<&str> = line.split_whitespace().filter(|word| word.starts_with("word")).collect();
        assert_eq!(words.len(), 200);
        assert!(lines.iter().all(|line| line.chars().count() <= 120));
    }
}
