//! Checks that the book still points at what is there, since mdBook stays silent about most of it: every include shows
//! text (include.rs), every link to a file leads to one within the book and to a heading of it, and every chapter is
//! in SUMMARY.md.

use crate::finding::{self, Finding};
use crate::include;
use crate::kit::{Kit, normal};
use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};
use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

const BOOK: &str = "book/src";
const SUMMARY: &str = "SUMMARY.md";

/// Checks the whole book.
pub(crate) fn run(kit: &Kit) -> io::Result<ExitCode> {
    let (findings, pages) = check(kit)?;
    Ok(finding::report(&findings, &format!("book: {pages} files, every include, link and chapter resolves")))
}

/// What is wrong, and how many files were looked at.
fn check(kit: &Kit) -> io::Result<(Vec<Finding>, usize)> {
    let mut texts = BTreeMap::new();
    for path in kit.files(BOOK)? {
        if path.extension().is_some_and(|extension| extension == "md") {
            let text = kit.read(&path)?;
            texts.insert(path, text);
        }
    }
    let summary = Path::new(BOOK).join(SUMMARY);
    if !texts.contains_key(&summary) {
        return Err(io::Error::new(io::ErrorKind::NotFound, format!("{}: no such file", summary.display())));
    }
    let pages: BTreeMap<_, _> = texts.iter().map(|(path, text)| (path.clone(), Page::read(text))).collect();
    let mut findings = Vec::new();
    for (path, text) in &texts {
        check_includes(kit, path, text, &mut findings);
        check_links(kit, path, &pages, &mut findings);
    }
    let folder = Path::new(BOOK);
    let listed: BTreeSet<_> =
        pages[&summary].links.iter().map(|link| normal(&folder.join(&link.path))).collect();
    for path in texts.keys().filter(|path| **path != summary && !listed.contains(*path)) {
        findings.push(Finding::new(
            path.display(),
            1,
            "this chapter is not in SUMMARY.md: add it there or remove it",
        ));
    }
    Ok((findings, texts.len()))
}

fn check_includes(kit: &Kit, chapter: &Path, text: &str, findings: &mut Vec<Finding>) {
    for directive in include::directives(text) {
        let resolved = directive.target().and_then(|target| match target {
            Some(target) => resolve(kit, chapter, &target),
            None => Ok(()),
        });
        if let Err(reason) = resolved {
            findings.push(Finding::new(chapter.display(), directive.line, reason));
        }
    }
}

fn resolve(kit: &Kit, chapter: &Path, target: &include::Target<'_>) -> Result<(), String> {
    let path = normal(&folder_of(chapter).join(target.path));
    let text = kit.read(&path).map_err(|error| format!("the included file cannot be read: {error}"))?;
    let shown = match target.anchor {
        Some(anchor) => {
            include::anchored(&text, anchor).map_err(|reason| format!("{}: {reason}", path.display()))?
        }
        None => text,
    };
    if shown.trim().is_empty() {
        return Err(format!("`{}` includes an empty text", path.display()));
    }
    Ok(())
}

fn check_links(kit: &Kit, chapter: &Path, pages: &BTreeMap<PathBuf, Page>, findings: &mut Vec<Finding>) {
    for link in &pages[chapter].links {
        let target = if link.path.is_empty() {
            chapter.to_owned()
        } else {
            normal(&folder_of(chapter).join(&link.path))
        };
        let reason = if !target.starts_with(BOOK) {
            Some(format!("the link to {} leads out of the book, where its readers cannot follow", link.path))
        } else if !kit.path(&target).is_file() {
            Some(format!("the link leads to {}, which is no file", target.display()))
        } else {
            broken_fragment(link, &target, pages)
        };
        if let Some(reason) = reason {
            findings.push(Finding::new(chapter.display(), link.line, reason));
        }
    }
}

fn broken_fragment(link: &Link, target: &Path, pages: &BTreeMap<PathBuf, Page>) -> Option<String> {
    let fragment = link.fragment.as_ref()?;
    let page = pages.get(target)?;
    if page.ids.contains(fragment) {
        return None;
    }
    Some(format!("the link leads to #{fragment}, and {} has no such heading", target.display()))
}

fn folder_of(file: &Path) -> &Path {
    file.parent().unwrap_or(Path::new(""))
}

/// What other pages need to know of a page, and what it needs of them.
#[derive(Default)]
struct Page {
    /// What a fragment can name: headings and terms of definition lists.
    ids: BTreeSet<String>,
    /// Links and pictures that are not on the web.
    links: Vec<Link>,
}

struct Link {
    line: usize,
    path: String,
    fragment: Option<String>,
}

impl Page {
    fn read(text: &str) -> Self {
        let mut page = Self::default();
        let mut heading: Option<(Option<String>, String)> = None;
        let extensions = Options::ENABLE_TABLES
            | Options::ENABLE_FOOTNOTES
            | Options::ENABLE_HEADING_ATTRIBUTES
            | Options::ENABLE_DEFINITION_LIST
            | Options::ENABLE_GFM;
        for (event, range) in Parser::new_ext(text, extensions).into_offset_iter() {
            match event {
                Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) => {
                    let line = 1 + text[..range.start].matches('\n').count();
                    page.links.extend(Link::parse(line, &dest_url));
                }
                Event::Start(Tag::Heading { id, .. }) => {
                    heading = Some((id.map(|id| id.to_string()), String::new()));
                }
                Event::Start(Tag::DefinitionListTitle) => heading = Some((None, String::new())),
                Event::Text(words) | Event::Code(words) => {
                    if let Some((_, title)) = &mut heading {
                        title.push_str(&words);
                    }
                }
                Event::End(TagEnd::Heading(_) | TagEnd::DefinitionListTitle) => {
                    if let Some((id, title)) = heading.take() {
                        page.add_id(id.unwrap_or_else(|| id_of(&title)));
                    }
                }
                _ => {}
            }
        }
        page
    }

    /// As mdBook does: the second heading of the same words gets the suffix -1.
    fn add_id(&mut self, id: String) {
        let numbered = (1..).map(|number| format!("{id}-{number}"));
        let free = std::iter::once(id.clone()).chain(numbered).find(|id| !self.ids.contains(id));
        self.ids.extend(free);
    }
}

