//! Mapping pairs: where the clusters of a non-resident attribute lie.
use crate::fields::Fault;

/// Clusters one after another.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Run {
    /// The first in the attribute.
    pub(crate) vcn: u64,
    /// How many.
    pub(crate) len: u64,
    /// The first on the volume; `None` is a hole, which reads as zeroes.
    pub(crate) lcn: Option<u64>,
}

/// The most runs that one attribute may have; a volume of 2^32 clusters in runs of 4 KiB metadata is far below.
pub(crate) const RUNS_MAX: usize = 1 << 20;

/// Decodes the pairs of one attribute record whose first cluster is `vcn`; every cluster must lie below `clusters`.
pub(crate) fn decode(mut pairs: &[u8], mut vcn: u64, clusters: u64) -> Result<Vec<Run>, Fault> {
    let mut runs = Vec::new();
    let mut lcn: i64 = 0;
    loop {
        let (header, rest) = pairs.split_first().ok_or(Fault("mapping pairs without an end"))?;
        if *header == 0 {
            return Ok(runs);
        }
        let (length_len, offset_len) = (usize::from(header & 0x0F), usize::from(header >> 4));
        let short = Fault("mapping pairs reach past their attribute");
        let (length, rest) = rest.split_at_checked(length_len).ok_or(short)?;
        let (offset, rest) = rest.split_at_checked(offset_len).ok_or(short)?;
        pairs = rest;
        let len = signed(length)?;
        let len = u64::try_from(len).ok().filter(|len| *len > 0).ok_or(Fault("a run without a length"))?;
        let start = if offset.is_empty() {
            None
        } else {
            lcn = lcn.checked_add(signed(offset)?).ok_or(Fault("a run before the volume"))?;
            let start = u64::try_from(lcn).map_err(|_| Fault("a run before the volume"))?;
            start.checked_add(len).filter(|end| *end <= clusters).ok_or(Fault("a run past the volume"))?;
            Some(start)
        };
        runs.push(Run { vcn, len, lcn: start });
        vcn = vcn.checked_add(len).filter(|vcn| *vcn <= 1 << 52).ok_or(Fault("runs beyond any file"))?;
        if runs.len() > RUNS_MAX {
            return Err(Fault("more runs than any attribute has"));
        }
    }
}

/// Encodes runs; those that touch are written as one.
pub(crate) fn encode(runs: &[Run]) -> Vec<u8> {
    encode_within(runs, usize::MAX).0
}

/// Encodes as many of the runs as a number of bytes holds, the mark at the end among them; and those that are left.
pub(crate) fn encode_within(runs: &[Run], room: usize) -> (Vec<u8>, Vec<Run>) {
    let mut out = Vec::new();
    let mut previous: i64 = 0;
    let mut left = joined(runs);
    let mut taken = 0;
    for run in &left {
        let length = shortest(i64::try_from(run.len).unwrap_or(i64::MAX));
        let lcn = run.lcn.map(|lcn| i64::try_from(lcn).unwrap_or(i64::MAX));
        let offset = lcn.map_or_else(Vec::new, |lcn| shortest(lcn - previous));
        if out.len() + 1 + length.len() + offset.len() >= room {
            break;
        }
        previous = lcn.unwrap_or(previous);
        let nibble = |len: usize| u8::try_from(len).unwrap_or(8);
        out.push(nibble(length.len()) | nibble(offset.len()) << 4);
        out.extend_from_slice(&length);
        out.extend_from_slice(&offset);
        taken += 1;
    }
    out.push(0);
    (out, left.split_off(taken))
}

fn joined(runs: &[Run]) -> Vec<Run> {
    let mut out: Vec<Run> = Vec::with_capacity(runs.len());
    for run in runs {
        match out.last_mut() {
            Some(last) if last.lcn.map(|lcn| lcn + last.len) == run.lcn && run.lcn.is_some() => {
                last.len += run.len;
            }
            Some(last) if last.lcn.is_none() && run.lcn.is_none() => last.len += run.len,
            _ => out.push(*run),
        }
    }
    out
}

