"""Real clips with real marks and signatures, made once for all tests of this room."""

from __future__ import annotations

import datetime as dt
import shutil
from dataclasses import dataclass
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from wan_sdk.marking.certificates import CLAIM_SIGNING
from wan_sdk.marking.deliver import Delivered, deliver
from wan_sdk.marking.manifest import Claims
from wan_sdk.media.frames import Frames
from wan_sdk.media.read import read_video
from wan_sdk.spec.marking import Marking

PROMPT_TOKEN = "qzxv8mhw2rkfjt5plcdn7gyb"


def film(seed: int, count: int = 17, width: int = 448, height: int = 256) -> Frames:
    """A grainy picture that slides behind a ball that rolls: enough for a codec, a mark and a likeness."""
    rng = np.random.default_rng(seed)
    coarse = rng.integers(0, 255, (5, 8, 3)).astype(np.uint8)
    scene = cv2.resize(coarse, (width + 3 * count, height + count), interpolation=cv2.INTER_CUBIC)
    scene = np.clip(scene.astype(int) + rng.integers(-10, 10, scene.shape), 0, 255).astype(np.uint8)
    pictures = []
    for index in range(count):
        picture = scene[index : index + height, 3 * index : 3 * index + width].copy()
        cv2.circle(picture, (60 + index * 9, height // 2), height // 7, (200, 60, 30), -1)
        pictures.append(picture)
    return Frames(np.stack(pictures), 12)


def claims(kind: str = "t2v", **fields: object) -> Claims:
    return Claims(
        kind,  # type: ignore[arg-type]
        **{
            "maker": "Ada Films",
            "model": "nano",
            "model_title": "Nano",
            "weights_sha256": "ab" * 32,
            "seed": 2**63 - 1,
            "steps": 8,
            "guidance": 5.0,
            "width": 448,
            "height": 256,
            "fps": 12,
            "frames": 17,
            "prompt": f"a red ball and {PROMPT_TOKEN}",
            **fields,
        },  # type: ignore[arg-type]
    )


def remux(source: Path, target: Path) -> Path:
    """Copy the packets into another container, as any tool does; credentials do not survive."""
    with av.open(str(source)) as read, av.open(str(target), "w") as write:
        stream = read.streams.video[0]
        copied = write.add_stream_from_template(stream)
        for packet in read.demux(stream):
            if packet.dts is not None:
                packet.stream = copied
                write.mux(packet)
    return target


def encode_again(source: Path, target: Path, *, crf: int, scale: float = 1.0) -> Path:
    """Decode, scale and encode, as a platform does."""
    clip = read_video(source)
    width, height = (int(side * scale) // 2 * 2 for side in (clip.width, clip.height))
    with av.open(str(target), "w") as container:
        stream = container.add_stream("libx264", rate=12, options={"crf": str(crf)})
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        for picture in clip.pixels:
            scaled = cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(scaled, format="rgb24")))
        container.mux(stream.encode(None))
    return target


def flipped(source: Path, target: Path, position: int) -> Path:
    """Copy a file with one bit of one byte changed; a negative position counts from the end."""
    data = bytearray(source.read_bytes())
    data[position] ^= 0x10
    target.write_bytes(data)
    return target


@dataclass(frozen=True)
class Party:
    """A certificate with its key."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey

    @property
    def pem(self) -> str:
        return self.certificate.public_bytes(serialization.Encoding.PEM).decode()

    def key_pem(self, password: bytes | None = None, sec1: bool = False) -> bytes:
        layout = serialization.PrivateFormat.TraditionalOpenSSL if sec1 else serialization.PrivateFormat.PKCS8
        lock = serialization.BestAvailableEncryption(password) if password else serialization.NoEncryption()
        return self.key.private_bytes(serialization.Encoding.PEM, layout, lock)


def issue(
    name: str,
    issuer: Party | None = None,
    *,
    authority: bool = False,
    starts: dt.timedelta = -dt.timedelta(days=2),
    ends: dt.timedelta = dt.timedelta(days=100),
    purposes: tuple[x509.ObjectIdentifier, ...] = (CLAIM_SIGNING, ExtendedKeyUsageOID.EMAIL_PROTECTION),
    purposes_critical: bool = False,
    key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey | None = None,
) -> Party:
    """Issue a certificate; self-signed without an issuer."""
    key = key or ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name(
        [x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Test"), x509.NameAttribute(NameOID.COMMON_NAME, name)]
    )
    parent = issuer or Party(None, key)  # type: ignore[arg-type]
    now = dt.datetime.now(dt.UTC)
    usage = dict.fromkeys(
        ("key_encipherment", "data_encipherment", "key_agreement", "crl_sign", "encipher_only", "decipher_only"), False
    )
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.certificate.subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + starts)
        .not_valid_after(now + ends)
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(parent.key.public_key()), critical=False)
        .add_extension(
            x509.KeyUsage(
                digital_signature=not authority, content_commitment=not authority, key_cert_sign=authority, **usage
            ),
            critical=True,
        )
    )
    if not authority and purposes:
        builder = builder.add_extension(x509.ExtendedKeyUsage(purposes), critical=purposes_critical)
    digest = None if isinstance(parent.key, ed25519.Ed25519PrivateKey) else hashes.SHA256()
    return Party(builder.sign(parent.key, digest), key)


def write_private(path: Path, content: bytes, mode: int = 0o600) -> Path:
    path.write_bytes(content)
    path.chmod(mode)
    return path


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Keys and ledger of one machine."""
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="session")
def delivered(home: Path, tmp_path_factory: pytest.TempPathFactory) -> Delivered:
    """A clip, delivered with every default."""
    return deliver(film(1), tmp_path_factory.mktemp("out") / "clip.mp4", marking=Marking(), claims=claims(), home=home)


@pytest.fixture
def clip_copy(delivered: Delivered, tmp_path: Path) -> Path:
    """A copy of the delivered clip that a test may spoil."""
    return Path(shutil.copy(delivered.path, tmp_path / "copy.mp4"))