impl Link {
    /// The link, unless it leads to the web or nowhere yet (a draft chapter).
    fn parse(line: usize, destination: &str) -> Option<Self> {
        let is_elsewhere = destination.contains("://") || destination.starts_with("mailto:");
        if is_elsewhere || destination.is_empty() {
            return None;
        }
        let (path, fragment) = match destination.split_once('#') {
            Some((path, fragment)) => (path, Some(fragment.to_owned())),
            None => (destination, None),
        };
        Some(Self { line, path: path.to_owned(), fragment })
    }
}

/// The id that mdBook gives a heading.
fn id_of(title: &str) -> String {
    let title = title.trim().to_lowercase();
    let kept = title
        .chars()
        .filter(|letter| letter.is_alphanumeric() || letter.is_whitespace() || "_-".contains(*letter));
    kept.map(|letter| if letter.is_whitespace() { '-' } else { letter }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    /// The findings for a book of these files; `code.rs` is there, too.
    fn findings(files: &[(&str, &str)]) -> Vec<String> {
        let folder = tempfile::tempdir().unwrap();
        let code =
            ("code.rs", "// ANCHOR: a\nfn a() {}\n// ANCHOR_END: a\n// ANCHOR: none\n// ANCHOR_END: none\n");
        for (path, text) in files.iter().chain([&code]) {
            let path = folder.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        fs::create_dir(folder.path().join("skeleton")).unwrap();
        let kit = Kit::open(Some(folder.path().to_owned())).unwrap();
        check(&kit).unwrap().0.iter().map(Finding::to_string).collect()
    }

    fn findings_in_chapter(text: &str) -> Vec<String> {
        findings(&[("book/src/SUMMARY.md", "# Summary\n\n- [A](a.md)\n"), ("book/src/a.md", text)])
    }

    fn finding_in_chapter(text: &str) -> String {
        let found = findings_in_chapter(text);
        assert_eq!(found.len(), 1, "{found:?}");
        found[0].clone()
    }

    /// The ids are those of a page that mdBook 0.5.4 made of these headings.
    #[test]
    fn headings_have_the_ids_that_mdbook_gives_them() {
        let text = "# A title: `code` & *more*\n\n## Twice\n\n## Twice\n\n## Named {#own}\n\n## Über \"die\" _x_ 1.2 (a/b)\n\n\
            A term, `x`\n: its meaning\n\n## 3 things -- now <b>b</b> [l](a.md)\n";
        let expected = [
            "3-things----now-b-l",
            "a-term-x",
            "a-title-code--more",
            "own",
            "twice",
            "twice-1",
            "über-die-x-12-ab",
        ];
        assert_eq!(Page::read(text).ids.into_iter().collect::<Vec<_>>(), expected);
    }

    #[test]
    fn a_sound_book_has_no_findings() {
        let chapter = "# A title: `code` & *more*\n\n## Twice\n\n## Twice\n\n## Named {#own}\n\nTerm\n: its meaning\n\n\
            [a](#a-title-code--more) [b](#twice-1) [c](a.md#own) [d](#term) [e](https://example.org/x.md)\n\n\
            ```rust\n{{#include ../../code.rs:a}}\n// [no link](nowhere.md)\n```\n{{#include ../../code.rs}}\n";
        assert_eq!(findings_in_chapter(chapter), Vec::<String>::new());
    }

    #[test]
    fn an_include_that_shows_nothing_is_found_with_its_line() {
        assert!(
            finding_in_chapter("a\n\n{{#include ../../code.rs:b}}")
                .starts_with("book/src/a.md:3: code.rs: no `ANCHOR: b`")
        );
        assert!(finding_in_chapter("{{#include ../../code.rs:none}}").contains("empty text"));
        assert!(finding_in_chapter("{{#include code.rs}}").contains("cannot be read: book/src/code.rs"));
        assert!(finding_in_chapter("{{#include ../../code.rs:1:2}}").contains("line number"));
    }

    #[test]
    fn a_link_that_leads_nowhere_is_found_with_its_line() {
        assert!(
            finding_in_chapter("a\n[b](b.md)")
                .starts_with("book/src/a.md:2: the link leads to book/src/b.md")
        );
        assert!(finding_in_chapter("# A\n\n[a](a.md#b)").contains("no such heading"));
        assert!(finding_in_chapter("# A\n\n[a](#b)").contains("no such heading"));
        assert!(finding_in_chapter("[a](../../code.rs)").contains("out of the book"));
        assert!(finding_in_chapter("![a](a.png)").contains("no file"));
    }

    #[test]
    fn a_chapter_that_summary_does_not_list_is_found() {
        let found = findings(&[("book/src/SUMMARY.md", "# Summary\n"), ("book/src/deep/a.md", "# A\n")]);
        assert_eq!(
            found,
            ["book/src/deep/a.md:1: this chapter is not in SUMMARY.md: add it there or remove it"]
        );
    }

    #[test]
    fn a_chapter_that_summary_lists_and_is_not_there_is_found() {
        let found = findings(&[("book/src/SUMMARY.md", "# Summary\n\n- [A](a.md)\n- [Draft]()\n")]);
        assert_eq!(found, ["book/src/SUMMARY.md:3: the link leads to book/src/a.md, which is no file"]);
    }
}
