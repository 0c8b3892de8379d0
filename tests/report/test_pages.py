"""The pages say what the answers say: every verdict, item, device, hour, hazard and doubt, in both languages."""

import re
from collections.abc import Callable, Iterator
from typing import Any, get_args

import pytest
from hypothesis import HealthCheck, given, settings

from agent.report import drill_page, provision_page
from agent.report.matrix import grid_of
from agent.report.read import provision_view
from agent.report.rings import ring_card
from agent.report.strip import strips
from agent.report.symbols import DRAWINGS, FRAMES
from agent.report.times import percent, school_clock, span
from agent.report.words import HOLDS, MOTIONS, STATES
from agent.site import Kind
from tests.report import sample
from tests.report.test_html import read, typed

ANSWER, HAZARDS = sample.answer(), sample.hazards()
LINKAGE = sample.linkage("smoke-3f-east.alarm", "smoke-3f-west.alarm")
PAGE = provision_page(ANSWER, HAZARDS, LINKAGE)


def texts(found: Any) -> Iterator[str]:
    """Every word of both languages in an answer."""
    if isinstance(found, dict):
        if found.keys() == {"en", "zh"}:
            yield from found.values()
        else:
            for one in found.values():
                yield from texts(one)
    elif isinstance(found, list):
        for one in found:
            yield from texts(one)


def test_every_text_of_the_answer_is_on_the_page_in_both_languages() -> None:
    shown = read(PAGE).text
    assert not [one for one in texts(ANSWER["verdicts"]) if one not in shown]
    assert not [one for one in texts(ANSWER["facts"]) if one not in shown]


def test_every_item_shows_its_clause_and_how_far_that_is_known() -> None:
    shown = read(PAGE).text
    for indicator in ANSWER["verdicts"]:
        for item in indicator["items"]:
            assert f"{item['clause']} [{item['mark'].replace('_', '·')}]" in shown
    assert "[recall·low]" in shown


def test_every_device_stands_at_its_place_with_its_state() -> None:
    shown = read(PAGE).text
    assert not [one["device"] for one in ANSWER["devices"] if one["name"] not in shown]
    for state in ("active", "lost", "unheard", "aside", "good"):
        assert f'class="device {state}"' in PAGE, state


def test_a_device_without_a_place_of_the_rules_is_in_a_group_of_its_own() -> None:
    moved = [one | {"place": "the moon"} for one in ANSWER["devices"]]
    assert "未归入规范地点" not in PAGE
    assert "未归入规范地点" in provision_page(ANSWER | {"devices": moved})


def test_what_stood_open_outside_its_times_is_told_from_what_did_not() -> None:
    rows = {(one["device"], one["what"], one["outside_s"]) for one in ANSWER["openings"]}
    assert rows == {("barrier-south", "open", 0.0), ("barrier-north", "open", 1560.0), ("", "gap", None)}
    shown = read(PAGE).text.partition("规定时段外")[2]
    assert shown.index("26 min") < shown.index("无 no") < shown.index("无从得知 nobody can tell")


def test_open_hazards_are_listed_the_gravest_first_and_closed_ones_are_not() -> None:
    shown = read(PAGE).text
    assert shown.index("HZ-2026-0012") < shown.index("HZ-2026-0013")
    assert "HZ-2026-0009" not in shown
    assert "已超期" in shown


def test_what_is_not_known_is_said_with_its_reason() -> None:
    odd = provision_page(ANSWER | {"clock": "unknown", "site": ANSWER["site"] | {"config_refused": ["line 3"]}})
    doubts = read(odd).text.partition("未能判定的事项及原因")[2]
    for what in ("smoke-3f-west", "backup", "凭记忆", "时钟是否准确未知", "新配置有 1 处错误"):
        assert what in doubts, what
    assert 'class="warning"' in odd
    assert 'class="warning"' not in PAGE


