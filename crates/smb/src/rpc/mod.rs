//! Remote procedures over a pipe: the connection-oriented protocol of C706 chapter 12 as MS-RPCE 2.2.2 has it, as much of it
//! as a client needs to list shares. No authentication of its own: the session below has one.
use crate::server::ServerConfig;

mod ndr;
mod srvsvc;

use ndr::{NdrReader, NdrWriter};

/// PDU types. C706 12.6.4
const REQUEST: u8 = 0;
const RESPONSE: u8 = 2;
const FAULT: u8 = 3;
const BIND: u8 = 11;
const BIND_ACK: u8 = 12;
const ALTER_CONTEXT: u8 = 14;
const ALTER_CONTEXT_RESPONSE: u8 = 15;

/// PFC_FIRST_FRAG, PFC_LAST_FRAG and PFC_OBJECT_UUID. C706 12.6.3.1
const FIRST: u8 = 0x01;
const LAST: u8 = 0x02;
const HAS_OBJECT: u8 = 0x80;

const HEAD_LEN: usize = 16;
const RESPONSE_HEAD_LEN: usize = 24;

/// The most bytes of one fragment, of either side: what Windows says.
const FRAGMENT_BYTES_MAX: u16 = 4280;

/// The most bytes that the arguments of one call may have: those of the calls that there are have a few hundred. (Not in the
/// specification.)
const STUB_BYTES_MAX: usize = 16_384;

/// The most bytes of answers that wait to be read before no more calls are taken. (Not in the specification.)
pub(crate) const ANSWER_BYTES_MAX: usize = 65_536;

/// The most presentation contexts of a bind that are looked at.
const CONTEXTS_MAX: u8 = 16;

/// The most contexts of one association. (Not in the specification.)
const ACCEPTED_MAX: usize = 64;

/// NDR, the transfer syntax of 32 bits, version 2. C706 annex I
const NDR: [u8; 20] = [
    0x04, 0x5D, 0x88, 0x8A, 0xEB, 0x1C, 0xC9, 0x11, 0x9F, 0xE8, 0x08, 0x00, 0x2B, 0x10, 0x48, 0x60, 2, 0, 0,
    0,
];

/// nca_op_rng_error, nca_unk_if and RPC_X_BAD_STUB_DATA. C706 annex E
pub(crate) const UNKNOWN_OPERATION: u32 = 0x1C01_0002;
const UNKNOWN_INTERFACE: u32 = 0x1C01_0003;
pub(crate) const BAD_STUB: u32 = 0x0000_06F7;

/// What a client sent is no PDU.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Malformed;

/// An association on one pipe.
#[derive(Debug)]
pub(crate) struct Rpc {
    /// Bytes of a fragment that is not whole.
    partial: Vec<u8>,
    /// Arguments of a call whose fragments are not all here.
    stub: Vec<u8>,
    /// Contexts that were accepted.
    contexts: Vec<u16>,
    fragment_len: u16,
}

impl Default for Rpc {
    fn default() -> Rpc {
        Rpc { partial: Vec::new(), stub: Vec::new(), contexts: Vec::new(), fragment_len: FRAGMENT_BYTES_MAX }
    }
}

impl Rpc {
    /// Takes bytes and gives the fragments that answer them. So many bytes of answers wait already; who does not read them and
    /// goes on calling is not to be served.
    pub(crate) fn receive(
        &mut self,
        config: &ServerConfig,
        bytes: &[u8],
        mut waiting: usize,
    ) -> Result<Vec<Vec<u8>>, Malformed> {
        let joined: Vec<u8>;
        let mut rest = bytes;
        if !self.partial.is_empty() {
            joined = [&core::mem::take(&mut self.partial)[..], bytes].concat();
            rest = &joined;
        }
        let mut answers = Vec::new();
        while let Some(len) = rest.get(8..10).and_then(|len| len.first_chunk::<2>()) {
            let len = u16::from_le_bytes(*len);
            if usize::from(len) < HEAD_LEN || len > FRAGMENT_BYTES_MAX {
                return Err(Malformed);
            }
            let Some((fragment, behind)) = rest.split_at_checked(len.into()) else { break };
            if waiting >= ANSWER_BYTES_MAX {
                return Err(Malformed);
            }
            let more = self.fragment(config, fragment)?;
            waiting = waiting.saturating_add(more.iter().map(Vec::len).sum());
            answers.extend(more);
            rest = behind;
        }
        self.partial = rest.to_vec();
        Ok(answers)
    }

