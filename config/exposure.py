"""Who else might reach a place: an address, or a folder."""

from __future__ import annotations

import ipaddress
from pathlib import Path

NETWORK_KINDS = ("nfs", "nfs4", "cifs", "smb3", "smbfs", "fuse.sshfs", "afs", "glusterfs", "lustre", "ceph")


def is_private_place(host: str) -> bool:
    """True for this machine itself: loopback, or a socket file. A name may be anybody's: not private."""
    if not host or host.startswith("/") or host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def network_filesystem(path: Path, *, mounts: Path = Path("/proc/self/mounts")) -> str:
    """The kind of network drive that ``path`` lies on; empty for a local disk, or where nobody can say."""
    try:
        lines = mounts.read_text().splitlines()
    except OSError:
        return ""
    resolved = path.resolve()
    best, kind = -1, ""
    for line in lines:
        place, found = line.split()[1:3]
        mount = Path(place.replace("\\040", " "))
        if resolved.is_relative_to(mount) and len(mount.parts) >= best:
            best, kind = len(mount.parts), found
    return kind if kind in NETWORK_KINDS else ""
