//! Rights: what a request asks for, and what the caller is granted. [MS-FSA] 2.1.4.14, [MS-DTYP] 2.4.3
use nt::AccessMask;

/// Bits that no request may have. [MS-FSA] 2.1.5.1 phase 1
pub(crate) const RESERVED: AccessMask = AccessMask(0x0CE0_FE00);
