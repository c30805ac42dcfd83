//! How deep brackets nest in a text that is not parsed yet, how many names it has, and how long.

/// What can be told of a text before it is parsed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Shape {
    /// The deepest nesting of brackets.
    pub nesting: usize,
    /// Names outside parentheses: of fields, aliases, fragments, types and directives.
    pub names: usize,
    /// The longest of them, in bytes.
    pub longest_name: usize,
}

/// The shape of what is outside strings and comments. Where the text is not GraphQL it may be
/// wrong, but only beyond the point where the parser stops.
pub fn shape(text: &[u8]) -> Shape {
    let (mut shape, mut depth, mut parentheses, mut at) = (Shape::default(), 0_usize, 0_usize, 0);
    while let Some(&byte) = text.get(at) {
        at += match byte {
            b'"' => string_length(&text[at..]),
            b'#' => text[at..].iter().take_while(|b| !matches!(b, b'\n' | b'\r')).count(),
            b'{' | b'[' | b'(' => {
                depth += 1;
                parentheses += usize::from(byte == b'(');
                shape.nesting = shape.nesting.max(depth);
                1
            }
            b'}' | b']' | b')' => {
                depth = depth.saturating_sub(1);
                parentheses = parentheses.saturating_sub(usize::from(byte == b')'));
                1
            }
            _ if is_name(byte) => {
                let length = text[at..].iter().take_while(|byte| is_name(**byte)).count();
                if parentheses == 0 {
                    shape.names += 1;
                    shape.longest_name = shape.longest_name.max(length);
                }
                length
            }
            _ => 1,
        };
    }
    shape
}

fn is_name(byte: u8) -> bool {
    byte == b'_' || byte.is_ascii_alphanumeric()
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
