//! [MS-DFSC] 2.2.2 and 2.2.3: what a client asks of DFS.
use nt::Utf16;

use crate::error::DecodeError;
use crate::reader::{Reader, name};
use crate::writer::Writer;

/// SiteName in RequestFlags. [MS-DFSC] 2.2.3
const SITE_NAME: u16 = 0x0001;

/// REQ_GET_DFS_REFERRAL. [MS-DFSC] 2.2.2
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DfsReferralRequest {
    /// MaxReferralLevel.
    pub level_max: u16,
    /// RequestFileName, without the NUL that ends it.
    pub name: Utf16,
}

impl DfsReferralRequest {
    /// Reads the input.
    pub fn decode(input: &[u8]) -> Result<DfsReferralRequest, DecodeError> {
        let mut r = Reader::new("REQ_GET_DFS_REFERRAL", input);
        let level_max = r.u16()?;
        let mut name = name("RequestFileName", r.rest())?;
        let end = name.units().iter().position(|unit| *unit == 0).unwrap_or(name.units().len());
        name.0.truncate(end);
        Ok(DfsReferralRequest { level_max, name })
    }

    /// Appends the input.
    pub fn encode(&self, w: &mut Writer) {
        w.u16(self.level_max);
        w.name(&self.name);
        w.u16(0);
    }
}

/// REQ_GET_DFS_REFERRAL_EX. [MS-DFSC] 2.2.3
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DfsReferralRequestEx {
    /// MaxReferralLevel.
    pub level_max: u16,
    /// RequestFileName.
    pub name: Utf16,
    /// SiteName.
    pub site: Option<Utf16>,
}

impl DfsReferralRequestEx {
    /// Reads the input.
    pub fn decode(input: &[u8]) -> Result<DfsReferralRequestEx, DecodeError> {
        let mut r = Reader::new("REQ_GET_DFS_REFERRAL_EX", input);
        let (level_max, flags) = (r.u16()?, r.u16()?);
        let len = r.u32()?;
        let data = r.span("RequestData", 8u8, len)?;
        let mut r = Reader::new("RequestData", data);
        let name_len = r.u16()?;
        let file_name = name("RequestFileName", r.bytes(name_len.into())?)?;
        let site = match flags & SITE_NAME != 0 {
            true => {
                let site_len = r.u16()?;
                Some(name("SiteName", r.bytes(site_len.into())?)?)
            }
            false => None,
        };
        Ok(DfsReferralRequestEx { level_max, name: file_name, site })
    }

    /// Appends the input.
    pub fn encode(&self, w: &mut Writer) {
        let name_len = self.name.units().len() * 2;
        let site_len = self.site.as_ref().map(|site| site.units().len() * 2);
        w.u16(self.level_max);
        w.u16(if site_len.is_some() { SITE_NAME } else { 0 });
        w.len32("RequestDataLength", 2 + name_len + site_len.map_or(0, |len| 2 + len));
        w.len16("RequestFileNameLength", name_len);
        w.name(&self.name);
        if let Some(site) = &self.site {
            w.len16("SiteNameLength", site.units().len() * 2);
            w.name(site);
        }
    }
}
