"""Lines of cameras and a UPS on a port: what a configuration may say, and what it may not."""

from pathlib import Path

import pytest

from agent.config import load_site
from agent.errors import ConfigError
from agent.language import use_language
from agent.polling.plan import line_times
from drivers.camera.probe import Camera
from drivers.stream import SerialPort

ENTRANCE = Path(__file__).parents[3] / "configs" / "gateways" / "entrance.yaml"


@pytest.fixture(autouse=True)
def _english() -> None:
    use_language("en")


def test_a_camera_is_asked_where_its_profile_says_or_at_the_sites_own_ports() -> None:
    site = load_site(ENTRANCE)
    line = next(line for line in site.lines if line.kind == "cameras")
    assert line.endpoint is None
    assert [unit.camera for unit in line.units] == [
        Camera("192.168.1.64", {"rtsp": 554, "onvif": 80}, "", 3.0),
        Camera("192.168.1.65", {"rtsp": 554, "onvif": 8080}, "/Streaming/Channels/101", 3.0),
        Camera("192.168.1.70", {"rtsp": 554}, "", 3.0),
    ]
    assert {unit.interval_s for unit in line.units} == {45.0}
    assert line_times(line).worst is None


def test_a_ups_takes_its_port_from_the_profile_and_its_factor_from_the_site() -> None:
    line = next(line for line in load_site(ENTRANCE).lines if line.id == "ups")
    assert line.endpoint == SerialPort("/dev/campusgw/ups", 2400)
    assert line.units[0].battery_factor == 12
    device = next(device for device in load_site(ENTRANCE).devices if device.id == "ups-guard")
    assert set(device.points) == {"on_battery", "battery_low", "fault", "load"}


@pytest.mark.parametrize(
    ("find", "put", "says"),
    [
        ("profile: ip_camera, host: 192.168.1.64", "profile: ip_camera", "'host' is missing here"),
        ("host: 192.168.1.64", "host: 'http://192.168.1.64/'", "without a port or path"),
        ("ports: {onvif: 8080}", "ports: {onvif: 80800}", "65535"),
        ("ports: {onvif: 8080}", "ports: {onvff: 8080}", "onvif"),
        ("rtsp_camera, host: 192.168.1.70", "rtsp_camera, host: h, ports: {onvif: 80}", "is asked at: rtsp"),
        ("rtsp_camera, host: 192.168.1.70", "tcp_camera, host: h, path: /live", "is not asked for a stream"),
        ("path: /Streaming/Channels/101", "path: 'a b'", "as it stands in a URI"),
        ("profile: ip_camera, host: 192.168.1.64", "profile: renke_smoke, host: h", "needs a line of type modbus"),
        ("profile: vrd485_rfid, address: 1", "profile: ip_camera, host: h", "needs a line of type cameras"),
        ("profile: vrd485_rfid, address: 1", "profile: vrd485_rfid, host: h", "'host' has no meaning on a modbus"),
        ("profile: vrd485_rfid, address: 1", "profile: ups_serial_q1", "needs a line of type serial"),
        ("ip_camera, host: 192.168.1.64", "ip_camera, host: h, points: [rtsp]", "'points' has no meaning"),
        ("type: cameras", "type: cameras\n    host: 192.168.1.1", "'host' has no meaning on a cameras line"),
        (
            "profile: vrd485_rfid, address: 1",
            "profile: vrd485_rfid, battery_factor: 2",
            "tells no battery voltage",
        ),
        ("battery_factor: 12", "battery_factor: 0", "want more than 0"),
        ("settings: {clock_off_s: 30}", "settings: {clock_of_s: 30}", "did you mean 'clock_off_s'?"),
        ("unit: cam-gate", "points: {rtsp: cam-gate.rtsp}", "a camera needs reachable"),
        ("unit: guard-reader", "points: {card: gate-io.di8}", "does not give a word"),
    ],
)
def test_a_mistake_is_told_with_what_would_mend_it(find: str, put: str, says: str, tmp_path: Path) -> None:
    text = ENTRANCE.read_text()
    assert find in text
    file = tmp_path / "gateway.yaml"
    file.write_text(text.replace(find, put, 1))
    with pytest.raises(ConfigError) as caught:
        load_site(file)
    assert any(says in mistake.what for mistake in caught.value.mistakes), [str(m) for m in caught.value.mistakes]
