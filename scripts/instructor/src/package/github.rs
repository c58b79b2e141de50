//! A workflow for GitHub Actions, in the instructor's own repository. (What runs in a student's repository the student can change.)

use super::as_options;
use crate::kit::Kit;
use std::io;

const TEMPLATE: &str = "scripts/instructor/package/class.yml";

/// The workflow's file.
pub(super) fn workflow(kit: &Kit, labs: &[&str], shards: u16) -> io::Result<String> {
    let list: Vec<_> = (1..=shards).map(|number| number.to_string()).collect();
    let template = kit.read(TEMPLATE)?;
    let labs = if labs.is_empty() { String::new() } else { format!(" {}", as_options(labs)) };
    let text = template.replace("@shards@", &list.join(", ")).replace("@count@", &shards.to_string());
    Ok(text.replace(" @labs@", &labs))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_that_is_to_be_filled_in_is() {
        let kit = Kit::open(None).unwrap();
        let text = workflow(&kit, &["lab1-datagram", "lab2-reliable"], 3).unwrap();
        for line in [
            "        shard: [1, 2, 3]",
            "          SHARD: ${{ matrix.shard }}/3",
            r#"--out "$RUNNER_TEMP/class" --lab lab1-datagram --lab lab2-reliable"#,
        ] {
            assert!(text.contains(line), "{line}: {text}");
        }
        let text = workflow(&kit, &[], 1).unwrap();
        assert!(
            text.contains("--out \"$RUNNER_TEMP/class\"\n")
                && !text.contains("@labs")
                && !text.contains("@shards")
                && !text.contains("@count"),
            "{text}"
        );
    }
}
