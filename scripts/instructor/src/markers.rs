//! From a solution's source to what a student is given. Between `// SOLUTION: todo!("…")` and `// END SOLUTION` the text
//! after the colon stands in for the block; a block that begins with a bare `// SOLUTION` vanishes. A marker has a line
//! of its own and blocks do not nest. Whatever only looks like a marker is an error: a misspelt one would hand out the
//! solution. Text outside the blocks stays as it is, except for blank lines next to a block that vanished.
//! Read skeleton.rs next.

/// One misuse of the markers.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Misuse {
    /// The line, counted from 1.
    pub(crate) line: usize,
    /// What is wrong and what to do about it.
    pub(crate) text: String,
}

/// The source as students get it, or every misuse of the markers in it.
pub(crate) fn apply(source: &str) -> Result<String, Vec<Misuse>> {
    let mut output = Output::default();
    let mut misuses = Vec::new();
    let mut open_since = None;
    for (index, text) in source.lines().enumerate() {
        let line = index + 1;
        match (classify(text), open_since) {
            (Line::Lookalike, _) => misuses.push(Misuse { line, text: LOOKALIKE.to_owned() }),
            (Line::Begin(_), Some(begin)) => {
                let text = format!(
                    "a block inside the block of line {begin}: write `// END SOLUTION` first, blocks do not nest"
                );
                misuses.push(Misuse { line, text });
            }
            (Line::Begin(replacement), None) => {
                open_since = Some(line);
                output.replace(text, replacement);
            }
            (Line::End, None) => {
                let text = "`// END SOLUTION` without a block to end: write `// SOLUTION` above the block"
                    .to_owned();
                misuses.push(Misuse { line, text });
            }
            (Line::End, Some(_)) => open_since = None,
            (Line::Text, Some(_)) => {}
            (Line::Text, None) => output.push(text),
        }
    }
    if let Some(line) = open_since {
        let text = "this block is never ended: write `// END SOLUTION` below it".to_owned();
        misuses.push(Misuse { line, text });
    }
    if misuses.is_empty() { Ok(output.finish()) } else { Err(misuses) }
}

/// The text of each block: what students are not given.
pub(crate) fn solutions(source: &str) -> Vec<String> {
    let mut blocks = vec![];
    let mut block: Option<String> = None;
    for text in source.lines() {
        match classify(text) {
            Line::Begin(_) => block = Some(String::new()),
            Line::End => blocks.extend(block.take()),
            Line::Text | Line::Lookalike => {
                if let Some(block) = &mut block {
                    block.push_str(text);
                    block.push('\n');
                }
            }
        }
    }
    blocks
}

const LOOKALIKE: &str = "looks like a marker and is none: write `// SOLUTION: <text for the student>`, `// SOLUTION` or \
    `// END SOLUTION` on a line of its own, or put the comment in other words";

#[derive(Clone, Copy)]
enum Line<'a> {
    /// Neither marker nor like one.
    Text,
    /// Begins a block, with what stands in for it.
    Begin(Option<&'a str>),
    /// Ends a block.
    End,
    /// Like a marker.
    Lookalike,
}

fn classify(line: &str) -> Line<'_> {
    let trimmed = line.trim();
    match trimmed {
        "// SOLUTION" => return Line::Begin(None),
        "// END SOLUTION" => return Line::End,
        _ => {}
    }
    if let Some(replacement) = trimmed.strip_prefix("// SOLUTION: ") {
        return Line::Begin(Some(replacement.trim()));
    }
    let mut comments = trimmed.match_indices("//").chain(trimmed.match_indices("/*"));
    if comments.any(|(at, _)| is_lookalike(&trimmed[at..])) { Line::Lookalike } else { Line::Text }
}

/// Whether a comment begins with the word of the markers in capitals, or in any letters as a heading.
fn is_lookalike(comment: &str) -> bool {
    let text = comment.trim_start_matches(['/', '*', '!', ' ', '\t']);
    let lower = text.to_ascii_lowercase();
    let after_end = lower.strip_prefix("end").map(|rest| rest.trim_start_matches([' ', '_', '-']));
    let Some(rest) = after_end.unwrap_or(&lower).strip_prefix("solution") else { return false };
    let heading = rest.strip_prefix('s').unwrap_or(rest).trim_start();
    let is_heading = heading.is_empty() || heading.starts_with(':') || heading.starts_with("*/");
    is_heading || after_end.is_some() || text.starts_with("SOLUTION")
}

/// The lines kept so far.
#[derive(Default)]
struct Output {
    text: Vec<String>,
    /// A block vanished and only blank lines have come since: they are what is left around it.
    after_gap: bool,
}

impl Output {
    fn replace(&mut self, marker: &str, replacement: Option<&str>) {
        match replacement {
            Some(replacement) => {
                let indentation = &marker[..marker.len() - marker.trim_start().len()];
                self.push(&format!("{indentation}{replacement}"));
            }
            None => self.after_gap = true,
        }
    }

