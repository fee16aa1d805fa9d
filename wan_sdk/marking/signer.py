"""Who signs: this machine's own authority, or certificates of your own; and who vouches for the time."""

from __future__ import annotations

import datetime as dt
import hashlib
import os
import secrets
import threading
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

from wan_sdk import settings
from wan_sdk.errors import SignerError
from wan_sdk.marking.authority import current_leaf
from wan_sdk.marking.certificates import (
    PrivateKey,
    algorithm_of,
    check_chain,
    common_name,
    is_self_signed,
    load_certificates,
    load_key,
    to_pem,
    wrong_order,
)

PROBE_SECONDS = 5.0

_HASHES = {"es256": hashes.SHA256(), "es384": hashes.SHA384(), "es512": hashes.SHA512(), "ps256": hashes.SHA256()}


@dataclass(frozen=True)
class Signatory:
    """Say who signs and hold the key; the key leaves this object only as signatures.

    Args:
      name: Common name in the certificate that signs.
      algorithm: "es256", "es384", "es512", "ps256" or "ed25519".
      chain_pem: Certificates, the signing one first, the root left out.
      anchor_pem: The certificate that makes the chain trusted on this machine.
      expires: When the signing certificate ends (UTC).
    """

    name: str
    algorithm: str
    chain_pem: str
    anchor_pem: str
    expires: dt.datetime
    _key: PrivateKey = field(repr=False, compare=False)

    def sign(self, data: bytes) -> bytes:
        """Return the signature of `data`; ECDSA ones are DER."""
        if isinstance(self._key, ec.EllipticCurvePrivateKey):
            return self._key.sign(data, ec.ECDSA(_HASHES[self.algorithm]))
        if isinstance(self._key, rsa.RSAPrivateKey):
            digest = _HASHES[self.algorithm]
            return self._key.sign(data, padding.PSS(padding.MGF1(digest), digest.digest_size), digest)
        return self._key.sign(data)


def local_signatory(home: Path | None = None) -> Signatory:
    """Return the signatory of this machine; the first call makes its authority.

    >>> local_signatory().name                     # doctest: +SKIP
    'wan_sdk local signer 5f0c1d2e'

    Args:
      home: Folder of keys and ledger; default `settings.home()`.

    Raises:
      SignerError: If the keys can be read by others, are damaged, or cannot be written.
    """
    leaf = current_leaf(home)
    return Signatory(
        name=common_name(leaf.chain[0]),
        algorithm="es256",
        chain_pem=to_pem(leaf.chain),
        anchor_pem=leaf.root_pem,
        expires=leaf.chain[0].not_valid_after_utc,
        _key=leaf.key,
    )


def signatory_from_files(certificates: str | os.PathLike[str], key: str | os.PathLike[str]) -> Signatory:
    """Return a signatory from certificates and a key of your own, checked before anything is rendered.

    >>> signatory_from_files("studio-chain.pem", "studio-key.pem")     # doctest: +SKIP

    Args:
      certificates: PEM file, the signing certificate first, then each one's issuer. A root at the
        end is used as the trust anchor and left out of the files; without one, the last is it.
      key: PEM file with the private key, not encrypted, readable by you alone.

    Raises:
      SignerError: If something will not work: expired, not yet valid, wrong purpose, wrong order,
        key of another certificate, encrypted key, key readable by others. Says how to mend it.
    """
    chain = load_certificates(Path(certificates).expanduser())
    private = load_key(Path(key).expanduser())
    check_chain(chain, where=str(certificates))
    public = private.public_key()
    if public != chain[0].public_key():
        if any(public == certificate.public_key() for certificate in chain[1:]):
            raise wrong_order(str(certificates))
        raise SignerError(
            f"the key in {os.fspath(key)} is not the key of the first certificate ({common_name(chain[0])})",
            where=str(certificates),
            hint="give the key that the certificate was requested with",
        )
    return Signatory(
        name=common_name(chain[0]),
        algorithm=algorithm_of(private, where=str(key)),
        chain_pem=to_pem(chain[:-1] if is_self_signed(chain[-1]) else chain),
        anchor_pem=to_pem(chain[-1:]),
        expires=chain[0].not_valid_after_utc,
        _key=private,
    )


def time_stamp_url(policy: str, *, url: str | None = None) -> tuple[str | None, str]:
    """Return the time-stamping service to use, or None and the reason in words.

    The service is asked for a stamp of nothing first, because the signing library waits half a
    minute for one that hangs.

    Args:
      policy: "off", "best_effort" or "required".
      url: RFC 3161 service; default: `tsa_url` in config.toml.

    Raises:
      SignerError: If a stamp is required and cannot be had.
    """
    if policy == "off":
        return None, "no time stamp was asked for"
    service = url or settings.tsa_url()
    if service is None:
        problem = "no time-stamping service is configured"
    elif settings.offline():
        problem = "this machine is told to stay offline"
    elif not service.startswith(("http://", "https://")):
        problem = "the address of the time-stamping service does not begin with http:// or https://"
    elif not _answers(service, PROBE_SECONDS):
        problem = f"the time-stamping service {service} gave no stamp within {PROBE_SECONDS:g} s"
    else:
        return service, ""
    if policy == "required":
        raise SignerError(
            problem,
            where="Marking.tsa",
            hint="set tsa_url in config.toml, or use Marking(tsa='best_effort') or 'off'",
        )
    return None, problem


def _answers(url: str, seconds: float) -> bool:
    """Ask for a stamp of a random digest; a thread keeps the deadline, whatever the other side trickles."""
    granted: list[bool] = []

    def ask() -> None:
        query = _time_stamp_query(hashlib.sha256(secrets.token_bytes(16)).digest())
        request = urllib.request.Request(  # noqa: S310  the scheme was checked
            url, data=query, headers={"Content-Type": "application/timestamp-query"}
        )
        try:
            with urllib.request.urlopen(request, timeout=seconds) as reply:  # noqa: S310
                granted.append(_is_granted(reply.read(100_000)))
        except (OSError, ValueError):
            granted.append(False)

    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    thread.join(seconds)
    return bool(granted and granted[0])


def _time_stamp_query(digest: bytes) -> bytes:
    """Return a TimeStampReq (RFC 3161 2.4.1): version 1, SHA-256 of something, a nonce, certificates wanted."""
    imprint = bytes.fromhex("3031300d060960864801650304020105000420") + digest
    nonce = b"\x02\x08\x01" + secrets.token_bytes(7)
    body = b"\x02\x01\x01" + imprint + nonce + b"\x01\x01\xff"
    return b"\x30" + bytes([len(body)]) + body


def _is_granted(reply: bytes) -> bool:
    """Return whether a TimeStampResp begins with status 0 (granted) or 1 (granted with changes)."""
    status = _inside(_inside(reply))
    return status[:2] == b"\x02\x01" and status[2:3] in (b"\x00", b"\x01")


def _inside(der: bytes) -> bytes:
    """Return what a DER sequence holds, without its tag and length."""
    if len(der) < 2 or der[0] != 0x30:
        return b""
    return der[2 + (der[1] & 0x7F if der[1] & 0x80 else 0) :]
