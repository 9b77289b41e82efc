//! [MS-SMB2] 2.2.37 and 2.2.38: QUERY_INFO.
use crate::error::DecodeError;
use crate::file_id::FileId;
use crate::header::HEADER_LEN;
use crate::reader::Reader;
use crate::writer::Writer;

nt::named_numbers! {
    /// What the information is about. [MS-SMB2] 2.2.37
    InfoType(u8), prefix "SMB2_0_INFO_" {
        FILE = 0x01;
        FILESYSTEM = 0x02;
        SECURITY = 0x03;
        QUOTA = 0x04;
    }
}
nt::named_debug!(InfoType);

nt::named_numbers! {
    /// Parts of a security descriptor. [MS-SMB2] 2.2.37
    SecurityInformation(u32), prefix "" {
        OWNER = 0x0000_0001 => "OWNER_SECURITY_INFORMATION";
        GROUP = 0x0000_0002 => "GROUP_SECURITY_INFORMATION";
        DACL = 0x0000_0004 => "DACL_SECURITY_INFORMATION";
        SACL = 0x0000_0008 => "SACL_SECURITY_INFORMATION";
        LABEL = 0x0000_0010 => "LABEL_SECURITY_INFORMATION";
        ATTRIBUTE = 0x0000_0020 => "ATTRIBUTE_SECURITY_INFORMATION";
        SCOPE = 0x0000_0040 => "SCOPE_SECURITY_INFORMATION";
        BACKUP = 0x0001_0000 => "BACKUP_SECURITY_INFORMATION";
    }
}
nt::bit_set!(SecurityInformation);

nt::named_numbers! {
    /// How to go through extended attributes. [MS-SMB2] 2.2.37
    QueryInfoFlags(u32), prefix "SL_" {
        RESTART_SCAN = 0x0000_0001;
        RETURN_SINGLE_ENTRY = 0x0000_0002;
        INDEX_SPECIFIED = 0x0000_0004;
    }
}
nt::bit_set!(QueryInfoFlags);

/// QUERY_INFO request. [MS-SMB2] 2.2.37
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Request<'a> {
    /// InfoType.
    pub info_type: InfoType,
    /// FileInfoClass: a class of [MS-FSCC] 2.4 or 2.5 by the type, or 0.
    pub class: u8,
    /// OutputBufferLength, in bytes.
    pub output_len_max: u32,
    /// AdditionalInformation: parts of a security descriptor, or the index of an extended attribute.
    pub additional: u32,
    /// Flags.
    pub flags: QueryInfoFlags,
    /// FileId.
    pub file_id: FileId,
    /// The input: a [`QueryQuota`], or a list of names of extended attributes.
    pub input: &'a [u8],
}

impl<'a> Request<'a> {
    /// Reads the body of a message.
    pub fn decode(message: &'a [u8]) -> Result<Request<'a>, DecodeError> {
        let mut r = Reader::body("QUERY_INFO request", message, 41)?;
        let (info_type, class) = (InfoType(r.u8()?), r.u8()?);
        let output_len_max = r.u32()?;
        let input_offset = r.u16()?;
        r.skip(2)?;
        let input_len = r.u32()?;
        let additional = r.u32()?;
        let flags = QueryInfoFlags(r.u32()?);
        let file_id = r.file_id()?;
        let input = r.span("input of a QUERY_INFO", input_offset, input_len)?;
        Ok(Request { info_type, class, output_len_max, additional, flags, file_id, input })
    }

    /// Appends the body to a header just written.
    pub fn encode(&self, w: &mut Writer) {
        const INPUT_OFFSET: usize = HEADER_LEN + 40;
        w.u16(41);
        w.u8(self.info_type.0);
        w.u8(self.class);
        w.u32(self.output_len_max);
        w.len16("InputBufferOffset", if self.input.is_empty() { 0 } else { INPUT_OFFSET });
        w.u16(0);
        w.len32("InputBufferLength", self.input.len());
        w.u32(self.additional);
        w.u32(self.flags.0);
        w.file_id(self.file_id);
        w.bytes(self.input);
        w.at_least_one_byte(INPUT_OFFSET);
    }
}

/// QUERY_INFO response. [MS-SMB2] 2.2.38
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Response<'a> {
    /// The information asked for.
    pub output: &'a [u8],
}

