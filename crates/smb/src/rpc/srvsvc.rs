//! MS-SRVS: the calls by which clients list shares.
use wire::tree_connect::ShareType;

use super::{BAD_STUB, Malformed, NdrReader, NdrWriter, UNKNOWN_OPERATION};
use crate::server::{ServerConfig, Share};

/// 4B324FC8-1670-01D3-1278-5A47BF6EE188, version 3.0. MS-SRVS 1.9
pub(super) const INTERFACE: [u8; 20] = [
    0xC8, 0x4F, 0x32, 0x4B, 0x70, 0x16, 0xD3, 0x01, 0x12, 0x78, 0x5A, 0x47, 0xBF, 0x6E, 0xE1, 0x88, 3, 0, 0,
    0,
];

/// Operations. MS-SRVS 3.1.4
const NETR_SHARE_ENUM: u16 = 15;
const NETR_SHARE_GET_INFO: u16 = 16;
const NETR_SERVER_GET_INFO: u16 = 21;
const NETR_SHARE_ENUM_STICKY: u16 = 36;

/// Results. [MS-ERREF] 2.2
const NERR_SUCCESS: u32 = 0;
const ERROR_ACCESS_DENIED: u32 = 5;
const ERROR_INVALID_LEVEL: u32 = 124;
const NERR_NET_NAME_NOT_FOUND: u32 = 2310;

/// STYPE_DISKTREE, STYPE_IPC and STYPE_SPECIAL. MS-SRVS 2.2.2.4
const STYPE_DISKTREE: u32 = 0;
const STYPE_IPC: u32 = 3;
const STYPE_SPECIAL: u32 = 0x8000_0000;

/// Answers a call, or says what the fault is.
pub(super) fn call(config: &ServerConfig, operation: u16, stub: &[u8]) -> Result<Vec<u8>, u32> {
    let mut r = NdrReader::new(stub);
    let answer = match operation {
        NETR_SHARE_ENUM | NETR_SHARE_ENUM_STICKY => share_enum(config, &mut r),
        NETR_SHARE_GET_INFO => share_get_info(config, &mut r),
        NETR_SERVER_GET_INFO => server_get_info(config, &mut r),
        _ => return Err(UNKNOWN_OPERATION),
    };
    answer.map_err(|_| BAD_STUB)
}

/// What a level of SHARE_INFO has, if any caller may see it. Levels 2, 502 and 503 tell paths and are the administrators'.
fn level_status(level: u32) -> u32 {
    match level {
        0 | 1 | 501 => NERR_SUCCESS,
        2 | 502 | 503 => ERROR_ACCESS_DENIED,
        _ => ERROR_INVALID_LEVEL,
    }
}

/// MS-SRVS 3.1.4.8: all at once, however many there are.
fn share_enum(config: &ServerConfig, r: &mut NdrReader<'_>) -> Result<Vec<u8>, Malformed> {
    let _server = r.unique_string()?;
    let (level, _switch) = (r.u32()?, r.u32()?);
    if r.u32()? != 0 {
        let (_entries, buffer) = (r.u32()?, r.u32()?);
        if buffer != 0 {
            return Err(Malformed);
        }
    }
    let _preferred_len = r.u32()?;
    let has_resume = r.u32()? != 0;
    let status = level_status(level);
    let offered = config.shares.iter().filter(|share| !share.is_retired);
    let shares: Vec<&Share> = if status == NERR_SUCCESS { offered.collect() } else { Vec::new() };
    let count = u32::try_from(shares.len()).unwrap_or(u32::MAX);
    let mut w = NdrWriter::default();
    w.u32(level);
    w.u32(level);
    w.pointer();
    w.u32(count);
    if shares.is_empty() {
        w.u32(0);
    } else {
        w.pointer();
        w.u32(count);
        shares.iter().for_each(|share| share_info(&mut w, level, share));
        w.strings();
    }
    w.u32(count);
    if has_resume {
        w.pointer();
    }
    w.u32(0);
    w.u32(status);
    Ok(w.done())
}

/// SHARE_INFO_0, _1 and _501. MS-SRVS 2.2.4.22, .23 and .25
fn share_info(w: &mut NdrWriter, level: u32, share: &Share) {
    w.string_pointer(&share.name);
    if level == 0 {
        return;
    }
    let special = if share.name.ends_with('$') { STYPE_SPECIAL } else { 0 };
    w.u32(special | if share.kind == ShareType::PIPE { STYPE_IPC } else { STYPE_DISKTREE });
    w.string_pointer(&share.remark);
    if level == 501 {
        w.u32(0);
    }
}

/// MS-SRVS 3.1.4.10
fn share_get_info(config: &ServerConfig, r: &mut NdrReader<'_>) -> Result<Vec<u8>, Malformed> {
    let _server = r.unique_string()?;
    let name = r.string()?;
    let level = r.u32()?;
    let share = config.shares.iter().find(|share| share.is_named(name.units()));
    let status = match (level_status(level), share) {
        (NERR_SUCCESS, None) => NERR_NET_NAME_NOT_FOUND,
        (status, _) => status,
    };
    let mut w = NdrWriter::default();
    w.u32(level);
    match share.filter(|_| status == NERR_SUCCESS) {
        Some(share) => {
            w.pointer();
            share_info(&mut w, level, share);
            w.strings();
        }
        None => w.u32(0),
    }
    w.u32(status);
    Ok(w.done())
}

/// SERVER_INFO_100 and _101. MS-SRVS 3.1.4.17, 2.2.4.40 and .41
fn server_get_info(config: &ServerConfig, r: &mut NdrReader<'_>) -> Result<Vec<u8>, Malformed> {
    const PLATFORM_ID_NT: u32 = 500;
    /// SV_TYPE_WORKSTATION, SERVER and SERVER_NT.
    const SERVER_TYPE: u32 = 0x0000_9003;
    let _server = r.unique_string()?;
    let level = r.u32()?;
    let status = match level {
        100 | 101 => NERR_SUCCESS,
        102 | 103 => ERROR_ACCESS_DENIED,
        _ => ERROR_INVALID_LEVEL,
    };
    let mut w = NdrWriter::default();
    w.u32(level);
    if status == NERR_SUCCESS {
        w.pointer();
        w.u32(PLATFORM_ID_NT);
        w.string_pointer(&config.name);
        if level == 101 {
            w.u32(10);
            w.u32(0);
            w.u32(SERVER_TYPE);
            w.string_pointer("");
        }
        w.strings();
    } else {
        w.u32(0);
    }
    w.u32(status);
    Ok(w.done())
}
