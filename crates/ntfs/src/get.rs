//! Reading a file's reparse point, and what belongs to it.
use crate::attribute::{ATTRIBUTE_LIST, DATA, EA, FILE_NAME, REPARSE_POINT};
use crate::ea::{self, ExtendedAttribute};
use crate::error::{Error, Fault, Place, Result, Why};
use crate::file::File;
use crate::file_name::FileName;
use crate::medium::Medium;
use crate::path::names_of;
use crate::record::Record;
use crate::reference::FileRef;
use crate::standard::Standard;
use crate::volume::Volume;
use nt::NtStatus;
use reparse::RawReparse;

/// What is known of a file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FileFacts {
    /// The file, with its sequence number.
    pub file: FileRef,
    /// It is a directory.
    pub is_directory: bool,
    /// Bytes of the unnamed data stream; 0 for a directory.
    pub data_len: u64,
    /// Times and attributes.
    pub standard: Standard,
    /// Names, short ones among them, that the record counts.
    pub links: u16,
}

/// A reparse point with the file that has it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NamedPoint {
    /// The file, with its sequence number.
    pub file: FileRef,
    /// It is a directory.
    pub is_directory: bool,
    /// What [`Volume::get`] gives.
    pub point: RawReparse,
    /// What [`Volume::names`] gives.
    pub names: Vec<FileName>,
}

impl<M: Medium> Volume<M> {
    /// Whether a file is a directory, how long its data is, its times and attributes.
    pub fn facts(&self, file: FileRef) -> Result<FileFacts> {
        let file = self.file(file)?;
        Ok(FileFacts {
            file: file.reference(),
            is_directory: file.is_directory(),
            data_len: self.data_len(&file)?,
            standard: file.standard()?,
            links: file.base.links(),
        })
    }

    /// The reparse point exactly as it is stored. [MS-FSA] 2.1.5.10.14 is [`RawReparse::encode_get`] of it.
    pub fn get(&self, file: FileRef) -> Result<RawReparse> {
        self.valid_point(&self.file(file)?)
    }

    /// The reparse point with what a listing shows beside it: one look at the file's record where [`Volume::facts`],
    /// [`Volume::get`] and [`Volume::names`] take three.
    pub fn named_point(&self, file: FileRef) -> Result<NamedPoint> {
        let record = self.base_record(file, Volume::record_through)?;
        if let Some(all_in_one) = named_in(&record).map_err(|fault| fault.at(Place::Record(record.number)))? {
            return Ok(all_in_one);
        }
        let file = self.file_of(record)?;
        Ok(NamedPoint {
            file: file.reference(),
            is_directory: file.is_directory(),
            point: self.valid_point(&file)?,
            names: names_of(&file)?,
        })
    }

    fn valid_point(&self, file: &File) -> Result<RawReparse> {
        let bytes = self.stored_point(file)?;
        let bytes = bytes.ok_or(Error::request(NtStatus::NOT_A_REPARSE_POINT, Why::NoReparsePoint))?;
        decode_point(&bytes).map_err(|fault| file.corrupt(fault))
    }

    /// The stored bytes, whatever they are; for a deleted file too, as far as its record still tells. What lay in
    /// clusters may have been overwritten since.
    pub fn get_deleted(&self, record: u64) -> Result<Option<Vec<u8>>> {
        let file = self.file_of(self.record(record)?)?;
        self.stored_point(&file)
    }

    /// The extended attributes, in their order.
    pub fn eas(&self, file: FileRef) -> Result<Vec<ExtendedAttribute>> {
        self.eas_of(&self.file(file)?)
    }

    pub(crate) fn eas_of(&self, file: &File) -> Result<Vec<ExtendedAttribute>> {
        let Some(stream) = file.stream(EA, "", self.boot.clusters)? else { return Ok(Vec::new()) };
        let bytes = self.read_whole(&stream, ea::EA_BYTES_MAX)?;
        ea::decode_all(&bytes).map_err(|fault| file.corrupt(fault))
    }

    /// Bytes of the unnamed data stream.
    pub(crate) fn data_len(&self, file: &File) -> Result<u64> {
        let first = file
            .attributes
            .iter()
            .map(|attribute| attribute.view())
            .find(|view| view.is(DATA, "") && view.lowest_vcn() == 0);
        first.map_or(Ok(0), |view| view.sizes().map(|sizes| sizes.data)).map_err(|fault| file.corrupt(fault))
    }
}

fn decode_point(bytes: &[u8]) -> std::result::Result<RawReparse, Fault> {
    let decoded = RawReparse::decode(bytes);
    decoded.map(|(raw, _)| raw).map_err(|_| Fault("$REPARSE_POINT is no reparse point"))
}

/// The point and the names of a file of one record with the point inside, which nearly all are: without a copy of its
/// attributes. `None` for others.
fn named_in(record: &Record) -> std::result::Result<Option<NamedPoint>, Fault> {
    let (mut point, mut names) = (None, Vec::new());
    for view in record.attributes() {
        let view = view?;
        match view.kind() {
            ATTRIBUTE_LIST => return Ok(None),
            FILE_NAME => names.push(FileName::decode(view.value()?)?),
            _ if view.is(REPARSE_POINT, "") => {
                if !view.is_resident() || point.is_some() {
                    return Ok(None);
                }
                point = Some(decode_point(view.value()?)?);
            }
            _ => {}
        }
    }
    let (file, is_directory) = (record.reference(), record.is_directory());
    Ok(point.map(|point| NamedPoint { file, is_directory, point, names }))
}
