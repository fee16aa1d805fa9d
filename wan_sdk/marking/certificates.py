"""Certificates and keys in PEM files: reading them, and finding what is wrong before anything is rendered."""

from __future__ import annotations

import datetime as dt
import os
import stat
from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path
from typing import TypeVar

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID, ObjectIdentifier

from wan_sdk.errors import SignerError

PrivateKey = ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey | rsa.RSAPrivateKey

# Key purposes of a C2PA leaf: the programme's certificate profile for assurance level 1 asks for
# the first together with one of the other two.
CLAIM_SIGNING = ObjectIdentifier("1.3.6.1.4.1.62558.2.1")
DOCUMENT_SIGNING = ObjectIdentifier("1.3.6.1.5.5.7.3.36")
EMAIL_PROTECTION = ExtendedKeyUsageOID.EMAIL_PROTECTION
SIGNING_PURPOSES = (CLAIM_SIGNING, EMAIL_PROTECTION, DOCUMENT_SIGNING)

_CURVES = {"secp256r1": "es256", "secp384r1": "es384", "secp521r1": "es512"}

_Extension = TypeVar("_Extension", bound=x509.ExtensionType)


def now() -> dt.datetime:
    """Return this moment (UTC)."""
    return dt.datetime.now(dt.UTC)


def load_certificates(path: Path) -> list[x509.Certificate]:
    """Return the certificates of a PEM file, in order.

    Raises:
      SignerError: If there is none.
    """
    try:
        found = x509.load_pem_x509_certificates(path.read_bytes())
    except OSError as problem:
        raise SignerError(
            f"cannot be read ({problem.strerror})", where=str(path), hint="give a PEM file with certificates"
        ) from None
    except ValueError:
        raise SignerError(
            "holds no certificate in PEM format",
            where=str(path),
            hint="it should begin with -----BEGIN CERTIFICATE-----; `openssl x509 -inform der` converts DER",
        ) from None
    return found


def load_key(path: Path) -> PrivateKey:
    """Return the private key of a PEM file; certificates before it are skipped.

    Raises:
      SignerError: If others may read the file, or the key is encrypted or of a kind that cannot sign.
    """
    try:
        if os.name == "posix" and (mode := path.stat().st_mode) & 0o077:
            raise SignerError(
                f"others on this machine may read this private key (mode {stat.S_IMODE(mode):o})",
                where=str(path),
                hint=f"chmod 600 '{path}', and make a new key if anybody could have copied it",
            )
        text = path.read_bytes()
    except OSError as problem:
        raise SignerError(f"cannot be read ({problem.strerror})", where=str(path)) from None
    begin = text.find(b"-----BEGIN ", text.find(b"-----END CERTIFICATE-----") + 1)
    try:
        key = serialization.load_pem_private_key(text[max(begin, 0) :], password=None)
    except TypeError:
        raise SignerError(
            "the private key is encrypted",
            where=str(path),
            hint="decrypt it into a file of mode 600: openssl pkcs8 -in KEY -out PLAIN -topk8 -nocrypt",
        ) from None
    except (ValueError, UnsupportedAlgorithm):
        raise SignerError("holds no private key in PEM format", where=str(path)) from None
    if not isinstance(key, ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey | rsa.RSAPrivateKey):
        raise SignerError(
            f"keys of kind {type(key).__name__} cannot sign content credentials",
            where=str(path),
            hint="use ECDSA P-256, P-384 or P-521, Ed25519, or RSA",
        )
    return key


def algorithm_of(key: PrivateKey, *, where: str) -> str:
    """Return the name of the signature algorithm that goes with a key."""
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return "ed25519"
    if isinstance(key, rsa.RSAPrivateKey):
        if key.key_size >= 2048:
            return "ps256"
        raise SignerError(f"an RSA key of {key.key_size} bits is too short", where=where, hint="use 2048 bits or more")
    if key.curve.name in _CURVES:
        return _CURVES[key.curve.name]
    raise SignerError(f"curve {key.curve.name} cannot sign content credentials", where=where, hint="use P-256")


def check_chain(chain: list[x509.Certificate], where: str) -> None:
    """Check that certificates can sign content: in order, in force, issued by an authority, for this purpose.

    Raises:
      SignerError: Says which one is wrong and how to mend it.
    """
    leaf = chain[0]
    if is_authority(leaf) and any(not is_authority(certificate) for certificate in chain[1:]):
        raise wrong_order(where)
    if is_self_signed(leaf):
        raise SignerError(
            "the signing certificate is self-signed, so nobody can come to trust it",
            where=where,
            hint="use a certificate that an authority issued, or leave both paths out to use this machine's own",
        )
    if len(chain) == 1:
        raise SignerError(
            "the certificate of the issuer is missing",
            where=where,
            hint="append the intermediate certificate (and the root) to the same file",
        )
    for child, parent in pairwise(chain):
        try:
            child.verify_directly_issued_by(parent)
        except (ValueError, TypeError, InvalidSignature):
            raise wrong_order(where) from None
    for certificate in chain:
        if certificate.not_valid_after_utc < now():
            raise SignerError(
                f"{common_name(certificate)!r} expired on {certificate.not_valid_after_utc:%Y-%m-%d}",
                where=where,
                hint="ask its authority for a new one",
            )
        if certificate.not_valid_before_utc > now():
            raise SignerError(
                f"{common_name(certificate)!r} begins at {certificate.not_valid_before_utc:%Y-%m-%d %H:%M} UTC",
                where=where,
                hint="look at the clock of this machine, or wait",
            )
    _check_purpose(leaf, where)


def _check_purpose(leaf: x509.Certificate, where: str) -> None:
    purposes = _extension(leaf, x509.ExtendedKeyUsage)
    if purposes is None or not any(purpose in purposes for purpose in SIGNING_PURPOSES):
        raise SignerError(
            f"{common_name(leaf)!r} is not meant for signing content",
            where=where,
            hint=f"its extended key usage needs {CLAIM_SIGNING.dotted_string} (C2PA claim signing), "
            "emailProtection or documentSigning",
        )
    usage = _extension(leaf, x509.KeyUsage)
    if usage is None or not usage.digital_signature:
        raise SignerError(f"the key usage of {common_name(leaf)!r} lacks digitalSignature", where=where)


def wrong_order(where: str) -> SignerError:
    """Return the error for certificates that do not follow each other."""
    return SignerError(
        "the certificates are not in order: each must be issued by the one after it",
        where=where,
        hint="put the signing certificate first, then the intermediate, then the root",
    )


def _extension(certificate: x509.Certificate, kind: type[_Extension]) -> _Extension | None:
    try:
        return certificate.extensions.get_extension_for_class(kind).value
    except (x509.ExtensionNotFound, ValueError):
        return None


def is_authority(certificate: x509.Certificate) -> bool:
    """Return whether a certificate may issue others."""
    constraints = _extension(certificate, x509.BasicConstraints)
    return bool(constraints and constraints.ca)


def is_self_signed(certificate: x509.Certificate) -> bool:
    """Return whether a certificate names itself as its issuer."""
    return certificate.subject == certificate.issuer


def common_name(certificate: x509.Certificate) -> str:
    """Return the name a certificate is known by."""
    names = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    return str(names[0].value) if names else certificate.subject.rfc4514_string()


def to_pem(certificates: Iterable[x509.Certificate]) -> str:
    """Return certificates as one PEM text."""
    return "".join(certificate.public_bytes(serialization.Encoding.PEM).decode() for certificate in certificates)


def key_to_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    """Return a key as unencrypted PKCS#8, the only form that every C2PA tool reads."""
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
