"""The authority of this machine: made at first use, in three steps, so that keys can be short-lived.

The root's key is forgotten as soon as it has signed; the intermediate's key stays here and issues
leaves; a leaf signs clips for a year. What is trusted is the root, so files keep their trust when a
leaf is renewed, and what one leaf could do ends with it.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import os
import secrets
import shutil
import stat
from dataclasses import dataclass, field
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from wan_sdk import settings
from wan_sdk.errors import SignerError
from wan_sdk.marking.certificates import (
    CLAIM_SIGNING,
    EMAIL_PROTECTION,
    PrivateKey,
    common_name,
    is_authority,
    key_to_pem,
    load_certificates,
    load_key,
    now,
    to_pem,
)
from wan_sdk.media.whole_file import sync_folder, write_whole

LEAF_DAYS = 365  # the profile allows 366
RENEW_DAYS = 30
INTERMEDIATE_DAYS = 10 * 365
ROOT_DAYS = 20 * 365
BACKDATED = dt.timedelta(minutes=5)  # clocks of two machines differ


@dataclass(frozen=True)
class Leaf:
    """The certificates that sign now, the leaf first, with the leaf's key and the root that anchors them."""

    chain: tuple[x509.Certificate, ...]
    root_pem: str
    key: PrivateKey = field(repr=False)


def current_leaf(home: Path | None = None) -> Leaf:
    """Return the leaf that signs on this machine, making or renewing what is needed.

    Two processes that come first at once end up with one authority: it is made in a folder of its
    own and moved into place whole.

    Raises:
      SignerError: If the keys can be read by others, are damaged, or cannot be written.
    """
    keys = _keys_folder(home)
    authority = _newest_authority(keys)
    if authority is None or _days_left(authority / "intermediate.pem") < LEAF_DAYS:
        _make_authority(keys)
        authority = _newest_authority(keys)
        assert authority is not None
    leaf = authority / "leaf.pem"
    if not leaf.exists() or _days_left(leaf) < RENEW_DAYS:
        _issue_leaf(authority)
    return _load_leaf(authority)


def trust(anchor: str | os.PathLike[str], *, home: Path | None = None) -> None:
    """Trust what a certificate authority has signed, on this machine, from now on.

    >>> trust("partner-root.pem")                  # doctest: +SKIP

    Args:
      anchor: PEM file with one or more certificates of authorities.
      home: Folder of keys and ledger; default `settings.home()`.

    Raises:
      SignerError: If the file holds no certificate of an authority.
    """
    certificates = load_certificates(Path(anchor).expanduser())
    for certificate in certificates:
        if not is_authority(certificate):
            raise SignerError(
                f"{common_name(certificate)!r} is not the certificate of an authority",
                where=str(anchor),
                hint="trust the certificate that issued it (its CA)",
            )
    remember_anchor(to_pem(certificates), home)


def remember_anchor(anchor_pem: str, home: Path | None = None) -> None:
    """Trust what this machine itself signs with certificates of its owner's, from now on."""
    folder = _keys_folder(home) / "anchors"
    path = folder / f"{hashlib.sha256(anchor_pem.encode()).hexdigest()[:16]}.pem"
    if not path.exists():
        folder.mkdir(mode=0o700, exist_ok=True)
        _write_key_file(path, anchor_pem.encode(), mode=0o644)


def anchors_pem(home: Path | None = None) -> str:
    """Return every root that this machine trusts, its own included; empty when there is none yet.

    Old authorities stay: what they have signed stays trusted.
    """
    keys = (home or settings.home()) / "keys"
    try:
        found = [*sorted(keys.glob("authority-*/root.pem")), *sorted(keys.glob("anchors/*.pem"))]
        return "".join(path.read_text("ascii") for path in found)
    except (OSError, UnicodeDecodeError):
        return ""


def _keys_folder(home: Path | None) -> Path:
    keys = (home or settings.home()) / "keys"
    try:
        keys.mkdir(mode=0o700, parents=True, exist_ok=True)
        mode = keys.stat().st_mode
    except OSError as problem:
        raise SignerError(
            f"the folder of keys cannot be made ({problem.strerror})",
            where=str(keys),
            hint="point WAN_SDK_HOME at a folder that you may write to",
        ) from None
    if os.name == "posix" and mode & 0o022:
        raise SignerError(
            f"others may write into the folder of keys (mode {stat.S_IMODE(mode):o})",
            where=str(keys),
            hint=f"chmod 700 '{keys}'",
        )
    return keys


def _authorities(keys: Path) -> list[Path]:
    numbered = [path for path in keys.glob("authority-*") if path.name.removeprefix("authority-").isdigit()]
    return sorted(numbered, key=lambda path: int(path.name.removeprefix("authority-")))


def _newest_authority(keys: Path) -> Path | None:
    found = _authorities(keys)
    return found[-1] if found else None