def test_items_that_nobody_can_judge_for_the_same_reason_are_one_doubt() -> None:
    answer = sample.answer("estimated")
    items = [
        item for indicator in answer["verdicts"] for item in indicator["items"] if item["verdict"] == "unknown"
    ]
    reasons = {item["said"]["zh"] for item in items}
    doubts = read(provision_page(answer)).text.partition("未能判定的事项及原因")[2].partition("申报事项")[0]
    assert len(items) > len(reasons) > 0
    assert [doubts.count(reason) for reason in reasons] == [1] * len(reasons)
    assert not [item["id"] for item in items if item["title"]["zh"] not in doubts]


def test_a_long_list_of_what_is_missing_says_its_remedy_once_and_how_much_is_cut() -> None:
    verdict = ANSWER["verdicts"][0]
    each = {"what": {"en": "it is lost", "zh": "失联"}, "fix": {"en": "mend it", "zh": "请修复线路"}}
    item = verdict["items"][0] | {"missing": [each | {"subject": f"subject-{n}"} for n in range(30)]}
    page = read(provision_page(ANSWER | {"verdicts": [verdict | {"items": [item]}]})).text
    assert page.count("请修复线路") == 1
    assert "subject-11" in page
    assert "subject-12" not in page
    assert "另有 18 项" in page


def test_a_wrong_clock_stands_at_the_edge_of_every_sheet() -> None:
    assert "时钟已同步" in PAGE.partition("</style>")[0]
    assert "时钟自走" in provision_page(sample.answer("estimated")).partition("</style>")[0]


def test_nothing_is_loaded_or_run_and_no_style_but_its_own_is_allowed() -> None:
    for page in (PAGE, drill_page(sample.drill(), sample.PLACE)):
        assert "default-src &#39;none&#39;" in page
        assert not re.search(
            r"<(script|link|img|iframe|object|embed|form)\b|\son\w+=|\bstyle=|https?:|@import", page
        )
        assert not re.search(r"url\((?!#doubt\))", page)


def test_a_missing_room_leaves_its_part_out_or_says_that_it_is_empty() -> None:
    bare = read(provision_page(ANSWER)).text
    assert "联动矩阵" not in bare
    assert "没有未销号的隐患" in bare


def test_a_gateway_that_has_just_started_says_that_it_has_not_judged() -> None:
    shown = read(provision_page(ANSWER | {"verdicts": []})).text
    assert "尚未判定" in shown
    assert "项达标" not in shown


def test_an_answer_with_nothing_in_it_is_a_page_too() -> None:
    nothing: dict[str, Any] = {
        key: type(ANSWER[key])()
        for key in ("verdicts", "history", "facts", "devices", "people", "openings", "presses", "ways", "packs")
    }
    assert "没有设备" in provision_page(ANSWER | nothing | {"logged_since": None})


def test_a_share_is_never_rounded_up_to_all() -> None:
    assert [percent(share) for share in (0.0, 0.5, 0.29, 0.999, 1.0)] == ["0%", "50%", "29%", "99%", "100%"]


@pytest.mark.parametrize(("length_s", "said"), [(3, "3 s"), (600, "10 min"), (7200, "2 h"), (864000, "10 d")])
def test_a_span_is_told_in_its_fitting_unit(length_s: float, said: str) -> None:
    assert span(length_s).en == said


def test_times_are_the_schools_and_an_unknown_zone_is_told_as_utc() -> None:
    assert school_clock("Asia/Shanghai").moment(sample.NOW_S) == "2026-11-24 11:20"
    assert school_clock("Not/AZone").zone_of(sample.NOW_S) == "UTC+00:00 UTC"


@pytest.mark.parametrize("verdict", ["met", "not_met", "unknown"])
def test_a_ring_says_its_verdict_in_word_shape_and_share(verdict: str) -> None:
    view = provision_view(ANSWER, (), None)
    one = view.answer.verdicts[0].model_copy(update={"verdict": verdict, "share": 0.667})
    card = ring_card(one)
    assert "66%" in card
    assert f'class="verdict {verdict}"' in card
    others = {ring_card(one.model_copy(update={"verdict": v})) for v in ("met", "not_met", "unknown")}
    assert len({re.sub(r"#[0-9a-f]{6}", "", other) for other in others}) == 3, (
        "without its colour it says the same"
    )


