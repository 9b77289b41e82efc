//! Laws: what holds for every message and all bytes, nobody's example.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)] // a test that is wrong shall panic
use std::borrow::Cow;
use std::ops::Range;

use nt::{
    AccessMask, CreateAction, CreateDisposition, CreateOptions, FileAttributes, FileInformationClass,
    FileTime, FsctlCode, Guid, NotifyFilter, NtStatus, ShareAccess, Utf16,
};
use proptest::collection::vec;
use proptest::prelude::*;
use wire::negotiate::{self, Capabilities, Cipher, Context, Dialect, HashAlgorithm, Preauth, SecurityMode};
use wire::{
    Command, ErrorContext, ErrorId, ErrorResponse, FileId, Header, HeaderFlags, Request, Response, Subject,
    Writer, cancel, change_notify, close, compound, create, echo, flush, ioctl, is_error, lock, logoff,
    notification, oplock_break, query_directory, query_info, read, session_setup, set_info, tree_connect,
    tree_disconnect, write,
};

/// Failures are not written beside the tests: a fixed one becomes a test with a name.
fn config(cases: u32) -> ProptestConfig {
    ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() }
}

fn any_name(len: Range<usize>) -> impl Strategy<Value = Utf16> {
    vec(any::<u16>(), len).prop_map(Utf16)
}

/// Bytes that live as long as the test: messages borrow.
fn bytes(len: Range<usize>) -> impl Strategy<Value = &'static [u8]> {
    vec(any::<u8>(), len).prop_map(|bytes| &*bytes.leak())
}

fn file_id() -> impl Strategy<Value = FileId> {
    any::<(u64, u64)>().prop_map(|(persistent, volatile)| FileId { persistent, volatile })
}

fn guid() -> impl Strategy<Value = Guid> {
    any::<[u8; 16]>().prop_map(Guid)
}

fn attributes() -> impl Strategy<Value = create::NetworkAttributes> {
    any::<([u64; 6], u32)>().prop_map(|([a, b, c, d, allocation_size, end_of_file], attributes)| {
        create::NetworkAttributes {
            creation_time: FileTime(a),
            last_access_time: FileTime(b),
            last_write_time: FileTime(c),
            change_time: FileTime(d),
            allocation_size,
            end_of_file,
            file_attributes: FileAttributes(attributes),
        }
    })
}

fn negotiate_context() -> impl Strategy<Value = Context<'static>> {
    let numbers = || vec(any::<u16>(), 0..5);
    prop_oneof![
        (numbers(), bytes(0..40)).prop_map(|(hashes, salt)| {
            let hashes = hashes.into_iter().map(HashAlgorithm).collect();
            Context::Preauth(Preauth { hashes, salt })
        }),
        numbers().prop_map(|list| Context::Encryption(list.into_iter().map(Cipher).collect())),
        (any::<u32>(), numbers()).prop_map(|(flags, list)| Context::Compression {
            flags: negotiate::CompressionFlags(flags),
            algorithms: list.into_iter().map(negotiate::CompressionAlgorithm).collect(),
        }),
        any_name(0..20).prop_map(Context::Netname),
        any::<u32>().prop_map(|flags| Context::Transport(negotiate::TransportFlags(flags))),
        numbers().prop_map(|list| Context::RdmaTransform(
            list.into_iter().map(negotiate::RdmaTransform).collect()
        )),
        numbers()
            .prop_map(|list| Context::Signing(list.into_iter().map(negotiate::SigningAlgorithm).collect())),
        bytes(0..33).prop_map(Context::Posix),
        (0x200u16.., bytes(0..20))
            .prop_map(|(kind, data)| Context::Other { kind: negotiate::ContextType(kind), data }),
    ]
}

fn create_context() -> impl Strategy<Value = create::Context<'static>> {
    (bytes(4..20), bytes(0..40))
        .prop_map(|(name, data)| create::Context { name: Cow::Borrowed(name), data: Cow::Borrowed(data) })
}

fn negotiate_request() -> impl Strategy<Value = Request<'static>> {
    let dialects = vec(prop_oneof![Just(0x0311u16), any::<u16>()], 0..8);
    (any::<(u16, u32)>(), guid(), dialects, vec(negotiate_context(), 0..6)).prop_map(
        |((mode, capabilities), client_guid, dialects, contexts)| {
            let dialects: Vec<Dialect> = dialects.into_iter().map(Dialect).collect();
            let contexts = if dialects.contains(&Dialect::SMB_3_1_1) { contexts } else { Vec::new() };
            Request::Negotiate(negotiate::Request {
                security_mode: SecurityMode(mode),
                capabilities: Capabilities(capabilities),
                client_guid,
                dialects,
                contexts,
            })
        },
    )
}

