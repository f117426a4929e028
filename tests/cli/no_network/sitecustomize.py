"""Ends every Python program that tries to reach a network; programs started by it inherit this."""

import os
import socket
import sys

STATUS = 97
LEAVES = frozenset({"socket.connect", "socket.sendto", "socket.getaddrinfo", "socket.gethostbyname"})


def _guard(event: str, arguments: tuple[object, ...]) -> None:
    if event not in LEAVES:
        return
    first = arguments[0] if arguments else None
    if isinstance(first, socket.socket) and first.family == socket.AF_UNIX:
        return  # to a program on this machine
    os.write(2, f"This tried to use the network: {event} {arguments[1:]}\n".encode())
    os._exit(STATUS)


if __name__ == "sitecustomize":
    # Not where a test imports this for its number: a hook cannot be taken off again, and other tests serve on loopback.
    sys.addaudithook(_guard)