def test_every_hour_of_a_month_is_drawn_where_it_was() -> None:
    """Cells of one letter: as many hours as the history has of it, and a gap is drawn by nobody."""
    view = provision_view(ANSWER, (), None)
    drawn = re.findall(r'<path d="([^"]*)" fill="([^"]*)" class="cells">', strips(view))
    fills = {"#8cc3ae": "m", "#8f1d14": "n", "url(#doubt)": "u"}
    subjects = [subject for pack in view.answer.packs for subject in pack.subjects.values()]
    heights: dict[tuple[str, str], float] = {}
    for n, (path, fill) in enumerate(drawn):
        high = sum(float(one) for one in re.findall(r"v([\d.]+)", path))
        heights[subjects[n // 3], fills[fill]] = round(high / 3.6)
    for subject in subjects:
        hours = "".join(day.worst for day in view.answer.history[subject])
        assert {letter: heights[subject, letter] for letter in "mnu"} == {a: hours.count(a) for a in "mnu"}


def test_the_matrix_has_a_row_a_cause_and_says_what_drives_and_what_stops() -> None:
    view = provision_view(ANSWER, (), LINKAGE)
    assert view.linkage is not None
    grid = grid_of(view.linkage.effects)
    assert grid.roles["fire_confirmed", "fire-sounds"] == "drives"
    assert grid.roles["lane_clear", "hold-up-bollard"] == "needs"
    assert grid.roles["fire_any", "hold-up-bollard"] == "stops"
    assert grid.causes["fire_confirmed"] is True
    assert grid.causes["hold_up"] is False


def test_every_kind_has_its_drawing_and_every_state_its_frame() -> None:
    assert set(get_args(Kind)) == set(DRAWINGS)
    assert set(FRAMES) == set(STATES)
    assert len(set(DRAWINGS.values())) == len(DRAWINGS)
    assert {"reset", "cause"} <= set(HOLDS)
    assert {"open", "closed"} <= set(MOTIONS)


def test_a_drill_says_who_was_reached_how_fast_and_what_failed() -> None:
    shown = read(drill_page(sample.drill(), sample.PLACE)).text
    for what in (
        "消防疏散演练",
        "李主任",
        "2.31 s",
        "74 s",
        "张卫国",
        "未到",
        "无人确认",
        "示例中学门卫室",
        "linkage.output",
    ):
        assert what in shown, what


def test_a_drill_that_goes_on_or_had_no_room_says_so() -> None:
    going = read(drill_page(sample.drill(ended=None, stopped_by="", missed=4, raised=[], failed=[]))).text
    for what in ("仍在进行", "没有报警", "全部成功", "4 条超出容量"):
        assert what in going, what


TYPED = {
    "name", "location", "reason", "person", "text", "en", "zh", "by", "stopped_by", "why", "said", "device",
    "clause", "found_by", "role", "acknowledged_by", "subject", "agent", "id",
}  # fmt: skip


def spoiled(found: Any, text: str) -> Any:
    """The same with the text behind every word that a person may have typed."""
    if isinstance(found, dict):
        return {
            key: value + text if key in TYPED and isinstance(value, str) else spoiled(value, text)
            for key, value in found.items()
        }
    return [spoiled(one, text) for one in found] if isinstance(found, list | tuple) else found


PAGES: dict[str, Callable[[str], str]] = {
    "provision": lambda text: provision_page(
        spoiled(ANSWER, text), spoiled(HAZARDS, text), spoiled(LINKAGE, text)
    ),
    "drill": lambda text: drill_page(spoiled(sample.drill(), text), spoiled(sample.PLACE, text)),
}


@pytest.mark.parametrize("page", PAGES)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(text=typed)
def test_no_injected_markup_survives_anywhere_on_a_page(page: str, text: str) -> None:
    """What is typed changes texts and attributes' values; it never makes, ends or changes an element."""
    plain, odd = read(PAGES[page]("x")), read(PAGES[page](text + "x"))
    assert odd.shape == plain.shape
