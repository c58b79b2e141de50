//! What is handed out: of the kit what is on this list and nothing else.

use super::Tree;
use crate::kit::{Kit, with_path};
use sha2::{Digest as _, Sha256};
use std::fmt::Write as _;
use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

/// Folders and files that are handed out as they are.
const GIVEN: &[&str] = &[
    ".cargo/config.toml",
    ".config/nextest.toml",
    ".gitignore",
    "LICENSE-APACHE",
    "LICENSE-MIT",
    "book/book.toml",
    "book/faultline.css",
    "book/shuffle.py",
    "book/src",
    "book/wire.py",
    "book/words.py",
    "clippy.toml",
    "harness/Cargo.toml",
    "harness/benches",
    "harness/examples",
    "harness/src",
    "labs",
    "rust-toolchain.toml",
    "rustfmt.toml",
    "scripts/env.sh",
    "scripts/lab",
    "scripts/setup",
    "scripts/tools-requirements.txt",
];

/// Files that are handed out with something left out: what, exactly once.
const CUT: &[(&str, &str, &str)] = &[
    ("Cargo.toml", "exclude = [\"solutions-private\", \"target\"]", "exclude = [\"target\"]"),
    ("book/src/SUMMARY.md", "- [For instructors](instructor.md)\n", ""),
];

/// Of what is given this is not: what is for instructors, and toys, which are small protocols, with the tests that run them.
const WITHHELD: &[&str] =
    &["book/src/instructor.md", "harness/examples/pictures.rs", "harness/src/bin", "scripts/lab/tests"];

/// The text that stands at the top.
const README: &str = "scripts/instructor/handout/README.md";

/// The list of all files with their checksums, as `sha256sum` writes it. With it an upgrade knows what a student has changed.
pub(super) const LIST: &str = ".handout";

/// A file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Content {
    pub(super) bytes: Vec<u8>,
    pub(super) is_executable: bool,
}

/// The hand-out, but for `Cargo.lock` and the list.
pub(super) fn collect(kit: &Kit) -> io::Result<Tree> {
    let mut tree = Tree::new();
    let mut wanted: Vec<PathBuf> = vec!["Cargo.toml".into()];
    for given in GIVEN {
        if kit.path(given).is_dir() {
            wanted.extend(kit.files(given)?);
        } else {
            wanted.push(given.into());
        }
    }
    for lab in kit.labs("skeleton")? {
        wanted.extend(kit.files(lab)?);
    }
    wanted.retain(|path| !WITHHELD.iter().any(|withheld| path.starts_with(withheld)));
    for path in wanted {
        let content = read(kit, &path)?;
        tree.insert(path, content);
    }
    tree.insert("README.md".into(), read(kit, Path::new(README))?);
    for (file, what, instead) in CUT {
        cut(&mut tree, file, what, instead)?;
    }
    Ok(tree)
}

fn read(kit: &Kit, path: &Path) -> io::Result<Content> {
    let named = |error: io::Error| with_path(path, &error);
    let whole = kit.path(path);
    let mode = fs::metadata(&whole).map_err(named)?.permissions().mode();
    Ok(Content { bytes: fs::read(&whole).map_err(named)?, is_executable: mode & 0o100 != 0 })
}

/// Replaces what stands in a file exactly once.
fn cut(tree: &mut Tree, file: &str, what: &str, instead: &str) -> io::Result<()> {
    let wrong = |why: &str| io::Error::new(io::ErrorKind::InvalidData, format!("{file}: {why}: {what:?}"));
    let content = tree.get_mut(Path::new(file)).ok_or_else(|| wrong("it is not handed out, but changed"))?;
    let text = std::str::from_utf8(&content.bytes).map_err(|_| wrong("it is no text"))?;
    if text.matches(what).count() != 1 {
        return Err(wrong("this is not there just once, so it cannot be left out"));
    }
    content.bytes = text.replace(what, instead).into_bytes();
    Ok(())
}

/// Puts the list of all files into it.
pub(super) fn sign(tree: &mut Tree) {
    let mut list = String::new();
    for (path, content) in tree.iter().filter(|(path, _)| *path != Path::new(LIST)) {
        for byte in Sha256::digest(&content.bytes) {
            let _ = write!(list, "{byte:02x}");
        }
        let _ = writeln!(list, "  {}", path.display());
    }
    tree.insert(LIST.into(), Content { bytes: list.into_bytes(), is_executable: false });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_out_must_be_there_once() {
        let content = |text: &str| Content { bytes: text.into(), is_executable: false };
        let mut tree = Tree::from([("a".into(), content("one two one"))]);
        cut(&mut tree, "a", "two ", "").unwrap();
        assert_eq!(tree[Path::new("a")].bytes, b"one one");
        let error = |tree: &mut Tree, file, what| cut(tree, file, what, "").unwrap_err().to_string();
        assert!(error(&mut tree, "a", "one").contains("a: this is not there just once"));
        assert!(error(&mut tree, "b", "one").contains("b: it is not handed out"));
    }

    #[test]
    fn the_list_is_one_that_sha256sum_reads() {
        let mut tree = Tree::from([("a/b".into(), Content { bytes: b"abc".to_vec(), is_executable: false })]);
        sign(&mut tree);
        sign(&mut tree);
        let list = String::from_utf8(tree[Path::new(LIST)].bytes.clone()).unwrap();
        assert_eq!(list, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad  a/b\n");
    }
}
