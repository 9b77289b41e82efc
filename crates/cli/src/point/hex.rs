//! Hexadecimal, both ways.
use std::fmt;
use std::fmt::Write;

/// Why a text is not hexadecimal.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum HexError {
    /// A character that is no digit.
    Digit { at: usize, found: char },
    /// Half a byte is left over.
    Odd,
}

/// Bytes from digits in either case. White space, `:`, `-` and `,` between bytes, and `0x` before one, are let pass.
pub(crate) fn decode(text: &str) -> Result<Vec<u8>, HexError> {
    let mut bytes = Vec::with_capacity(text.len() / 2);
    let mut high: Option<u8> = None;
    let mut chars = text.chars().enumerate().peekable();
    while let Some((at, c)) = chars.next() {
        if high.is_none() {
            let prefix = c == '0' && chars.peek().is_some_and(|(_, next)| matches!(next, 'x' | 'X'));
            if prefix {
                chars.next();
                continue;
            }
            if c.is_whitespace() || matches!(c, ':' | '-' | ',') {
                continue;
            }
        }
        let digit = c.to_digit(16).and_then(|digit| u8::try_from(digit).ok());
        let digit = digit.ok_or(HexError::Digit { at, found: c })?;
        match high.take() {
            None => high = Some(digit),
            Some(high) => bytes.push(high << 4 | digit),
        }
    }
    if high.is_some() { Err(HexError::Odd) } else { Ok(bytes) }
}

/// Digits in lower case.
pub(crate) fn encode(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        let _ = write!(text, "{byte:02x}"); // a String takes all
    }
    text
}

impl fmt::Display for HexError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            HexError::Digit { at, found } => write!(f, "{found:?} at character {at} is no hexadecimal digit"),
            HexError::Odd => f.write_str("half a byte is left over"),
        }
    }
}

impl std::error::Error for HexError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_hex_dumps_write_is_read() {
        for text in ["0c0000a0", "0C 00 00 A0", "0c:00:00:a0\n", "0x0c, 0x00, 0x00, 0xa0", "0x0c0000a0"] {
            assert_eq!(decode(text), Ok(vec![0x0c, 0, 0, 0xa0]), "{text}");
        }
        assert_eq!(decode(""), Ok(vec![]));
        assert_eq!(encode(&[0x0c, 0xa0]), "0ca0");
    }

    #[test]
    fn what_is_not_hexadecimal_is_told_where() {
        assert_eq!(decode("0c0g"), Err(HexError::Digit { at: 3, found: 'g' }));
        assert_eq!(decode("0c0"), Err(HexError::Odd));
        assert_eq!(decode("0 c"), Err(HexError::Digit { at: 1, found: ' ' }));
    }
}
