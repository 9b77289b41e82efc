//! The compressions that Windows keeps files in, to be read: MS-XCA, and LZX as WIM archives and the overlay filter have it.
//!
//! | to decode | call |
//! | --- | --- |
//! | what NTFS itself compressed | [`lznt1`] |
//! | XPRESS4K, XPRESS8K and XPRESS16K of `compact /exe` | [`xpress_huffman`] |
//! | LZX of `compact /exe` | [`lzx`] |
//! | the stream `WofCompressedData`, whichever of these it holds | [`WofLayout`] |
//!
//! The caller says how long the result is, by the length of the slice that it gives: nothing is allocated, and no input
//! makes a decoder panic, loop, or write elsewhere. None of the formats has a checksum. So damaged input may decode to
//! something else instead of to an error.
//!
//! No crate that is kept reads all of these: those of LZX have the framing of cabinets and patches, and those of
//! Xpress-Huffman and LZNT1 index what they read.
#![no_std]

#[cfg(test)]
extern crate std;

mod bits;
mod huffman;
mod lznt1;
mod lzx;
mod output;
mod wof;
mod xpress_huffman;

pub use lznt1::{LZNT1_CHUNK_LEN, lznt1};
pub use lzx::{LZX_CHUNK_MAX, lzx};
pub use wof::{WofAlgorithm, WofChunk, WofLayout, WofRoom};
pub use xpress_huffman::{XPRESS_CHUNK_MAX, xpress_huffman};

use core::fmt;

/// What is wrong with compressed bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Damage {
    /// They end before the whole result is known.
    Cut,
    /// The lengths of a Huffman code belong to no code.
    Code,
    /// A bit pattern that the code does not have.
    Symbol,
    /// A match that begins before the result does.
    Offset,
    /// A match, a literal or a block that reaches past the end of the result.
    TooLong,
    /// A header that none of this format has.
    Header,
    /// A result that is longer than the format can say.
    Unsupported,
    /// A table of chunks whose offsets do not ascend, or lead outside.
    Table,
}

impl Damage {
    /// In words.
    pub fn words(self) -> &'static str {
        match self {
            Damage::Cut => "the compressed data ends too early",
            Damage::Code => "the compressed data has an impossible Huffman code",
            Damage::Symbol => "the compressed data has bits that its Huffman code does not know",
            Damage::Offset => "the compressed data refers to what lies before it",
            Damage::TooLong => "the compressed data gives more than it should",
            Damage::Header => "the compressed data has an impossible header",
            Damage::Unsupported => "the compressed data is in larger pieces than are known",
            Damage::Table => "the table of compressed chunks contradicts itself",
        }
    }
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.words())
    }
}

impl core::error::Error for Damage {}
