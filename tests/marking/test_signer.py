"""The keys of this machine, and certificates that people bring."""

from __future__ import annotations

import datetime as dt
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID

from tests.marking.conftest import Party, issue, write_private
from wan_sdk.errors import SignerError
from wan_sdk.marking import authority
from wan_sdk.marking.authority import anchors_pem, trust
from wan_sdk.marking.certificates import CLAIM_SIGNING
from wan_sdk.marking.signer import Signatory, local_signatory, signatory_from_files, time_stamp_url


def leaf_of(signatory: Signatory) -> x509.Certificate:
    return x509.load_pem_x509_certificates(signatory.chain_pem.encode())[0]


def test_the_first_use_makes_an_authority_and_the_next_uses_it(tmp_path: Path) -> None:
    first, second = local_signatory(tmp_path), local_signatory(tmp_path)
    assert first == second
    assert first.anchor_pem in anchors_pem(tmp_path)


def test_the_leaf_follows_the_profile_for_claim_signing(tmp_path: Path) -> None:
    leaf, intermediate = x509.load_pem_x509_certificates(local_signatory(tmp_path).chain_pem.encode())
    leaf.verify_directly_issued_by(intermediate)
    assert leaf.not_valid_after_utc - leaf.not_valid_before_utc <= dt.timedelta(days=365)
    usage = leaf.extensions.get_extension_for_class(x509.KeyUsage)
    assert usage.critical
    assert usage.value.digital_signature
    assert usage.value.content_commitment
    assert not usage.value.key_cert_sign
    purposes = leaf.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert set(purposes) == {CLAIM_SIGNING, ExtendedKeyUsageOID.EMAIL_PROTECTION}
    assert not leaf.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    assert {attribute.rfc4514_attribute_name for attribute in leaf.subject} == {"C", "O", "CN"}


def test_nothing_of_the_machine_or_its_user_stands_in_a_certificate(tmp_path: Path) -> None:
    names = leaf_of(local_signatory(tmp_path)).subject.rfc4514_string()
    assert os.uname().nodename not in names
    assert str(Path.home()) not in names


def test_keys_are_readable_by_their_owner_alone_and_the_root_key_is_nowhere(tmp_path: Path) -> None:
    local_signatory(tmp_path)
    holding = [path for path in tmp_path.rglob("*") if path.is_file() and b"PRIVATE KEY" in path.read_bytes()]
    assert sorted(path.name for path in holding) == ["intermediate.key", "leaf.pem"]
    assert {stat.S_IMODE(path.stat().st_mode) for path in holding} == {0o600}
    assert stat.S_IMODE((tmp_path / "keys").stat().st_mode) == 0o700


@pytest.mark.parametrize("name", ["leaf.pem", "intermediate.key"])
def test_a_key_that_others_can_read_is_refused(tmp_path: Path, name: str) -> None:
    local_signatory(tmp_path)
    (tmp_path / "keys" / "authority-1" / name).chmod(0o640)
    if name == "intermediate.key":
        (tmp_path / "keys" / "authority-1" / "leaf.pem").unlink()
    with pytest.raises(SignerError, match="others on this machine may read") as caught:
        local_signatory(tmp_path)
    assert "chmod 600" in caught.value.hint


def test_a_folder_of_keys_that_others_can_write_is_refused(tmp_path: Path) -> None:
    local_signatory(tmp_path)
    (tmp_path / "keys").chmod(0o777)
    with pytest.raises(SignerError, match="others may write"):
        local_signatory(tmp_path)


def test_the_leaf_is_renewed_before_it_ends_and_the_root_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(authority, "LEAF_DAYS", 20)
    old = local_signatory(tmp_path)
    monkeypatch.undo()
    new = local_signatory(tmp_path)
    assert leaf_of(new).serial_number != leaf_of(old).serial_number
    assert new.expires - dt.datetime.now(dt.UTC) > dt.timedelta(days=360)
    assert new.anchor_pem == old.anchor_pem


def test_a_new_authority_follows_one_that_ends_and_the_old_one_stays_trusted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(authority, "INTERMEDIATE_DAYS", 366)
    old = local_signatory(tmp_path)
    monkeypatch.undo()
    monkeypatch.setattr(authority, "LEAF_DAYS", 370)
    new = local_signatory(tmp_path)
    assert new.anchor_pem != old.anchor_pem
    assert old.anchor_pem in anchors_pem(tmp_path)


