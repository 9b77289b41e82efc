"""smbprotocol (PyPI) against a connection of ours: negotiates every dialect, then signs or encrypts echoes.

usage: echoes.py PORT. The session 0x11 exists on the server, its key 32 bytes of 7, its preauthentication hash zero. The
keys are derived here by smbprotocol's own function, so both sides must come to the same ones.
"""
import sys
import uuid

from smbprotocol.connection import Ciphers, Connection, Dialects
from smbprotocol.session import Session

FULL, ZERO = b"\x07" * 32, b"\0" * 64
KEY = FULL[:16]


def talk(dialect, encrypt, cipher=None):
    connection = Connection(uuid.uuid4(), "127.0.0.1", int(sys.argv[1]))
    connection.connect(dialect, timeout=10, preferred_encryption_algos=[cipher] if cipher else None)
    assert connection.dialect == dialect, hex(connection.dialect)
    session = Session(connection, "user", "password")
    session.session_id = 0x11
    derive = session._smb3kdf
    if dialect >= Dialects.SMB_3_1_1:
        assert connection.cipher_id == (cipher or connection.cipher_id)
        long = connection.cipher_id in (Ciphers.AES_256_CCM, Ciphers.AES_256_GCM)
        base, length = (FULL, 32) if long else (KEY, 16)
        session.signing_key = derive(KEY, b"SMBSigningKey\0", ZERO)
        session.encryption_key = derive(base, b"SMBC2SCipherKey\0", ZERO, length=length)
        session.decryption_key = derive(base, b"SMBS2CCipherKey\0", ZERO, length=length)
    elif dialect >= Dialects.SMB_3_0_0:
        session.signing_key = derive(KEY, b"SMB2AESCMAC\0", b"SmbSign\0")
        session.encryption_key = derive(KEY, b"SMB2AESCCM\0", b"ServerIn \0")
        session.decryption_key = derive(KEY, b"SMB2AESCCM\0", b"ServerOut\0")
    else:
        session.signing_key = KEY
    session._connected, session.signing_required, session.encrypt_data = True, not encrypt, encrypt
    connection.session_table[0x11] = session
    for _ in range(3):
        connection.echo(sid=0x11)
    signing = connection.signing_algorithm_id if dialect >= Dialects.SMB_3_1_1 else "-"
    print(f"{dialect:#x} {'encrypted' if encrypt else 'signed'} {signing} {cipher or '-'}")
    connection.disconnect(False)


for dialect in (Dialects.SMB_2_0_2, Dialects.SMB_2_1_0, Dialects.SMB_3_0_0, Dialects.SMB_3_0_2, Dialects.SMB_3_1_1):
    talk(dialect, False)
for dialect in (Dialects.SMB_3_0_0, Dialects.SMB_3_0_2):
    talk(dialect, True)
for cipher in (Ciphers.AES_128_CCM, Ciphers.AES_128_GCM, Ciphers.AES_256_CCM, Ciphers.AES_256_GCM):
    talk(Dialects.SMB_3_1_1, True, cipher)
