"""The page without a browser: its data are the numbers of the files, and nothing in it fetches or escapes."""

import base64
import csv
import hashlib
import json
import re
import urllib.error
import urllib.request
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
import xarray

from qtopt import InputError, evaluate, load
from qtopt.cli import main
from qtopt.explore import FILE, LARGEST, Live, explorer_data, page, searching_data, write_explorer
from tests.explore.pages import HOSTILE, config, front_folder, scan_folder, trajectory_folder


class Reader(HTMLParser):
    """Elements, attributes, and what stands in scripts."""

    VOID = ("meta", "link", "br", "input", "img", "hr")

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open, self.tags, self.scripts, self.ids = [], [], [], []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list) -> None:
        self.tags.append((tag, dict(attrs)))
        self.ids += [value for name, value in attrs if name == "id"]
        if tag == "script":
            self.scripts.append((dict(attrs), ""))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open and self.open[-1] == tag, f"</{tag}> where {self.open[-1:]} is open"
        self.open.pop()

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] == "script":
            attributes, text = self.scripts[-1]
            self.scripts[-1] = (attributes, text + data)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All that the page knows, in one folder."""
    made, _ = front_folder(tmp_path_factory.mktemp("results"))
    scan_folder(made)
    return trajectory_folder(made)


@pytest.fixture(scope="module")
def text(folder: Path) -> str:
    write_explorer(folder)
    return (folder / FILE).read_text(encoding="utf-8")


def data_of(text: str) -> dict:
    return next(
        json.loads(script) for attributes, script in Reader(text).scripts if attributes.get("id") == "data"
    )


def test_the_numbers_are_those_of_the_files(folder: Path, text: str) -> None:
    data = data_of(text)
    with (folder / "front.csv").open() as file:
        rows = list(csv.DictReader(file))
    layer = data["front"]["layers"][0]
    assert layer["name"] == "joint" and len(layer["rows"]) == len(rows) == 3
    for row, numbers, point in zip(rows, layer["rows"], layer["points"], strict=True):
        assert [float(row[name]) for name in layer["columns"]] == numbers, "exactly"
        lines = "\n".join(data["lines"][k] for k in point["toml"])
        assert lines == (folder / row["point"]).read_text()
        own = load(folder / row["point"])
        assert own.drive is not None
        found = evaluate(own.machine, own.drive, own.solver)
        amounts = [flow["value"] for flow in point["flows"]]
        np.testing.assert_allclose(amounts, [*found.local_powers, *found.heat_currents], rtol=1e-8)
        assert sum(amounts) == pytest.approx(0.0, abs=1e-12 * max(map(abs, amounts))), "first law"
        assert point["precision"][0]["q"] == pytest.approx(found.tur, rel=1e-6)
        assert {p["name"]: p["violated"] for p in point["precision"]} == found.violated_bounds
        phase = np.linspace(0.0, 2.0 * np.pi / own.drive.frequency, len(point["drive"][0]))
        np.testing.assert_allclose(np.array(point["drive"]).T, own.drive(phase), atol=2e-4)
    assert (
        layer["curve"][1]
        == sorted(1.1 * row[layer["columns"].index("output")] for row in layer["rows"])[::-1]
    )
    said = [finding["text"] for finding in data["findings"]]
    assert said[-1] == "joint: a remark on the search"
    assert said[0].startswith("joint, ") and "3 points looked at" in said[0], "the worst of the audit"
    assert data["rounds"][0]["hypervolume"] == [1.0, 2.0, 2.5]


def test_maps_and_trajectories_are_those_of_the_files(folder: Path, text: str) -> None:
    data = data_of(text)
    with xarray.open_dataset(folder / "scan.nc", engine="h5netcdf") as scan:
        for shown in data["scan"]["maps"]:
            name, _, which = shown["name"].partition(" ")
            values = np.frombuffer(base64.b64decode(shown["values"]), "<f4").reshape(5, 4)
            expected = scan[name]
            if "oscillator" in which:
                expected = expected.isel(oscillator=int(which.split()[1]) - 1)
            if "shape" in expected.dims:
                continue
            if "bath" in which:
                expected = expected.sel(bath=which.split()[-1])
            if expected.ndim == 2:
                np.testing.assert_allclose(values, expected.values, rtol=1e-7)
        assert data["scan"]["axes"][0]["values"] == scan["drive_frequency"].values.tolist()
        assert {"power", "mode", "heat_currents bath hot"} <= {
            shown["name"] for shown in data["scan"]["maps"]
        }
    with (folder / "trajectory.csv").open() as file:
        rows = list(csv.DictReader(file))
    panels = {panel["title"]: panel["curves"] for panel in data["trajectory"]["panels"]}
    found = panels["populations"][0]
    assert found["name"] == "population_1"
    np.testing.assert_allclose(found["values"], [float(row["population_1"]) for row in rows], rtol=1e-4)
    assert panels["power"][0]["values"][0] is None, "flows at t = 0 are not drawn"


def test_the_page_is_valid_small_and_fetches_nothing(text: str) -> None:
    reader = Reader(text)
    assert not reader.open, "every element is closed"
    assert len(set(reader.ids)) == len(reader.ids)
    assert len(text.encode()) < LARGEST
    for tag, attributes in reader.tags:
        assert (
            not {"src", "href", "action", "background"} & attributes.keys()
            or attributes.get("href") == "#main"
        )
        assert not any(name.startswith("on") for name in attributes), tag
        assert tag not in ("link", "iframe", "object", "embed", "base")
    style = re.search(r"<style>(.*?)</style>", text, re.DOTALL)
    assert style and not re.search(r"url\(|@import", style[1])
    policy = next(a["content"] for t, a in reader.tags if t == "meta" and "http-equiv" in a)
    assert policy.startswith("default-src 'none';") and "connect-src 'none'" in policy
    run = [script for attributes, script in reader.scripts if "type" not in attributes]
    assert len(run) == 2
    for script in run:
        assert base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() in policy


def test_hostile_names_stay_data(tmp_path: Path) -> None:
    """A name of a bath that tries to leave its place arrives as it is, and as text only."""
    harmless, _ = front_folder(tmp_path / "plain", count=1)
    hostile, _ = front_folder(tmp_path / "hostile", HOSTILE, count=1)
    pages = [page(explorer_data(folder)) for folder in (harmless, hostile)]
    tags = [[tag for tag, _ in Reader(text).tags] for text in pages]
    assert tags[0] == tags[1]
    point = data_of(pages[1])["front"]["layers"][0]["points"][0]
    assert [flow["name"] for flow in point["flows"]][2] == f"heat, {HOSTILE}"
    named = tmp_path / "<img src=x onerror=alert(1)>"
    (tmp_path / "hostile").rename(named)
    title = re.search(r"<title>(.*?)</title>", page(explorer_data(named)))
    assert title and title[1].startswith("&lt;img src=x")


def test_another_solver_is_a_layer_of_its_own(folder: Path) -> None:
    layers = explorer_data(folder, "weak")["front"]["layers"]
    assert [layer["name"] for layer in layers] == ["joint", "joint, weak"]
    np.testing.assert_allclose(
        np.array(layers[1]["rows"], dtype=float)[:, :5],
        np.array(layers[0]["rows"], dtype=float)[:, :5],
        rtol=1e-9,
    )
    certified = layers[1]["columns"].index("certified_output")
    assert all(row[certified] is None for row in layers[1]["rows"]), (
        "a bound of the other theory is none here"
    )


def test_what_cannot_be_shown_is_told(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(InputError, match="there is no such folder"):
        explorer_data(tmp_path / "nowhere")
    with pytest.raises(InputError, match=r"must hold results of qtopt, but there is no front\.csv"):
        explorer_data(tmp_path)
    (tmp_path / "front.csv").write_text("a,b\n1,2\n")
    with pytest.raises(InputError, match="must be a table of `qtopt pareto`"):
        explorer_data(tmp_path)
    header = (folder / "front.csv").read_text().splitlines()[0]
    (tmp_path / "front.csv").write_text(
        f"{header}\njoint,{'x,' * (header.count(',') - 1)}points/joint-000.toml\n"
    )
    with pytest.raises(InputError, match="must hold numbers, but could not convert"):
        explorer_data(tmp_path)
    (tmp_path / "front.csv").unlink()
    (tmp_path / "scan.nc").write_bytes(b"no netCDF")
    with pytest.raises(InputError, match=r"scan\.nc: must be a netCDF file of qtopt"):
        explorer_data(tmp_path)
    with pytest.raises(SystemExit) as ended:
        main(["explore", str(tmp_path / "nowhere")])
    assert ended.value.code == 2 and "there is no such folder" in capsys.readouterr().err


def test_the_command_writes_the_page(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / FILE).unlink(missing_ok=True)
    main(["explore", str(folder)])
    assert capsys.readouterr().out == f"explorer  {folder / FILE}\n"
    assert (folder / FILE).stat().st_size > 1_000_000


def get(address: str, host: str | None = None) -> tuple[int, str]:
    request = urllib.request.Request(address, headers={} if host is None else {"Host": host})
    with urllib.request.urlopen(request, timeout=10) as answer:
        return answer.status, answer.read().decode()


def test_a_search_that_goes_on_is_served_to_this_machine_only(tmp_path: Path) -> None:
    _, fronts = front_folder(tmp_path, count=2)
    live = Live(searching_data({}, config(), "results", "The search has begun."))
    try:
        assert live.address.startswith("http://127.0.0.1:")
        assert live.server.server_address[0] == "127.0.0.1"
        status, text = get(live.address)
        assert status == 200 and "connect-src 'self'" in text and data_of(text)["front"] is None
        assert data_of(text)["live"] == "The search has begun."
        version = json.loads(get(f"{live.address}data.json")[1])["version"]
        assert get(f"{live.address}data.json?after={version}") == (204, "")
        live.update(searching_data(fronts, config(), "results", "one round"))
        newest = json.loads(get(f"{live.address}data.json?after={version}")[1])
        assert newest["version"] == version + 1 and newest["data"]["live"] == "one round"
        layer = newest["data"]["front"]["layers"][0]
        assert layer["rows"][0] == list(fronts["joint"].row(fronts["joint"].points[0]))
        for host in ("evil.example", "evil.example:80", f"evil.example:{live.server.server_address[1]}"):
            with pytest.raises(urllib.error.HTTPError, match="403"):
                get(live.address, host)
        with pytest.raises(urllib.error.HTTPError, match="404"):
            get(f"{live.address}../../etc/passwd")
    finally:
        live.close(patience=0.0)
    with pytest.raises(OSError):
        get(live.address)


def test_the_library_comes_with_its_licence() -> None:
    vendor = Path(__file__).parents[2] / "qtopt" / "explore" / "vendor"
    assert "MIT License" in (vendor / "plotly-LICENSE.txt").read_text()
    assert "</script" not in (vendor / "plotly-cartesian.min.js").read_text(encoding="utf-8").lower()
