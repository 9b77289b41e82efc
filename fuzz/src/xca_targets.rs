//! Decoders of compressed files: any bytes decode or are refused, the same way each time, and nothing is written behind what
//! was asked for.
use xca::{WofAlgorithm, WofLayout, WofRoom};

/// What a decoder makes of an input, with what it left of the room for the result.
fn decoded<T>(len: usize, decode: impl Fn(&mut [u8]) -> T) -> (T, Vec<u8>) {
    let mut output = vec![0xA5; len];
    let done = decode(&mut output);
    (done, output)
}

/// The length of the result, from 1, and the rest of the input.
fn sized(input: &[u8]) -> Option<(usize, &[u8])> {
    let (len, rest) = input.split_first_chunk::<2>()?;
    Some((usize::from(u16::from_le_bytes(*len)) + 1, rest))
}

/// Xpress-Huffman: the length of the result less one, then the chunk.
pub fn xpress(input: &[u8]) {
    let Some((len, chunk)) = sized(input) else { return };
    let decode = |output: &mut [u8]| xca::xpress_huffman(chunk, output);
    let first = decoded(len, decode);
    assert!(first == decoded(len, decode), "the same input decodes to the same");
    // What ends no match decodes as the beginning of the whole.
    let part = decoded(len / 2, decode);
    if let (Ok(()), Ok(())) = (first.0, part.0) {
        assert!(first.1.starts_with(&part.1), "a shorter result is its beginning");
    }
}

/// LZX: the length of the result less one, then the chunk.
pub fn lzx(input: &[u8]) {
    let Some((len, chunk)) = sized(input) else { return };
    let decode = |output: &mut [u8]| xca::lzx(chunk, output);
    let first = decoded(len, decode);
    assert!(first == decoded(len, decode), "the same input decodes to the same");
    assert!(len <= xca::LZX_CHUNK_MAX || first.0.is_err(), "no chunk is longer");
}

/// LZNT1: the room for the result less one, then the chunks.
pub fn lznt1(input: &[u8]) {
    let Some((len, chunks)) = sized(input) else { return };
    let (first, output) = decoded(len, |output| xca::lznt1(chunks, output));
    if let Ok(written) = first {
        assert!(output.iter().skip(written).all(|byte| *byte == 0), "zeros behind what was written");
        // Where there is more room, the same is written there, unless the chunks behind it are damaged.
        if written < len {
            let (again, larger) = decoded(len + 5000, |output| xca::lznt1(chunks, output));
            let same = output.iter().take(written).eq(larger.iter().take(written));
            assert!(again.is_err() || same, "room changes nothing");
        }
    }
}

/// `WofCompressedData`: which algorithm, the file's length in four bytes, an offset in four, and the stream.
pub fn wof(input: &[u8]) {
    let Some(([algorithm, numbers @ ..], stream)) = input.split_first_chunk::<9>() else { return };
    let [a, b, c, d, e, f, g, h] = *numbers;
    let data_len = u64::from(u32::from_le_bytes([a, b, c, d]));
    // The table may be one of eight-byte entries.
    let data_len = if *algorithm >= 128 { data_len + (1 << 32) } else { data_len };
    let offset = u64::from(u32::from_le_bytes([e, f, g, h]));
    let Some(algorithm) = WofAlgorithm::of_number(u32::from(algorithm % 4)) else { return };
    let Ok(layout) = WofLayout::new(algorithm, data_len, stream.len() as u64) else { return };
    let source = |at: u64, part: &mut [u8]| {
        let at = usize::try_from(at).map_err(|_| xca::Damage::Cut)?;
        let found = stream.get(at..).and_then(|rest| rest.get(..part.len()));
        part.copy_from_slice(found.ok_or(xca::Damage::Cut)?);
        Ok(())
    };
    let mut room = Box::<WofRoom>::default();
    let mut read = |offset: u64, len: usize| {
        let mut buffer = vec![0; len];
        let read: Result<usize, xca::Damage> = layout.read(offset, &mut buffer, &mut room, source);
        read.map(|read| {
            buffer.truncate(read);
            buffer
        })
    };
    let whole = read(offset, 70_000);
    if let Ok(whole) = &whole {
        assert!(whole.len() as u64 == data_len.saturating_sub(offset).min(70_000), "all that is there");
        let odd = offset + 1001;
        let part = read(odd, 3000);
        let wanted = whole.get(1001..).unwrap_or_default();
        let wanted = wanted.get(..wanted.len().min(3000)).unwrap_or_default();
        assert!(part.is_ok_and(|part| part == wanted || wanted.is_empty()), "a part is a part of the whole");
    }
}
