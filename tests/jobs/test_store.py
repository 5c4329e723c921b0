"""What is kept on disk: whole or not at all, of the right computation, and never with a changed byte."""

import io
import os
from pathlib import Path

import jax.numpy as jnp
import numpy as np
import pytest

from qtopt.errors import InputError
from qtopt.jobs import Store, write_atomically

STATE = (jnp.arange(3.0), jnp.asarray([[1 + 2j]]))
TEMPLATE = (jnp.zeros(3), jnp.zeros((1, 1)))


def stored(folder: Path, fingerprint: str = "mine") -> Store:
    store = Store(folder / "joint.part", fingerprint)
    store.save(7, STATE)
    return store


def test_a_state_comes_back_exactly(tmp_path: Path) -> None:
    store = stored(tmp_path)
    found = store.load(TEMPLATE)
    assert found is not None and found[0] == 7
    for leaf, expected in zip(found[1], STATE, strict=True):
        assert leaf.dtype == expected.dtype and (leaf == expected).all()
    store.save(8, (jnp.ones(3), STATE[1]))
    assert store.load(TEMPLATE)[0] == 8  # pyright: ignore[reportOptionalSubscript]
    assert [path.name for path in tmp_path.iterdir()] == ["joint.part"]


def test_stages_and_other_computations_are_kept_apart(tmp_path: Path, capsys) -> None:
    store = stored(tmp_path)
    assert store.beside("exact").load(TEMPLATE) is None
    store.beside("exact").save(1, STATE)
    assert store.load(TEMPLATE)[0] == 7  # pyright: ignore[reportOptionalSubscript]
    with pytest.raises(InputError, match=r"joint\.part holds finished work of another configuration or ver"):
        Store(store.path, "another").load(TEMPLATE)
    assert store.load((jnp.zeros((4, 1)), STATE[1])) is None and store.load(STATE[:1]) is None  # other shapes
    assert capsys.readouterr().err == ""


def test_nothing_is_kept_without_a_path() -> None:
    store = Store(None).beside("exact")
    store.save(1, STATE)
    store.add("0", {"machines": np.arange(2)})
    assert store.load(TEMPLATE) is None and list(store.chunks()) == []


def test_every_changed_byte_is_noticed(tmp_path: Path, capsys) -> None:
    """One sentence, and the state is not used; cut files and those of other programs are no better."""
    store = stored(tmp_path)
    path = tmp_path / "joint.part"
    whole = path.read_bytes()
    old = io.BytesIO()
    np.savez(old, fingerprint="mine", chunk=7, leaf0=np.arange(3.0))
    broken = [old.getvalue(), b"x", whole[:-1], whole[: len(whole) // 2], whole + b" "]
    broken += [whole[:k] + bytes([whole[k] ^ 1]) + whole[k + 1 :] for k in range(len(whole))]
    for content in broken:
        path.write_bytes(content)
        assert store.load(TEMPLATE) is None
        said = capsys.readouterr().err
        assert said.startswith(f"qtopt: warning: {path} is damaged, or another version of qtopt wrote it: ")
        assert said.count("\n") == 1 and "done anew" in said
    path.write_bytes(whole)
    assert store.load(TEMPLATE) is not None


def test_chunks_are_found_but_not_those_that_are_damaged(tmp_path: Path, capsys) -> None:
    store = Store(tmp_path / "deep" / "machines.part", "mine")
    for k in range(3):
        store.add(f"{k}", {"machines": np.arange(k), "power": np.full(k, 0.5)})
    (tmp_path / "deep" / "machines-1.part").write_bytes(b"damaged")
    assert [len(chunk["machines"]) for chunk in store.chunks()] == [0, 2]
    assert capsys.readouterr().err.count("machines-1.part is damaged") == 1


def test_files_are_written_whole_or_not_at_all(tmp_path: Path, monkeypatch) -> None:
    path = tmp_path / "front.csv"
    assert write_atomically(path, "Ω\n") == path and path.read_bytes() == "Ω\n".encode()

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    for step in ("fsync", "replace"):
        with monkeypatch.context() as patch:
            patch.setattr(os, step, full)
            with pytest.raises(InputError, match=r"front\.csv: cannot be written: No space left on device"):
                write_atomically(path, b"new")
        assert [(found.name, found.read_text()) for found in tmp_path.iterdir()] == [("front.csv", "Ω\n")]
    with pytest.raises(InputError, match="cannot be written: Not a directory"):
        write_atomically(path / "below", b"new")