def test_processes_that_come_first_at_once_end_up_with_one_authority(tmp_path: Path) -> None:
    program = (
        "import sys, pathlib; from wan_sdk.marking.signer import local_signatory; sys.stdin.read();"
        "print(local_signatory(pathlib.Path(sys.argv[1])).anchor_pem)"
    )
    started = [
        subprocess.Popen(
            [sys.executable, "-c", program, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for _ in range(4)
    ]
    for process in started:  # all wait for this, so that they begin together
        process.stdin.close()
    roots = {process.stdout.read() for process in started}
    assert [process.wait() for process in started] == [0] * 4
    assert len(roots) == 1
    assert [path.name for path in (tmp_path / "keys").iterdir()] == ["authority-1"]


def test_a_home_that_cannot_be_written_says_which_setting_moves_it(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(SignerError) as caught:
        local_signatory(tmp_path / "file")
    assert "WAN_SDK_HOME" in caught.value.hint


# -- certificates that people bring -----------------------------------------------------------------


@pytest.fixture(scope="module")
def root() -> Party:
    return issue("Test Root", authority=True)


@pytest.fixture(scope="module")
def intermediate(root: Party) -> Party:
    return issue("Test Issuer", root, authority=True)


def bring(tmp_path: Path, chain: list[Party], key: bytes | None = None, mode: int = 0o600) -> Signatory:
    pem = tmp_path / "chain.pem"
    pem.write_text("".join(party.pem for party in chain))
    return signatory_from_files(pem, write_private(tmp_path / "key.pem", key or chain[0].key_pem(), mode))


@pytest.mark.parametrize(
    ("make_key", "algorithm"),
    [
        (lambda: ec.generate_private_key(ec.SECP256R1()), "es256"),
        (lambda: ec.generate_private_key(ec.SECP384R1()), "es384"),
        (lambda: ec.generate_private_key(ec.SECP521R1()), "es512"),
        (lambda: ed25519.Ed25519PrivateKey.generate(), "ed25519"),
        (lambda: rsa.generate_private_key(65537, 2048), "ps256"),
    ],
)
def test_keys_of_every_usual_kind_are_taken(tmp_path, intermediate, root, make_key, algorithm) -> None:
    signatory = bring(tmp_path, [issue("Studio", intermediate, key=make_key()), intermediate, root])
    assert (signatory.name, signatory.algorithm) == ("Studio", algorithm)
    assert signatory.anchor_pem == root.pem
    assert root.pem not in signatory.chain_pem


def test_a_key_in_the_older_layout_is_converted(tmp_path, intermediate, root) -> None:
    studio = issue("Studio", intermediate)
    assert bring(tmp_path, [studio, intermediate], studio.key_pem(sec1=True)).anchor_pem == intermediate.pem


def refusals(root: Party, intermediate: Party) -> dict[str, tuple[list[Party], bytes | None, str]]:
    day = dt.timedelta(days=1)
    studio = issue("Studio", intermediate)
    return {
        "expired": ([issue("Studio", intermediate, ends=-day), intermediate], None, "expired on"),
        "not yet valid": ([issue("Studio", intermediate, starts=day), intermediate], None, "begins at"),
        "wrong purpose": (
            [issue("Studio", intermediate, purposes=(ExtendedKeyUsageOID.SERVER_AUTH,)), intermediate],
            None,
            "not meant for signing content",
        ),
        "no purpose": ([issue("Studio", intermediate, purposes=()), intermediate], None, "not meant for signing"),
        "wrong order": ([intermediate, studio], studio.key_pem(), "not in order"),
        "gap in the chain": ([studio, root], None, "not in order"),
        "another key": ([studio, intermediate], issue("Other").key_pem(), "not the key of the first certificate"),
        "key of the issuer": ([studio, intermediate], intermediate.key_pem(), "not in order"),
        "encrypted key": ([studio, intermediate], studio.key_pem(b"secret"), "encrypted"),
        "no key": ([studio, intermediate], b"nothing", "no private key"),
        "self-signed": ([issue("Studio")], None, "self-signed"),
        "leaf alone": ([studio], None, "issuer is missing"),
        "short RSA key": (
            [issue("Studio", intermediate, key=rsa.generate_private_key(65537, 1024)), intermediate],
            None,
            "too short",
        ),
    }


def test_whatever_will_not_sign_is_refused_beforehand_with_what_to_do(tmp_path, intermediate, root) -> None:
    for name, (chain, key, words) in refusals(root, intermediate).items():
        with pytest.raises(SignerError, match=words) as caught:
            bring(tmp_path, chain, key)
        assert caught.value.hint or name in ("no key",), name


def test_a_key_of_ones_own_that_others_can_read_is_refused(tmp_path, intermediate) -> None:
    with pytest.raises(SignerError, match="others on this machine"):
        bring(tmp_path, [issue("Studio", intermediate), intermediate], mode=0o644)


def test_files_that_hold_no_certificate_are_refused(tmp_path) -> None:
    (tmp_path / "not.pem").write_text("hello")
    for name in ("not.pem", "absent.pem"):
        with pytest.raises(SignerError):
            signatory_from_files(tmp_path / name, tmp_path / "key.pem")


def test_only_authorities_can_be_trusted(tmp_path, root, intermediate) -> None:
    (tmp_path / "root.pem").write_text(root.pem)
    trust(tmp_path / "root.pem", home=tmp_path)
    assert root.pem in anchors_pem(tmp_path)
    (tmp_path / "leaf.pem").write_text(issue("Studio", intermediate).pem)
    with pytest.raises(SignerError, match="not the certificate of an authority"):
        trust(tmp_path / "leaf.pem", home=tmp_path)


# -- time stamps ------------------------------------------------------------------------------------


def test_no_service_is_asked_unless_one_is_wanted_and_configured(tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("WAN_SDK_HOME", str(tmp_path))
    assert time_stamp_url("off", url="http://127.0.0.1:9/") == (None, "no time stamp was asked for")
    assert time_stamp_url("best_effort")[0] is None
    with pytest.raises(SignerError, match="no time-stamping service"):
        time_stamp_url("required")


def test_staying_offline_goes_before_a_configured_service(tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("WAN_SDK_HOME", str(tmp_path))
    monkeypatch.setenv("WAN_SDK_OFFLINE", "1")
    (tmp_path / "config.toml").write_text('tsa_url = "http://127.0.0.1:9/"')
    assert "offline" in time_stamp_url("best_effort")[1]
