"""smbprotocol's connections and opens, for the judges beside this file."""
import socket


class Server:
    """Where the share is, and who asks."""

    def __init__(self, port, share, user, password):
        self.port, self.share, self.user, self.password = port, share, user, password

    def channel(self, guid):
        """A connection and a tree of a client with this GUID."""
        from smbprotocol.connection import Connection
        from smbprotocol.session import Session
        from smbprotocol.tree import TreeConnect

        connection = Connection(guid, "127.0.0.1", self.port)
        connection.connect()
        session = Session(connection, username=self.user, password=self.password)
        session.connect()
        tree = TreeConnect(session, rf"\\127.0.0.1\{self.share}")
        tree.connect()
        return connection, tree


def fsctl(opened, code, data=b"", output_size=0):
    """One FSCTL on what smbclient opened; its output."""
    from smbprotocol.ioctl import IOCTLFlags, SMB2IOCTLRequest, SMB2IOCTLResponse

    request = SMB2IOCTLRequest()
    request["ctl_code"] = code
    request["file_id"] = opened.fd.file_id
    request["max_output_response"] = output_size
    request["flags"] = IOCTLFlags.SMB2_0_IOCTL_IS_FSCTL
    request["buffer"] = data
    connection = opened.fd.connection
    tree = opened.fd.tree_connect
    sent = connection.send(request, sid=tree.session.session_id, tid=tree.tree_connect_id)
    response = SMB2IOCTLResponse()
    response.unpack(connection.receive(sent)["data"].get_value())
    return response["buffer"].get_value()


def cut(connection):
    """As a broken network does: without a word of SMB."""
    connection.transport._sock.shutdown(socket.SHUT_RDWR)
    connection.transport._sock.close()


def opened(tree, name, context, data):
    """A file opened or made to read and write, with a batch oplock and one create context."""
    from smbprotocol import open as smb2
    from smbprotocol.create_contexts import SMB2CreateContextRequest

    request = SMB2CreateContextRequest()
    request["buffer_name"] = context
    request["buffer_data"] = data
    file = smb2.Open(tree, name)
    file.create(
        smb2.ImpersonationLevel.Impersonation,
        smb2.FilePipePrinterAccessMask.GENERIC_READ | smb2.FilePipePrinterAccessMask.GENERIC_WRITE,
        smb2.FileAttributes.FILE_ATTRIBUTE_NORMAL,
        0,
        smb2.CreateDisposition.FILE_OPEN_IF,
        0,
        create_contexts=[request],
        oplock_level=smb2.RequestedOplockLevel.SMB2_OPLOCK_LEVEL_BATCH,
    )
    return file
