"""A real RFC 3161 time-stamping service on this machine, in a few lines of DER."""

from __future__ import annotations

import contextlib
import datetime as dt
import hashlib
import http.server
import threading
from collections.abc import Iterator

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID

from tests.marking.conftest import Party, issue

SEQUENCE, SET, OCTETS, NUMBER, TIME = 0x30, 0x31, 0x04, 0x02, 0x18
SHA256 = bytes.fromhex("300d06096086480165030402010500")
RSA_SHA256 = bytes.fromhex("300d06092a864886f70d01010b0500")
SIGNED_DATA = bytes.fromhex("06092a864886f70d010702")
TIME_STAMP_INFO = bytes.fromhex("060b2a864886f70d0109100104")
CONTENT_TYPE = bytes.fromhex("06092a864886f70d010903")
MESSAGE_DIGEST = bytes.fromhex("06092a864886f70d010904")
SIGNING_CERTIFICATE = bytes.fromhex("060b2a864886f70d010910022f")
POLICY = bytes.fromhex("06032a0304")


def der(tag: int, *parts: bytes) -> bytes:
    body = b"".join(parts)
    if len(body) < 128:
        return bytes([tag, len(body)]) + body
    length = len(body).to_bytes((len(body).bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(length)]) + length + body


def number(value: int) -> bytes:
    return der(NUMBER, value.to_bytes(value.bit_length() // 8 + 1, "big"))


def parts_of(sequence: bytes) -> list[bytes]:
    """Return the elements of a short DER sequence (under 128 bytes each, as queries are)."""
    found, position = [], 2
    while position < len(sequence):
        end = position + 2 + sequence[position + 1]
        found.append(sequence[position:end])
        position = end
    return found


class TimeStamper:
    """Who vouches for the time."""

    def __init__(self) -> None:
        self.root = issue("Time Root", authority=True)
        key = rsa.generate_private_key(65537, 2048)
        self.party: Party = issue(
            "Time", self.root, purposes=(ExtendedKeyUsageOID.TIME_STAMPING,), purposes_critical=True, key=key
        )

    def answer(self, query: bytes) -> bytes:
        certificate = self.party.certificate.public_bytes(serialization.Encoding.DER)
        _version, imprint, *others = parts_of(query)
        nonce = b"".join(part for part in others if part[0] == NUMBER)
        now = der(TIME, dt.datetime.now(dt.UTC).strftime("%Y%m%d%H%M%SZ").encode())
        info = der(SEQUENCE, number(1), POLICY, imprint, number(7), now, nonce)
        attributes = b"".join(
            sorted(
                [
                    der(SEQUENCE, CONTENT_TYPE, der(SET, TIME_STAMP_INFO)),
                    der(SEQUENCE, MESSAGE_DIGEST, der(SET, der(OCTETS, hashlib.sha256(info).digest()))),
                    der(
                        SEQUENCE,
                        SIGNING_CERTIFICATE,
                        der(
                            SET,
                            der(
                                SEQUENCE,
                                der(SEQUENCE, der(SEQUENCE, der(OCTETS, hashlib.sha256(certificate).digest()))),
                            ),
                        ),
                    ),
                ]
            )
        )
        signature = self.party.key.sign(der(SET, attributes), padding.PKCS1v15(), hashes.SHA256())
        issuer = der(
            SEQUENCE, self.root.certificate.subject.public_bytes(), number(self.party.certificate.serial_number)
        )
        signer = der(SEQUENCE, number(1), issuer, SHA256, der(0xA0, attributes), RSA_SHA256, der(OCTETS, signature))
        content = der(SEQUENCE, TIME_STAMP_INFO, der(0xA0, der(OCTETS, info)))
        signed = der(SEQUENCE, number(3), der(SET, SHA256), content, der(0xA0, certificate), der(SET, signer))
        return der(SEQUENCE, der(SEQUENCE, number(0)), der(SEQUENCE, SIGNED_DATA, der(0xA0, signed)))

    @contextlib.contextmanager
    def serving(self) -> Iterator[str]:
        """Give the address under which it answers."""
        stamper = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                answer = stamper.answer(self.rfile.read(int(self.headers["Content-Length"])))
                self.send_response(200)
                self.send_header("Content-Type", "application/timestamp-reply")
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_: object) -> None:
                pass

        with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
            threading.Thread(target=server.serve_forever, daemon=True).start()
            yield f"http://127.0.0.1:{server.server_port}/"
            server.shutdown()
