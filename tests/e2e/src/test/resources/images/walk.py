#!/usr/bin/env python3
"""Prints one line for each file that a process sees on its root file system: walk.py PID

Owners are those inside, whatever they are outside. What is mounted is left out, and so are the
files that each engine makes for itself.
"""
import hashlib
import os
import stat
import sys

OWN = {b"/etc/hosts", b"/etc/hostname", b"/etc/resolv.conf", b"/etc/mtab", b"/.dockerenv", b"/run/.containerenv"}
# Mount points that engines add to an image, when it does not have them.
PLACES = {b"/proc", b"/sys", b"/dev", b"/run"}


def id_map(pid, name):
    pairs = []
    with open(f"/proc/{pid}/{name}") as lines:
        for line in lines:
            inside, outside, count = map(int, line.split())
            pairs.append((inside, outside, count))

    def inside_of(number):
        for inside, outside, count in pairs:
            if outside <= number < outside + count:
                return number - outside + inside
        return "?"

    return inside_of


def content(path, status):
    if stat.S_ISLNK(status.st_mode):
        return "-> " + repr(os.readlink(path))
    if not stat.S_ISREG(status.st_mode):
        return "" if not status.st_rdev else f"dev {os.major(status.st_rdev)}:{os.minor(status.st_rdev)}"
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while piece := file.read(1 << 20):
            digest.update(piece)
    return f"{status.st_size} {digest.hexdigest()[:16]}"


def attributes(path):
    found = {}
    for name in os.listxattr(path, follow_symlinks=False):
        if not name.startswith(("trusted.", "system.", "security.selinux")):
            value = os.getxattr(path, name, follow_symlinks=False)
            if name == "security.capability":
                value = value[:3] + b"\2" + value[4:20]  # in a user namespace it is of version 3
            found[name] = value.hex()
    return sorted(found.items())


def main():
    pid = sys.argv[1]
    root = f"/proc/{pid}/root".encode()
    uid, gid = id_map(pid, "uid_map"), id_map(pid, "gid_map")
    device = os.lstat(root + b"/.").st_dev
    names = {}
    lines = []
    for parent, directories, files in os.walk(root + b"/", followlinks=False):
        directories[:] = sorted(
            each for each in directories
            if os.lstat(os.path.join(parent, each)).st_dev == device
        )
        for each in sorted(directories + files):
            path = os.path.join(parent, each)
            shown = b"/" + path[len(root):].lstrip(b"/")
            status = os.lstat(path)
            if status.st_dev != device or shown in OWN or shown in PLACES:
                continue
            if status.st_nlink > 1 and not stat.S_ISDIR(status.st_mode):
                names.setdefault(status.st_ino, []).append(shown)
            time = int(status.st_mtime) if stat.S_ISREG(status.st_mode) else "-"
            lines.append(
                f"{shown!r} {stat.filemode(status.st_mode)} {uid(status.st_uid)}:{gid(status.st_gid)}"
                f" {time} {content(path, status)} {attributes(path)}"
            )
    for same in names.values():
        lines.append(f"one file: {sorted(same)!r}")
    print("\n".join(sorted(lines)))


main()
