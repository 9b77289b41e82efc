//! [MS-SMB2] 3.3.5.21: SET_INFO.
use nt::{FileInformationClass as Class, FsInformationClass, NtStatus};
use wire::Response;
use wire::query_info::InfoType;
use wire::set_info::{self, Request};

use super::{Flow, Started, Waiting, posix};
use crate::server::{Asked, Server};
use crate::store::Op;

pub(crate) fn start(server: &mut Server, asked: &mut Asked, request: &Request<'_>) -> Started {
    server.use_open(asked, request.file_id)?;
    let len_max = server.negotiated(asked.connection)?.transfer_len_max;
    let (file_id, share, store) = server.file(asked, request.file_id)?;
    asked.used = Some(file_id);
    if u32::try_from(request.input.len()).is_ok_and(|len| len > len_max) {
        return Err(NtStatus::INVALID_PARAMETER);
    }
    let caller = server.caller(asked)?;
    let input = request.input.to_vec();
    let op = match request.info_type {
        InfoType::FILE => {
            let class = Class(request.class.into());
            if !may_be_set(class) {
                return Err(NtStatus::NOT_SUPPORTED);
            }
            let input = match server.negotiated(asked.connection)?.posix {
                true => posix::new_name(class, input),
                false => input,
            };
            Op::SetFile { caller, open: store, class, input }
        }
        InfoType::SECURITY => {
            Op::SetSecurity { caller, open: store, parts: request.additional, descriptor: input }
        }
        // [MS-SMB2] 3.3.5.21.2: of a volume's classes only some can be set, and a store here has none of them. What can be
        // asked only is no class to set: FsInfo_Set_FileFsSectorSizeInformation_File_InvalidInfoClass of WindowsProtocolTestSuites.
        InfoType::FILESYSTEM => {
            return Err(match FsInformationClass(request.class.into()) {
                FsInformationClass::LABEL_INFORMATION
                | FsInformationClass::CONTROL_INFORMATION
                | FsInformationClass::OBJECT_ID_INFORMATION => NtStatus::INVALID_DEVICE_REQUEST,
                _ => NtStatus::INVALID_INFO_CLASS,
            });
        }
        InfoType::QUOTA => return Err(NtStatus::NOT_SUPPORTED),
        _ => return Err(NtStatus::INVALID_PARAMETER),
    };
    Ok(Flow::Submit(share, op, Waiting::Plain(Response::SetInfo(set_info::Response))))
}

/// Classes that no client may set, though a local program may. [MS-SMB2] 3.3.5.21.1
fn may_be_set(class: Class) -> bool {
    !matches!(
        class,
        Class::LINK_INFORMATION_EX | Class::COMPLETION_INFORMATION | Class::MOVE_CLUSTER_INFORMATION
    )
}
