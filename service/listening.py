"""Where the service listens: without keys, on this machine only."""

from __future__ import annotations

import ipaddress
import socket

from service.errors import ServiceError

BACKLOG = 2048
"""Connections that may wait to be taken."""


def listen(host: str, port: int, has_keys: bool = False) -> socket.socket:
    """A socket that listens at `host`: without keys a loopback address, or a name of nothing else.

    `port` 0 takes a free one. Raises ServiceError for another host, and where the port cannot be had.
    """
    family, address = _place(host, has_keys)
    # With the protocol spelled out: asyncio turns Nagle's algorithm off only then, and each answer would wait 40 ms.
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((address, port))
        listening.listen(BACKLOG)
    except OSError as error:
        listening.close()
        raise ServiceError(
            f"Port {port} of {host} cannot be had ({error.strerror}). Give another --port, or 0 for a free one."
        ) from error
    return listening


def url_of(listening: socket.socket) -> str:
    """The address under which a listening socket is asked."""
    address, port = listening.getsockname()[:2]
    return f"http://[{address}]:{port}" if ":" in address else f"http://{address}:{port}"


def own_url(listening: socket.socket) -> str:
    """The address under which this machine asks; every service answers to the names of the machine it runs on."""
    url = url_of(listening)
    return url.replace("//0.0.0.0:", "//127.0.0.1:").replace("//[::]:", "//[::1]:")


def is_everywhere(host: str) -> bool:
    """Whether `host` stands for every address of this machine, and so is the name of none."""
    try:
        return ipaddress.ip_address(host.partition("%")[0]).is_unspecified
    except ValueError:
        return False


def _place(host: str, has_keys: bool) -> tuple[socket.AddressFamily, str]:
    """(family, address) of `host`; without keys, every address that its name stands for must be a loopback one."""
    try:
        found = [
            (family, str(place[0]))
            for family, _, _, _, place in socket.getaddrinfo(host or "?", None, type=socket.SOCK_STREAM)
        ]
    except (OSError, UnicodeError) as error:
        raise ServiceError(f"--host {host!r} is no address of this machine ({error}). Give 127.0.0.1.") from error
    for _, address in found:
        if not has_keys and not ipaddress.ip_address(address.partition("%")[0]).is_loopback:
            raise ServiceError(
                f"--host {host}: others could reach the service there, and it asks nobody for a key. Serve with --keys "
                "(make some with `exposure keys add`), or give 127.0.0.1 and use a tunnel (ssh -L)."
            )
    return found[0]
