"""The page in a real Chromium: clicks, keys, numbers, light and dark, both widths, a search that goes on."""

import json
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from qtopt.explore import FILE, Live, explorer_data, searching_data, write_explorer
from tests.explore.pages import HOSTILE, config, front_folder, scan_folder, trajectory_folder

webdriver = pytest.importorskip("selenium.webdriver", reason="selenium is not installed")
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
CHROMEDRIVER = shutil.which("chromedriver")
pytestmark = pytest.mark.skipif(
    not (CHROMIUM and CHROMEDRIVER), reason="no Chromium with its chromedriver is installed"
)
OPTIONS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-dev-shm-usage",
    "--disable-gpu",
    "--window-size=1280,900",
)


class Page:
    """A tab of the browser."""

    def __init__(self) -> None:
        options = webdriver.ChromeOptions()
        options.binary_location = CHROMIUM
        for option in OPTIONS:
            options.add_argument(option)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
        self.driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(CHROMEDRIVER))
        self.size(1280)

    def size(self, width: int, dark: bool = False) -> None:
        wanted = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 600}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", wanted)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [scheme]})

    def open(self, address: str) -> None:
        self.driver.get_log("browser")
        self.driver.get_log("performance")
        self.driver.get(address)
        self.until(lambda: self.js("return document.querySelectorAll('[role=tab]').length") > 0)

    def js(self, script: str, *arguments: object):
        return self.driver.execute_script(script, *arguments)

    def until(self, true: Callable[[], object], seconds: float = 20.0) -> None:
        end = time.monotonic() + seconds
        while not true():
            assert time.monotonic() < end, "the page did not come to that"
            time.sleep(0.05)

    def text(self, selector: str) -> str:
        return self.js("return document.querySelector(arguments[0]).innerText", selector)

    def click(self, selector: str) -> None:
        self.js("document.querySelector(arguments[0]).click()", selector)

    def press(self, key: str, selector: str) -> None:
        self.js(
            "document.querySelector(arguments[1]).dispatchEvent(new KeyboardEvent('keydown', "
            "{key: arguments[0], bubbles: true, cancelable: true}))",
            key,
            selector,
        )

    def mouse(self, x: float, y: float) -> None:
        """Move the mouse there and click, as a hand would."""
        for kind in ("mouseMoved", "mousePressed", "mouseReleased"):
            event = {"type": kind, "x": x, "y": y, "button": "left", "clickCount": 1}
            self.driver.execute_cdp_cmd("Input.dispatchMouseEvent", event)
            time.sleep(0.15)

    def quiet(self) -> None:
        """No message on the console; no request but for the page itself."""
        assert self.driver.get_log("browser") == []
        events = [json.loads(entry["message"])["message"] for entry in self.driver.get_log("performance")]
        asked = [e["params"]["request"]["url"] for e in events if e["method"] == "Network.requestWillBeSent"]
        assert len([url for url in asked if not url.startswith(("data:", "blob:"))]) == 1, asked


@pytest.fixture(scope="module")
def browser() -> Iterator[Page]:
    made = Page()
    yield made
    made.driver.quit()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made, _ = front_folder(tmp_path_factory.mktemp("results"), HOSTILE)
    scan_folder(made)
    trajectory_folder(made)
    write_explorer(made)
    return made


@pytest.fixture
def opened(browser: Page, folder: Path) -> Iterator[Page]:
    browser.size(1280)
    browser.open((folder / FILE).as_uri())
    yield browser
    browser.quiet()
    assert browser.driver.title == f"{folder.name} - qtopt explorer", "no name of a bath was run"


def shown_numbers(page: Page, selector: str) -> list[float]:
    script = "return [...document.querySelectorAll(arguments[0])].map((cell) => cell.textContent)"
    return [float(text) for text in page.js(script, selector)]