/// A signed number in as few bytes as hold it.
fn shortest(value: i64) -> Vec<u8> {
    let bytes = value.to_le_bytes();
    for len in 1..8u32 {
        let shift = 64 - 8 * len;
        if value << shift >> shift == value {
            return bytes.iter().copied().take(usize::try_from(len).unwrap_or(8)).collect();
        }
    }
    bytes.to_vec()
}

fn signed(bytes: &[u8]) -> Result<i64, Fault> {
    let negative = bytes.last().is_some_and(|byte| byte & 0x80 != 0);
    let mut whole = if negative { [0xFF; 8] } else { [0; 8] };
    let place = whole.get_mut(..bytes.len()).ok_or(Fault("a number of more than eight bytes"))?;
    place.copy_from_slice(bytes);
    Ok(i64::from_le_bytes(whole))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of flatcap.github.io/linux-ntfs, concepts/data_runs: a fragmented and a sparse file.
    #[test]
    fn the_documented_examples_decode() {
        let fragmented = [
            0x31, 0x38, 0x73, 0x25, 0x34, 0x32, 0x14, 0x01, 0xE5, 0x11, 0x02, 0x31, 0x42, 0xAA, 0x00, 0x03, 0,
        ];
        let runs = decode(&fragmented, 0, 1 << 30).unwrap();
        let pairs: Vec<_> = runs.iter().map(|run| (run.len, run.lcn.unwrap())).collect();
        assert_eq!(pairs, [(0x38, 0x342573), (0x114, 0x363758), (0x42, 0x393802)]);
        let sparse = [0x11, 0x30, 0x20, 0x01, 0x60, 0x11, 0x10, 0x30, 0];
        let runs = decode(&sparse, 0, 1 << 30).unwrap();
        let pairs: Vec<_> = runs.iter().map(|run| (run.vcn, run.len, run.lcn)).collect();
        assert_eq!(pairs, [(0, 0x30, Some(0x20)), (0x30, 0x60, None), (0x90, 0x10, Some(0x50))]);
    }

    #[test]
    fn what_is_encoded_decodes_to_the_same() {
        let runs = [
            Run { vcn: 0, len: 1, lcn: Some(0x80) },
            Run { vcn: 1, len: 0x8000, lcn: None },
            Run { vcn: 0x8001, len: 0x7F, lcn: Some(5) },
            Run { vcn: 0x8080, len: 300, lcn: Some(0x1234_5678) },
        ];
        assert_eq!(decode(&encode(&runs), 0, 1 << 40).unwrap(), runs);
    }

    /// Whatever the room, nothing is lost and nothing is longer; what is left begins anew, as another record has it.
    #[test]
    fn runs_that_do_not_fit_are_left_for_another_record() {
        let runs: Vec<Run> =
            (0..50u64).map(|n| Run { vcn: n, len: 1, lcn: Some(1000 + n * 37 % 50 * 400) }).collect();
        for room in 2..200 {
            let (pairs, left) = encode_within(&runs, room);
            assert!(pairs.len() <= room);
            let mut whole = decode(&pairs, 0, 1 << 30).unwrap();
            let vcn = whole.last().map_or(0, |run| run.vcn + run.len);
            whole.extend(decode(&encode(&left), vcn, 1 << 30).unwrap());
            assert_eq!(whole, runs, "{room}");
        }
    }

    #[test]
    fn a_run_past_the_volume_is_an_error() {
        assert!(decode(&[0x11, 0x02, 0x08, 0], 0, 9).is_err());
        assert!(decode(&[0x11, 0x02, 0x08, 0], 0, 10).is_ok());
        assert!(decode(&[0x11, 0x02, 0xF8, 0], 0, 10).is_err(), "before the volume");
        assert!(decode(&[0x11, 0x02], 0, 10).is_err(), "cut");
    }
}
