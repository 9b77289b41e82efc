//! The members of the JSON form that are text: hexadecimal, tags, GUIDs, and names that may be ill-formed.
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use nt::{Guid, Utf16};
use serde::de::{Deserialize, Deserializer, Error};
use serde::ser::{Serialize, Serializer};

use crate::hex;
use crate::raw::LENIENT_BYTES_MAX;
use crate::tag::Tag;

/// Bytes: two hexadecimal digits each.
#[derive(PartialEq)]
pub(super) struct Hex(pub(super) Vec<u8>);

/// A 20-byte hash, in hexadecimal.
#[derive(PartialEq)]
pub(super) struct Hash(pub(super) [u8; 20]);

/// A number that may be too large for a reader whose numbers are floating: `0x` and digits.
#[derive(PartialEq)]
pub(super) struct Hex64(pub(super) u64);

/// A tag: `0xA000000C` on the way out; a name too on the way in.
#[derive(PartialEq)]
pub(super) struct TagText(pub(super) Tag);

/// A GUID, without braces on the way out.
#[derive(PartialEq)]
pub(super) struct GuidText(pub(super) Guid);

/// A UTF-16 name: a string, or `{"utf16": ".."}` with its little-endian bytes when a surrogate in it is unpaired.
#[derive(PartialEq)]
pub(super) struct Name(pub(super) Utf16);

/// A name in bytes: a string, or `{"bytes": ".."}` when they are not UTF-8.
#[derive(PartialEq)]
pub(super) struct Bytes(pub(super) Vec<u8>);

impl Hex {
    fn parse(text: &str) -> Result<Hex, &'static str> {
        if text.len() > 2 * LENIENT_BYTES_MAX {
            return Err("more bytes than a reparse point can have");
        }
        hex::decode(text).map(Hex).ok_or("bytes are written as two hexadecimal digits each")
    }
}

impl Serialize for Hex {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&hex::encode(&self.0))
    }
}

impl<'de> Deserialize<'de> for Hex {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Hex, D::Error> {
        Hex::parse(&String::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

impl Serialize for Hash {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&hex::encode(&self.0))
    }
}

impl<'de> Deserialize<'de> for Hash {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Hash, D::Error> {
        let Hex(bytes) = Hex::deserialize(deserializer)?;
        bytes.try_into().map(Hash).map_err(|_| D::Error::custom("a hash has 20 bytes"))
    }
}

impl Serialize for Hex64 {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&format_args!("0x{:016X}", self.0))
    }
}

impl<'de> Deserialize<'de> for Hex64 {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Hex64, D::Error> {
        let text = String::deserialize(deserializer)?;
        let digits = text.strip_prefix("0x").filter(|digits| digits.bytes().all(|b| b.is_ascii_hexdigit()));
        let value = digits.and_then(|digits| u64::from_str_radix(digits, 16).ok());
        value.map(Hex64).ok_or_else(|| D::Error::custom("the number is written 0x and up to 16 digits"))
    }
}

impl Serialize for TagText {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&format_args!("0x{:08X}", self.0.0))
    }
}

impl<'de> Deserialize<'de> for TagText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<TagText, D::Error> {
        String::deserialize(deserializer)?.parse().map(TagText).map_err(D::Error::custom)
    }
}

impl Serialize for GuidText {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0.to_string())
    }
}

impl<'de> Deserialize<'de> for GuidText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<GuidText, D::Error> {
        String::deserialize(deserializer)?.parse().map(GuidText).map_err(D::Error::custom)
    }
}

/// Text, or the units of text that is none.
#[derive(serde::Serialize, serde::Deserialize)]
#[serde(untagged)]
enum NameForm {
    Text(String),
    Units(UnitsForm),
}

#[derive(serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct UnitsForm {
    utf16: Hex,
}

impl Serialize for Name {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0.to_text() {
            Some(text) => NameForm::Text(text),
            None => NameForm::Units(UnitsForm { utf16: Hex(self.0.to_le_bytes()) }),
        }
        .serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Name {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Name, D::Error> {
        match NameForm::deserialize(deserializer)? {
            NameForm::Text(text) => Ok(Name(Utf16::from(text.as_str()))),
            NameForm::Units(units) => Utf16::from_le_bytes(&units.utf16.0)
                .map(Name)
                .ok_or_else(|| D::Error::custom("\"utf16\" has four hexadecimal digits a unit")),
        }
    }
}

/// Text, or the bytes of text that is none.
#[derive(serde::Serialize, serde::Deserialize)]
#[serde(untagged)]
enum BytesForm {
    Text(String),
    Bytes(OctetsForm),
}

#[derive(serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct OctetsForm {
    bytes: Hex,
}

impl Serialize for Bytes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match String::from_utf8(self.0.clone()) {
            Ok(text) => BytesForm::Text(text),
            Err(error) => BytesForm::Bytes(OctetsForm { bytes: Hex(error.into_bytes()) }),
        }
        .serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Bytes, D::Error> {
        Ok(Bytes(match BytesForm::deserialize(deserializer)? {
            BytesForm::Text(text) => text.into_bytes(),
            BytesForm::Bytes(octets) => octets.bytes.0,
        }))
    }
}
