//! How deep brackets nest in a text that is not parsed yet.

/// The deepest nesting of brackets outside strings and comments. Where the text is not
/// GraphQL it may be wrong, but only beyond the point where the parser stops.
pub fn nesting(text: &[u8]) -> usize {
    let (mut depth, mut deepest, mut at) = (0_usize, 0, 0);
    while let Some(&byte) = text.get(at) {
        at += match byte {
            b'"' => string_length(&text[at..]),
            b'#' => text[at..].iter().take_while(|b| !matches!(b, b'\n' | b'\r')).count(),
            b'{' | b'[' | b'(' => {
                depth += 1;
                deepest = deepest.max(depth);
                1
            }
            b'}' | b']' | b')' => {
                depth = depth.saturating_sub(1);
                1
            }
            _ => 1,
        };
    }
    deepest
}

/// How long the string is that `text` starts with, quotes included.
fn string_length(text: &[u8]) -> usize {
    let block = text.starts_with(b"\"\"\"");
    let (quote, escape): (&[u8], &[u8]) =
        if block { (b"\"\"\"", b"\\\"\"\"") } else { (b"\"", b"\\") };
    let mut at = quote.len();
    while at < text.len() {
        let rest = &text[at..];
        if rest.starts_with(quote) {
            return at + quote.len();
        }
        if !block && matches!(rest[0], b'\n' | b'\r') {
            return at;
        }
        // In a plain string a backslash takes the next byte along, whatever it is.
        at += match rest.starts_with(escape) {
            true if block => escape.len(),
            true => 2,
            false => 1,
        };
    }
    text.len()
}