    fn fragment(&mut self, config: &ServerConfig, fragment: &[u8]) -> Result<Vec<Vec<u8>>, Malformed> {
        let mut r = NdrReader::new(fragment);
        let (version, _minor, kind, flags) = (r.u8()?, r.u8()?, r.u8()?, r.u8()?);
        let _representation = r.u32()?;
        let (_len, auth_len) = (r.u16()?, r.u16()?);
        let call_id = r.u32()?;
        if version != 5 || auth_len != 0 {
            return Err(Malformed);
        }
        match kind {
            BIND | ALTER_CONTEXT => Ok(vec![self.bind(kind, call_id, &mut r)?]),
            REQUEST => self.request(config, flags, call_id, &mut r),
            _ => Err(Malformed),
        }
    }

    /// C706 12.6.4.3: each context is accepted when it names an interface and a syntax that are known here.
    fn bind(&mut self, kind: u8, call_id: u32, r: &mut NdrReader<'_>) -> Result<Vec<u8>, Malformed> {
        let (_transmit, receive) = (r.u16()?, r.u16()?);
        let _group = r.u32()?;
        self.fragment_len = receive.clamp(1024, FRAGMENT_BYTES_MAX);
        let count = r.u8()?;
        r.skip(3)?;
        if count > CONTEXTS_MAX {
            return Err(Malformed);
        }
        let mut results = Vec::new();
        for _ in 0..count {
            let id = r.u16()?;
            let syntaxes = r.u8()?;
            r.skip(1)?;
            let is_known = r.bytes(20)? == srvsvc::INTERFACE;
            let mut speaks = false;
            for _ in 0..syntaxes {
                speaks |= r.bytes(20)? == NDR;
            }
            // Acceptance, or provider rejection for an unknown abstract (1) or transfer (2) syntax.
            results.push(match (is_known, speaks) {
                (true, true) if self.contexts.contains(&id) => (0u16, 0u16, NDR),
                // Local limit exceeded.
                (true, true) if self.contexts.len() >= ACCEPTED_MAX => (2, 3, [0; 20]),
                (true, true) => {
                    self.contexts.push(id);
                    (0, 0, NDR)
                }
                (false, _) => (2, 1, [0; 20]),
                (true, false) => (2, 2, [0; 20]),
            });
        }
        let answer = if kind == BIND { BIND_ACK } else { ALTER_CONTEXT_RESPONSE };
        let mut w = head(answer, FIRST | LAST, call_id);
        w.u16(self.fragment_len);
        w.u16(self.fragment_len);
        w.u32(0x53F0);
        const ADDRESS: &[u8] = b"\\PIPE\\srvsvc\0";
        w.u16(u16::try_from(ADDRESS.len()).unwrap_or_default());
        w.bytes(ADDRESS);
        w.align(4);
        w.u8(u8::try_from(results.len()).unwrap_or(u8::MAX));
        w.bytes(&[0; 3]);
        for (result, reason, syntax) in results {
            w.u16(result);
            w.u16(reason);
            w.bytes(&syntax);
        }
        finish(w)
    }

    /// C706 12.6.4.9
    fn request(
        &mut self,
        config: &ServerConfig,
        flags: u8,
        call_id: u32,
        r: &mut NdrReader<'_>,
    ) -> Result<Vec<Vec<u8>>, Malformed> {
        let _hint = r.u32()?;
        let (context, operation) = (r.u16()?, r.u16()?);
        if flags & HAS_OBJECT != 0 {
            r.skip(16)?;
        }
        if flags & FIRST != 0 {
            self.stub.clear();
        }
        self.stub.extend_from_slice(r.rest());
        if self.stub.len() > STUB_BYTES_MAX {
            return Err(Malformed);
        }
        if flags & LAST == 0 {
            return Ok(Vec::new());
        }
        let stub = core::mem::take(&mut self.stub);
        if !self.contexts.contains(&context) {
            return Ok(vec![fault(call_id, context, UNKNOWN_INTERFACE)?]);
        }
        match srvsvc::call(config, operation, &stub) {
            Ok(result) => self.respond(call_id, context, &result),
            Err(status) => Ok(vec![fault(call_id, context, status)?]),
        }
    }

    /// The results, in as many fragments as it takes. C706 12.6.4.10
    fn respond(&self, call_id: u32, context: u16, result: &[u8]) -> Result<Vec<Vec<u8>>, Malformed> {
        let room = usize::from(self.fragment_len) - RESPONSE_HEAD_LEN;
        let count = result.len().div_ceil(room).max(1);
        let mut fragments = Vec::with_capacity(count);
        for at in 0..count {
            let part = result.get(at * room..result.len().min((at + 1) * room)).unwrap_or_default();
            let mut flags = 0;
            flags |= if at == 0 { FIRST } else { 0 };
            flags |= if at + 1 == count { LAST } else { 0 };
            let mut w = head(RESPONSE, flags, call_id);
            w.u32(u32::try_from(result.len() - at * room).unwrap_or(u32::MAX));
            w.u16(context);
            w.u16(0);
            w.bytes(part);
            fragments.push(finish(w)?);
        }
        Ok(fragments)
    }
}