fn create_request() -> impl Strategy<Value = Request<'static>> {
    (any::<(u8, [u32; 6])>(), any_name(0..40), vec(create_context(), 0..5)).prop_map(
        |((oplock_level, [level, access, attributes, share, disposition, options]), name, contexts)| {
            Request::Create(create::Request {
                oplock_level: create::OplockLevel(oplock_level),
                impersonation_level: create::ImpersonationLevel(level),
                desired_access: AccessMask(access),
                file_attributes: FileAttributes(attributes),
                share_access: ShareAccess(share),
                disposition: CreateDisposition(disposition),
                options: CreateOptions(options),
                name,
                contexts,
            })
        },
    )
}

fn channel() -> impl Strategy<Value = (read::Channel, &'static [u8])> {
    prop_oneof![
        Just((read::Channel::NONE, &[][..])),
        (1u32.., bytes(0..64)).prop_map(|(channel, information)| (read::Channel(channel), information)),
    ]
}

fn data_request() -> impl Strategy<Value = Request<'static>> {
    prop_oneof![
        (any::<(u8, u8, u32, u64, u32, u32)>(), file_id(), channel()).prop_map(
            |((hint, flags, len, offset, len_min, remaining), file_id, (channel, channel_information))| {
                Request::Read(read::Request {
                    data_offset_hint: hint,
                    flags: read::ReadFlags(flags),
                    len,
                    offset,
                    file_id,
                    len_min,
                    channel,
                    remaining,
                    channel_information,
                })
            }
        ),
        (any::<(u64, u32, u32)>(), file_id(), channel(), bytes(0..100)).prop_map(
            |((offset, remaining, flags), file_id, (channel, channel_information), data)| {
                let flags = write::WriteFlags(flags);
                let request =
                    write::Request { offset, file_id, channel, remaining, flags, channel_information };
                Request::Write(request, data)
            }
        ),
        (any::<u32>(), file_id(), vec(any::<(u64, u64, u32)>(), 0..5)).prop_map(
            |(lock_sequence, file_id, locks)| {
                let element =
                    |(offset, len, flags)| lock::LockElement { offset, len, flags: lock::LockFlags(flags) };
                let locks = locks.into_iter().map(element).collect();
                Request::Lock(lock::Request { lock_sequence, file_id, locks })
            }
        ),
        (any::<(u32, u32, u32, u32)>(), file_id(), bytes(0..60), bytes(0..20)).prop_map(
            |((code, input_len_max, output_len_max, flags), file_id, input, output)| {
                Request::Ioctl(ioctl::Request {
                    code: FsctlCode(code),
                    file_id,
                    input,
                    input_len_max,
                    output,
                    output_len_max,
                    flags: ioctl::IoctlFlags(flags),
                })
            }
        ),
    ]
}

fn information_request() -> impl Strategy<Value = Request<'static>> {
    prop_oneof![
        (any::<(u8, u8, u32, u32)>(), file_id(), any_name(0..20)).prop_map(
            |((class, flags, file_index, output_len_max), file_id, pattern)| {
                Request::QueryDirectory(query_directory::Request {
                    class: FileInformationClass(class.into()),
                    flags: query_directory::QueryDirectoryFlags(flags),
                    file_index,
                    file_id,
                    pattern,
                    output_len_max,
                })
            }
        ),
        (any::<(u16, u32, u32)>(), file_id()).prop_map(|((flags, output_len_max, filter), file_id)| {
            Request::ChangeNotify(change_notify::Request {
                flags: change_notify::ChangeNotifyFlags(flags),
                output_len_max,
                file_id,
                filter: NotifyFilter(filter),
            })
        }),
        (any::<(u8, u8, u32, u32, u32)>(), file_id(), bytes(0..40)).prop_map(
            |((info_type, class, output_len_max, additional, flags), file_id, input)| {
                Request::QueryInfo(query_info::Request {
                    info_type: query_info::InfoType(info_type),
                    class,
                    output_len_max,
                    additional,
                    flags: query_info::QueryInfoFlags(flags),
                    file_id,
                    input,
                })
            }
        ),
        (any::<(u8, u8, u32)>(), file_id(), bytes(0..40)).prop_map(
            |((info_type, class, additional), file_id, input)| {
                let info_type = query_info::InfoType(info_type);
                Request::SetInfo(set_info::Request { info_type, class, additional, file_id, input })
            }
        ),
    ]
}