    fn push(&mut self, line: &str) {
        let is_blank = line.trim().is_empty();
        if self.after_gap {
            let needs_no_blank =
                self.text.last().is_none_or(|last| last.trim().is_empty() || last.ends_with('{'));
            if is_blank && needs_no_blank {
                return;
            }
            if line.trim_start().starts_with('}') {
                self.drop_blank_lines();
            }
            self.after_gap = is_blank;
        }
        self.text.push(line.to_owned());
    }

    fn drop_blank_lines(&mut self) {
        while self.text.last().is_some_and(|last| last.trim().is_empty()) {
            self.text.pop();
        }
    }

    fn finish(mut self) -> String {
        if self.after_gap {
            self.drop_blank_lines();
        }
        self.text.iter().map(|line| format!("{line}\n")).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn misused_lines(source: &str) -> Vec<usize> {
        apply(source).unwrap_err().into_iter().map(|misuse| misuse.line).collect()
    }

    #[test]
    fn text_without_markers_stays_as_it_is() {
        let source = "//! A module.\n\n\nconst TEXT: &str = r\"\n\n\n{\n\n}\";\n";
        assert_eq!(apply(source).unwrap(), source);
    }

    #[test]
    fn a_block_is_replaced_at_the_indentation_of_its_marker() {
        let source = "fn f() -> u8 {\n    // SOLUTION: todo!(\"lab 2, part A: f\")\n    let x = 1;\n    x\n    // END SOLUTION\n}\n";
        assert_eq!(apply(source).unwrap(), "fn f() -> u8 {\n    todo!(\"lab 2, part A: f\")\n}\n");
    }

    #[test]
    fn what_students_are_not_given_is_between_the_markers() {
        let source = "a\n// SOLUTION: todo!()\nb\n  c\n// END SOLUTION\nd\n// SOLUTION\ne\n// END SOLUTION\n";
        assert_eq!(solutions(source), ["b\n  c\n", "e\n"]);
    }

    #[test]
    fn a_bare_block_vanishes() {
        let source = "struct A {\n    a: u8,\n    // SOLUTION\n    b: u8,\n    // END SOLUTION\n}\n";
        assert_eq!(apply(source).unwrap(), "struct A {\n    a: u8,\n}\n");
    }

    #[test]
    fn blank_lines_around_a_vanished_block_become_one() {
        let source = "use a;\n\n// SOLUTION\nuse b;\n// END SOLUTION\n\n\nfn f() {}\n";
        assert_eq!(apply(source).unwrap(), "use a;\n\nfn f() {}\n");
    }

    #[test]
    fn no_blank_line_is_left_next_to_a_brace_or_an_end() {
        let source = "impl A {\n    // SOLUTION\n    fn a() {}\n    // END SOLUTION\n\n    fn b() {}\n\n    // SOLUTION\n    fn c() {}\n    // END SOLUTION\n}\n\n// SOLUTION\nfn d() {}\n// END SOLUTION\n";
        assert_eq!(apply(source).unwrap(), "impl A {\n    fn b() {}\n}\n");
    }

    #[test]
    fn two_blocks_that_touch_leave_one_blank_line() {
        let source = "a\n\n// SOLUTION\nb\n// END SOLUTION\n\n// SOLUTION\nc\n// END SOLUTION\n\nd\n";
        assert_eq!(apply(source).unwrap(), "a\n\nd\n");
    }

    #[test]
    fn unbalanced_and_nested_markers_are_told_with_their_lines() {
        assert_eq!(misused_lines("a\n// SOLUTION\nb\n"), [2]);
        assert_eq!(misused_lines("a\nb\n// END SOLUTION\n"), [3]);
        assert_eq!(
            misused_lines("// SOLUTION\n// SOLUTION: todo!()\n// END SOLUTION\n// END SOLUTION\n"),
            [2, 4]
        );
    }

    #[test]
    fn what_only_looks_like_a_marker_is_an_error() {
        for line in [
            "//SOLUTION",
            "// SOLUTION:",
            "// SOLUTION:todo!()",
            "// SOLUTION todo!()",
            "// SOLUTIONS",
            "// Solution:",
            "// solution",
            "/// SOLUTION",
            "/* SOLUTION */",
            "// END SOLUTIONS",
            "// END SOLUTION.",
            "// End solution",
            "// END_SOLUTION",
            "// ENDSOLUTION",
            "let a = 1; // SOLUTION",
            "let a = \"http://b\"; // END SOLUTION",
        ] {
            assert_eq!(misused_lines(&format!("a\n    {line}\n")), [2], "{line}");
        }
    }

    #[test]
    fn the_word_in_a_sentence_is_no_marker() {
        for line in [
            "// The solution: resend.",
            "// Solution space is small.",
            "// Endless solutions.",
            "let solution = 1;",
        ] {
            assert!(apply(line).is_ok(), "{line}");
        }
    }
}
