//! `pointsman explain`: every field of a reparse point, and what Windows would say of it at SET.
use crate::args::PlaceArgs;
use crate::exit::Exit;
use crate::fault::Fault;
use crate::output::Output;
use crate::point::build::read_input;
use crate::point::{describe, hex};
use crate::volume::Volumes;
use clap::{ArgGroup, Args};
use nt::NtStatus;
use reparse::{Field, GUID_HEADER_LEN, HEADER_LEN, RawReparse, ReparsePoint, SetError, fields, verdict};
use serde_json::json;
use std::path::PathBuf;

/// Say what the bytes of a reparse point mean, and whether Windows would take them
///
/// Reads a whole buffer (header and data) from a file, from stdin, as hexadecimal, or the one that a file carries. The
/// exit code is 0 when FSCTL_SET_REPARSE_POINT would take the bytes and 1 when it would not.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES, group = ArgGroup::new("input").required(true).multiple(false))]
pub(crate) struct ExplainArgs {
    /// A file that holds the bytes; - is stdin
    #[arg(value_name = "FILE", group = "input")]
    file: Option<PathBuf>,
    /// The bytes in hexadecimal; spaces are allowed
    #[arg(long, value_name = "HEX", group = "input")]
    hex: Option<String>,
    /// A file or directory that carries the reparse point
    #[arg(long, value_name = "PATH", group = "input")]
    path: Option<PathBuf>,
    /// One JSON object instead of text
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    place: PlaceArgs,
}

const EXAMPLES: &str = r#"Examples:
  $ pointsman set --create dir --junction 'C:\Tools' tools
  $ pointsman explain --path tools
  $ pointsman get --raw tools > tools.bin
  $ pointsman explain tools.bin
  $ pointsman explain --hex '24000080 0000 0000'
  $ pointsman get --raw tools | pointsman explain --json -"#;

pub(crate) fn run(args: &ExplainArgs, out: &mut Output) -> Result<Exit, Fault> {
    let bytes = if let Some(text) = &args.hex {
        hex::decode(text).map_err(|error| Fault::input("read --hex", error))?
    } else if let Some(path) = &args.path {
        let mut volumes = Volumes::new(&args.place)?;
        let found = volumes.object(path).and_then(|object| object.get()).map_err(|fault| fault.at(path))?;
        found.point.into_bytes()
    } else {
        read_input(args.file.as_deref().unwrap_or("-".as_ref()))?
    };
    let verdict = verdict(&bytes);
    if args.json {
        out.json(&in_json(&bytes, verdict));
    } else {
        in_text(&bytes, verdict, out);
    }
    Ok(if verdict.is_ok() { Exit::Ok } else { Exit::Some })
}

fn in_text(bytes: &[u8], verdict: Result<(), SetError>, out: &mut Output) {
    match RawReparse::decode(bytes) {
        Ok((raw, mut odd)) => {
            let (point, in_data) = ReparsePoint::from_raw(&raw);
            odd.extend(in_data);
            out.line(format_args!("{}: {} bytes", describe::kind(&point), bytes.len()));
            table(&fields(&raw), out);
            for oddity in odd {
                out.line(format_args!("odd: {oddity}"));
            }
        }
        Err(error) => out.line(format_args!("not a reparse point: {error}")),
    }
    match verdict {
        Ok(()) => out.line("Windows at SET: STATUS_SUCCESS, as far as the bytes go"),
        Err(error) => {
            out.line(format_args!("Windows at SET: refuses with {}", status_text(error.status())));
            out.line(format_args!("  because {error}"));
            if let Some(step) = next_step(&error, bytes) {
                out.line(format_args!("  next: {step}"));
            }
        }
    }
}

/// The widest value that has its meaning beside it; after a wider one it follows on a line of its own.
const VALUE_WIDTH_MAX: usize = 24;

fn table(fields: &[Field], out: &mut Output) {
    let width_of = |width: fn(&Field) -> usize| fields.iter().map(width).max().unwrap_or(0);
    let name_width = width_of(|field| field.name.len());
    let value_width = width_of(|field| match field.value.chars().count() {
        wide if wide > VALUE_WIDTH_MAX => 0,
        width => width,
    });
    out.line(format_args!("offset length  {:<name_width$}  {:<value_width$}  meaning", "field", "value"));
    for Field { name, offset, len, value, note } in fields {
        let start = format!("{offset:>6} {len:>6}  {name:<name_width$}  ");
        match note {
            None => out.line(format_args!("{start}{value}")),
            Some(note) if value.chars().count() <= value_width => {
                out.line(format_args!("{start}{value:<value_width$}  {note}"));
            }
            Some(note) => {
                out.line(format_args!("{start}{value}"));
                out.line(format_args!("{:1$}{note}", "", start.len()));
            }
        }
    }
}