fn acknowledgment() -> impl Strategy<Value = oplock_break::Acknowledgment> {
    prop_oneof![
        (any::<u8>(), file_id()).prop_map(|(level, file_id)| {
            let oplock_level = create::OplockLevel(level);
            oplock_break::Acknowledgment::Oplock(oplock_break::OplockBreak { oplock_level, file_id })
        }),
        any::<([u8; 16], u32)>().prop_map(|(key, state)| {
            oplock_break::Acknowledgment::Lease(oplock_break::LeaseAcknowledgment {
                key: create::LeaseKey(key),
                state: create::LeaseState(state),
            })
        }),
    ]
}

fn tree_connect_request() -> impl Strategy<Value = Request<'static>> {
    let context = (any::<u16>(), bytes(0..20));
    let contexts = proptest::option::of(vec(context, 0..3));
    (any::<u16>(), any_name(0..30), contexts).prop_map(|(flags, path, contexts)| {
        let flags = tree_connect::RequestFlags(flags & !4);
        let context = |(kind, data)| tree_connect::Context { kind: tree_connect::ContextType(kind), data };
        let contexts = contexts.map(|list| list.into_iter().map(context).collect());
        Request::TreeConnect(tree_connect::Request { flags, path, contexts })
    })
}

fn request() -> impl Strategy<Value = Request<'static>> {
    prop_oneof![
        negotiate_request(),
        (any::<(u8, u8, u32, u64)>(), bytes(0..60)).prop_map(
            |((flags, mode, capabilities, previous_session_id), security_buffer)| {
                Request::SessionSetup(session_setup::Request {
                    flags: session_setup::RequestFlags(flags),
                    security_mode: SecurityMode(mode.into()),
                    capabilities: Capabilities(capabilities),
                    previous_session_id,
                    security_buffer,
                })
            }
        ),
        Just(Request::Logoff(logoff::Request)),
        tree_connect_request(),
        Just(Request::TreeDisconnect(tree_disconnect::Request)),
        create_request(),
        (any::<u16>(), file_id()).prop_map(|(flags, file_id)| {
            Request::Close(close::Request { flags: close::CloseFlags(flags), file_id })
        }),
        file_id().prop_map(|file_id| Request::Flush(flush::Request { file_id })),
        data_request(),
        Just(Request::Cancel(cancel::Request)),
        Just(Request::Echo(echo::Request)),
        information_request(),
        acknowledgment().prop_map(Request::OplockBreak),
    ]
}

fn negotiate_response() -> impl Strategy<Value = Response<'static>> {
    let dialect = prop_oneof![Just(0x0311u16), any::<u16>()];
    (any::<(u16, [u32; 4], u64, u64)>(), dialect, guid(), bytes(0..70), vec(negotiate_context(), 0..5))
        .prop_map(
            |((mode, [capabilities, transact, read, write], now, start), dialect, guid, token, list)| {
                let dialect = Dialect(dialect);
                Response::Negotiate(negotiate::Response {
                    security_mode: SecurityMode(mode),
                    dialect,
                    server_guid: guid,
                    capabilities: Capabilities(capabilities),
                    transact_len_max: transact,
                    read_len_max: read,
                    write_len_max: write,
                    system_time: FileTime(now),
                    server_start_time: FileTime(start),
                    security_buffer: token,
                    contexts: if dialect == Dialect::SMB_3_1_1 { list } else { Vec::new() },
                })
            },
        )
}

fn create_response() -> impl Strategy<Value = Response<'static>> {
    (any::<(u8, u8, u32)>(), attributes(), file_id(), vec(create_context(), 0..4)).prop_map(
        |((level, flags, action), attributes, file_id, contexts)| {
            Response::Create(create::Response {
                oplock_level: create::OplockLevel(level),
                flags: create::CreateFlags(flags),
                action: CreateAction(action),
                attributes,
                file_id,
                contexts,
            })
        },
    )
}

