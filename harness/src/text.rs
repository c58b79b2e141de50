//! Text for terminals and reports: what comes from student code is shown on one line, cut, and without control characters.

/// `text` as one printable line of at most `max` characters.
#[must_use]
pub fn line(text: &str, max: usize) -> String {
    let mut shown = String::new();
    for (count, character) in text.chars().enumerate() {
        if count == max {
            shown.push('…');
            break;
        }
        shown.push(match character {
            '\n' | '\t' | '\r' => ' ',
            hidden if hidden.is_control() || is_direction_mark(hidden) => '\u{fffd}',
            plain => plain,
        });
    }
    shown
}

/// Characters that turn the direction of the text around them, which can make a report say something else.
fn is_direction_mark(character: char) -> bool {
    matches!(character, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Bytes as a reader wants them: quoted when they are text, else in hexadecimal; at most `max` characters.
#[must_use]
pub fn bytes(bytes: &[u8], max: usize) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) if !text.chars().any(char::is_control) => {
            if text.chars().count() <= max {
                format!("\"{text}\"")
            } else {
                let start: String = text.chars().take(max).collect();
                format!("\"{start}…\" ({} bytes)", bytes.len())
            }
        }
        _ => {
            let shown = &bytes[..bytes.len().min(max / 2)];
            let hex: String = shown.iter().map(|byte| format!("{byte:02x}")).collect();
            if shown.len() == bytes.len() { hex } else { format!("{hex}… ({} bytes)", bytes.len()) }
        }
    }
}

/// `text` broken into lines of at most `width` characters at spaces, each behind `indent`.
#[must_use]
pub fn wrap(text: &str, width: usize, indent: &str) -> Vec<String> {
    let mut lines = vec![];
    let mut current = String::new();
    for word in text.split_whitespace() {
        if !current.is_empty() && current.chars().count() + 1 + word.chars().count() > width {
            lines.push(format!("{indent}{current}"));
            current.clear();
        }
        if !current.is_empty() {
            current.push(' ');
        }
        current.push_str(word);
    }
    if !current.is_empty() {
        lines.push(format!("{indent}{current}"));
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_and_direction_marks_never_reach_a_terminal() {
        assert_eq!(line("a\x1b[31mb\nc\u{202e}d", 80), "a\u{fffd}[31mb c\u{fffd}d");
        assert_eq!(line("abcdef", 3), "abc…");
    }

    #[test]
    fn bytes_are_text_when_they_can_be() {
        assert_eq!(bytes(b"hello", 20), "\"hello\"");
        assert_eq!(bytes(&[0, 255], 20), "00ff");
        assert_eq!(bytes(b"hello world", 5), "\"hello…\" (11 bytes)");
        assert_eq!(bytes(&[0; 9], 8), "00000000… (9 bytes)");
    }

    #[test]
    fn wrapping_keeps_every_word() {
        assert_eq!(wrap("one two three", 7, "  "), ["  one two", "  three"]);
    }
}