fn in_json(bytes: &[u8], verdict: Result<(), SetError>) -> serde_json::Value {
    let (point, odd, fields) = match RawReparse::decode(bytes) {
        Ok((raw, mut odd)) => {
            let (point, in_data) = ReparsePoint::from_raw(&raw);
            odd.extend(in_data);
            let fields = fields(&raw)
                .into_iter()
                .map(|f| json!({ "name": f.name, "offset": f.offset, "len": f.len, "value": f.value, "note": f.note }))
                .collect();
            (Some(point), odd.iter().map(ToString::to_string).collect(), fields)
        }
        Err(error) => (None, vec![error.to_string()], Vec::new()),
    };
    let status = verdict.as_ref().err().map_or(NtStatus::SUCCESS, SetError::status);
    let said = match &verdict {
        Ok(()) => {
            json!({ "accepted": true, "status": status.name(), "status_code": format!("0x{:08X}", status.0) })
        }
        Err(error) => json!({
            "accepted": false,
            "status": status.name(),
            "status_code": format!("0x{:08X}", status.0),
            "win32": status.win32().and_then(nt::Win32Error::name),
            "win32_code": status.win32().map(|win32| win32.0),
            "field": error.what,
            "offset": error.offset,
            "reason": error.to_string(),
            "next": next_step(error, bytes),
        }),
    };
    json!({ "len": bytes.len(), "point": point, "fields": fields, "odd": odd, "set": said })
}

fn status_text(status: NtStatus) -> String {
    match status.win32() {
        Some(win32) => format!("{status}, Win32 {win32}"),
        None => status.to_string(),
    }
}

/// What would make the bytes acceptable.
pub(crate) fn next_step(error: &SetError, bytes: &[u8]) -> Option<String> {
    use reparse::Fault as Rule;
    Some(match error.fault {
        Rule::Empty | Rule::TooShort => "give the whole buffer: the header of 8 bytes (24 with a GUID), then the data".into(),
        Rule::TooLong => "16384 bytes are the most, header included: shorten the data".into(),
        Rule::LengthMismatch => length_advice(bytes),
        Rule::GuidMissing => {
            "add the owner's GUID after the first 8 bytes, or set bit 31 of the tag if it is Microsoft's".into()
        }
        Rule::GuidNil => "put the owner's GUID at bytes 8 to 23".into(),
        Rule::GuidRefused => "take out the 16 bytes of the GUID".into(),
        Rule::TagInvalid => "use a tag above 1 with bits 27 to 16 clear".into(),
        Rule::DataShort | Rule::NameOutside | Rule::NameUneven => {
            "check the four numbers from byte 8 on: offsets count from the end of the fixed part, all are bytes and even".into()
        }
        Rule::NameEmpty => "give both a substitute name and a print name".into(),
        Rule::Layout => {
            "write the substitute name at offset 0, a NUL, the print name, a NUL; `pointsman set --junction` does".into()
        }
        _ => return None,
    })
}

/// Which length the header should speak of, or how many bytes are missing.
fn length_advice(bytes: &[u8]) -> String {
    let said = bytes
        .get(4..6)
        .and_then(|two| two.first_chunk())
        .map_or(0, |two| usize::from(u16::from_le_bytes(*two)));
    let is_third_party = bytes.get(3).is_some_and(|top| top & 0x80 == 0);
    let header = if is_third_party { GUID_HEADER_LEN } else { HEADER_LEN };
    let there = bytes.len().saturating_sub(header);
    let by = there.abs_diff(said);
    let bytes_are = if by == 1 { "byte is" } else { "bytes are" };
    let what = match there < said {
        true => format!("{by} {bytes_are} missing at the end"),
        false => format!("{by} {bytes_are} too many"),
    };
    format!("{what}; or else ReparseDataLength (bytes 4 and 5) should be {there}, not {said}")
}