/// A response with the status it has.
fn response() -> impl Strategy<Value = (Command, NtStatus, Response<'static>)> {
    let fine = |command| move |body| (command, NtStatus::SUCCESS, body);
    let context = (any::<u32>(), bytes(0..30)).prop_map(|(id, data)| ErrorContext { id: ErrorId(id), data });
    prop_oneof![
        bytes(0..40).prop_map(|data| {
            (Command::CREATE, NtStatus::ACCESS_DENIED, Response::Error(ErrorResponse::Plain(data)))
        }),
        vec(context, 1..4).prop_map(|list| {
            let error = Response::Error(ErrorResponse::Contexts(list));
            (Command::CREATE, NtStatus::STOPPED_ON_SYMLINK, error)
        }),
        negotiate_response().prop_map(fine(Command::NEGOTIATE)),
        (any::<u16>(), bytes(0..50)).prop_map(|(flags, security_buffer)| {
            let flags = session_setup::SessionFlags(flags);
            let body = Response::SessionSetup(session_setup::Response { flags, security_buffer });
            (Command::SESSION_SETUP, NtStatus::MORE_PROCESSING_REQUIRED, body)
        }),
        Just((Command::LOGOFF, NtStatus::SUCCESS, Response::Logoff(logoff::Response))),
        any::<(u8, u32, u32, u32)>().prop_map(|(share_type, flags, capabilities, access)| {
            let body = Response::TreeConnect(tree_connect::Response {
                share_type: tree_connect::ShareType(share_type),
                share_flags: tree_connect::ShareFlags(flags),
                capabilities: tree_connect::ShareCapabilities(capabilities),
                maximal_access: AccessMask(access),
            });
            (Command::TREE_CONNECT, NtStatus::SUCCESS, body)
        }),
        Just(Response::TreeDisconnect(tree_disconnect::Response)).prop_map(fine(Command::TREE_DISCONNECT)),
        create_response().prop_map(fine(Command::CREATE)),
        (any::<u16>(), attributes()).prop_map(|(flags, attributes)| {
            let body = Response::Close(close::Response { flags: close::CloseFlags(flags), attributes });
            (Command::CLOSE, NtStatus::SUCCESS, body)
        }),
        Just(Response::Flush(flush::Response)).prop_map(fine(Command::FLUSH)),
        (any::<(u32, u32)>(), bytes(0..80)).prop_map(|((remaining, flags), data)| {
            let head = read::Response { remaining, flags: read::ResponseFlags(flags) };
            (Command::READ, NtStatus::SUCCESS, Response::Read(head, data))
        }),
        any::<u32>()
            .prop_map(|count| Response::Write(write::Response { count }))
            .prop_map(fine(Command::WRITE)),
        Just(Response::Lock(lock::Response)).prop_map(fine(Command::LOCK)),
        (any::<u32>(), file_id(), bytes(0..30), bytes(0..30)).prop_map(|(code, file_id, input, output)| {
            let body = ioctl::Response { code: FsctlCode(code), file_id, input, output };
            (Command::IOCTL, NtStatus::BUFFER_OVERFLOW, Response::Ioctl(body))
        }),
        Just(Response::Echo(echo::Response)).prop_map(fine(Command::ECHO)),
        bytes(0..50)
            .prop_map(|output| Response::QueryDirectory(query_directory::Response { output }))
            .prop_map(fine(Command::QUERY_DIRECTORY)),
        bytes(0..50)
            .prop_map(|output| Response::ChangeNotify(change_notify::Response { output }))
            .prop_map(fine(Command::CHANGE_NOTIFY)),
        bytes(0..50)
            .prop_map(|output| Response::QueryInfo(query_info::Response { output }))
            .prop_map(fine(Command::QUERY_INFO)),
        Just(Response::SetInfo(set_info::Response)).prop_map(fine(Command::SET_INFO)),
        acknowledgment().prop_map(Response::OplockBreak).prop_map(fine(Command::OPLOCK_BREAK)),
        (any::<u32>(), bytes(0..20)).prop_map(|(kind, data)| {
            let kind = notification::NotificationType(kind);
            let body = Response::Notification(notification::Notification { kind, data });
            (Command::SERVER_TO_CLIENT_NOTIFICATION, NtStatus::SUCCESS, body)
        }),
    ]
}

fn header(command: Command) -> impl Strategy<Value = Header> {
    let subject = prop_oneof![
        any::<u64>().prop_map(|async_id| Subject::Async { async_id }),
        any::<(u32, u32)>().prop_map(|(reserved, tree_id)| Subject::Sync { reserved, tree_id }),
    ];
    (any::<(u16, u32, u16, u32, u64, u64, [u8; 16])>(), subject).prop_map(
        move |((credit_charge, status, credits, flags, message_id, session_id, signature), subject)| Header {
            credit_charge,
            status: NtStatus(status),
            command,
            credits,
            flags: HeaderFlags(flags).without(HeaderFlags::ASYNC_COMMAND),
            message_id,
            subject,
            session_id,
            signature,
        },
    )
}

