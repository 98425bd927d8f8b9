"""Opens connections: TCP and UDP, as a client and as a server, and through a web library.

double: failed
staff: `socket`
control: unlocked
"""

# %% double
import ctypes
import socket
import urllib.request

libc = ctypes.CDLL(None, use_errno=True)


def double(x):
    return x


def serve():
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        return server.getsockname()


def of_c(family, kind):
    descriptor = libc.socket(family, kind, 0)
    if descriptor < 0:
        raise OSError(ctypes.get_errno(), "socket")
    return descriptor


def fetch():
    try:
        return urllib.request.urlopen("http://127.0.0.1:9/", timeout=1)
    except OSError as error:
        if isinstance(getattr(error, "reason", error), PermissionError):
            raise
        return "a socket was made, nobody answered"


ways = {
    "server": serve,
    "datagram": lambda: socket.socket(type=socket.SOCK_DGRAM).sendto(b"x", ("127.0.0.1", 9)),
    "IPv6": lambda: socket.socket(socket.AF_INET6),
    "urllib": fetch,
    "C": lambda: of_c(2, 1),
}
for name, way in ways.items():
    try:
        print("REACHED by", name, way())
    except OSError as error:
        print(name, error)