def _make_authority(keys: Path) -> None:
    """Make root and intermediate in a folder of their own and move it into place; the loser of a race yields."""
    found = _authorities(keys)
    number = int(found[-1].name.removeprefix("authority-")) + 1 if found else 1
    place = keys / f"authority-{number}"
    draft = keys / f".draft-{secrets.token_hex(8)}"
    identity = secrets.token_hex(4)
    root_key = ec.generate_private_key(ec.SECP256R1())  # forgotten when this function returns
    root = _certificate(f"wan_sdk local root {identity}", root_key, days=ROOT_DAYS, depth=1)
    key = ec.generate_private_key(ec.SECP256R1())
    intermediate = _certificate(
        f"wan_sdk local authority {identity}", key, days=INTERMEDIATE_DAYS, depth=0, issuer=(root, root_key)
    )
    try:
        draft.mkdir(mode=0o700)
        _write_key_file(draft / "root.pem", to_pem([root]).encode(), mode=0o644)
        _write_key_file(draft / "intermediate.pem", to_pem([intermediate]).encode(), mode=0o644)
        _write_key_file(draft / "intermediate.key", key_to_pem(key), mode=0o600)
        draft.rename(place)
        sync_folder(keys)
    except OSError as problem:
        if not place.is_dir():  # else another process came first, and its authority is as good
            raise _cannot_write(keys, problem) from None
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _issue_leaf(authority: Path) -> None:
    issuer = load_certificates(authority / "intermediate.pem")[0]
    issuer_key = load_key(authority / "intermediate.key")
    assert isinstance(issuer_key, ec.EllipticCurvePrivateKey)
    key = ec.generate_private_key(ec.SECP256R1())
    name = common_name(issuer).replace("local authority", "local signer")
    leaf = _certificate(name, key, days=LEAF_DAYS, depth=None, issuer=(issuer, issuer_key))
    # Key and certificate share one file, so that no renewal can ever part them.
    _write_key_file(authority / "leaf.pem", to_pem([leaf]).encode() + key_to_pem(key), mode=0o600)


def _days_left(path: Path) -> float:
    return (load_certificates(path)[0].not_valid_after_utc - now()) / dt.timedelta(days=1)


def _load_leaf(authority: Path) -> Leaf:
    chain = (*load_certificates(authority / "leaf.pem")[:1], *load_certificates(authority / "intermediate.pem"))
    begins = chain[0].not_valid_before_utc
    if begins > now():
        raise SignerError(
            f"the signing certificate begins at {begins:%Y-%m-%d %H:%M} UTC, which is still to come",
            where=str(authority / "leaf.pem"),
            hint="set the clock of this machine right",
        )
    root = load_certificates(authority / "root.pem")
    return Leaf(chain, root_pem=to_pem(root), key=load_key(authority / "leaf.pem"))


def _certificate(
    name: str,
    key: ec.EllipticCurvePrivateKey,
    *,
    days: int,
    depth: int | None,
    issuer: tuple[x509.Certificate, ec.EllipticCurvePrivateKey] | None = None,
) -> x509.Certificate:
    """Make one certificate; `depth` is how many authorities may follow, None for a leaf."""
    subject = x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "ZZ"),  # ISO 3166 leaves ZZ to users: no country is claimed
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "wan_sdk on this machine"),
            x509.NameAttribute(NameOID.COMMON_NAME, name),
        ]
    )
    parent, parent_key = issuer or (None, key)
    parent_public = parent.public_key() if parent else key.public_key()
    assert isinstance(parent_public, ec.EllipticCurvePublicKey)
    is_authority = depth is not None
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(parent.subject if parent else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now() - BACKDATED)
        .not_valid_after(now() - BACKDATED + dt.timedelta(days=days))
        .add_extension(x509.BasicConstraints(ca=is_authority, path_length=depth), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(parent_public), critical=False)
        .add_extension(
            x509.KeyUsage(
                digital_signature=not is_authority,
                content_commitment=not is_authority,
                key_encipherment=False,
                data_encipherment=False,
                key_agreement=False,
                key_cert_sign=is_authority,
                crl_sign=is_authority,
                encipher_only=False,
                decipher_only=False,
            ),
            critical=True,
        )
    )
    if not is_authority:
        builder = builder.add_extension(x509.ExtendedKeyUsage([CLAIM_SIGNING, EMAIL_PROTECTION]), critical=False)
    return builder.sign(parent_key, hashes.SHA256())


def _write_key_file(path: Path, content: bytes, *, mode: int) -> None:
    try:
        write_whole(path, content, mode=mode)
    except OSError as problem:
        raise _cannot_write(path, problem) from None


def _cannot_write(path: Path, problem: OSError) -> SignerError:
    return SignerError(
        f"the key folder cannot be written ({problem.strerror})",
        where=str(path),
        hint="make room, or point WAN_SDK_HOME at a folder that you may write to",
    )
