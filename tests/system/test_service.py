"""The service on a real systemd: it starts, reaches its line, is watched, gives up only where that is right."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests.system.container import Container, until

pytestmark = [pytest.mark.system, pytest.mark.timeout(300)]

CONFIG = "/etc/campusgw/gateway.yaml"
LINE = "/run/rs485-1"
COUNT = "/run/answered"
DROP_INS = "/etc/systemd/system/campusgw.service.d"

GATEWAY = f"""\
gateway: {{id: gw-1, site: school-1, region: "110105", name: 实验学校}}
uplink:
  brokers: [{{host: 127.0.0.1}}]  # nobody answers there: the gateway has to do its work without
control_socket: /run/campusgw/control.sock
lines:
  - id: rs485-1
    type: modbus_rtu
    port: {LINE}
    units:
      - {{id: gate-io, profile: waveshare_io8_relay8, address: 1}}
devices:
  - id: panic-gate
    kind: one_key_alarm
    name: 门卫室一键报警
    location: 南门门卫室
    points: {{pressed: gate-io.di1}}
"""
MISTAKE = GATEWAY.replace("waveshare_io8_relay8", "waveshare_io8_relay88")
LINE_OF_MISTAKE = next(n for n, line in enumerate(MISTAKE.splitlines(), 1) if "relay88" in line)


@pytest.fixture(scope="module")
def machine(container: Container) -> Container:
    """The container with a unit on a pty that answers, and a service that may open ptys and is watched closely."""
    container.run(f"systemd-run --quiet --unit=pty-unit /usr/bin/python3 /root/pty_unit.py {LINE} {COUNT}")
    container.run(f"mkdir -p {DROP_INS} && cp /root/campusgw/systemd/drop-ins/simulated-lines.conf {DROP_INS}/")
    container.write(f"{DROP_INS}/test.conf", "[Service]\nWatchdogSec=3\nRestartSec=0.2\n")
    container.run("systemctl daemon-reload")
    return container


@pytest.fixture
def gateway(machine: Container) -> Iterator[Container]:
    """The service, started with a good configuration; stopped again after the test."""
    start(machine)
    yield machine
    machine.run("systemctl stop campusgw")


def start(machine: Container) -> None:
    """Start the service with a good configuration and wait until it can be asked."""
    configure(machine, GATEWAY)
    machine.run("systemctl start campusgw")
    until(lambda: machine.ask("ls /run/campusgw/control.sock"), "the control socket", 10)


def configure(machine: Container, text: str) -> None:
    """Write the configuration as an installer would: then tmpfiles gives it its owner and mode."""
    machine.write(CONFIG, text)
    machine.run("systemd-tmpfiles --create /etc/tmpfiles.d/campusgw.conf")


def answered(machine: Container) -> int:
    """How many good requests the unit on the line has answered."""
    return int(machine.ask(f"cat {COUNT}") or 0)


def heartbeat(machine: Container) -> dict[str, Any]:
    """How the running gateway says it is, asked as a technician would."""
    beat: dict[str, Any] = json.loads(machine.ask("campusgw status --json"))["heartbeat"]
    return beat


def journal(machine: Container) -> str:
    """What the service said."""
    return machine.ask("journalctl --no-pager -o cat -u campusgw | tail -40")


def test_systemd_on_the_installed_machine_has_nothing_to_say_about_the_unit(machine: Container) -> None:
    done = machine.execute("systemd-analyze verify campusgw.service")
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


def test_udev_names_a_port_by_its_place_and_by_the_name_that_the_site_gave_it(machine: Container) -> None:
    machine.run(
        "cp /root/campusgw/systemd/99-campusgw-names.rules.example /etc/udev/rules.d/99-campusgw-names.rules"
    )
    place = 'KERNEL=="ttyS0", ENV{ID_PATH}="platform-fe201000.serial"\n'  # as on a board; this machine's has none
    machine.write("/etc/udev/rules.d/98-place.rules", place)
    said = machine.ask("udevadm test --action=add /sys/class/tty/ttyS0 2>&1")
    links = re.search(r"(?m)^DEVLINKS=(.*)$", said)
    assert links, said
    assert set(links[1].split()) >= {"/dev/campusgw/platform-fe201000.serial", "/dev/campusgw/panel-1"}
    assert not [line for line in said.splitlines() if "campusgw" in line and re.search("nvalid|nknown|gnor", line)]


def test_the_service_is_ready_and_polls_its_line(gateway: Container) -> None:
    assert gateway.show("campusgw", "ActiveState") == "active", journal(gateway)
    before = answered(gateway)
    until(lambda: answered(gateway) >= before + 20, "20 polls on the pty", 20)
    assert heartbeat(gateway)["lines"]["rs485-1"]["good"] == 1


def test_the_service_runs_as_nobody_in_particular(gateway: Container) -> None:
    pid = gateway.show("campusgw", "MainPID")
    status = gateway.run(f"cat /proc/{pid}/status")
    assert gateway.run(f"ps -o user= -p {pid} 2>/dev/null || stat -c %U /proc/{pid}") == "campusgw"
    assert re.search(r"(?m)^CapEff:\s+0+$", status)
    assert re.search(r"(?m)^CapBnd:\s+0+$", status)
    assert re.search(r"(?m)^NoNewPrivs:\s+1$", status)
    assert re.search(r"(?m)^Seccomp:\s+2$", status)


def test_the_configuration_and_the_store_are_nobody_elses_business(gateway: Container) -> None:
    seen = gateway.run(f"stat -c '%U:%G %a' {CONFIG} /var/lib/campusgw /run/campusgw /run/campusgw/control.sock")
    assert seen.splitlines() == [
        "root:campusgw 640",
        "campusgw:campusgw 700",
        "campusgw:campusgw 750",
        "campusgw:campusgw 660",
    ]


def test_the_clock_is_known_from_timesyncd_since_the_kernel_may_not_be_asked(gateway: Container) -> None:
    assert heartbeat(gateway)["clock"] == "unknown"
    gateway.run("mkdir -p /run/systemd/timesync && touch /run/systemd/timesync/synchronized")
    assert heartbeat(gateway)["clock"] == "synchronised"
    gateway.run("touch -d '10 hours ago' /run/systemd/timesync/synchronized")
    assert heartbeat(gateway)["clock"] == "estimated"
    gateway.run("rm /run/systemd/timesync/synchronized")


def test_with_its_drop_in_the_kernel_is_asked_for_the_clock(machine: Container) -> None:
    machine.run(f"cp /root/campusgw/systemd/drop-ins/kernel-clock.conf {DROP_INS}/ && systemctl daemon-reload")
    start(machine)
    assert heartbeat(machine)["clock"] in {"synchronised", "estimated"}
    machine.run(f"systemctl stop campusgw; rm {DROP_INS}/kernel-clock.conf; systemctl daemon-reload")


def test_a_process_that_hangs_is_killed_by_the_watchdog_and_polls_again(gateway: Container) -> None:
    pid, restarts = gateway.show("campusgw", "MainPID"), int(gateway.show("campusgw", "NRestarts"))
    gateway.run(f"kill -STOP {pid}")
    until(lambda: int(gateway.show("campusgw", "NRestarts")) == restarts + 1, "the watchdog to bite", 30)
    until(lambda: gateway.show("campusgw", "ActiveState") == "active", "READY after the restart", 30)
    assert gateway.show("campusgw", "MainPID") != pid
    assert "Failed with result 'watchdog'" in gateway.run("journalctl --no-pager -u campusgw")
    before = answered(gateway)
    until(lambda: answered(gateway) >= before + 5, "polls after the restart", 20)


def test_a_process_that_dies_is_started_again(gateway: Container) -> None:
    restarts = int(gateway.show("campusgw", "NRestarts"))
    gateway.run(f"kill -KILL {gateway.show('campusgw', 'MainPID')}")
    until(lambda: int(gateway.show("campusgw", "NRestarts")) == restarts + 1, "the restart", 20)
    until(lambda: gateway.show("campusgw", "ActiveState") == "active", "READY after the restart", 30)


def test_a_bad_new_configuration_is_refused_and_the_last_good_one_runs(machine: Container) -> None:
    start(machine)
    good = heartbeat(machine)["config_hash"]
    until(lambda: machine.ask("ls /var/lib/campusgw/config/last-good.json"), "the copy", 10)
    machine.run("systemctl stop campusgw")
    configure(machine, MISTAKE)
    machine.run("systemctl start campusgw")
    until(lambda: machine.ask("ls /run/campusgw/control.sock"), "the control socket", 10)
    beat = heartbeat(machine)
    assert beat["config_hash"] == good
    assert f"{CONFIG}:{LINE_OF_MISTAKE}:" in beat["config_refused"]["mistakes"][0]
    assert "going on with the last good configuration" in journal(machine)
    machine.run("systemctl stop campusgw")


def test_a_start_of_the_process_knows_the_machines_boot_though_the_kernels_name_of_it_is_hidden(
    machine: Container,
) -> None:
    start(machine)
    pid = machine.show("campusgw", "MainPID")
    boot = machine.ask("cat /proc/sys/kernel/random/boot_id").strip().replace("-", "")
    assert f"CAMPUSGW_MACHINE_BOOT={boot}" in machine.ask(f"tr '\\0' '\\n' < /proc/{pid}/environ")
    machine.run("systemctl stop campusgw")


def test_a_bad_configuration_without_a_last_good_one_ends_with_78_and_is_not_tried_again(
    machine: Container,
) -> None:
    machine.run("rm -rf /var/lib/campusgw/config")
    configure(machine, MISTAKE)
    assert machine.execute("systemctl start campusgw").returncode != 0
    assert machine.show("campusgw", "ExecMainStatus") == "78", journal(machine)
    assert machine.show("campusgw", "ActiveState") == "failed"
    assert machine.show("campusgw", "NRestarts") == "0"
    assert f"{CONFIG}:{LINE_OF_MISTAKE}:" in journal(machine)
    machine.run("systemctl reset-failed campusgw")


def test_a_stop_is_clean_and_quick(gateway: Container) -> None:
    gateway.run("systemctl stop campusgw")
    assert gateway.show("campusgw", "Result") == "success", journal(gateway)
    assert gateway.show("campusgw", "ExecMainStatus") == "0"
    assert gateway.ask("ls /run/campusgw") == ""