def test_a_click_shows_the_numbers_of_the_file(opened: Page, folder: Path) -> None:
    layer = explorer_data(folder)["front"]["layers"][0]
    place = opened.js(
        "const plot = document.getElementById('front-plot'); plot.scrollIntoView({block: 'center'});"
        "const traces = [...plot.querySelectorAll('.scatterlayer .trace')];"
        "const marks = traces.map((t) => t.querySelectorAll('path.point')).find((all) => all.length === 3);"
        "const box = marks[2].getBoundingClientRect();"
        "return [box.x + box.width / 2, box.y + box.height / 2];"
    )
    opened.mouse(*place)
    opened.until(lambda: "joint 2" in opened.text("#details h2"))
    shown = shown_numbers(opened, "#details .numbers td.number")
    assert shown == pytest.approx([value for value in layer["rows"][2] if value is not None], rel=1e-5)
    flows = shown_numbers(opened, "#details .flow .amount")
    expected = [abs(flow["value"]) for flow in layer["points"][2]["flows"]]
    assert sorted(flows) == pytest.approx(sorted(expected), rel=1e-5)
    products = shown_numbers(opened, "#details [data-part=precision] td.number")
    assert products == pytest.approx([p["q"] for p in layer["points"][2]["precision"]], rel=1e-5)
    bound = layer["rows"][2][layer["columns"].index("certified_output")]
    assert float(opened.text("#details [data-part=certificate] b")) == pytest.approx(bound, rel=1e-5)
    assert "10 %" in opened.text("#details [data-part=certificate]")
    toml = opened.js("return document.querySelector('#details pre').textContent")
    assert toml == (folder / layer["points"][2]["file"]).read_text()
    assert HOSTILE in opened.js("return document.querySelector('#details .flow').textContent")
    lines = opened.js(
        "return document.querySelectorAll('#details .plot.small .scatterlayer path.js-line').length"
    )
    assert lines == 2, "one curve for each oscillator"


def test_keys_step_pin_and_compare(opened: Page, folder: Path) -> None:
    rows = explorer_data(folder)["front"]["layers"][0]["rows"]
    plot = "#front-plot"
    opened.press("ArrowRight", plot)
    assert "joint 1" in opened.text("#details h2")
    assert "joint, point 1" in opened.js("return document.getElementById('spoken').textContent")
    opened.press("c", plot)
    opened.press("ArrowRight", plot)
    heads = opened.js("return [...document.querySelectorAll('#details h2')].map((h) => h.innerText)")
    assert heads == ["A: joint 1", "B: joint 2"]
    ratio = shown_numbers(opened, "#details tr[data-column=power] td.number")
    expected = [rows[k][1] for k in (1, 2)]
    assert ratio == pytest.approx([*expected, expected[1] / expected[0] - 1.0], rel=1e-2)
    opened.press("Escape", plot)
    assert opened.text("#details h2") == "joint 2"
    opened.press("ArrowLeft", plot)
    opened.press("ArrowLeft", plot)
    opened.press("ArrowLeft", plot)
    assert opened.text("#details h2") == "joint 0", "the end of a front is the end"


def test_layers_axes_colours_filters_and_the_table(opened: Page, folder: Path) -> None:
    rows = explorer_data(folder)["front"]["layers"][0]["rows"]
    points = "return document.querySelectorAll('#front-plot .scatterlayer path.point').length"
    rings = 1
    assert opened.js(points) == 3 + rings
    opened.click("#layer-0")
    assert opened.js(points) == 0
    opened.click("#layer-0")
    low = sorted(row[0] for row in rows)[1]
    opened.js(
        "const input = document.getElementById('filter-efficiency-0'); input.value = arguments[0];"
        "input.dispatchEvent(new Event('change'))",
        low,
    )
    assert len(shown_numbers(opened, "#table tbody td:nth-child(2)")) == 2
    for box, name in (("axis-x", "frequency"), ("axis-y", "weak_validity"), ("colour", "power")):
        opened.js(
            "const box = document.getElementById(arguments[0]); box.value = arguments[1];"
            "box.dispatchEvent(new Event('change'))",
            box,
            name,
        )
    assert opened.js("return document.querySelectorAll('#front-plot .colorbar').length") == 1
    assert "frequency" in opened.js("return document.getElementById('front-plot').getAttribute('aria-label')")
    opened.click("#table thead th:nth-child(2) button")
    opened.click("#table thead th:nth-child(2) button")
    column = shown_numbers(opened, "#table tbody td:nth-child(2)")
    assert column == sorted(column, reverse=True)
    assert (
        opened.js("return document.querySelector('#table [aria-sort]').getAttribute('aria-sort')")
        == "descending"
    )
    opened.click("#table tbody tr:last-child button")
    assert "joint" in opened.text("#details h2")


