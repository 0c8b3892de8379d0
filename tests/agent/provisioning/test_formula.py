"""How many guards: the worked checks of the 2022 formula, and every local variant that is shipped."""

import pytest

from agent.config.rules_load import load_pack, rules_dir
from agent.provisioning.condition import Undeclared
from agent.provisioning.formula import Formula
from tests.agent.provisioning.schoolyard import declared

FORMULAS = load_pack(rules_dir() / "national-2021.yaml").formulas


def guards(name: str, **facts: float | bool | str) -> int:
    given = {"pupils": 0.0, "boarders": 0.0, "teachers": 0.0, "staff": 0.0, "gates": 0.0, "kindergarten": False}
    return FORMULAS[name].value({fact: declared(value) for fact, value in (given | facts).items()})[0]


@pytest.mark.parametrize(
    ("pupils", "ceil", "floor"),
    [(0, 0, 0), (1, 1, 1), (80, 1, 1), (99, 1, 1), (100, 2, 2), (999, 2, 2), (1000, 3, 3), (1001, 4, 3),
     (1499, 4, 3), (1500, 4, 4), (1501, 5, 4), (2000, 5, 5)],
)  # fmt: skip
def test_the_formula_of_2022_gives_the_worked_figures(pupils: float, ceil: int, floor: int) -> None:
    assert guards("gbt_29315_2022", pupils=pupils) == ceil
    assert guards("gbt_29315_2022", pupils=pupils, guard_rounding="floor") == floor


@pytest.mark.parametrize(("boarders", "more"), [(0, 0), (1, 2), (299, 2), (300, 2), (301, 3), (600, 3), (601, 4)])
def test_boarders_have_guards_of_their_own_in_2022(boarders: float, more: int) -> None:
    assert guards("gbt_29315_2022", pupils=500 + boarders, boarders=boarders) == 2 + more


@pytest.mark.parametrize(
    ("name", "facts", "count"),
    [
        ("norm_2015", {"pupils": 99}, 1),
        ("norm_2015", {"pupils": 900, "teachers": 80, "staff": 20}, 2),
        ("norm_2015", {"pupils": 901, "teachers": 80, "staff": 20}, 3),
        ("norm_2015", {"pupils": 50, "boarders": 10}, 2),
        ("norm_2015", {"pupils": 900, "boarders": 301}, 3),
        ("beijing_2018", {"pupils": 999}, 3),
        ("beijing_2018", {"pupils": 1501}, 5),
        ("beijing_2018", {"pupils": 20, "boarders": 1}, 4),
        ("beijing_2018", {"pupils": 999, "boarders": 601}, 6),
        ("hubei", {"pupils": 1000}, 2),
        ("hubei", {"pupils": 1501, "boarders": 201}, 6),
        ("chongqing", {"pupils": 99}, 1),
        ("chongqing", {"pupils": 100}, 4),
        ("hebei_2010", {"pupils": 3000}, 2),
        ("hebei_2010", {"pupils": 3001}, 3),
        ("hebei_2010", {"pupils": 1001, "kindergarten": True}, 3),
        ("lanzhou_2014", {"pupils": 999}, 1),
        ("lanzhou_2014", {"pupils": 2001}, 3),
        ("lanzhou_2014", {"pupils": 201, "kindergarten": True}, 3),
        ("chengdu_2014", {"pupils": 599, "gates": 2}, 4),
        ("chengdu_2014", {"pupils": 901, "gates": 1}, 4),
        ("fujian_2010", {"pupils": 700}, 2),
        ("fujian_2010", {"pupils": 70, "kindergarten": True}, 1),
        ("per_mille_2", {"pupils": 1500, "gates": 1}, 2),
        ("per_mille_2", {"pupils": 2001, "gates": 1}, 5),
        ("per_mille_2", {"pupils": 2501, "boarders": 500, "gates": 1}, 7),
        ("tiers_500", {"pupils": 500}, 2),
        ("tiers_500", {"pupils": 501}, 3),
        ("tiers_500", {"pupils": 1501}, 5),
    ],
)
def test_every_variant_counts_as_its_source_does(name: str, facts: dict[str, float], count: int) -> None:
    assert guards(name, **facts) == count


def test_no_variant_is_shipped_without_a_figure_here() -> None:
    marks = test_every_variant_counts_as_its_source_does.pytestmark  # type: ignore[attr-defined]
    assert {row[0] for row in marks[0].args[1]} | {"gbt_29315_2022"} == set(FORMULAS)


def test_a_figure_is_as_sure_as_the_least_sure_of_those_that_count() -> None:
    formula = FORMULAS["gbt_29315_2022"]

    def mark(pupils: float, boarders: float) -> str:
        return formula.value({"pupils": declared(pupils), "boarders": declared(boarders)})[1]

    assert mark(80.0, 0.0) == "seen"
    assert mark(500.0, 0.0) == "recall"
    assert mark(1000.0, 0.0) == "seen"
    assert mark(80.0, 10.0) == "recall_low"


def test_what_is_not_declared_is_no_zero() -> None:
    with pytest.raises(Undeclared, match="boarders"):
        FORMULAS["gbt_29315_2022"].value({"pupils": declared(80)})


@pytest.mark.parametrize(
    ("tiers", "why"),
    [
        ([{"below": 5, "count": 1}], "all that is left"),
        ([{"count": 1}, {"count": 2}], "either below or up_to"),
        ([{"below": 5, "up_to": 4}, {"count": 2}], "either below or up_to"),
        ([{"below": 5}, {"below": 3}, {"count": 2}], "go upwards"),
        ([{"below": 5}, {"below": 5}, {"count": 2}], "go upwards"),
    ],
)
def test_tiers_that_leave_a_hole_are_refused(tiers: list[dict[str, int]], why: str) -> None:
    with pytest.raises(ValueError, match=why):
        Formula.model_validate(
            {
                "title": {"en": "x", "zh": "x"},
                "source": "x",
                "mark": "seen",
                "terms": [{"of": ["pupils"], "tiers": tiers}],
            }
        )
