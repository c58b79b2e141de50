//! Words in sources that no lab needs, for an instructor to read the place. They cost no points: what they could do, the jail and the
//! judge prevent.

use super::Sources;

/// The words, and what they are for.
const SUSPECTS: [(&str, &str); 23] = [
    ("process::exit", "ends the process"),
    ("process::abort", "ends the process"),
    ("process::Command", "starts other programs"),
    ("Command::new", "starts other programs"),
    ("panic::set_hook", "changes what a panic does"),
    ("include_str!", "reads files while it is compiled"),
    ("include_bytes!", "reads files while it is compiled"),
    ("include!", "reads files while it is compiled"),
    ("env::var", "reads the environment"),
    ("current_exe", "asks for its own program"),
    ("/proc", "looks at processes"),
    ("/submission", "looks at the judge's folders"),
    ("/judge", "looks at the judge's folders"),
    ("std::os::fd", "handles descriptors"),
    ("std::fs", "reads or writes files"),
    ("os::unix::net", "opens sockets of its own"),
    ("TcpStream::connect", "opens sockets of its own"),
    ("std::net::UdpSocket", "opens sockets of its own"),
    ("macro_rules! assert", "has macros with the names of assertions"),
    ("link_section", "has code that runs before main"),
    ("no_mangle", "replaces functions of others"),
    ("global_asm!", "has assembly"),
    ("unsafe", "has unsafe code"),
];

/// The most that are told.
const FLAGS_MAX: usize = 20;

/// Where the sources have such words.
pub(super) fn flags(sources: &Sources) -> Vec<String> {
    let mut flags = vec![];
    for (path, content) in &sources.files {
        let text = String::from_utf8_lossy(content);
        for (line, number) in text.lines().zip(1..) {
            let code = line.split("//").next().unwrap_or_default();
            if let Some((word, what)) = SUSPECTS.iter().find(|(word, _)| code.contains(word)) {
                flags.push(format!(
                    "src/{}:{number} {what} (`{word}`): no lab needs that, look at it",
                    path.display()
                ));
            }
        }
    }
    flags.truncate(FLAGS_MAX);
    flags
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kit::Kit;
    use crate::submission::Submission;

    #[test]
    fn an_honest_program_has_none_and_a_comment_is_no_code() {
        let kit = Kit::open(None).unwrap();
        for base in ["skeleton", "solutions-private"] {
            let submission = Submission::open(&kit.path(base)).unwrap();
            for lab in kit.labs(base).unwrap() {
                let lab = lab.file_name().unwrap().to_string_lossy().into_owned();
                let sources = submission.sources(&lab).unwrap().unwrap_or_default();
                assert_eq!(flags(&sources), Vec::<String>::new(), "{base} {lab}");
            }
        }
        let content = b"// process::exit\nfn f() { std::process::exit(0) }\n".to_vec();
        let sources = Sources { files: vec![("lib.rs".into(), content)], remarks: vec![] };
        assert_eq!(flags(&sources).len(), 1);
        assert!(flags(&sources)[0].starts_with("src/lib.rs:2 ends the process"));
    }
}
