#!/usr/bin/env python3
"""Writes an archive of everything that is easily lost on the way: odd.py FILE"""
import io
import struct
import sys
import tarfile

NET_RAW = struct.pack("<IIIII", 0x02000001, 1 << 13, 0, 0, 0).decode("latin1")

with tarfile.open(sys.argv[1], "w", format=tarfile.PAX_FORMAT) as archive:

    def add(name, kind=tarfile.REGTYPE, data=b"", mode=0o644, owner=(0, 0), link="", time=1700000000, pax={}):
        member = tarfile.TarInfo(name)
        member.type, member.mode, member.linkname, member.mtime = kind, mode, link, time
        member.uid, member.gid = owner
        member.size = len(data)
        member.pax_headers = pax
        archive.addfile(member, io.BytesIO(data))

    add("odd", tarfile.DIRTYPE, mode=0o1777)
    add("odd/setuid", data=b"x", mode=0o4711, owner=(5, 6))
    add("odd/setgid", tarfile.DIRTYPE, mode=0o2750, owner=(65534, 65534))
    add("odd/capable", data=b"y", mode=0o755, pax={"SCHILY.xattr.security.capability": NET_RAW})
    add("odd/attribute", data=b"z", pax={"SCHILY.xattr.user.mine": "value"})
    add("odd/link", tarfile.SYMTYPE, link="../odd/setuid")
    add("odd/second", tarfile.LNKTYPE, link="odd/setuid", mode=0o4711, owner=(5, 6))
    add("odd/pipe", tarfile.FIFOTYPE, mode=0o600)
    add("odd/" + "long" * 40, data=b"long", time=1600000000)
    add("odd/\u00e9 \u00fc", data=b"u")
    add("odd/old", data=b"o", time=1)
    add("odd/empty", tarfile.DIRTYPE, mode=0o700)