fn fault(call_id: u32, context: u16, status: u32) -> Result<Vec<u8>, Malformed> {
    let mut w = head(FAULT, FIRST | LAST, call_id);
    w.u32(32);
    w.u16(context);
    w.u16(0);
    w.u32(status);
    w.u32(0);
    finish(w)
}

/// The common head, its length still zero.
fn head(kind: u8, flags: u8, call_id: u32) -> NdrWriter {
    let mut w = NdrWriter::default();
    w.bytes(&[5, 0, kind, flags]);
    w.bytes(&[0x10, 0, 0, 0]);
    w.u16(0);
    w.u16(0);
    w.u32(call_id);
    w
}

fn finish(w: NdrWriter) -> Result<Vec<u8>, Malformed> {
    let mut bytes = w.done();
    let len = u16::try_from(bytes.len()).map_err(|_| Malformed)?;
    bytes.get_mut(8..10).ok_or(Malformed)?.copy_from_slice(&len.to_le_bytes());
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connection::Config;
    use core::time::Duration;
    use std::sync::Arc;

    fn config() -> ServerConfig {
        ServerConfig {
            connection: Arc::new(Config {
                server_guid: nt::Guid([1; 16]),
                dialects: Vec::new(),
                require_signing: false,
                ciphers: Vec::new(),
                signing_algorithms: Vec::new(),
                capabilities: wire::negotiate::Capabilities::NONE,
                posix: false,
                transfer_len_max: 65_536,
                credits_max: 1,
                async_max: 1,
                security_buffer: Vec::new(),
                handshake_timeout: Duration::ZERO,
                frame_timeout: Duration::ZERO,
            }),
            name: "S".to_owned(),
            shares: Vec::new(),
            encrypt: false,
            reject_unencrypted: false,
            limits: crate::server::ServerLimits::default(),
            interfaces: Vec::new(),
            first_id: 1,
        }
    }

    fn pdu(kind: u8, flags: u8, body: &[u8]) -> Vec<u8> {
        let len = u16::try_from(HEAD_LEN + body.len()).unwrap_or_default().to_le_bytes();
        [&[5, 0, kind, flags, 0x10, 0, 0, 0, len[0], len[1], 0, 0, 1, 0, 0, 0], body].concat()
    }

    fn bind(context: u16) -> Vec<u8> {
        let [low, high] = context.to_le_bytes();
        let head = [0, 16, 0, 16, 0, 0, 0, 0, 1, 0, 0, 0, low, high, 1, 0];
        pdu(BIND, FIRST | LAST, &[&head[..], &srvsvc::INTERFACE, &NDR].concat())
    }

    /// One WRITE of 8 MiB of small calls took minutes, with the server's tables locked: each call moved all bytes behind it
    /// (`cargo xtask judge abuse`).
    #[test]
    fn calls_whose_answers_nobody_reads_are_not_taken_without_end() {
        let call = pdu(REQUEST, FIRST | LAST, &[0; 16]);
        let mut rpc = Rpc::default();
        assert_eq!(rpc.receive(&config(), &call.repeat(500), 0).map(|answers| answers.len()), Ok(500));
        assert_eq!(rpc.receive(&config(), &call.repeat(200_000), 0), Err(Malformed));
        assert_eq!(Rpc::default().receive(&config(), &call, ANSWER_BYTES_MAX), Err(Malformed));
    }

    /// Each context that a client altered was remembered, without end.
    #[test]
    fn contexts_are_remembered_once_and_so_many() {
        let mut rpc = Rpc::default();
        for context in 0..1000 {
            for _ in 0..3 {
                assert!(rpc.receive(&config(), &bind(context), 0).is_ok());
            }
        }
        assert_eq!(rpc.contexts.len(), ACCEPTED_MAX);
    }

    #[test]
    fn arguments_and_fragments_have_an_end() {
        let mut rpc = Rpc::default();
        let part = pdu(REQUEST, FIRST, &[0; 4000]);
        let more = pdu(REQUEST, 0, &[0; 4000]).repeat(4);
        assert_eq!(rpc.receive(&config(), &part, 0), Ok(Vec::new()));
        assert_eq!(rpc.receive(&config(), &more, 0), Err(Malformed));
        // A length beyond what was agreed on is not waited for.
        let mut long = pdu(REQUEST, FIRST, &[]);
        long[9] = 0xFF;
        assert_eq!(Rpc::default().receive(&config(), &long, 0), Err(Malformed));
        // A byte at a time is as good as all at once.
        let mut slow = Rpc::default();
        let answers: Vec<_> = bind(0).iter().map(|byte| slow.receive(&config(), &[*byte], 0)).collect();
        assert_eq!(
            answers.iter().filter(|answer| answer.as_ref().is_ok_and(|all| all.len() == 1)).count(),
            1
        );
    }
}
