"""Which sort of file somebody shows: a gateway's configuration, a rule pack, or rules of the hazard ledger."""

import re
from pathlib import Path
from typing import Literal

from agent.config.models import ConfigModel
from agent.config.source import LARGEST
from agent.hazards.rules import RuleBook
from agent.provisioning.pack import Pack

Sort = Literal["gateway", "pack", "book"]

TOP_KEY = re.compile(r"^(\w+):", re.MULTILINE)
FIELDS: dict[Sort, frozenset[str]] = {
    "gateway": frozenset(ConfigModel.model_fields),
    "pack": frozenset(Pack.model_fields),
    "book": frozenset(RuleBook.model_fields),
}


def sort_of(path: Path) -> Sort:
    """What it has most keys of, whatever is wrong with it; a gateway's configuration where that tells nothing."""
    try:
        keys = set(TOP_KEY.findall(path.read_text(encoding="utf-8", errors="replace")[:LARGEST]))
    except OSError:
        return "gateway"
    return max(FIELDS, key=lambda sort: len(keys & FIELDS[sort]))