fn written(header: &Header, body: impl Fn(&mut Writer), payload: &[u8]) -> Vec<u8> {
    let mut w = Writer::new();
    header.encode(&mut w);
    body(&mut w);
    let mut message = w.finish().unwrap();
    message.extend_from_slice(payload);
    message
}

/// Every cut of a message is a fault or, where only padding or a part that may be missing was cut, another message; never
/// a panic.
fn cuts(message: &[u8], decode: impl Fn(&[u8]) -> bool, fixed: usize) {
    for len in 0..message.len() {
        let read = decode(&message[..len]);
        assert!(!(read && len < fixed), "a message cut to {len} of {fixed} fixed bytes was read");
    }
}

/// Where the fixed part ends: the header and StructureSize without its odd byte.
fn fixed_end(message: &[u8]) -> usize {
    64 + usize::from(u16::from_le_bytes([message[64], message[65]]) & !1)
}

proptest! {
    #![proptest_config(config(1500))]

    #[test]
    fn a_request_that_is_written_is_read_the_same(body in request()) {
        let header = Header::new(body.command(), 7);
        let message = written(&header, |w| body.encode(w), body.payload());
        prop_assert_eq!(Request::decode(&header, &message).unwrap(), body);
        cuts(&message, |bytes| Request::decode(&header, bytes).is_ok(), fixed_end(&message));
    }

    #[test]
    fn a_response_that_is_written_is_read_the_same((command, status, body) in response()) {
        let header = Header { status, ..Header::new(command, 7) };
        prop_assert_eq!(is_error(command, status), matches!(body, Response::Error(_)));
        let message = written(&header, |w| body.encode(w), body.payload());
        prop_assert_eq!(Response::decode(&header, &message).unwrap(), body);
        let fixed = if command == Command::SERVER_TO_CLIENT_NOTIFICATION { 72 } else { fixed_end(&message) };
        cuts(&message, |bytes| Response::decode(&header, bytes).is_ok(), fixed);
    }

    #[test]
    fn a_header_that_is_written_is_read_the_same(header in any::<u16>().prop_flat_map(|c| header(Command(c)))) {
        let message = written(&header, |_| (), &[]);
        prop_assert_eq!(Header::decode(&message).unwrap(), header);
        cuts(&message, |bytes| Header::decode(bytes).is_ok(), 64);
    }

    #[test]
    fn a_chain_that_is_written_is_cut_into_its_messages(bodies in vec(request(), 1..5)) {
        let mut chain = Vec::new();
        for (at, body) in bodies.iter().enumerate() {
            let mut head = written(&Header::new(body.command(), at as u64), |w| body.encode(w), &[]);
            let is_last = at + 1 == bodies.len();
            let padding = if is_last { 0 } else { compound::link(&mut head, body.payload().len()).unwrap() };
            chain.extend([&head[..], body.payload(), &[0; 8][..padding]].concat());
        }
        let messages: Vec<_> = compound::split(&chain).map(Result::unwrap).collect();
        prop_assert_eq!(messages.len(), bodies.len());
        let last = messages.len() - 1;
        for (at, ((header, message), body)) in messages.iter().zip(&bodies).enumerate() {
            prop_assert_eq!(header.message_id, at as u64);
            prop_assert!(at == last || message.len().is_multiple_of(8));
            prop_assert_eq!(&Request::decode(header, message).unwrap(), body);
        }
    }

    #[test]
    fn no_bytes_make_a_decoder_panic(mut bytes in vec(any::<u8>(), 0..300), command in 0u16..0x14, status: u32) {
        let header = Header { status: NtStatus(status), ..Header::new(Command(command), 0) };
        let _ = Request::decode(&header, &bytes);
        let _ = Response::decode(&header, &bytes);
        // With the right StructureSize the decoders go further.
        for size in [2u16, 4, 9, 16, 17, 24, 25, 32, 33, 36, 41, 44, 48, 49, 57, 60, 65, 89] {
            if let Some(field) = bytes.get_mut(64..66) {
                field.copy_from_slice(&size.to_le_bytes());
            }
            let _ = Request::decode(&header, &bytes);
            let _ = Response::decode(&Header { status: NtStatus::SUCCESS, ..header }, &bytes);
        }
        let _ = compound::split(&bytes).count();
    }
}
