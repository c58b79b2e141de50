//! mdBook's directives: `{{#include path}}`, `{{#include path:anchor}}` and the same with `rustdoc_include`. mdBook puts
//! an empty text where an anchor does not exist and says nothing, so each one is resolved here by the same rules.
//! Line numbers are refused: they point elsewhere after the next edit. Used by book_check.rs.

/// A directive in a chapter.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Directive<'a> {
    /// The line, counted from 1.
    pub(crate) line: usize,
    /// What it asks of mdBook: `include`, `title`.
    pub(crate) name: &'a str,
    /// The words after the name.
    pub(crate) argument: &'a str,
}

/// What an include shows.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Target<'a> {
    /// The file, relative to the chapter's folder.
    pub(crate) path: &'a str,
    /// The anchor; the whole file without one.
    pub(crate) anchor: Option<&'a str>,
}

/// Every directive of a chapter, in code blocks, too, as mdBook does; those with a backslash in front are text.
pub(crate) fn directives(chapter: &str) -> Vec<Directive<'_>> {
    let mut directives = Vec::new();
    for (index, line) in chapter.lines().enumerate() {
        for (at, _) in line.match_indices("{{#") {
            if line[..at].ends_with('\\') {
                continue;
            }
            let inside = &line[at + "{{#".len()..];
            let inside = inside.split_once("}}").map_or(inside, |(before, _)| before).trim();
            let (name, argument) = inside.split_once(char::is_whitespace).unwrap_or((inside, ""));
            directives.push(Directive { line: index + 1, name, argument: argument.trim() });
        }
    }
    directives
}

impl<'a> Directive<'a> {
    /// What the directive includes, if it is one that does; an error says what is wrong with it.
    pub(crate) fn target(&self) -> Result<Option<Target<'a>>, String> {
        match self.name {
            "include" | "rustdoc_include" => {}
            "title" => return Ok(None),
            other => {
                return Err(format!(
                    "`{{{{#{other}}}}}` is none of the directives that the book uses: include, \
                    rustdoc_include, title"
                ));
            }
        }
        let Some((path, anchor)) = self.argument.split_once(':') else {
            return Ok(Some(Target { path: self.argument, anchor: None }));
        };
        if anchor.is_empty() || anchor.chars().all(|letter| letter.is_ascii_digit() || letter == ':') {
            return Err(format!(
                "`{}` includes by line number: put an ANCHOR into {path} and include that",
                self.argument
            ));
        }
        Ok(Some(Target { path, anchor: Some(anchor) }))
    }
}

/// The text between `ANCHOR: name` and `ANCHOR_END: name`; an error says what is wrong with the anchor.
pub(crate) fn anchored(text: &str, name: &str) -> Result<String, String> {
    let begins = lines_with(text, "ANCHOR:", name);
    let ends = lines_with(text, "ANCHOR_END:", name);
    match (&begins[..], &ends[..]) {
        ([], _) => Err(format!("no `ANCHOR: {name}` there")),
        (_, []) => Err(format!("no `ANCHOR_END: {name}` there")),
        ([begin], [end]) if begin < end => {
            let inside = text.lines().skip(begin + 1).take(end - begin - 1);
            let shown: Vec<_> =
                inside.filter(|line| !line.contains("ANCHOR:") && !line.contains("ANCHOR_END:")).collect();
            Ok(shown.join("\n"))
        }
        ([_], [_]) => Err(format!("`ANCHOR_END: {name}` stands above `ANCHOR: {name}`")),
        _ => Err(format!("the anchor {name} is there more than once")),
    }
}

/// The indexes of the lines that hold the keyword with exactly this name.
fn lines_with(text: &str, keyword: &str, name: &str) -> Vec<usize> {
    let names_it = |line: &str| {
        let Some((_, rest)) = line.split_once(keyword) else { return false };
        let rest = rest.trim_start();
        let length = rest.find(|letter: char| !(letter.is_alphanumeric() || letter == '_' || letter == '-'));
        &rest[..length.unwrap_or(rest.len())] == name
    };
    text.lines().enumerate().filter(|(_, line)| names_it(line)).map(|(index, _)| index).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target_of(line: &str) -> Result<Option<Target<'_>>, String> {
        directives(line)[0].target()
    }

    #[test]
    fn directives_are_found_in_any_text_but_not_behind_a_backslash() {
        let found = directives(
            "a\n```rust\n{{#include a.rs:b}}\n```\n\\{{#include no.rs}} and {{ #x\n{{#title T T}}",
        );
        let expected = [
            Directive { line: 3, name: "include", argument: "a.rs:b" },
            Directive { line: 6, name: "title", argument: "T T" },
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn an_include_names_a_file_and_perhaps_an_anchor() {
        assert_eq!(target_of("{{#include ../a.rs}}"), Ok(Some(Target { path: "../a.rs", anchor: None })));
        assert_eq!(
            target_of("{{#rustdoc_include a.rs:b-c}}"),
            Ok(Some(Target { path: "a.rs", anchor: Some("b-c") }))
        );
        assert_eq!(target_of("{{#title A book}}"), Ok(None));
    }

    #[test]
    fn line_numbers_and_unknown_directives_are_refused() {
        for line in
            ["{{#include a.rs:3}}", "{{#include a.rs:3:7}}", "{{#include a.rs::7}}", "{{#include a.rs:}}"]
        {
            assert!(target_of(line).unwrap_err().contains("line number"), "{line}");
        }
        assert!(target_of("{{#inlcude a.rs}}").unwrap_err().contains("inlcude"));
    }

    #[test]
    fn an_anchor_yields_what_is_between_its_marks_without_other_marks() {
        let text = "0\n// ANCHOR: a\n1\n// ANCHOR: a-b\n2\n// ANCHOR_END: a-b\n// ANCHOR_END: a\n3\n";
        assert_eq!(anchored(text, "a").unwrap(), "1\n2");
        assert_eq!(anchored(text, "a-b").unwrap(), "2");
    }

    #[test]
    fn each_way_of_a_broken_anchor_has_its_reason() {
        assert!(anchored("// ANCHOR: ab\n// ANCHOR_END: ab", "a").unwrap_err().contains("no `ANCHOR: a`"));
        assert!(anchored("// ANCHOR: a\n1", "a").unwrap_err().contains("no `ANCHOR_END: a`"));
        assert!(anchored("// ANCHOR_END: a\n1\n// ANCHOR: a", "a").unwrap_err().contains("above"));
        let twice = "// ANCHOR: a\n1\n// ANCHOR_END: a\n".repeat(2);
        assert!(anchored(&twice, "a").unwrap_err().contains("more than once"));
    }
}