impl<'a> Response<'a> {
    /// Reads the body of a message.
    pub fn decode(message: &'a [u8]) -> Result<Response<'a>, DecodeError> {
        decode_output("QUERY_INFO response", message).map(|output| Response { output })
    }

    /// Appends the body to a header just written.
    pub fn encode(&self, w: &mut Writer) {
        encode_output(self.output, w);
    }
}

/// The form of three responses: a 16-bit offset, a 32-bit length, the output. [MS-SMB2] 2.2.34, 2.2.36 and 2.2.38
pub(crate) fn decode_output<'a>(what: &'static str, message: &'a [u8]) -> Result<&'a [u8], DecodeError> {
    let mut r = Reader::body(what, message, 9)?;
    let (offset, len) = (r.u16()?, r.u32()?);
    r.span(what, offset, len)
}

/// Appends a response of that form.
pub(crate) fn encode_output(output: &[u8], w: &mut Writer) {
    encode_output_head(output.len(), w);
    w.bytes(output);
    w.at_least_one_byte(OUTPUT_OFFSET);
}

/// The same without the output, of so many bytes, which follows it.
pub(crate) fn encode_output_head(len: usize, w: &mut Writer) {
    w.u16(9);
    w.len16("OutputBufferOffset", if len == 0 { 0 } else { OUTPUT_OFFSET });
    w.len32("OutputBufferLength", len);
}

/// Where the output begins when we write it.
const OUTPUT_OFFSET: usize = HEADER_LEN + 8;

/// SMB2_QUERY_QUOTA_INFO. [MS-SMB2] 2.2.37.1
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct QueryQuota<'a> {
    /// ReturnSingle.
    pub return_single: bool,
    /// RestartScan.
    pub restart_scan: bool,
    /// Whose quota.
    pub sids: QuotaSids<'a>,
}

/// The three forms of SidBuffer. [MS-SMB2] 2.2.37.1
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum QuotaSids<'a> {
    /// Everybody's.
    All,
    /// Of these: FILE_GET_QUOTA_INFORMATION entries, [MS-FSCC] 2.4.41.1.
    List(&'a [u8]),
    /// From this SID on.
    StartAt(&'a [u8]),
}

impl<'a> QueryQuota<'a> {
    /// Reads the input of a quota query.
    pub fn decode(input: &'a [u8]) -> Result<QueryQuota<'a>, DecodeError> {
        let mut r = Reader::new("SMB2_QUERY_QUOTA_INFO", input);
        let (return_single, restart_scan) = (r.u8()? != 0, r.u8()? != 0);
        r.skip(2)?;
        let (list_len, start_len, start_offset) = (r.u32()?, r.u32()?, r.u32()?);
        let buffer = Reader::new("SidBuffer", r.rest());
        let sids = match (list_len, start_len) {
            (0, 0) => QuotaSids::All,
            (0, len) => QuotaSids::StartAt(buffer.span("StartSid", start_offset, len)?),
            (len, _) => QuotaSids::List(buffer.span("SidList", 0u8, len)?),
        };
        Ok(QueryQuota { return_single, restart_scan, sids })
    }

    /// Appends the input of a quota query.
    pub fn encode(&self, w: &mut Writer) {
        let (list, start): (&[u8], &[u8]) = match self.sids {
            QuotaSids::All => (&[], &[]),
            QuotaSids::List(list) => (list, &[]),
            QuotaSids::StartAt(sid) => (&[], sid),
        };
        w.u8(self.return_single.into());
        w.u8(self.restart_scan.into());
        w.u16(0);
        w.len32("SidListLength", list.len());
        w.len32("StartSidLength", start.len());
        w.u32(0);
        w.bytes(list);
        w.bytes(start);
    }
}
