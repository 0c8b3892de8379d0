"""What `campusgw check --live` sees of this machine: serial ports, left shut, and the files of the uplink."""

import os
from collections.abc import Iterator
from dataclasses import replace

from agent.language import tr, why_not
from agent.polling.plan import line_times
from agent.site import LinePlan, Site
from drivers.adapter import held_back_s
from drivers.stream import SerialPort

SHORT_S = 0.001  # what an adapter with low latency takes


def findings(site: Site) -> list[dict[str, object]]:
    """One row for everything that is wrong here, by line or broker; `text` says what it costs and what to do."""
    rows = [_finding(plan, plan.endpoint) for plan in site.lines if isinstance(plan.endpoint, SerialPort)]
    return [*(row for row in rows if row is not None), *_unreadable(site)]


def _unreadable(site: Site) -> Iterator[dict[str, object]]:
    """Files that the uplink needs and this user cannot read: the gateway would start and never connect."""
    backup = site.uplink.backup
    for broker in (*site.uplink.brokers, *(backup.brokers if backup else ())):
        files = {"password_file": broker.password_file}
        if broker.tls is not None:
            files |= {"ca": broker.tls.ca, "certificate": broker.tls.certificate, "key": broker.tls.key}
        for key, file in files.items():
            if file is not None and (why := _why_unreadable(file)):
                text = tr("{key} {file}: {why}", key=key, file=file, why=why)
                yield {"line": broker.host, "fault": "unreadable", "text": text}


def _why_unreadable(file: str) -> str:
    try:
        with open(file, "rb") as opened:
            opened.read(1)
    except OSError as error:
        return why_not(error)
    return ""


def _finding(plan: LinePlan, port: SerialPort) -> dict[str, object] | None:
    if not os.path.exists(port.path):
        text = tr("{port}: no such port; is the adapter plugged in? see ls -l /dev/campusgw", port=port.path)
        return {"line": plan.id, "fault": "missing", "text": text}
    if not os.access(port.path, os.R_OK | os.W_OK):
        text = tr("{port}: you may not open it; the gateway's user must be in the group dialout", port=port.path)
        return {"line": plan.id, "fault": "denied", "text": text}
    held_s = held_back_s(port.path)
    if held_s is None or held_s <= SHORT_S:
        return None
    return {"line": plan.id, "fault": "held_back", "held_back_s": held_s, "text": _cost(plan, port, held_s)}


def _cost(plan: LinePlan, port: SerialPort, held_s: float) -> str:
    now = line_times(plan)
    then = line_times(replace(plan, extra_gap_s=plan.extra_gap_s + held_s))
    said = tr(
        "{port}: the adapter holds every reply back for up to {held:.0f} ms", port=port.path, held=held_s * 1e3
    )
    if now.worst is not None and then.worst is not None:
        said += tr("; alarm latency up to {then:.3f} s instead of {now:.3f} s",
                   now=now.worst.worst_s, then=then.worst.worst_s)  # fmt: skip
    cure = tr("; `low_latency: true` sets it to 1 ms when the gateway opens the port, the udev rule at once")
    return said + cure
