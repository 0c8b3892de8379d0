"""The configurations that are shipped, the schema, and what becomes of a good configuration."""

import json
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from agent.config import gateway_schema, load_site
from agent.polling.plan import blocks_of
from agent.site import Site
from drivers.stream import SerialPort, TcpEndpoint

ROOT = Path(__file__).parents[3]
SHIPPED = sorted((ROOT / "configs" / "gateways").glob("*.yaml"))
MODELINE = "# yaml-language-server: $schema=../../docs/schema/gateway.schema.json"


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.name)
def test_every_shipped_configuration_is_good_and_names_its_schema(path: Path) -> None:
    load_site(path)
    assert path.read_text().splitlines()[0] == MODELINE
    assert (path.parent / "../../docs/schema/gateway.schema.json").is_file()


def test_the_schema_on_disk_is_that_of_the_models() -> None:
    assert json.loads((ROOT / "docs/schema/gateway.schema.json").read_text()) == gateway_schema()


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.name)
def test_the_schema_knows_every_key_of_the_shipped_configurations(path: Path) -> None:
    schema = gateway_schema()
    unknown = list(unknown_keys(YAML(typ="safe", pure=True).load(path), schema, schema["$defs"], ""))
    assert not unknown


def unknown_keys(node: object, schema: dict, models: dict, where: str):  # type: ignore[no-untyped-def, type-arg]
    """Keys that an editor with this schema would underline."""
    while "$ref" in schema:
        schema = models[schema["$ref"].rpartition("/")[2]]
    if "anyOf" in schema:
        wanted = {dict: "object", list: "array"}.get(type(node), "")
        schema = next((s for s in schema["anyOf"] if "$ref" in s or s.get("type") == wanted), {})
        yield from unknown_keys(node, schema, models, where) if "$ref" in schema else ()
    elif isinstance(node, list):
        for n, item in enumerate(node):
            yield from unknown_keys(item, schema.get("items", {}), models, f"{where}[{n}]")
    elif isinstance(node, dict) and "properties" in schema:
        for key, value in node.items():
            if key not in schema["properties"]:
                yield f"{where}.{key}"
            else:
                yield from unknown_keys(value, schema["properties"][key], models, f"{where}.{key}")
        yield from (f"{where}: {key} is missing" for key in schema.get("required", []) if key not in node)


@pytest.fixture
def demo() -> Site:
    return load_site(ROOT / "configs" / "gateways" / "demo.yaml")


def test_names_and_places_go_in_as_they_are(demo: Site) -> None:
    barrier = next(d for d in demo.devices if d.id == "barrier-south")
    assert (barrier.name, barrier.location) == ("南门道闸", "南门车行出入口")


def test_a_line_takes_its_settings_from_the_file_and_else_from_its_units_profile(demo: Site) -> None:
    lines = {line.id: line for line in demo.lines}
    assert lines["rs485-1"].endpoint == SerialPort("run/rs485-1", 9600, 8, "N", 1, None, True)
    assert lines["tcp-1"].endpoint == TcpEndpoint("127.0.0.1", 15021)


def test_a_devices_unit_gives_its_profiles_roles(demo: Site) -> None:
    west = next(d for d in demo.devices if d.id == "smoke-3f-west")
    assert {role: (use.unit, use.point) for role, use in west.points.items()} == {
        "alarm": ("smoke-302", "smoke"),
        "level": ("smoke-302", "level"),
    }


def test_the_relay_of_a_barrier_is_asked_as_often_as_its_limits(demo: Site) -> None:
    line = next(line for line in demo.lines if line.id == "rs485-1")
    unit = next(unit for unit in line.units if unit.id == "gate-io")
    fast = {point for block in blocks_of(unit, line) if block.alarm for point in block.points}
    assert {"di3", "di4", "do1"} <= fast
    assert "do2" not in fast  # it closes; nothing is judged by it
    assert not unit.profile.point("do2").alarm


def test_a_buttons_point_is_brief_and_a_limit_is_not(demo: Site) -> None:
    (unit,) = (unit for line in demo.lines for unit in line.units if unit.id == "gate-io")
    assert unit.brief == {"di1"}


def test_blocks_of_a_unit_are_asked_just_so(tmp_path: Path) -> None:
    text = (ROOT / "configs" / "gateways" / "minimal.yaml").read_text()
    own = "address: 1, blocks: [{table: discrete, address: 0, count: 16}]}"
    (tmp_path / "g.yaml").write_text(text.replace("address: 1}", own))
    (line,) = load_site(tmp_path / "g.yaml").lines
    blocks = [b for b in blocks_of(line.units[0], line) if b.table == "discrete"]
    assert [(b.address, b.count, b.points) for b in blocks] == [(0, 16, tuple(f"di{n}" for n in range(1, 9)))]


def test_the_hash_follows_the_file_and_nothing_else(tmp_path: Path) -> None:
    text = (ROOT / "configs" / "gateways" / "minimal.yaml").read_text()
    hashes = []
    for name, content in (("a", text), ("b", text), ("c", text + "# a remark\n")):
        (tmp_path / name).write_text(content)
        hashes.append(load_site(tmp_path / name).config_hash)
    assert hashes[0] == hashes[1] != hashes[2]