def test_maps_have_a_cut_and_trajectories_their_panels(opened: Page, folder: Path) -> None:
    opened.click("#tab-scan")
    before = opened.text("#map-value")
    opened.press("ArrowRight", "#map")
    opened.press("ArrowUp", "#map")
    after = opened.text("#map-value")
    assert before != after
    script = "return document.querySelector('#map-value b').getAttribute('data-value')"
    import xarray

    with xarray.open_dataset(folder / "scan.nc", engine="h5netcdf") as scan:
        assert float(opened.js(script)) == pytest.approx(scan["power"].values[3, 3], rel=1e-6)
    assert opened.js("return document.querySelectorAll('#map .heatmaplayer image').length") == 1
    assert opened.js("return document.querySelectorAll('.cuts .scatterlayer .trace').length") == 2
    for name in opened.js("return [...document.querySelectorAll('#quantity option')].map((o) => o.value)"):
        opened.js(
            "const box = document.getElementById('quantity'); box.value = arguments[0];"
            "box.dispatchEvent(new Event('change'))",
            name,
        )
        assert opened.text("#map-value"), name
    opened.click("#tab-trajectory")
    assert opened.js("return document.querySelectorAll('#trajectory .scatterlayer .trace').length") >= 8
    opened.click("#tab-rounds")
    assert shown_numbers(opened, "#rounds-table td:nth-child(5)") == [1.0, 2.0, 2.5]


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("width", [1280, 390])
def test_it_fits_and_follows_the_wish_for_light_or_dark(
    opened: Page, folder: Path, width: int, dark: bool
) -> None:
    opened.size(width, dark)
    opened.open((folder / FILE).as_uri())
    for tab in ("front", "scan", "trajectory", "rounds"):
        opened.click(f"#tab-{tab}")
        assert opened.js("return document.documentElement.scrollWidth") <= width
    ground = opened.js("return getComputedStyle(document.documentElement).backgroundColor")
    assert (sum(map(int, ground[4:-1].split(","))) < 384) == dark
    opened.click("#theme")
    other = opened.js("return getComputedStyle(document.documentElement).backgroundColor")
    assert (sum(map(int, other[4:-1].split(","))) < 384) != dark


def test_on_paper_it_is_light_and_without_controls(opened: Page, folder: Path) -> None:
    opened.size(1280, dark=True)
    opened.open((folder / FILE).as_uri())
    opened.js("window.dispatchEvent(new Event('beforeprint'))")
    assert opened.js("return document.documentElement.dataset.theme") == "light"
    printed = opened.driver.execute_cdp_cmd("Page.printToPDF", {"printBackground": True})["data"]
    assert len(printed) > 20_000
    opened.js("window.dispatchEvent(new Event('afterprint'))")
    assert opened.js("return document.documentElement.dataset.theme") == "dark"


def test_every_control_has_a_name_and_can_be_reached(opened: Page) -> None:
    """What a screen reader would say of everything that can be used; figures have words beside them."""
    nameless = opened.js(
        "const all = document.querySelectorAll('button, input, select, [role=application], [role=img]');"
        "const named = (e) => e.textContent.trim() || e.getAttribute('aria-label') || e.labels?.length;"
        "return [...all].filter((e) => !e.closest('.modebar-container') && !named(e)).map((e) => e.outerHTML)"
    )
    assert nameless == []
    assert opened.js("return document.documentElement.lang") == "en"
    assert opened.js("return document.querySelectorAll('[role=tab][aria-selected=true]').length") == 1
    script = "return [...document.querySelectorAll('h1, h2, h3')].map((h) => Number(h.tagName[1]))"
    headings = opened.js(script)
    assert all(after - before <= 1 for before, after in zip([0, *headings], headings, strict=False))


def test_the_page_of_a_search_follows_it(browser: Page, tmp_path: Path) -> None:
    _, fronts = front_folder(tmp_path, count=2)
    live = Live(searching_data({}, config(), "results", "The search has begun."))
    try:
        browser.size(1280)
        browser.driver.get(live.address)
        browser.until(lambda: "has begun" in browser.text("#live"))
        live.update(searching_data({"joint": fronts["joint"]}, config(), "results", "joint, 3 rounds done"))
        browser.until(lambda: "3 rounds" in browser.text("#live"))
        browser.until(lambda: "joint 0" in browser.text("#details h2"))
        browser.press("ArrowRight", "#front-plot")
        live.update(explorer_data(tmp_path))
        browser.until(lambda: browser.js("return document.getElementById('live').hidden"))
        assert browser.text("#details h2") == "joint 1", "what was chosen stays chosen"
        assert browser.js("return document.querySelectorAll('#details .flow').length") == 1
        assert live.fetched == live.version
    finally:
        live.close()
    assert [entry for entry in browser.driver.get_log("browser") if "favicon" not in entry["message"]] == []
