"""The camera: reachable, streaming, on time, keeping its recordings."""

from tests.agent.alarms.script import BAD, Script, device

ROLES = ("reachable", "rtsp", "onvif", "clock_offset_s")
WELL = {"reachable": True, "rtsp": True, "onvif": True, "clock_offset_s": 0.0}
GONE = {"reachable": False, "rtsp": False, "onvif": False, "clock_offset_s": None}


def camera(*more: str, **settings: float) -> Script:
    """A camera that is well and has been seen so."""
    script = Script(device("camera", *ROLES, *more, settings=settings))
    assert script.say(0, dict(WELL)) == []
    return script


def test_a_camera_that_cannot_be_reached_is_that_and_nothing_else() -> None:
    script = camera()
    assert script.say(1, GONE) == ["unreachable raised"]
    assert script.say(300, {}) == []
    assert script.say(1, WELL) == ["unreachable cleared"]


def test_a_camera_that_answers_and_gives_no_stream_has_a_stream_fault() -> None:
    script = camera()
    assert script.at(1, rtsp=False) == ["stream_fault raised"]
    assert script.say(1, GONE) == ["unreachable raised"]  # of the stream nobody knows anything then
    assert script.say(1, WELL) == ["unreachable cleared", "stream_fault cleared"]


def test_a_camera_without_rtsp_has_no_stream_to_miss() -> None:
    script = Script(device("camera", "reachable"))
    assert script.at(0, reachable=True) == []
    assert script.at(1, reachable=False) == ["unreachable raised"]


def test_a_clock_is_wrong_to_either_side_and_right_again_only_well_within_its_limit() -> None:
    script = camera()
    assert script.at(1, clock_offset_s=-60.0) == ["clock_wrong raised"]
    assert script.at(1, clock_offset_s=-56.0) == []
    assert script.at(1, clock_offset_s=54.0) == ["clock_wrong cleared"]
    assert script.at(1, clock_offset_s=59.0) == []
    assert script.at(61, clock_offset_s=61.0) == ["clock_wrong raised"]


def test_a_clock_that_nobody_can_read_clears_nothing_and_is_no_bad_reading() -> None:
    script = camera(clock_off_s=30.0)
    assert script.at(1, clock_offset_s=30.0) == ["clock_wrong raised"]
    assert script.at(60, clock_offset_s=None, onvif=False) == []
    assert script.at(1, clock_offset_s=1.0, onvif=True) == ["clock_wrong cleared"]


def test_recordings_that_are_kept_too_short_are_told_where_a_length_is_wanted() -> None:
    script = camera("recording_days", recording_days_least=30.0)
    assert script.at(1, recording_days=31.0) == []
    assert script.at(1, recording_days=30.0) == ["recording_short raised"]
    assert script.at(1, recording_days=30.5) == []
    assert script.at(1, recording_days=32.0) == ["recording_short cleared"]
    free = camera("recording_days")
    assert free.at(1, recording_days=0.0) == []


def test_what_cannot_be_believed_is_a_bad_reading_and_moves_nothing() -> None:
    script = camera()
    assert script.at(1, reachable=BAD, rtsp=BAD) == []
    assert script.at(20) == ["bad_reading raised"]
