"""Which addresses may be called: what a name stands for is looked up once, checked, and dialled as it was
checked.

A URL that a person typed must not reach inside the network. So the name is resolved here, every address
behind it is judged, and the connection goes to an address that was judged: a second look-up could answer
differently.
"""

from __future__ import annotations

import ipaddress
import queue
import re
import socket
import threading
from collections.abc import Sequence
from urllib.parse import urlsplit

from workers.runtime.errors import EndpointNonsense, EndpointUnavailable

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

# Prefixes that carry an IPv4 address inside an IPv6 one.
NAT64 = ipaddress.ip_network("64:ff9b::/96")
SIX_TO_FOUR = ipaddress.ip_network("2002::/16")
# Old mail and shell services would read a request as commands of their own.
LOW_PORTS = frozenset({80, 443})


def check_url(url: str) -> None:
    """Refuse what is no plain web address, without looking anything up. Raises EndpointNonsense."""
    if re.search(r"[\x00-\x20\x7f-\x9f\\]", url) or not url.isprintable():
        raise EndpointNonsense("The endpoint's address holds blanks or control characters.")
    if not url.isascii():
        raise EndpointNonsense("Write the endpoint's address in ASCII; a name of other letters begins xn--.")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as trouble:
        raise EndpointNonsense("The endpoint's address is not one.") from trouble
    if parts.scheme not in ("http", "https"):
        raise EndpointNonsense("The endpoint's address must begin with http:// or https://.")
    if not parts.hostname:
        raise EndpointNonsense("The endpoint's address is not one.")
    if parts.username is not None or parts.password is not None:
        raise EndpointNonsense("The endpoint's address holds a name or password; give the key by its name.")
    if parts.query or parts.fragment:
        raise EndpointNonsense("The endpoint's address ends at its path, such as /v1.")
    if port is not None and (port == 0 or (port < 1024 and port not in LOW_PORTS)):
        raise EndpointNonsense(f"Port {port} is not one that endpoints answer on.")


def origin(url: str) -> str:
    """Scheme, name and port that an address leads to, such as "https://api.example.com:443"; "" where it is
    none. Without a scheme it is https."""
    try:
        parts = urlsplit(url if "://" in url else f"https://{url}")
        port = parts.port or {"http": 80, "https": 443}.get(parts.scheme)
    except ValueError:
        return ""
    return f"{parts.scheme}://{parts.hostname}:{port}" if parts.hostname and port else ""


def vetted_addresses(host: str, port: int, allowed: Sequence[str], *, seconds: float) -> list[str]:
    """The addresses behind a name, all of them checked.

    ``allowed``: networks ("10.0.0.0/8"), names ("vllm") or names with a port ("localhost:11434") that may be
    private. Raises EndpointNonsense where any address is private and not allowed: a name that stands for an
    inner and an outer address is not to be trusted. Raises EndpointUnavailable where the look-up fails.
    """
    found = _resolve(host, port, seconds)
    name = host.rstrip(".").lower()
    if name in allowed or f"{name}:{port}" in allowed:
        return found
    networks = [net for one in allowed if (net := _network(one)) is not None]
    for text in found:
        address = ipaddress.ip_address(text.partition("%")[0])
        inner = _inner(address)
        if is_private(inner) and not any(_holds(net, inner) or _holds(net, address) for net in networks):
            raise EndpointNonsense(
                f"{host} is a private address ({address}). Whoever runs Winnow can allow it in "
                "WINNOW_PRIVATE_ENDPOINTS."
            )
    return found


def is_private(address: Address) -> bool:
    """Whether an address is anything but a public host: loopback, inner networks, metadata, multicast."""
    return (
        not address.is_global
        or address.is_multicast
        or address.is_reserved
        or address.is_unspecified
        or getattr(address, "is_site_local", False)
    )


def _inner(address: Address) -> Address:
    """The IPv4 address that an IPv6 form stands for, where it does."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address.teredo is not None:
        return address.teredo[1]
    if address in SIX_TO_FOUR and address.sixtofour is not None:
        return address.sixtofour
    low = int(address) & 0xFFFFFFFF
    if address in NAT64 or int(address) >> 32 == 0 and low > 1:
        return ipaddress.IPv4Address(low)
    return address


def _network(text: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network | None:
    try:
        return ipaddress.ip_network(text, strict=False)
    except ValueError:
        return None


def _holds(network: ipaddress.IPv4Network | ipaddress.IPv6Network, address: Address) -> bool:
    return address.version == network.version and address in network


def _resolve(host: str, port: int, seconds: float) -> list[str]:
    """getaddrinfo knows no deadline, so it waits in a thread that may be left behind."""
    answers: queue.Queue[list[str] | OSError | UnicodeError] = queue.Queue(1)

    def look_up() -> None:
        try:
            rows = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            answers.put(list(dict.fromkeys(str(row[4][0]) for row in rows)))
        except (OSError, UnicodeError) as trouble:
            answers.put(trouble)

    threading.Thread(target=look_up, daemon=True).start()
    try:
        found = answers.get(timeout=max(seconds, 0.01))
    except queue.Empty as trouble:
        raise EndpointUnavailable("The endpoint's name could not be looked up in time.") from trouble
    if isinstance(found, UnicodeError):
        raise EndpointNonsense("The endpoint's name is not one.") from found
    if isinstance(found, OSError) or not found:
        raise EndpointUnavailable("The endpoint's name is not known.")
    return found
