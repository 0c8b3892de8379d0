"""The tables of docs/alarms.md and docs/configuration.md, made from the code that they describe."""

from collections.abc import Iterator
from typing import Any

from pydantic.fields import FieldInfo

from agent.alarms.kinds import KINDS
from agent.alarms.model import State
from agent.alarms.spec import COMMON, ConditionSpec, KindSpec
from agent.alarms.states import acknowledged, cleared, raised, reset
from agent.config.drill_models import DrillModel
from agent.config.hazard_models import EscalationModel, HazardsModel
from agent.config.linkage_models import ConfirmModel, EffectModel, LinkageModel
from agent.config.models import (
    BlockModel,
    ConfigModel,
    DeviceModel,
    GatewayModel,
    LineModel,
    PointModel,
    Rs485Model,
    SounderModel,
    StorageModel,
    UnitModel,
)
from agent.config.school_models import (
    CalendarModel,
    DaysModel,
    FactModel,
    PersonModel,
    ResponsibleModel,
    SchoolModel,
    ShiftModel,
    WindowModel,
)
from agent.config.uplink_models import BackupModel, BrokerModel, TlsModel, UplinkModel

MODELS: dict[str, Any] = {
    "The file": ConfigModel,
    "`gateway`": GatewayModel,
    "`uplink`": UplinkModel,
    "`uplink.backup`": BackupModel,
    "`uplink.brokers[]`": BrokerModel,
    "`tls`": TlsModel,
    "`storage`": StorageModel,
    "`lines[]`": LineModel,
    "`rs485`": Rs485Model,
    "`units[]`": UnitModel,
    "`blocks[]`": BlockModel,
    "`devices[]`": DeviceModel,
    "`points`": PointModel,
    "`sounder`": SounderModel,
    "`drill`": DrillModel,
    "`school`": SchoolModel,
    "`facts`": FactModel,
    "`calendar`": CalendarModel,
    "`terms[]`, `holidays[]`": DaysModel,
    "`windows[]`": WindowModel,
    "`shifts[]`": ShiftModel,
    "`people[]`": PersonModel,
    "`responsible[]`": ResponsibleModel,
    "`hazards`": HazardsModel,
    "`escalation[]`": EscalationModel,
    "`linkage`": LinkageModel,
    "`effects[]`": EffectModel,
    "`feedback`": ConfirmModel,
}


def states() -> str:
    """The state machine as it is coded; a dash where nothing changes."""
    rows = ["| state | raised | cleared | cleared, latching | acknowledged | reset |", "|---|---|---|---|---|---|"]
    for state in State:
        after = (
            raised(state),
            cleared(state, latching=False),
            cleared(state, latching=True),
            acknowledged(state),
            reset(state),
        )
        rows.append(" | ".join([f"| `{state}`", *("–" if s is state else f"`{s}`" for s in after)]) + " |")
    return "\n".join(rows)


def conditions(specs: dict[str, ConditionSpec]) -> str:
    rows = ["| condition | 中文 | priority | latches | may be shelved | on-delay | off-delay |"]
    rows.append("|---|---|---|---|---|---|---|")
    for name, spec in specs.items():
        yes_no = ["yes" if said else "no" for said in (spec.latching, spec.shelvable)]
        delays = [f"{delay_s:g} s" for delay_s in (spec.on_delay_s, spec.off_delay_s)]
        rows.append(" | ".join([f"| `{name}`", spec.title.zh, str(spec.priority), *yes_no, *delays]) + " |")
    return "\n".join(rows)


def roles(kind: KindSpec) -> str:
    rows = ["| role | 中文 | its point gives |", "|---|---|---|"]
    says = {"bool": "yes or no", "number": "a number", "word": "a word"}
    for name, role in kind.roles.items():
        rows.append(f"| `{name}` | {role.title.zh} | {says[role.type]}{' (output)' if role.output else ''} |")
    return "\n".join(rows)


def settings(kind: KindSpec) -> str:
    rows = ["| setting | 中文 | default | bounds |", "|---|---|---|---|"]
    for name, spec in kind.settings.items():
        default = "–" if spec.default in (None, "") else str(spec.default).lower()
        words = ", ".join(f"`{word}`" for word in spec.words)
        bounds = words or " to ".join("" if bound is None else f"{bound:g}" for bound in (spec.least, spec.most))
        rows.append(f"| `{name}` | {spec.title.zh} | {default} | {bounds if bounds != ' to ' else '–'} |")
    return "\n".join(rows)


def alarm_tables() -> Iterator[tuple[str, str]]:
    """Every table of docs/alarms.md, by what it is about."""
    yield "states", states()
    yield "common", conditions(dict(COMMON))
    for name, kind in KINDS.items():
        own = {c: spec for c, spec in kind.conditions.items() if c not in COMMON}
        yield name, conditions(own)
        if kind.roles:
            yield f"{name} roles", roles(kind)
        yield f"{name} settings", settings(kind)


def keys(model: Any) -> str:
    """Every key of a model, with its default and its meaning."""
    rows = ["| key | default | meaning |", "|---|---|---|"]
    for name, field in ((f.alias or n, f) for n, f in model.model_fields.items()):
        rows.append(f"| `{name}` | {default_of(field)} | {field.description} |")
    return "\n".join(rows)


def default_of(field: FieldInfo) -> str:
    if field.is_required():
        return "**needed**"
    default = field.default
    if default is None or default in ("", [], {}):
        return "–"
    if isinstance(default, bool):
        return str(default).lower()
    if isinstance(default, float):
        return f"{default:g}"
    return str(default) if isinstance(default, str | int) else "–"
