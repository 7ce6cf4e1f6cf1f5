"""The door of what speaks gRPC: one server with a throw-away certificate, and a proxy that leads Google's names there.

A client of gRPC asks for a proxy and for trusted roots in its environment: an unmodified plugin dials
`us-speech.googleapis.com` and arrives here. The proxy knows each connection, so it tells which name was dialled and can
cut it. A provider takes part by `service(hub, door)`, its methods, and by handing on `serve`.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, closing, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final, TypeVar

import grpc
import grpc.aio
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from .. import project
from .app import modules
from .faults import REFUSALS
from .hub import CutOff, Hub, Peer

VENDOR: Final = "google"
DOMAIN: Final = ".googleapis.com"
CODES: Final = {
    401: grpc.StatusCode.UNAUTHENTICATED,
    404: grpc.StatusCode.NOT_FOUND,
    429: grpc.StatusCode.RESOURCE_EXHAUSTED,
    500: grpc.StatusCode.INTERNAL,
}
GARBAGE: Final = b"\xff"  # no message of any kind
READ_BYTES: Final = 65_536
# No network is faster, in s. grpc.aio tells INTERNAL, not the status, when it is refused while it writes.
ROUND_TRIP_S: Final = 0.03

Answer = TypeVar("Answer")


@asynccontextmanager
async def serve(hub: Hub) -> AsyncIterator[dict[str, str]]:
    """All services of this project's providers behind one door: whoever enters first opens it, for `grpc_proxy` is one.

    Yields the variables that lead a client here; what is not Google's reaches its own address.
    """
    if "grpc_proxy" in hub.environment:
        yield {}
        return
    door = Door(hub)
    server = grpc.aio.server()
    server.add_generic_rpc_handlers(
        tuple(module.service(hub, door) for module in modules() if hasattr(module, "service"))
    )
    key, certificate = throw_away_certificate()
    door.port = server.add_secure_port("127.0.0.1:0", grpc.ssl_server_credentials([(key, certificate)]))
    await server.start()
    proxy = await asyncio.start_server(door.tunnel, "127.0.0.1", 0)
    roots = project.ROOT / "build" / "grpc" / f"{door.port}.pem"
    roots.parent.mkdir(parents=True, exist_ok=True)
    roots.write_bytes(certificate)
    try:
        yield {
            "grpc_proxy": "http://{}:{}".format(*proxy.sockets[0].getsockname()),
            "no_grpc_proxy": "localhost,127.0.0.1,::1",
            "GRPC_DEFAULT_SSL_ROOTS_FILE_PATH": str(roots),
        }
    finally:
        roots.unlink(missing_ok=True)
        proxy.close()
        door.cut_all()
        await server.stop(None)


@dataclass(frozen=True, eq=False)
class Tunnel:
    """One connection through the proxy: the `name` that its client dialled, and what carries its requests."""

    name: str
    inbound: asyncio.Task[None]

    def cut(self) -> None:
        """Let the server lose its client: what it wrote before still arrives, then the client loses its server."""
        self.inbound.cancel()


@dataclass
class Door:
    """The tunnels that are open, by the port from which the server sees them come. `port` is the server's own."""

    hub: Hub
    port: int = 0
    tunnels: dict[int, Tunnel] = field(default_factory=dict)

    async def converse(
        self, context: Any, stage: str, method: str, first: Any, talk: Callable[[Peer], Awaitable[Answer]]
    ) -> Answer:
        """Serve one request, whose `first` message says what it asks for: past the door, then `talk` until it is over.

        Raises:
            grpc.aio.AbortError: the request is refused.
            asyncio.CancelledError: a fault cut the connection.
        """
        tunnel = self.tunnels[int(context.peer().rpartition(":")[2])]
        one = Peer(VENDOR, tunnel.cut)
        key = dict(context.invocation_metadata()).get("authorization", "").removeprefix("Bearer ")
        await asyncio.sleep(ROUND_TRIP_S)
        self.hub.sent(stage, one, f"{tunnel.name}/{method}", **_asked(first))
        try:
            if status := await self.hub.refusal(one, stage, key):
                await context.abort(CODES[status], REFUSALS[status])
            with self.hub.open(stage, one):
                return await talk(one)
        except CutOff:
            one.cut()  # what stood still has missed its time, too
            return await asyncio.Future()  # to return would be a proper end: the loss of the client comes first

    async def tunnel(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Lead one client to the server, or to where it wants to go."""
        # CONNECT us-speech.googleapis.com:443 HTTP/1.1
        name, _, port = (await reader.readuntil(b"\r\n\r\n")).split()[1].decode().rpartition(":")
        address = ("127.0.0.1", self.port) if name.endswith(DOMAIN) else (name, int(port))
        with closing(writer):
            there_reader, there_writer = await asyncio.open_connection(*address)
            with closing(there_writer):
                inbound = asyncio.create_task(_pump(reader, there_writer))
                seen_as = there_writer.get_extra_info("sockname")[1]
                self.tunnels[seen_as] = Tunnel(name, inbound)
                writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
                await _pump(there_reader, writer)
                inbound.cancel()
                del self.tunnels[seen_as]

    def cut_all(self) -> None:
        """Nobody is served any more."""
        for tunnel in self.tunnels.values():
            tunnel.cut()


async def _pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    try:
        with suppress(ConnectionError):
            while data := await source.read(READ_BYTES):
                sink.write(data)
                await sink.drain()
    finally:
        with suppress(OSError):
            sink.write_eof()


def _asked(message: Any) -> dict[str, Any]:
    # The fields that were set, by their names in the API reference.
    plain = {"use_integers_for_enums": False, "always_print_fields_with_no_presence": False}
    return dict(type(message).to_dict(message, **plain))


def wire(message: Any) -> bytes:
    """A message as it travels; garbage is no message and stays as it is."""
    return message if isinstance(message, bytes) else bytes(type(message).serialize(message))


def throw_away_certificate() -> tuple[bytes, bytes]:
    """A key and a certificate for Google's names, both PEM, good for a day."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "devkit")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))  # clocks of containers differ
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(f"*{DOMAIN}")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    plain = serialization.NoEncryption()
    return (
        key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain),
        certificate.public_bytes(pem),
    )
