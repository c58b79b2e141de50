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

/// `text` in at most `max` characters: its beginning and its end, when it has more, cut between words where there are some.
#[must_use]
pub fn middle(text: &str, max: usize) -> String {
    let count = text.chars().count();
    if count <= max {
        return text.into();
    }
    let kept = max.saturating_sub(GAP.chars().count());
    let tail = kept / 3;
    let at = |character: usize| text.char_indices().nth(character).map_or(text.len(), |(byte, _)| byte);
    let (start, end) = (&text[..at(kept - tail)], &text[at(count - tail)..]);
    let word = |space: Option<usize>, long: usize| space.filter(|it| it.abs_diff(long) <= MAX_WORD);
    let start = &start[..word(start.rfind(' '), start.len()).unwrap_or(start.len())];
    let end = &end[word(end.find(' '), 0).map_or(0, |space| space + 1)..];
    format!("{start}{GAP}{end}")
}

/// The longest rest of a word that is left out because it is not whole, in bytes.
const MAX_WORD: usize = 12;

/// What stands for the middle of a text.
const GAP: &str = " … ";

/// `text` broken into lines of at most `width` characters, at spaces where it has them, each behind `indent`.
#[must_use]
pub fn wrap(text: &str, width: usize, indent: &str) -> Vec<String> {
    let mut lines = vec![];
    let mut rest = text.trim();
    while !rest.is_empty() {
        let end = line_end(rest, width.max(1));
        lines.push(format!("{indent}{}", rest[..end].trim_end()));
        rest = rest[end..].trim_start();
    }
    lines
}

/// Where the first line of `text` ends, in bytes.
fn line_end(text: &str, width: usize) -> usize {
    let Some((too_far, _)) = text.char_indices().nth(width) else { return text.len() };
    // The space at which it is broken may stand behind the line.
    let behind = text[too_far..].chars().next().map_or(too_far, |next| too_far + next.len_utf8());
    text[..behind].rfind(char::is_whitespace).filter(|space| *space > 0).unwrap_or(too_far)
}

/// `text` in at most `lines` lines of this width, without its middle when it is longer.
#[must_use]
pub fn wrap_at_most(text: &str, width: usize, indent: &str, lines: usize) -> Vec<String> {
    let mut max = width * lines;
    loop {
        let wrapped = wrap(&middle(text, max), width, indent);
        if wrapped.len() <= lines || max <= width / 2 {
            return wrapped;
        }
        max -= (width / 16).max(1);
    }
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
        assert_eq!(wrap("one two  three", 8, ""), ["one two", "three"]);
        assert_eq!(wrap("a word: ääääääääää b", 8, ""), ["a word:", "ääääääää", "ää b"]);
        assert!(wrap("  ", 8, "").is_empty());
    }

    #[test]
    fn a_long_text_keeps_its_beginning_and_its_end() {
        assert_eq!(middle("abcdefghijkl", 9), "abcd … kl");
        assert_eq!(middle("abc", 9), "abc");
        assert_eq!(middle("sends one, says two, sends three", 26), "sends one, says … three");
        let text: String = (0..100).map(|n| format!("word{n} ")).collect();
        let lines = wrap_at_most(text.trim(), 32, "", 3);
        assert_eq!(lines.len(), 3);
        assert!(lines[0].starts_with("word0 ") && lines[2].ends_with("word99"), "{lines:?}");
        assert_eq!(wrap_at_most("short", 32, "", 3), ["short"]);
    }
}
