//! Bytes as hexadecimal text.
use alloc::string::String;
#[cfg(feature = "serde")]
use alloc::vec::Vec;
use core::fmt::Write;

/// Two lower-case digits a byte.
pub(crate) fn encode(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        let _ = write!(text, "{byte:02x}"); // a String takes everything
    }
    text
}

/// The bytes of a text of digits, in either case; `None` for an odd count or anything that is not a digit.
#[cfg(feature = "serde")]
pub(crate) fn decode(text: &str) -> Option<Vec<u8>> {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let (pairs, half) = text.as_bytes().as_chunks::<2>();
    if !half.is_empty() {
        return None;
    }
    pairs.iter().map(|[high, low]| Some(digit(*high)? << 4 | digit(*low)?)).collect()
}
